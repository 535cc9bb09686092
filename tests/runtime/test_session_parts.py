"""What a session passes on: to a recorder, and from its engine to who looks at its acks and lags."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest

from tests.runtime.test_session_account import source
from tickpath.config.engine import ConsumerSettings
from tickpath.config.run import RunSettings
from tickpath.runtime import session as module
from tickpath.runtime.result import RunResult
from tickpath.runtime.session import Session


class Noted:
    """A recorder that notes what it is given."""

    account = "the account"

    def __init__(self) -> None:
        self.began: list[tuple[Any, ...]] = []
        self.steps: list[tuple[Any, Any]] = []
        self.ended: list[tuple[Any, Any]] = []

    def fit(self, settings: RunSettings) -> RunSettings:
        return dataclasses.replace(settings, ack_capacity=128)

    def begin(self, *run: Any) -> None:
        self.began.append(run)

    def step(self, look: Any, plane: Any) -> None:
        self.steps.append((look, plane))

    def end(self, look: Any, plane: Any) -> None:
        self.ended.append((look, plane))


def test_a_recorder_sees_the_run_from_its_begin_to_its_end_and_its_account_is_in_the_result() -> None:
    recorder: Any = Noted()
    session: Any = Session(source(), RunSettings(), mode="virtual", recorder=recorder)
    seen: list[tuple[Any, Any]] = []
    result = session.run(trace=lambda look, plane, _digest: seen.append((look, plane)))
    assert recorder.began == [(session._engine, session.lifecycle, result.settings, "virtual")]
    assert result.settings == RunSettings(ack_capacity=128)
    assert len(seen) > 1
    assert [id(each) for look in recorder.steps for each in look] == [
        id(each) for look in seen for each in look
    ]
    assert recorder.ended == seen[-1:]
    assert result.flight == "the account"
    assert RunResult.without_record(RunSettings(), "fail").flight is None


def test_acks_are_folded_and_measured_by_the_engine() -> None:
    session: Any = Session(source(), RunSettings(), mode="virtual")
    session._engine = SimpleNamespace(ack_slices=lambda **given: given, ack_window=lambda: "a window")
    assert session.ack_slices(begin_ns=1, slice_ns=2, slices_max=3) == {
        "begin_ns": 1,
        "slice_ns": 2,
        "slices_max": 3,
    }
    assert session.ack_window() == "a window"


@pytest.mark.parametrize(("mode", "now_ns"), [("virtual", 5), ("live", 1_000_005)])
def test_lags_are_of_the_stages_by_name_as_of_now_by_the_run_s_clock(
    monkeypatch: pytest.MonkeyPatch, mode: str, now_ns: int
) -> None:
    settings = RunSettings(consumers=(ConsumerSettings(name="log"), ConsumerSettings(name="risk")))
    session: Any = Session(source(), settings, mode="virtual")
    session._engine = SimpleNamespace(snapshot=lambda: "as of now", ring="the ring")
    session._driver = SimpleNamespace(mode=mode, now_ns=lambda: 5)
    monkeypatch.setattr(module, "now", lambda: 1_000_005)
    monkeypatch.setattr(module, "lags_of", lambda *given: given)
    assert session.lags() == ("as of now", ("executor", "log", "risk"), "the ring", now_ns)

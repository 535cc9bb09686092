"""A failing case prints the file that replays it: with a bug planted, the printed file shows it, by hand.

The bug: DEGRADED is written into the gate as READY, so that what must be gated is executed.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties import test_sessions
from tests.properties.depth import IS_DEEP, examples
from tests.properties.replays import printed_files, replay_of
from tests.properties.sessions import scenarios
from tests.properties.test_virtual_machine import VirtualMachine
from tickpath._native import Gate
from tickpath.cli import main
from tickpath.config.scenario import Scenario, scenario_from_table
from tickpath.core.state import Lifecycle, State

#: Making it small takes most of a minute, and is shown where there is time.
PHASES = [Phase.generate, Phase.shrink] if IS_DEEP else [Phase.generate]
FEW = settings(
    settings.get_profile("quick"),
    max_examples=100,
    stateful_step_count=20,
    report_multiple_bugs=False,
    phases=PHASES,
)


class WrongGate:
    """A gate that is READY where it should be DEGRADED."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def compare_exchange(self, expected: int, state: State) -> bool:
        wrong = State.READY if state is State.DEGRADED else state
        return self._gate.compare_exchange(expected, wrong)

    def load(self) -> int:
        return self._gate.load()


def plant(monkeypatch: pytest.MonkeyPatch) -> None:
    commit = Lifecycle._commit

    def wrong(self: Lifecycle, word: int, made: Any) -> None:
        gate = self._gate
        self._gate = WrongGate(gate)  # type: ignore[assignment]  # as far as the move goes
        try:
            commit(self, word, made)
        finally:
            self._gate = gate

    monkeypatch.setattr(Lifecycle, "_commit", wrong)


def printed_by(test: Callable[[], object]) -> str:
    """The last file that a failing test prints."""
    with pytest.raises(AssertionError) as raised:
        test()
    return printed_files("\n".join(raised.value.__notes__))[-1]


def machine() -> None:
    run_state_machine_as_test(VirtualMachine, settings=FEW)


def sessions() -> None:
    inner = test_sessions.test_whatever_goes_wrong_the_promises_hold_and_the_same_seed_is_the_same_run
    FEW(given(scenarios())(inner.hypothesis.inner_test))()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("found_by", [machine, sessions])
def test_the_printed_file_shows_the_planted_bug_and_nothing_without_it(
    found_by: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    plant(monkeypatch)
    path = tmp_path / "found.toml"
    path.write_text(printed_by(found_by), encoding="utf-8")
    capsys.readouterr()
    command = ["run", str(path), "--mode", "virtual", "--json"]
    assert main(command) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "fail"
    assert report["executed_outside_ready"] > 0
    monkeypatch.undo()
    # Ended by the file, if not by itself.
    assert main(command) in (0, 130)
    assert json.loads(capsys.readouterr().out)["executed_outside_ready"] == 0


@examples(10)
@given(scenarios())
def test_the_printed_file_is_the_scenario(scenario: Scenario) -> None:
    (text,) = printed_files(replay_of(scenario))
    assert scenario_from_table(tomllib.loads(text)) == scenario

"""SIGUSR1: asks for a dump while the context lasts, and is what it was before and after."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from types import FrameType, SimpleNamespace
from typing import Any

import pytest

from tickpath.config.flight import FlightSettings
from tickpath.runtime.flight_recorder.dump_signal import DumpSignal


class Asked:
    """A recorder that notes what it is asked."""

    def __init__(self, *dump_on: str) -> None:
        self.settings = FlightSettings(dump_on=dump_on)
        self.asked: list[tuple[str, bool]] = []

    def request(self, evidence: str = "asked for", *, by_signal: bool = False) -> None:
        self.asked.append((evidence, by_signal))


def dump_signal(recorder: Asked) -> DumpSignal:
    given: Any = recorder
    return DumpSignal(given)


def handler(_number: int, _frame: FrameType | None) -> None:
    raise AssertionError


@pytest.fixture(autouse=True)
def _before() -> Iterator[None]:
    before = signal.signal(signal.SIGUSR1, handler)
    yield
    signal.signal(signal.SIGUSR1, before)


def test_each_signal_asks_once_and_the_old_handler_is_put_back() -> None:
    recorder = Asked("end", "signal")
    asking = dump_signal(recorder)
    with asking as entered:
        signal.raise_signal(signal.SIGUSR1)
        signal.raise_signal(signal.SIGUSR1)
    assert entered is asking
    assert recorder.asked == [("SIGUSR1", True), ("SIGUSR1", True)]
    assert signal.getsignal(signal.SIGUSR1) is handler
    # What was put back once is not put back over what somebody else installs since.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    asking.__exit__(None, None, None)
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_IGN


def test_a_recorder_that_heeds_no_signal_leaves_the_handler_alone() -> None:
    with dump_signal(Asked("end", "overrun")):
        assert signal.getsignal(signal.SIGUSR1) is handler
    assert signal.getsignal(signal.SIGUSR1) is handler


def test_only_the_main_thread_installs_it() -> None:
    seen: list[object] = []

    def elsewhere() -> None:
        with dump_signal(Asked("signal")):
            seen.append(signal.getsignal(signal.SIGUSR1))
        seen.append(signal.getsignal(signal.SIGUSR1))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [handler, handler]


def test_a_system_without_that_signal_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    module = "tickpath.runtime.flight_recorder.dump_signal.signal"
    monkeypatch.setattr(module, SimpleNamespace())
    with dump_signal(Asked("signal")) as entered:
        assert signal.getsignal(signal.SIGUSR1) is handler
    assert isinstance(entered, DumpSignal)


def test_a_handler_that_python_did_not_install_becomes_the_system_s(monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[object] = []

    def install(number: int, new: object) -> None:
        installed.append((number, new))

    fake = SimpleNamespace(SIGUSR1=signal.SIGUSR1, SIG_DFL=signal.SIG_DFL, signal=install)
    monkeypatch.setattr("tickpath.runtime.flight_recorder.dump_signal.signal", fake)
    with dump_signal(Asked("signal")):
        pass
    assert installed[1:] == [(signal.SIGUSR1, signal.SIG_DFL)]

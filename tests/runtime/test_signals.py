"""Ctrl-C: at once while loading, orderly while running, at once the second time."""

from __future__ import annotations

import signal
import threading

import pytest

from tests.runtime.looks import Stage, look
from tickpath.runtime.shutdown import Shutdown
from tickpath.runtime.signals import StopSignals
from tickpath.runtime.stop_signals import heeded

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_a_load_at_once(number: signal.Signals) -> None:
    with StopSignals() as signals, pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    assert signals.requested


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_asks_and_the_second_insists(number: signal.Signals) -> None:
    with StopSignals() as signals:
        signals.defer()
        assert not signals.requested
        signal.raise_signal(number)
        assert signals.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_asks_for_an_orderly_end_and_the_second_for_one_now(number: signal.Signals) -> None:
    shutdown = Shutdown(1_000_000)
    full = Stage(backlog=3)
    with StopSignals() as signals:
        signals.defer(shutdown.request)
        assert shutdown.step(look(executor=full)) == "continue"
        signal.raise_signal(number)
        assert shutdown.step(look(executor=full)) == "stop_intake"
        assert shutdown.step(look(executor=full)) == "continue"
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    # Whoever catches that finds the shutdown at its end, in this very step.
    assert shutdown.step(look(executor=full)) == "stop"
    result = shutdown.account(0, {"executor": 3})
    assert result is not None
    assert (result.by, result.hurried) == ((number.name, number.name), True)


def test_a_signal_from_before_the_run_asks_for_nothing_orderly() -> None:
    asked: list[str] = []
    with StopSignals() as signals:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signals.defer(asked.append)
    assert asked == []


def test_a_process_that_is_to_outlive_its_terminal_does() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignals() as signals:
            signal.raise_signal(signal.SIGHUP)
            assert not signals.requested
    finally:
        signal.signal(signal.SIGHUP, before)


def test_who_looks_now_and_then_is_told() -> None:
    with StopSignals() as signals:
        signals.defer()
        signals.insist()
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signals.insist()


def test_the_handlers_from_before_are_put_back() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with StopSignals():
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_outside_the_main_thread_nothing_is_installed() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    inside: list[object] = []

    def look() -> None:
        with StopSignals():
            inside.extend(signal.getsignal(number) for number in SIGNALS)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert inside == before


def test_a_handler_that_python_has_not_installed_is_left_for_the_system_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed: list[object] = []

    def install(_number: int, handler: object) -> None:
        installed.append(handler)

    with monkeypatch.context() as foreign:
        foreign.setattr(signal, "signal", install)
        signals = StopSignals()
        with signals:
            pass
    assert installed == [signals._handle] * 3 + [signal.SIG_DFL] * 3


def test_what_was_put_back_once_is_not_put_back_again() -> None:
    signals = StopSignals()
    with signals:
        pass
    raised: list[Exception] = []

    def again() -> None:
        try:
            with signals:
                pass
        except ValueError as error:
            raised.append(error)

    # In a thread none are installed, and so there are none to put back.
    thread = threading.Thread(target=again)
    thread.start()
    thread.join()
    assert raised == []


def test_a_system_without_hang_ups_heeds_two_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "SIGHUP")
    assert heeded() == (signal.SIGINT, signal.SIGTERM)

"""Ctrl-C: at once while loading, orderly while running, at once the second time."""

from __future__ import annotations

import signal
import threading

import pytest

from tickpath.runtime.signals import StopSignals

SIGNALS = [signal.SIGINT, signal.SIGTERM]


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

"""What a signal's handler raises in a call of an engine with a sink: nothing of the run is lost by it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.core.engine.runs import lifecycle, settings, source
from tickpath.core.engine import Engine, VirtualEngine
from tickpath.core.engine.sink_drain import SinkDrain
from tickpath.errors import EngineFailed

EVENTS = 40


class Tape:
    """A sink that keeps the numbers of what it is shown; ``fault`` is called first, once."""

    def __init__(self, fault: Any = None) -> None:
        self.seen: list[int] = []
        self._fault = fault

    def observe(self, _event: object, ack: Any) -> None:
        fault, self._fault = self._fault, None
        if fault is not None:
            fault()
        self.seen.append(ack.seq)


class Interrupted:
    """The native part of an engine: a signal comes at the beginning of its ``start()``, or at its end."""

    def __init__(self, native: Any, at: str) -> None:
        self._native = native
        self._at = at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._native, name)

    def start(self) -> None:
        if self._at == "end":
            self._native.start()
        raise KeyboardInterrupt


def interrupt(*_given: object) -> None:
    raise KeyboardInterrupt


def start_and_interrupt(drain: SinkDrain) -> None:
    drain._thread.start()
    raise KeyboardInterrupt


def sink_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "tickpath-sink"]


def made(kind: type[Engine | VirtualEngine], sink: Tape) -> Any:
    given = settings(pace="max" if kind is Engine else "recorded", clock="monotonic")
    return kind(source(EVENTS), lifecycle(), given, sink=sink)


def assert_all_is_told(engine: Any, tape: Tape) -> None:
    assert engine.finish().balanced
    assert (engine.sink_account.shown, engine.sink_account.dropped) == (EVENTS, 0)
    assert tape.seen == list(range(EVENTS))
    assert sink_threads() == []


@pytest.mark.parametrize("kind", [Engine, VirtualEngine])
def test_a_second_start_leaves_the_sink_of_the_first_alone(kind: type[Engine | VirtualEngine]) -> None:
    tape = Tape()
    engine = made(kind, tape)
    engine.start()
    with pytest.raises(EngineFailed, match="once"):
        engine.start()
    assert engine.sink_counters() is not None
    assert_all_is_told(engine, tape)


@pytest.mark.parametrize("kind", [Engine, VirtualEngine])
def test_a_start_that_is_interrupted_at_its_end_has_its_sink(kind: type[Engine | VirtualEngine]) -> None:
    tape = Tape()
    engine = made(kind, tape)
    engine._native = Interrupted(engine._native, "end")
    with pytest.raises(KeyboardInterrupt):
        engine.start()
    assert_all_is_told(engine, tape)


@pytest.mark.parametrize("place", ["engine", "sink"])
def test_a_start_that_is_interrupted_before_leaves_nothing(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tape = Tape()
    engine = made(Engine, tape)
    native = engine._native
    with monkeypatch.context() as patch:
        if place == "engine":
            engine._native = Interrupted(native, "beginning")
        else:
            patch.setattr(SinkDrain, "start", start_and_interrupt)
        with pytest.raises(KeyboardInterrupt):
            engine.start()
    assert sink_threads() == []
    engine._native = native
    engine.start()
    assert_all_is_told(engine, tape)


def test_a_start_that_is_interrupted_before_it_knows_its_sink_says_that_nothing_was_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = made(Engine, Tape())
    with monkeypatch.context() as patch:
        patch.setattr(SinkDrain, "show", interrupt)
        with pytest.raises(KeyboardInterrupt):
            engine.start()
    assert engine.finish().balanced
    assert (engine.sink_account.shown, engine.sink_account.dropped) == (0, EVENTS)


def test_a_wait_for_the_sink_that_is_interrupted_can_be_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    tape = Tape(go_on.wait)
    engine = made(Engine, tape)
    engine.start()
    with monkeypatch.context() as patch:
        patch.setattr(SinkDrain, "finish", interrupt)
        with pytest.raises(KeyboardInterrupt):
            engine.finish()
    go_on.set()
    assert_all_is_told(engine, tape)
    with pytest.raises(EngineFailed, match="taken"):
        engine.finish()


def test_in_virtual_time_what_a_stalled_sink_raises_at_the_end_leaves_the_record() -> None:
    tape = Tape(interrupt)
    engine = made(VirtualEngine, tape)
    engine.start()
    engine.sink_stall(True)
    with pytest.raises(KeyboardInterrupt):
        engine.finish()
    # The ack that it raised at was shown to it.
    assert engine.finish().balanced
    assert (engine.sink_account.shown, engine.sink_account.dropped) == (EVENTS, 0)
    assert tape.seen == list(range(1, EVENTS))

"""Sinks that do what no sink should: the run goes on, every ack is accounted for, and they are named."""

from __future__ import annotations

import _thread
import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.core.engine.runs import RARELY_HZ, engine_threads, lifecycle, settings, source
from tickpath.core.engine import Engine, SinkAccount, VirtualEngine
from tickpath.core.engine.sink_drain import SinkDrain
from tickpath.core.state import State
from tickpath.errors import EngineFailed, InvalidTransition

EVENTS = 40


class Sink:
    """A sink whose ``at``-th call, from 1, is the fault."""

    def __init__(self, fault: Callable[[], object], at: int = 1) -> None:
        self._fault = fault
        self._at = at
        self.calls = 0

    def observe(self, _event: object, _ack: object) -> None:
        self.calls += 1
        if self.calls == self._at:
            self._fault()


class Deaf:
    """A fault that never comes back, until a test lets it go."""

    def __init__(self) -> None:
        self.entered, self.go_on = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.entered.set()
        self.go_on.wait()


class Unspeakable(Exception):
    """An error that cannot even be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.fixture(autouse=True)
def reports(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What went to ``sys.unraisablehook``; whatever happens, no thread is left behind."""
    found: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: found.append(report.exc_value))
    yield found
    for thread in threading.enumerate():
        if thread.name == "tickpath-sink":
            thread.join()
    assert engine_threads() == []


def started(sink: object, events: int = EVENTS, **given: Any) -> Engine:
    engine = Engine(source(events), lifecycle(), settings(**given), sink=sink)  # type: ignore[arg-type]
    engine.start()
    return engine


def account(engine: Engine | VirtualEngine, **given: Any) -> SinkAccount:
    record = engine.finish(**given)
    assert record.balanced
    found = engine.sink_account
    assert found is not None
    assert found.shown + found.dropped == EVENTS
    return found


def raising(error: type[BaseException]) -> Callable[[], object]:
    def fault() -> None:
        raise error

    return fault


def deep() -> object:
    return deep()


@pytest.mark.parametrize(("error", "at"), [(ValueError, 1), (Unspeakable, 7), (MemoryError, EVENTS)])
def test_an_exception_costs_no_ack(error: type[Exception], at: int, reports: list[Any]) -> None:
    found = account(started(Sink(raising(error), at)))
    assert (found.shown, found.errors, found.ended_by, found.failure) == (EVENTS, 1, None, None)
    assert [type(report) for report in reports] == [error]


def test_a_recursion_without_end_is_an_exception_like_any_other(reports: list[Any]) -> None:
    assert account(started(Sink(deep, 3))).errors == 1
    assert [type(report) for report in reports] == [RecursionError]


@pytest.mark.parametrize(
    ("leave", "by", "at"),
    [
        (sys.exit, "SystemExit", 1),
        (_thread.exit, "SystemExit", 7),
        (raising(KeyboardInterrupt), "KeyboardInterrupt", EVENTS),
        (raising(GeneratorExit), "GeneratorExit", 1),
    ],
    ids=["sys.exit", "_thread.exit", "KeyboardInterrupt", "GeneratorExit"],
)
def test_a_sink_that_ends_its_thread_is_said_to_have_done_so(
    leave: Callable[[], object], by: str, at: int, reports: list[Any]
) -> None:
    found = account(started(Sink(leave, at)))
    assert (found.shown, found.ended_by, found.errors, found.abandoned) == (at, by, 0, False)
    assert [type(report).__name__ for report in reports] == [by]
    assert found.failure == (
        f"the sink Sink ended its thread by {by}: {at} acks were shown to it, and {EVENTS - at} were not"
    )


def test_a_sink_whose_thread_is_killed_from_outside_is_said_to_have_ended(reports: list[Any]) -> None:
    deaf = Deaf()
    engine = started(Sink(deaf, 5))
    deaf.entered.wait()
    (thread,) = (thread for thread in threading.enumerate() if thread.name == "tickpath-sink")
    number = ctypes.c_ulong(thread.ident or 0)
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(SystemExit)) == 1
    deaf.go_on.set()
    found = account(engine)
    assert (found.ended_by, found.shown) == ("SystemExit", 5)


@pytest.mark.parametrize("at", [1, EVENTS])
def test_a_sink_that_blocks_for_ever_is_left_behind_and_named(at: int) -> None:
    deaf = Deaf()
    engine = started(Sink(deaf, at))
    deaf.entered.wait()
    # While it runs, it is seen how long it has been at it.
    counters = engine.sink_counters()
    assert counters is not None
    assert counters.busy_ns is not None
    found = account(engine, sink_patience_ms=1)
    assert (found.shown, found.abandoned, found.ended_by) == (at, True, None)
    assert found.busy_ns is not None
    assert found.busy_ns > 0
    assert found.failure is not None
    assert found.failure.startswith("the sink Sink was left behind after ")
    deaf.go_on.set()


def test_a_sink_that_holds_the_interpreter_stops_no_stage() -> None:
    sleep_us = ctypes.PyDLL(None).usleep
    interval_s = sys.getswitchinterval()

    def fault() -> None:
        # In C without giving the interpreter's lock away, and in between no other thread may ask for it: this
        # ends only if the stages need no lock.
        sys.setswitchinterval(1_000.0)
        try:
            while engine.snapshot().published < EVENTS:
                sleep_us(1_000)
        finally:
            sys.setswitchinterval(interval_s)

    engine = Engine(source(EVENTS, 1_000), lifecycle(), settings(pace="recorded"), sink=Sink(fault))
    engine.start()
    found = account(engine)
    assert (found.shown, found.errors) == (EVENTS, 0)


def test_a_sink_may_stop_its_run_and_look_at_it_but_not_finish_it(reports: list[Any]) -> None:
    seen: list[object] = []

    def fault() -> None:
        seen.extend([engine.snapshot().published, engine.sink_counters(), engine.acks()])
        engine.stop()
        engine.finish()

    engine = Engine(source(EVENTS, RARELY_HZ), lifecycle(), settings(pace="recorded"), sink=Sink(fault))
    engine.start()
    record = engine.finish()
    assert (record.balanced, record.stopped, len(seen)) == (True, True, 3)
    assert [type(report) for report in reports] == [EngineFailed]
    assert "cannot finish it" in str(reports[0])
    assert engine.sink_account is not None
    assert engine.sink_account.errors == 1


def test_a_sink_may_move_the_lifecycle_and_read_acks_of_its_own(reports: list[Any]) -> None:
    made = lifecycle()

    def fault() -> None:
        made.transition_to(State.DEGRADED, "the sink says so")
        mine = engine.acks()
        assert mine is not None
        assert mine.available() > 0
        made.transition_to(State.INIT)

    engine = Engine(source(EVENTS), made, settings(), sink=Sink(fault))
    engine.start()
    assert account(engine).errors == 1
    assert [type(report) for report in reports] == [InvalidTransition]
    assert made.state is State.DEGRADED


def test_an_ack_cannot_be_changed_by_who_is_shown_it(reports: list[Any]) -> None:
    class Vandal:
        def observe(self, event: Any, ack: Any) -> None:
            event["order_id"] = 0  # a copy, of which nobody else has any
            ack.executed = False

    engine = started(Vandal())
    assert account(engine).errors == EVENTS
    assert [type(report) for report in reports] == [AttributeError]
    first = engine.ring.reader(start="oldest").poll()
    assert first is not None
    assert first["order_id"] == source(1).events["order_id"][0]


def test_a_sink_that_prints_where_nobody_reads_costs_no_ack(
    monkeypatch: pytest.MonkeyPatch, reports: list[Any]
) -> None:
    with open("/dev/full", "w", encoding="utf-8", buffering=1) as full:
        monkeypatch.setattr(sys, "stdout", full)
        found = account(started(Sink(lambda: print("hello"))))  # noqa: T201
        monkeypatch.undo()
        # What is left in its buffer cannot be written either.
        with pytest.raises(OSError, match="No space left"):
            full.close()
    assert (found.shown, found.errors) == (EVENTS, 1)


# In virtual time the sink is shown its acks by whoever advances the run.


def virtual(sink: object) -> VirtualEngine:
    engine = VirtualEngine(source(EVENTS), lifecycle(), settings(pace="recorded"), sink=sink)  # type: ignore[arg-type]
    engine.start()
    return engine


@pytest.mark.parametrize("at", [1, 7, EVENTS])
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_in_virtual_time_what_is_no_exception_comes_through_and_the_run_goes_on(
    error: type[BaseException], at: int, reports: list[Any]
) -> None:
    engine = virtual(Sink(raising(error), at))
    with pytest.raises(error):
        engine.advance()
    assert account(engine) == SinkAccount(sink="Sink", shown=EVENTS, dropped=0, errors=0)
    assert reports == []


def test_in_virtual_time_a_sink_may_advance_and_finish_its_run(reports: list[Any]) -> None:
    def fault() -> None:
        engine.advance()
        engine.finish()

    engine = virtual(Sink(fault, 3))
    engine.advance()
    # The sink has taken the record: there is one, and it has every ack.
    with pytest.raises(EngineFailed, match="taken"):
        engine.finish()
    found = engine.sink_account
    assert found is not None
    assert (found.shown, found.dropped, reports) == (EVENTS, 0, [])


class Nameless(type):
    """A class that does not say what it is called."""

    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise ValueError("no name")


class Unnamed(BaseException, metaclass=Nameless):
    pass


def test_what_has_no_name_ends_the_sink_and_is_said_all_the_same(
    reports: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _what: None)
    found = account(started(Sink(raising(Unnamed), 3)))
    assert (found.shown, found.ended_by) == (3, "BaseException")
    assert [type(report) for report in reports] == [Unnamed]


def test_a_sink_that_forks_and_returns_ends_the_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    class Forking:
        def show(self, limit: int) -> int:
            calls.append(limit)
            assert len(calls) == 1, "shown more in the fork"
            monkeypatch.setattr(os, "getpid", lambda: -1)
            return 1

    drain = SinkDrain()
    drain.show(Forking())  # type: ignore[arg-type]
    drain._drain()
    assert len(calls) == 1


# A process that ends while a sink that was left behind wakes up.

LEFT_BEHIND = """
import builtins, time
from tests.core.engine.runs import lifecycle, settings, source
from tickpath.core.engine import Engine

class Slow:
    def observe(self, event, ack):
        time.sleep(0.002)

class Late:
    def __del__(self):
        time.sleep(0.05)  # the interpreter winds up, and gives its lock away

builtins.late = Late()
engine = Engine(source(40), lifecycle(), settings(), sink=Slow())
engine.start()
engine.finish(sink_patience_ms=1)
print(engine.sink_account.abandoned)
"""


@pytest.mark.slow
def test_a_process_ends_well_with_a_sink_that_was_left_behind() -> None:
    done = subprocess.run([sys.executable, "-c", LEFT_BEHIND], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")

"""Acks for whoever looks: readers of the ack ring, and sinks on a thread of their own, lossy and counted."""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np
import pytest

from tests.core.engine.runs import RARELY_HZ, finished, lifecycle, settings, source
from tickpath.control.metrics import LatencySink, Metrics
from tickpath.core.engine import Engine, SinkAccount
from tickpath.core.execution import ACK_DTYPE, Ack
from tickpath.core.execution.observability import NoOpSink
from tickpath.errors import ArgumentTypeError


def sink_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "tickpath-sink"]


def account(engine: Engine, events: int, **given: Any) -> SinkAccount:
    """What became of the sink: together every ack of the run."""
    record = engine.finish(**given)
    assert record.balanced
    found = engine.sink_account
    assert found is not None
    assert found.shown + found.dropped == events
    return found


class Tape:
    """A sink that keeps what it is shown."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, Ack]] = []

    def observe(self, event: Any, ack: Ack) -> None:
        self.seen.append((event, ack))


class Stuck:
    """A sink that waits, at its first ack, until somebody lets it go."""

    def __init__(self) -> None:
        self.entered, self.go_on = threading.Event(), threading.Event()
        self.calls = 0

    def observe(self, _event: Any, _ack: Ack) -> None:
        self.calls += 1
        self.entered.set()
        self.go_on.wait()


def started(events: int, sink: Any, **given: Any) -> Engine:
    engine = Engine(source(events), lifecycle(), settings(**given), sink=sink)
    engine.start()
    return engine


def test_a_sink_written_in_python_is_shown_each_event_with_its_ack() -> None:
    tape = Tape()
    found = account(started(300, tape), 300)
    assert found == SinkAccount(sink="Tape", shown=300, dropped=0, errors=0)
    assert [ack.seq for _, ack in tape.seen] == list(range(300))
    assert [event["order_id"] for event, _ in tape.seen] == source(300).events["order_id"].tolist()
    assert all(ack.executed and ack.latency_ns >= 0 for _, ack in tape.seen)
    assert sink_threads() == []


def test_a_latency_sink_counts_every_ack() -> None:
    metrics = Metrics()
    assert account(started(300, LatencySink(metrics)), 300).shown == 300
    assert metrics.snapshot().count == 300


@pytest.mark.parametrize("sink", [None, NoOpSink()], ids=["none", "no-op"])
def test_a_sink_that_does_nothing_costs_nothing(sink: Any) -> None:
    engine = started(10, sink)
    assert engine.acks() is None
    assert sink_threads() == []
    finished(engine)
    assert engine.sink_account is None


def test_a_sink_that_raises_costs_no_ack_and_is_reported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", reports.append)

    class Broken:
        def observe(self, _event: Any, _ack: Ack) -> None:
            raise ValueError("no")

    found = account(started(50, Broken()), 50)
    assert (found.shown, found.errors, found.abandoned) == (50, 50, False)
    assert [str(report.exc_value) for report in reports] == ["no"]


def test_a_slow_sink_misses_acks_and_every_one_is_counted() -> None:
    stuck = Stuck()
    engine = started(500, stuck, ack_capacity=8)
    while not engine.wait(50):
        pass
    stuck.entered.wait()
    stuck.go_on.set()
    found = account(engine, 500)
    assert not found.abandoned
    assert found.dropped >= 500 - 9  # the one it was shown first, and what was left in the ring


def test_an_event_that_was_overwritten_is_not_shown_but_counted() -> None:
    stuck = Stuck()
    engine = started(500, stuck, ack_capacity=512, capacity=8)
    while not engine.wait(50):
        pass
    stuck.entered.wait()
    stuck.go_on.set()
    record_acks = engine.acks()
    assert record_acks is not None
    decided = record_acks.available()
    found = account(engine, decided)
    assert found.shown <= 9


def test_a_sink_that_never_comes_back_is_left_behind() -> None:
    stuck = Stuck()
    engine = started(2_000, stuck)
    stuck.entered.wait()
    found = account(engine, 2_000, sink_patience_ms=1)
    assert (found.sink, found.shown, found.dropped, found.abandoned) == ("Stuck", 1, 1_999, True)
    assert found.busy_ns is not None
    assert found.busy_ns > 0
    (thread,) = sink_threads()
    stuck.go_on.set()
    # Let go, it ends after the batch that it was in.
    thread.join()
    assert 1 <= stuck.calls < 2_000


def test_a_sink_ends_with_an_engine_that_is_dropped() -> None:
    engine = Engine(source(10, RARELY_HZ), lifecycle(), settings(pace="recorded"), sink=Tape())
    engine.start()
    (thread,) = sink_threads()
    del engine
    thread.join()


def test_acks_are_read_as_rows() -> None:
    engine = started(100, None, ack_capacity=128)
    finished(engine)
    acks = engine.acks()
    assert acks is not None
    rows = np.zeros(128, ACK_DTYPE)
    assert acks.read_into(rows) == 100
    assert rows["seq"][:100].tolist() == list(range(100))
    assert rows["executed"][:100].tolist() == [1] * 100
    assert np.all(rows["completion_ts"][:100] >= rows["decision_ts"][:100])
    assert (acks.read_into(rows), acks.dropped, acks.available()) == (0, 0, 0)
    # Each reader has a place of its own.
    again = engine.acks()
    assert again is not None
    assert again.available() == 100


def test_acks_that_were_overwritten_are_counted() -> None:
    engine = Engine(source(100), lifecycle(), settings(ack_capacity=16))
    assert engine.acks() is None
    engine.start()
    acks = engine.acks()
    assert acks is not None
    finished(engine)
    rows = np.zeros(64, ACK_DTYPE)
    read = acks.read_into(rows)
    assert 0 < read <= 16
    assert acks.dropped == 100 - read
    assert rows["seq"][:read].tolist() == list(range(100 - read, 100))
    with pytest.raises(ArgumentTypeError):
        acks.read_into(np.zeros(4, np.uint8))

"""The engine's face: its life, its graph, its waits, and everything that is refused."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

from tests.core.engine.runs import (
    PARKED,
    RARELY_HZ,
    consumer,
    engine_threads,
    finished,
    lifecycle,
    run,
    settings,
    source,
)
from tickpath.config.engine import EngineSettings, ServiceTime, ThreadSettings
from tickpath.core.bus import EventRing
from tickpath.core.engine import Engine
from tickpath.core.state import State
from tickpath.errors import ArgumentTypeError, ArgumentValueError, EngineFailed

SLOW = ServiceTime.constant(1_000_000)


def held(at: int, events: int, *consumers: Any, **given: Any) -> Engine:
    """An engine whose feed has published ``at`` events and waits."""
    engine = Engine(source(events), lifecycle(), settings(*consumers, **given), hold_at=at)
    engine.start()
    while not engine.snapshot().held:
        engine.wait(1)
    return engine


def test_every_stage_reads_every_event() -> None:
    record = run(500, consumer("risk"), consumer("log", after=("executor", "risk")))
    assert [stage.name for stage in record.stages] == ["executor", "risk", "log"]
    assert [(s.ledger.executed, s.ledger.read) for s in record.stages] == [(500, 0), (0, 500), (0, 500)]
    assert not record.stopped
    assert record.first_seq == 0


def test_a_held_feed_goes_on_when_it_is_released() -> None:
    engine = held(5, 20)
    assert engine.snapshot().published == 5
    assert engine.snapshot().phase == "running"
    engine.release()
    record = finished(engine)
    assert record.stages[0].ledger.executed == 20
    assert engine.snapshot().phase == "finished"


def test_the_fence_is_passed_when_every_stage_has_seen_the_epoch() -> None:
    moved = lifecycle()
    engine = Engine(source(20), moved, settings(consumer("log")), hold_at=5)
    with pytest.raises(EngineFailed, match="not started"):
        engine.fence()
    engine.start()
    moved.transition_to(State.DEGRADED)
    assert engine.fence(timeout_ms=20_000)
    assert engine.has_seen(moved.epoch)
    seen = [stage.epoch_seen for stage in engine.snapshot().stages]
    assert seen == [moved.epoch] * 2
    assert not engine.fence(moved.epoch + 1, timeout_ms=0)
    engine.release()
    record = finished(engine)
    # What was published after the fence was decided under the new epoch.
    assert (record.epochs[-1][0], record.epochs[-1][2]) == (moved.epoch, 19)
    # A run that is over has nothing in flight.
    assert engine.fence(moved.epoch + 1)
    assert [stage.epoch_seen for stage in engine.snapshot().stages] == [None, None]


def test_a_stop_ends_a_run_that_would_take_a_day() -> None:
    engine = Engine(source(10, RARELY_HZ), lifecycle(), settings(consumer("log"), pace="recorded"))
    assert engine.plan_length_ns is not None
    engine.start()
    engine.stop()
    record = finished(engine)
    assert record.stopped


def test_dropping_a_running_engine_ends_its_threads() -> None:
    engine = Engine(source(10, RARELY_HZ), lifecycle(), settings(consumer("log"), pace="recorded"))
    engine.start()
    while engine.snapshot().phase != "running":
        engine.wait(1)
    assert len(engine_threads()) == 3
    del engine
    assert engine_threads() == []


def test_an_engine_lives_once() -> None:
    engine = Engine(source(10, RARELY_HZ), lifecycle(), settings(pace="recorded"))
    assert engine.snapshot().stages == []
    assert not engine.wait(0)
    with pytest.raises(EngineFailed, match="not started"):
        engine.finish()
    engine.start()
    with pytest.raises(EngineFailed, match="runs once"):
        engine.start()
    assert not engine.wait(0), "the second start ended the first"
    engine.stop()
    finished(engine)
    for again in (engine.start, engine.finish):
        with pytest.raises(EngineFailed):
            again()


def test_overrun_policy_oldest_goes_on_and_reads_to_the_end() -> None:
    record = run(5_000, consumer("slow", service=SLOW, overrun="oldest"), capacity=16)
    slow = record.stages[1]
    assert slow.ledger.lost + slow.ledger.shed > 0
    assert (slow.overrun, slow.ended_by, slow.ledger.unread) == ("oldest", None, 0)


def test_overrun_policy_head_skips_to_the_newest() -> None:
    record = run(5_000, consumer("slow", service=SLOW, overrun="head"), capacity=16)
    slow = record.stages[1]
    assert slow.ledger.shed > 0
    assert (slow.overrun, slow.ended_by) == ("head", None)


def test_overrun_policy_detach_drops_the_consumer_and_nobody_waits_for_it() -> None:
    dropped = consumer("slow", service=SLOW, overrun="detach")
    record = run(5_000, dropped, consumer("behind", after=("slow",)), capacity=16)
    slow, behind = record.stages[1:]
    assert slow.ended_by is not None
    expected, gone = slow.ended_by
    assert (expected, gone > 0) == (slow.ledger.read, True)
    assert slow.ledger.unread == 16
    assert (behind.ended_by, behind.ledger.unread) == (None, 0)
    assert not record.stopped


def test_overrun_policy_raise_ends_the_run() -> None:
    # The last event is due in an hour: only the overrun ends the run.
    strict = consumer("strict", service=SLOW, overrun="raise")
    record = run(2_000_000, strict, capacity=16, pace="constant", rate_hz=500.0 * 1_000)
    assert record.stopped
    assert record.stages[1].ended_by is not None
    assert record.stages[0].ledger.published < 2_000_000


@pytest.mark.parametrize(
    "service",
    [ServiceTime.constant(3_000), ServiceTime.empirical((3_000, 5_000))],
    ids=["constant", "empirical"],
)
def test_service_time_is_spent_on_each_event(service: ServiceTime) -> None:
    record = run(50, consumer("worker", service=service))
    latency = {figures.stage: figures for figures in record.stages[1].latency}
    assert latency["polled_to_completed"].count == 50
    assert (latency["polled_to_completed"].min_ns or 0) >= 3_000
    executor = {figures.stage: figures for figures in record.stages[0].latency}
    assert executor["polled_to_completed"].count == 50


@pytest.mark.parametrize("service", [ServiceTime.exponential(500), ServiceTime.lognormal(500, 0.3)], ids=str)
def test_drawn_service_times_run(service: ServiceTime) -> None:
    record = run(50, executor=consumer("executor", service=service, seed=7))
    assert record.stages[0].ledger.executed == 50


def test_one_stamp_for_a_batch_leaves_what_an_event_took_unknown() -> None:
    record = run(1_000, stamp_per="batch")
    assert record.stamp_per == "batch"
    counts = {figures.stage: figures.count for figures in record.stages[0].latency}
    assert counts["polled_to_completed"] == 0
    assert counts["published_to_completed"] == 1_000
    assert run(10).stamp_per == "event"


def test_a_feed_that_is_held_back_loses_nothing() -> None:
    record = run(20_000, consumer("log"), capacity=16, hold_back=True)
    for stage in record.stages:
        assert (stage.ledger.lost, stage.ledger.shed, stage.ledger.unread) == (0, 0, 0)


def test_the_clock_is_the_one_that_was_asked_for_or_says_why_not() -> None:
    monotonic = run(10, clock="monotonic").clock
    assert (monotonic.source, monotonic.fallback) == ("clock_gettime", None)
    record = run(10, clock="auto")
    assert (record.clock.source == "tsc") == (record.clock.fallback is None)
    assert record.clock.fallback is None or record.clock.fallback in record.refused


def test_a_core_that_is_not_there_is_a_fact_of_the_run() -> None:
    nowhere = ThreadSettings(core=4_095, wait="park", park_ns=1_000)
    record = run(10, consumer("log", thread=nowhere))
    assert record.stages[1].place.core is None
    assert any("core 4095" in refusal for refusal in record.refused)


def test_a_priority_is_had_or_a_fact_of_the_run() -> None:
    first = ThreadSettings(wait="park", park_ns=1_000, realtime_priority=99)
    record = run(10, executor=consumer("executor", thread=first))
    plain = run(10)
    # Either the right to it is there, or the run says that it is not; it runs all the same.
    assert len(record.refused) in (len(plain.refused), len(plain.refused) + 1)


def test_more_spinning_threads_than_cores_are_refused_with_the_way_out() -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    spinning = [consumer(f"c{n}", thread=ThreadSettings(wait="spin")) for n in range(cores + 1)]
    engine = Engine(source(10), lifecycle(), settings(*spinning))
    with pytest.raises(ArgumentValueError, match="spin") as refused:
        engine.start()
    assert "park" in str(refused.value)
    assert engine_threads() == []


def test_memory_that_is_not_there_is_a_memory_error() -> None:
    with pytest.raises(MemoryError, match="slots"):
        Engine(source(1), lifecycle(), settings(capacity=1 << 57))
    engine = Engine(source(1), lifecycle(), settings(ack_capacity=1 << 57))
    with pytest.raises(MemoryError, match="slots"):
        engine.start()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"source": [1, 2]}, "source must be a MarketDataSource, got list"),
        ({"lifecycle": State.READY}, "lifecycle must be a Lifecycle, got State"),
        ({"settings": {"capacity": 8}}, "settings must be of the type EngineSettings"),
        ({"settings": 0}, "settings"),
        ({"ring": [1]}, "ring must be of the type EventRing"),
        ({"sink": object()}, "observe"),
        ({"hold_at": "5"}, "hold_at must be an integer"),
    ],
)
def test_an_argument_of_another_type_is_refused(wrong: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"source": source(1), "lifecycle": lifecycle(), "settings": EngineSettings()}
    with pytest.raises(ArgumentTypeError, match=words):
        Engine(**{**given, **wrong})


def test_numbers_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ArgumentValueError, match="hold_at"):
        Engine(source(1), lifecycle(), hold_at=-1)
    engine = Engine(source(1), lifecycle(), settings())
    calls: list[Any] = [
        lambda: engine.wait(-1),
        lambda: engine.has_seen(-1),
        lambda: engine.fence(timeout_ms=-1),
        lambda: engine.finish(sink_patience_ms=-1),
    ]
    for call in calls:
        with pytest.raises(ArgumentValueError):
            call()


def test_a_ring_of_another_layout_is_refused() -> None:
    ring = EventRing(8, np.dtype([("ts_ns", "u8"), ("intended_ns", "u8")]))
    with pytest.raises((ArgumentTypeError, ArgumentValueError), match="dtype"):
        Engine(source(1), lifecycle(), ring=ring)


def test_parked_is_parked() -> None:
    record = run(10, consumer("log", thread=PARKED))
    assert [record.feed_place.wait, *(stage.place.wait for stage in record.stages)] == ["park"] * 3

"""A session from its source to its result: warm-up, books, stop, and the evidence for READY."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from tickpath.config.engine import ConsumerSettings, ServiceTime, ThreadSettings, Wait
from tickpath.config.run import RunSettings, warmup_default
from tickpath.control.metrics import LatencySink, Metrics
from tickpath.core.engine import EngineLedger
from tickpath.core.ingest import MarketDataSource
from tickpath.core.state import State
from tickpath.errors import ArgumentTypeError, ArgumentValueError, EngineFailed
from tickpath.runtime.session import RunResult, Session

FLOOR_NS = 100_000


def evenly(events: int, rate_hz: float = 1e6) -> MarketDataSource:
    return MarketDataSource.synthetic(model="constant", rate_hz=rate_hz, events=events)


def run(source: MarketDataSource, settings: RunSettings | None = None) -> RunResult:
    return Session(source, settings or RunSettings(floor_window_ns=FLOOR_NS)).run()


def books(result: RunResult) -> EngineLedger:
    """The executor's."""
    assert result.record is not None
    return result.record.stages[0].ledger


def test_the_warm_up_is_gated_and_the_rest_executed_to_the_event() -> None:
    result = run(evenly(2_000))
    record = result.record
    assert record is not None
    assert (result.verdict, result.reasons) == ("pass", ())
    assert result.warmup_events == 200
    ledger = books(result)
    assert (ledger.published, ledger.executed, sum(ledger.gated)) == (2_000, 1_800, 200)
    assert ledger.gated[State.WARMUP] == 200
    assert (ledger.lost, ledger.shed, ledger.unread) == (0, 0, 0)
    assert result.executed_outside_ready == 0
    # Each row: epoch, first and last sequence, events executed, events gated.
    assert record.epochs == [(1, 0, 199, 0, 200), (2, 200, 1_999, 1_800, 0)]


def test_the_lifecycle_goes_from_init_over_warm_up_to_ready() -> None:
    result = run(evenly(100))
    assert [(move.source, move.target) for move in result.history] == [
        (State.INIT, State.WARMUP),
        (State.WARMUP, State.READY),
    ]
    assert "10 warm-up events" in result.history[1].cause


@pytest.mark.parametrize(("warmup", "executed"), [(0, 50), (1, 49), (50, 0), (51, 0)])
def test_a_stated_warm_up_is_kept_exactly(warmup: int, executed: int) -> None:
    settings = RunSettings(warmup_events=warmup, floor_window_ns=FLOOR_NS)
    result = run(evenly(50), settings)
    assert result.verdict == "pass"
    assert (books(result).executed, sum(books(result).gated)) == (executed, 50 - executed)


@pytest.mark.parametrize(("events", "expected"), [(0, 0), (9, 0), (10, 1), (9_999, 999), (10**9, 1_000)])
def test_a_short_source_gives_a_tenth_of_itself_to_the_warm_up(events: int, expected: int) -> None:
    assert warmup_default(events) == expected


def test_events_max_ends_the_feed_early_and_is_no_interruption() -> None:
    settings = RunSettings(events_max=30, floor_window_ns=FLOOR_NS)
    result = run(evenly(100), settings)
    assert (books(result).published, result.events_planned, result.verdict) == (30, 30, "pass")
    assert result.warmup_events == 3


def test_what_a_tiny_ring_loses_is_counted_and_no_failure() -> None:
    settings = RunSettings(capacity=3, pace="max", floor_window_ns=FLOOR_NS)
    result = run(evenly(200_000), settings)
    ledger = books(result)
    assert result.verdict == "pass"
    assert ledger.lost + ledger.shed > 0
    accounted = ledger.executed + sum(ledger.gated) + ledger.lost + ledger.shed + ledger.unread
    assert ledger.published == accounted == 200_000
    assert result.plan_length_ns is None


def test_idle_gaps_are_cut_and_counted() -> None:
    settings = RunSettings(max_gap_ns=1_000, floor_window_ns=FLOOR_NS)
    result = run(evenly(11, rate_hz=1.0), settings)
    assert (result.gaps_capped, result.plan_length_ns) == (10, 10_000)
    assert result.left_out_ns == 10 * 10**9 - 10_000


def test_a_stop_ends_the_run_and_accounts_for_it() -> None:
    # A plan of hours: only the stop ends it.
    result = Session(evenly(10, rate_hz=0.001), RunSettings(floor_window_ns=FLOOR_NS)).run(
        should_stop=lambda: True
    )
    record = result.record
    assert record is not None
    assert result.verdict == "interrupted"
    assert record.intake_stopped
    assert record.balanced
    assert result.shutdown is not None
    assert (result.shutdown.by, result.shutdown.drained) == (("caller",), True)
    assert result.executed_outside_ready == 0


def test_whoever_looks_on_sees_counters_of_one_moment_and_may_end_the_run() -> None:
    class Enough(Exception):
        pass

    seen: list[object] = []

    def look(snapshot: object) -> None:
        seen.append(snapshot)
        raise Enough

    session = Session(evenly(10, rate_hz=0.001), RunSettings(floor_window_ns=FLOOR_NS))
    with pytest.raises(Enough):
        session.run(on_look=look)
    assert len(seen) == 1
    seen.clear()
    del session
    assert engine_threads() == []


def engine_threads() -> list[str]:
    """Names of this process's stage threads."""
    tasks = Path("/proc/self/task")
    if not tasks.exists():
        pytest.skip("no /proc on this machine")
    names = [(task / "comm").read_text().strip() for task in tasks.iterdir()]
    return [name for name in names if name.startswith("tickpath-")]


def test_a_session_runs_once() -> None:
    session = Session(evenly(10), RunSettings(floor_window_ns=FLOOR_NS))
    session.run()
    with pytest.raises(EngineFailed, match="run before"):
        session.run()
    with pytest.raises(EngineFailed):
        session._engine.start()
    with pytest.raises(EngineFailed):
        session._engine.finish()


def test_an_engine_that_was_not_started_has_no_record() -> None:
    session = Session(evenly(10), RunSettings(floor_window_ns=FLOOR_NS))
    assert session._engine.snapshot().published == 0
    with pytest.raises(EngineFailed, match="not started"):
        session._engine.finish()


def test_in_init_nothing_is_read() -> None:
    session = Session(evenly(10), RunSettings(capacity=4, warmup_events=0, floor_window_ns=FLOOR_NS))
    engine = session._engine
    engine.start()
    while engine.snapshot().published < 10:
        engine.wait(1)
    engine.stop()
    record = engine.finish()
    ledger = record.stages[0].ledger
    assert (ledger.lost, ledger.unread, ledger.executed, sum(ledger.gated)) == (6, 4, 0, 0)
    assert record.balanced


def test_a_ring_that_does_not_fit_is_a_memory_error() -> None:
    with pytest.raises(MemoryError, match="slots"):
        Session(evenly(10), RunSettings(capacity=1 << 57, floor_window_ns=FLOOR_NS))


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"mode": "Live"}, ArgumentValueError, "mode must be one of live, virtual, got 'Live'"),
        ({"mode": None}, ArgumentTypeError, "mode must be one of live, virtual, got None"),
        ({"settings": {"capacity": 4}}, ArgumentTypeError, "settings must be of the type RunSettings"),
        ({"scenario": "feed-freeze"}, ArgumentTypeError, "scenario must be of the type Scenario"),
        (
            {"recorder": "flights"},
            ArgumentTypeError,
            r"must be a FlightRecorder, got 'flights' \(str\)",
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_what_is_none_is_refused_before_anything_runs(
    given: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        Session(evenly(10), **given)


@pytest.mark.parametrize("wait", get_args(Wait))
def test_every_wait_strategy_loses_nothing(wait: Wait) -> None:
    thread = ThreadSettings(wait=wait)
    executor = ConsumerSettings(name="executor", thread=thread)
    result = run(evenly(500), RunSettings(feed=thread, executor=executor, floor_window_ns=FLOOR_NS))
    assert result.record is not None
    assert (result.verdict, books(result).lost) == ("pass", 0)
    for place in (result.record.feed_place, result.record.stages[0].place):
        assert wait in (place.wait, "auto")
        assert (place.spin_pauses is not None) == (place.wait == "spin")


def consumer(name: str, **given: Any) -> ConsumerSettings:
    return ConsumerSettings(name=name, thread=ThreadSettings(wait="park", park_ns=1_000), **given)


def test_consumers_read_everything_beside_the_executor() -> None:
    consumers = (consumer("risk"), consumer("log", after=("executor", "risk")))
    result = run(evenly(2_000), RunSettings(consumers=consumers, floor_window_ns=FLOOR_NS))
    assert result.record is not None
    assert result.verdict == "pass"
    read = {stage.name: stage.ledger.read for stage in result.record.stages}
    assert read == {"executor": 0, "risk": 2_000, "log": 2_000}
    assert books(result).executed == 1_800


def test_an_overrun_of_a_consumer_that_must_lose_nothing_fails_the_run() -> None:
    slow = consumer("strict", overrun="raise", service=ServiceTime.constant(1_000_000))
    settings = RunSettings(capacity=8, pace="max", consumers=(slow,), floor_window_ns=FLOOR_NS)
    result = run(evenly(2_000), settings)
    assert result.record is not None
    assert result.verdict == "fail"
    assert result.reasons[0].startswith("strict was overrun by ")
    assert result.record.balanced


def test_an_executor_that_is_dropped_in_its_warm_up_does_not_hold_the_feed() -> None:
    service = ServiceTime.constant(100_000)
    executor = ConsumerSettings(name="executor", overrun="detach", service=service)
    settings = RunSettings(
        capacity=8, pace="max", executor=executor, warmup_events=500, floor_window_ns=FLOOR_NS
    )
    result = run(evenly(1_000), settings)
    assert result.record is not None
    assert books(result).published == 1_000
    assert result.record.stages[0].ended_by is not None
    # A warm-up that cannot end has failed, in so many words.
    assert (books(result).executed, result.history[-1].target) == (0, State.DEGRADED)
    assert result.control.certificates[0].verdict == "failed"
    assert "its overrun policy has ended the executor" in result.history[-1].cause


def test_a_slow_consumer_does_not_keep_the_run_from_being_ready() -> None:
    # It works on its first event for as long as a day has minutes; the stop ends that too.
    slow = consumer("slow", service=ServiceTime.constant(60_000_000_000))
    session = Session(evenly(2_000), RunSettings(consumers=(slow,), floor_window_ns=FLOOR_NS))
    result = session.run(should_stop=lambda: session._engine.snapshot().stages[0].ledger.executed == 1_800)
    assert (books(result).executed, result.executed_outside_ready) == (1_800, 0)


def test_a_sink_is_shown_every_ack_or_counted() -> None:
    metrics = Metrics()
    settings = RunSettings(floor_window_ns=FLOOR_NS)
    result = Session(evenly(2_000), settings, sink=LatencySink(metrics)).run()
    assert result.sink is not None
    assert result.sink.shown + result.sink.dropped == 2_000
    assert metrics.snapshot().count == result.sink.shown
    assert run(evenly(10)).sink is None

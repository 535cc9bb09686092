"""A session from its source to its result: warm-up, books, stop, and the evidence for READY."""

from __future__ import annotations

from pathlib import Path

import pytest

from tickpath.config.run import RunSettings, warmup_default
from tickpath.core.ingest import MarketDataSource
from tickpath.core.state import State
from tickpath.errors import ArgumentValueError, EngineFailed
from tickpath.runtime.session import RunResult, Session

FLOOR_NS = 100_000


def evenly(events: int, rate_hz: float = 1e6) -> MarketDataSource:
    return MarketDataSource.synthetic(model="constant", rate_hz=rate_hz, events=events)


def run(source: MarketDataSource, settings: RunSettings | None = None) -> RunResult:
    return Session(source, settings or RunSettings(floor_window_ns=FLOOR_NS)).run()


def test_the_warm_up_is_gated_and_the_rest_executed_to_the_event() -> None:
    result = run(evenly(2_000))
    record = result.record
    assert record is not None
    assert (result.verdict, result.reasons) == ("pass", ())
    assert result.warmup_events == 200
    assert (record.published, record.executed, sum(record.gated)) == (2_000, 1_800, 200)
    assert record.gated[State.WARMUP] == 200
    assert (record.lost, record.shed, record.unread) == (0, 0, 0)
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
    assert result.record is not None
    assert result.verdict == "pass"
    assert (result.record.executed, sum(result.record.gated)) == (executed, 50 - executed)


@pytest.mark.parametrize(("events", "expected"), [(0, 0), (9, 0), (10, 1), (9_999, 999), (10**9, 1_000)])
def test_a_short_source_gives_a_tenth_of_itself_to_the_warm_up(events: int, expected: int) -> None:
    assert warmup_default(events) == expected


def test_events_max_ends_the_feed_early_and_is_no_interruption() -> None:
    settings = RunSettings(events_max=30, floor_window_ns=FLOOR_NS)
    result = run(evenly(100), settings)
    assert result.record is not None
    assert (result.record.published, result.events_planned, result.verdict) == (30, 30, "pass")
    assert result.warmup_events == 3


def test_what_a_tiny_ring_loses_is_counted_and_no_failure() -> None:
    settings = RunSettings(capacity=3, pace="max", floor_window_ns=FLOOR_NS)
    result = run(evenly(200_000), settings)
    record = result.record
    assert record is not None
    assert result.verdict == "pass"
    assert record.lost + record.shed > 0
    accounted = record.executed + sum(record.gated) + record.lost + record.shed + record.unread
    assert record.published == accounted == 200_000
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
    assert record.stopped
    assert record.balanced
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
    assert (record.lost, record.unread, record.executed, sum(record.gated)) == (6, 4, 0, 0)
    assert record.balanced


@pytest.mark.parametrize(
    "wrong",
    [
        {"capacity": 0},
        {"speed": 0.0},
        {"speed": float("nan")},
        {"speed": float("inf")},
        {"pace": "constant"},
        {"pace": "constant", "rate_hz": 0.0},
        {"rate_hz": 2e9},
        {"max_gap_ns": -1},
        {"events_max": -1},
        {"warmup_events": -1},
        {"floor_window_ns": 1 << 64},
        {"control_interval_ms": 0},
        {"control_interval_ms": 51},
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ArgumentValueError):
        RunSettings(**wrong)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("wrong", [{"pace": "slow"}, {"wait": "sleep"}], ids=str)
def test_a_name_that_does_not_exist_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ArgumentValueError, match="must be"):
        Session(evenly(1), RunSettings(**wrong))  # type: ignore[arg-type]  # that is the point


def test_a_ring_that_does_not_fit_is_a_memory_error() -> None:
    session = Session(evenly(10), RunSettings(capacity=1 << 57, floor_window_ns=FLOOR_NS))
    with pytest.raises(MemoryError, match="slots"):
        session.run()


@pytest.mark.parametrize("wait", ["spin", "yield", "park"])
def test_every_wait_strategy_loses_nothing(wait: str) -> None:
    settings = RunSettings(wait=wait, floor_window_ns=FLOOR_NS)  # type: ignore[arg-type]  # a parameter
    result = run(evenly(500), settings)
    assert result.record is not None
    assert (result.verdict, result.record.lost) == ("pass", 0)
    assert result.record.wait in (wait, "yield")

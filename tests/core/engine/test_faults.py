"""Faults of a live run: each knob's effect by the counters of feed and stages, and books that balance."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.engine.runs import RARELY_HZ, consumer, finished, lifecycle, source
from tests.core.engine.runs import settings as engine_settings
from tickpath.config.engine import ServiceTime
from tickpath.core.engine import Engine, EngineRecord, EngineSnapshot, Faults
from tickpath.errors import ArgumentOverflowError, ArgumentTypeError, ArgumentValueError

#: A wait ends when what it waits for has come; this many turns of a millisecond are no promise, only no hang.
PATIENCE = 20_000
MINUTE_NS = 60_000_000_000


def faulty(events: int, *, hold_at: int | None = None, sink: Any = None, **given: Any) -> Engine:
    """An engine with faults, an executor and a plain consumer ``log``, not started."""
    log = given.pop("log", consumer("log"))
    made = engine_settings(log, faults=True, **given)
    return Engine(source(events), lifecycle(), made, hold_at=hold_at, sink=sink)


def faults_of(engine: Engine) -> Faults:
    assert engine.faults is not None
    return engine.faults


def until(engine: Engine, cursor: int, *, stages: tuple[int, ...] = (0, 1)) -> EngineSnapshot:
    """Wait until the stages have come to ``cursor``."""
    for _ in range(PATIENCE):
        seen = engine.snapshot()
        if seen.stages and all(seen.stages[stage].cursor >= cursor for stage in stages):
            return seen
        engine.wait(1)
    pytest.fail(f"never came to {cursor}: {[stage.cursor for stage in engine.snapshot().stages]}")


def until_due(engine: Engine, due: int) -> EngineSnapshot:
    """Wait until so many events have been published for the first time, or withheld."""
    for _ in range(PATIENCE):
        seen = engine.snapshot()
        if seen.feed.published - seen.feed.repeats + seen.feed.withheld >= due:
            return seen
        engine.wait(1)
    pytest.fail(f"never came to {due} due events: {engine.snapshot().feed.published} published")


def with_faults(record: EngineRecord) -> tuple[int, int, int, int, int]:
    """(published, withheld, gaps, repeats, reordered), their balance checked."""
    feed = record.feed
    assert feed.balanced
    assert feed.planned + feed.repeats == feed.published + feed.withheld + feed.unpublished
    assert record.stages[0].ledger.published == feed.published
    return feed.published, feed.withheld, feed.gaps, feed.repeats, feed.reordered


def test_an_engine_has_faults_only_where_they_were_asked_for() -> None:
    plain = Engine(source(1), lifecycle(), engine_settings())
    assert plain.faults is None
    assert faults_of(faulty(1)).stages == ["executor", "log"]


def test_before_the_start_nothing_is_known_and_a_fault_can_be_set() -> None:
    engine = faulty(20)
    seen = engine.snapshot()
    assert (seen.begin_ns, seen.clock_skew_ns, engine.now_ns()) == (None, None, 0)
    assert (seen.feed.published, seen.feed.newest_ns, seen.feed.held, seen.feed.done) == (
        0,
        None,
        False,
        False,
    )
    faults_of(engine).feed_outage(True)
    engine.start()
    record = finished(engine)
    assert with_faults(record) == (0, 20, 0, 0, 0)
    assert not record.stopped


def test_a_gap_is_missed_by_the_receiver_as_soon_as_something_follows() -> None:
    engine = faulty(30, hold_at=10)
    engine.start()
    until(engine, 10)
    faults_of(engine).feed_gap(5)
    engine.release()
    assert with_faults(finished(engine)) == (25, 5, 5, 0, 0)


def test_an_outage_withholds_what_comes_due_until_it_ends() -> None:
    engine = faulty(30, hold_at=10)
    engine.start()
    until(engine, 10)
    faults_of(engine).feed_outage(True)
    engine.release(20)
    seen = until_due(engine, 20)
    assert (seen.feed.published, seen.feed.withheld, seen.feed.gaps) == (10, 10, 0)
    faults_of(engine).feed_outage(False)
    engine.release()
    assert with_faults(finished(engine)) == (20, 10, 10, 0, 0)


def test_a_stale_feed_is_connected_and_says_nothing_new() -> None:
    engine = faulty(30, hold_at=10)
    engine.start()
    newest = until(engine, 10).feed.newest_ns
    assert newest is not None
    faults_of(engine).feed_stale(True)
    engine.release(20)
    seen = until(engine, 20)
    assert (seen.feed.published, seen.feed.repeats, seen.feed.withheld) == (20, 10, 10)
    assert seen.feed.newest_ns == newest
    faults_of(engine).feed_stale(False)
    engine.release()
    assert with_faults(finished(engine)) == (30, 10, 10, 10, 0)


def test_duplicates_and_a_wrong_order_are_seen_as_what_they_are() -> None:
    engine = faulty(40, hold_at=20)
    faults_of(engine).feed_duplicate(4)
    engine.start()
    until(engine, 25)
    faults_of(engine).feed_duplicate(0)
    faults_of(engine).feed_reorder(5)
    engine.release()
    # Of the last twenty the fifth, tenth and fifteenth change places; the twentieth has no successor.
    assert with_faults(finished(engine)) == (45, 0, 3, 5, 3)


def test_a_frozen_feed_publishes_nothing_and_catches_up_when_it_thaws() -> None:
    engine = faulty(20, hold_at=5)
    faults_of(engine).feed_freeze(True)
    engine.start()
    while engine.snapshot().begin_ns is None:
        engine.wait(1)
    engine.wait(1)
    assert engine.snapshot().feed.published == 0
    faults_of(engine).feed_freeze(False)
    until(engine, 5)
    engine.release()
    assert with_faults(finished(engine)) == (20, 0, 0, 0, 0)


def test_a_burst_comes_ahead_of_its_plan() -> None:
    engine = faulty(10, pace="constant", rate_hz=RARELY_HZ)
    engine.start()
    until(engine, 1)
    faults_of(engine).feed_burst(6)
    until(engine, 7)
    engine.stop_intake()
    record = finished(engine)
    assert with_faults(record) == (7, 0, 0, 0, 0)
    assert (record.intake_stopped, record.stopped, record.feed.unpublished) == (True, False, 3)
    lateness = record.stages[0].histograms()["intended_to_published"]
    # It was due at the moment of the burst, and no event of the plan's hours.
    assert lateness.count == 7
    assert (lateness.max_ns or 0) < MINUTE_NS


def test_a_stalled_stage_holds_up_nobody_and_reads_on_when_it_is_let_go() -> None:
    engine = faulty(50)
    faults_of(engine).stage_stall("log", True)
    engine.start()
    seen = until(engine, 50, stages=(0,))
    assert (seen.stages[1].cursor, seen.stages[1].backlog, seen.stages[1].processed) == (0, 50, 0)
    # The feed is done and the stage has read nothing: the run is not over.
    assert seen.feed.done or not engine.wait(0)
    faults_of(engine).stage_stall("log", False)
    record = finished(engine)
    assert record.stages[1].ledger.read == 50


def test_a_stop_ends_a_stall() -> None:
    engine = faulty(50)
    for stage in faults_of(engine).stages:
        faults_of(engine).stage_stall(stage, True)
    engine.start()
    until_due(engine, 50)
    engine.stop()
    record = finished(engine)
    assert record.stopped
    assert [stage.ledger.unread for stage in record.stages] == [50, 50]


def test_a_stage_that_is_told_to_skips_to_the_head() -> None:
    engine = faulty(50, hold_at=40)
    faults_of(engine).stage_stall("log", True)
    engine.start()
    until(engine, 40, stages=(0,))
    faults_of(engine).stage_skip_to_head("log")
    faults_of(engine).stage_stall("log", False)
    seen = until(engine, 40)
    assert (seen.stages[1].shed, seen.stages[1].lost, seen.stages[1].processed) == (40, 0, 0)
    engine.release()
    ledger = finished(engine).stages[1].ledger
    assert (ledger.shed, ledger.read) == (40, 10)


def test_a_slowed_stage_takes_longer_and_what_is_above_its_limit_is_counted() -> None:
    log = consumer("log", latency_limit_ns=20_000_000, service=ServiceTime.constant(1_000))
    engine = faulty(20, hold_at=10, log=log)
    engine.start()
    seen = until(engine, 10)
    before = seen.stages[1].over_limit
    assert before is not None
    assert seen.stages[0].over_limit is None
    faults_of(engine).stage_slow("log", 2.0, 25_000_000)
    engine.release(14)
    until(engine, 14)
    faults_of(engine).stage_slow("log", 1.0, 0)
    engine.release()
    record = finished(engine)
    over = record.stages[1].over_limit
    assert over is not None
    assert over - before >= 4
    work = record.stages[1].histograms()["polled_to_completed"]
    assert (work.max_ns or 0) >= 25_002_000
    assert record.stages[0].over_limit is None


def test_a_loaded_stage_is_slower_the_fuller_the_ring_is() -> None:
    log = consumer("log", service=ServiceTime.constant(1_000_000), load_factor=9.0)
    engine = faulty(8, capacity=8, log=log)
    faults_of(engine).stage_stall("log", True)
    engine.start()
    until_due(engine, 8)
    faults_of(engine).stage_stall("log", False)
    work = finished(engine).stages[1].histograms()["polled_to_completed"]
    # The first of eight finds the ring full, the last one an eighth of it; a histogram has three digits.
    assert (work.max_ns or 0) >= 10 * 1_000_000
    assert (work.min_ns or 0) >= 1_000_000 * (1 + 9 // 8)
    assert work.count == 8


@pytest.mark.parametrize("offset_ns", [5 * MINUTE_NS, -5 * MINUTE_NS])
def test_a_stepped_clock_shows_as_skew_and_not_in_what_the_run_took(offset_ns: int) -> None:
    engine = faulty(20, hold_at=10)
    engine.start()
    seen = until(engine, 10)
    assert seen.clock_skew_ns is not None
    assert abs(seen.clock_skew_ns) < MINUTE_NS
    faults_of(engine).clock_step(offset_ns)
    skew = engine.snapshot().clock_skew_ns
    assert skew is not None
    assert abs(skew - offset_ns) < MINUTE_NS
    engine.release()
    record = finished(engine)
    assert record.wall_ns is not None
    assert record.wall_ns < MINUTE_NS
    faults_of(engine).clock_step(0)
    latency = record.stages[0].histograms()["published_to_polled"]
    assert (latency.max_ns or 0) > MINUTE_NS if offset_ns > 0 else (latency.min_ns or 0) == 0


def test_run_time_begins_with_the_feed() -> None:
    engine = faulty(10, hold_at=5)
    engine.start()
    seen = until(engine, 5)
    first = engine.now_ns()
    assert seen.begin_ns is not None
    assert seen.feed.newest_ns is not None
    assert 0 <= seen.feed.newest_ns <= first <= engine.now_ns()
    assert (seen.held, seen.feed.held, seen.published) == (True, True, 5)
    engine.release()
    assert not engine.snapshot().feed.held
    record = finished(engine)
    assert record.begin_ns == seen.begin_ns


def test_a_stalled_sink_misses_what_is_overwritten_and_never_hangs_the_end() -> None:
    shown: list[int] = []

    class Sink:
        def observe(self, _event: object, ack: Any) -> None:
            shown.append(ack.seq)

    engine = faulty(200, hold_at=10, sink=Sink(), ack_capacity=16)
    assert engine.sink_counters() is None
    engine.start()
    until(engine, 10)
    counters = engine.sink_counters()
    while counters is not None and counters.shown < 10:
        engine.wait(1)
        counters = engine.sink_counters()
    engine.sink_stall(True)
    engine.sink_stall(True)
    engine.release(100)
    until(engine, 100)
    counters = engine.sink_counters()
    assert counters is not None
    # A batch may have been under way when it was stalled; nothing came after that.
    assert counters.shown == len(shown) < 100
    assert counters.dropped == 90 - 16 or counters.shown > 10
    engine.release()
    finished(engine)
    account = engine.sink_account
    assert account is not None
    assert (account.shown, account.shown + account.dropped, account.abandoned) == (len(shown), 200, False)
    assert account.dropped > 0
    assert engine.sink_counters() == account
    with pytest.raises(ArgumentTypeError):
        engine.sink_stall(1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda f: f.stage_stall("risk", True), ArgumentValueError, "'risk'|\"risk\".*executor, log"),
        (lambda f: f.stage_slow("risk", 1.0, 0), ArgumentValueError, "executor, log"),
        (lambda f: f.stage_skip_to_head(""), ArgumentValueError, "executor, log"),
        (lambda f: f.stage_skip_to_head(7), ArgumentTypeError, "stage must be a str, got int"),
        (lambda f: f.stage_slow("log", -0.5, 0), ArgumentValueError, "factor.*-0.5"),
        (lambda f: f.stage_slow("log", float("nan"), 0), ArgumentValueError, "factor.*NaN"),
        (lambda f: f.stage_slow("log", float("inf"), 0), ArgumentValueError, "factor.*inf"),
        (lambda f: f.stage_slow("log", "2", 0), ArgumentTypeError, "factor must be a number"),
        (
            lambda f: f.stage_slow("log", 10**400, 0),
            ArgumentOverflowError,
            "factor must be a number that a float",
        ),
        (lambda f: f.stage_skip_to_head("\ud800"), ArgumentValueError, "no stage.*executor, log"),
        (lambda f: f.stage_slow("log", 1.0, -1), ArgumentValueError, "extra_ns must not be negative"),
        (lambda f: f.feed_gap(-1), ArgumentValueError, "events of a gap must not be negative"),
        (lambda f: f.feed_gap(1.5), ArgumentTypeError, "events of a gap must be an integer"),
        (lambda f: f.feed_burst(1 << 41), ArgumentValueError, "events of a burst must be at most"),
        (lambda f: f.feed_duplicate(-3), ArgumentValueError, "every must not be negative"),
        (lambda f: f.feed_reorder(None), ArgumentTypeError, "every must be an integer"),
        (lambda f: f.feed_outage(1), ArgumentTypeError, "on must be True or False, got int"),
        (lambda f: f.feed_freeze("on"), ArgumentTypeError, "on must be True or False, got str"),
        (lambda f: f.feed_stale(1), ArgumentTypeError, "on must be True or False, got int"),
        (lambda f: f.stage_stall("log", 1), ArgumentTypeError, "on must be True or False, got int"),
        (
            lambda f: f.clock_step(1 << 70),
            ArgumentOverflowError,
            f"offset_ns must lie between.*, got {1 << 70}",
        ),
        (lambda f: f.clock_step(0.5), ArgumentTypeError, "offset_ns must be an integer"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call(faults_of(faulty(1)))


def test_what_faults_would_make_senseless_is_refused_with_them() -> None:
    with pytest.raises(ArgumentValueError, match="batch and faults"):
        engine_settings(faults=True, stamp_per="batch")
    with pytest.raises(ArgumentValueError, match="takes lines over and faults"):
        engine_settings(faults=True, executor=consumer("executor", claim_lines=True))
    with pytest.raises(ArgumentValueError, match="takes lines over and a latency limit"):
        engine_settings(executor=consumer("executor", claim_lines=True, latency_limit_ns=1))


KNOBS = st.one_of(
    *(st.tuples(st.just(name), st.booleans()) for name in ("feed_outage", "feed_freeze", "feed_stale")),
    *(st.tuples(st.just(name), st.integers(0, 30)) for name in ("feed_gap", "feed_burst")),
    *(st.tuples(st.just(name), st.integers(0, 4)) for name in ("feed_duplicate", "feed_reorder")),
    st.tuples(st.just("clock_step"), st.integers(-1_000_000, 1_000_000)),
    st.tuples(st.just("stage_stall"), st.sampled_from(["executor", "log"]), st.booleans()),
    st.tuples(
        st.just("stage_slow"), st.sampled_from(["executor", "log"]), st.floats(0, 3), st.integers(0, 900)
    ),
    st.tuples(st.just("stage_skip_to_head"), st.sampled_from(["executor", "log"])),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(knobs=st.lists(KNOBS, max_size=25), is_stopped=st.booleans(), capacity=st.sampled_from([4, 64, 512]))
def test_whatever_goes_wrong_the_books_balance(
    knobs: list[tuple[Any, ...]], is_stopped: bool, capacity: int
) -> None:
    engine = faulty(2_000, hold_at=100, capacity=capacity)
    engine.start()
    for index, (name, *arguments) in enumerate(knobs):
        getattr(faults_of(engine), name)(*arguments)
        engine.release(100 + 50 * index)
        engine.wait(0)
    if is_stopped:
        engine.stop_intake()
    for stage in ("executor", "log"):
        faults_of(engine).stage_stall(stage, False)
    faults_of(engine).feed_freeze(False)
    engine.release()
    with_faults(finished(engine))

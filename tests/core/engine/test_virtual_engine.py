"""The engine in virtual time: its clock, what it shows at which moment, its sink, what is refused."""

from __future__ import annotations

import hashlib
import signal
from typing import Any

import numpy as np
import pytest

from tests.core.engine.runs import lifecycle, source
from tickpath.config.engine import ConsumerSettings, EngineSettings, ServiceTime, ThreadSettings
from tickpath.core.bus import EventRing
from tickpath.core.engine import VirtualEngine
from tickpath.core.execution import ACK_DTYPE
from tickpath.core.ingest import MarketDataSource
from tickpath.core.state import Lifecycle, State
from tickpath.errors import ArgumentTypeError, ArgumentValueError, EngineFailed, ProducerBusy

#: 1,000 ns between two events of ``source(n, 1e6)``.
RATE_HZ = 1e6


def settings(service_ns: int = 0, *consumers: ConsumerSettings, **given: Any) -> EngineSettings:
    service = ServiceTime.constant(service_ns) if service_ns else ServiceTime()
    executor = ConsumerSettings(name="executor", service=service)
    return EngineSettings(**{"executor": executor, "consumers": consumers, "ack_capacity": 4_096, **given})


def started(events: int, chosen: EngineSettings, **given: Any) -> VirtualEngine:
    engine = VirtualEngine(source(events, RATE_HZ), given.pop("lifecycle", lifecycle()), chosen, **given)
    engine.start()
    return engine


def acks(engine: VirtualEngine) -> Any:
    reader = engine.acks()
    assert reader is not None
    rows = np.zeros(4_096, ACK_DTYPE)
    return rows[: reader.read_into(rows)]


class Tape:
    """A sink that keeps the sequences it is shown."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def observe(self, _event: Any, ack: Any) -> None:
        self.seen.append(ack.seq)


def test_time_goes_as_far_as_it_is_told_to() -> None:
    engine = started(10, settings(600))
    assert (engine.now_ns(), engine.snapshot().phase, engine.snapshot().published) == (0, "running", 0)
    assert not engine.advance(2_599)
    seen = engine.snapshot()
    assert (engine.now_ns(), seen.published, seen.stages[0].processed, seen.stages[0].cursor) == (
        2_599,
        3,
        2,
        2,
    )
    assert not engine.advance(2_600)
    assert engine.snapshot().stages[0].processed == 3
    assert not engine.advance(until_published=7)
    assert (engine.now_ns(), engine.snapshot().published) == (6_000, 7)
    assert engine.snapshot().feed.newest_ns == 6_000
    assert engine.advance()
    assert (engine.now_ns(), engine.snapshot().phase) == (9_600, "finished")
    assert engine.advance(20_000)
    assert engine.now_ns() == 9_600


def test_acks_and_their_digest_are_those_that_were_completed() -> None:
    engine = started(3, settings(600))
    nothing = hashlib.sha256().hexdigest()
    engine.advance(599)
    assert (len(acks(engine)), engine.acks_digest()) == (0, nothing)
    engine.advance(1_700)
    rows = acks(engine)
    assert [(row["decision_ts"], row["completion_ts"]) for row in rows] == [(0, 600), (1_000, 1_600)]
    assert engine.acks_digest() == hashlib.sha256(rows.tobytes()).hexdigest()
    record = engine.finish()
    assert record.digest(b"") == hashlib.sha256(acks(engine).tobytes()).hexdigest()
    assert record.digest(b"x") == hashlib.sha256(acks(engine).tobytes() + b"x").hexdigest()


def test_the_record_is_that_of_an_engine_without_a_machine() -> None:
    record = started(100, settings(600, ConsumerSettings(name="log"))).finish()
    assert (record.begin_ns, record.end_ns, record.wall_ns, record.feed_ns) == (0, 99_600, 99_600, 99_000)
    assert (record.clock.source, record.clock.cost_ns, record.clock.error_ppm) == ("virtual", 0, None)
    assert (record.floor.count, record.floor_watched_ns, record.floor_continuous) == (0, 0, False)
    assert [stage.place.wait for stage in record.stages] == [record.feed_place.wait] * 2 == ["virtual"] * 2
    assert [stage.place.core for stage in record.stages] == [None, None]
    assert (record.refused, record.stopped, record.balanced) == ([], False, True)
    latency = {figures.stage: figures for figures in record.stages[0].latency}
    assert (latency["polled_to_completed"].min_ns, latency["polled_to_completed"].max_ns) == (600, 600)
    assert latency["intended_to_published"].max_ns == 0
    assert record.stages[1].ledger.read == 100


def test_the_digest_of_a_fixed_run_is_the_same_on_every_machine_and_python() -> None:
    market = MarketDataSource.synthetic(model="hawkes", rate_hz=900_000, events=20_000, seed=3)
    service = ServiceTime.lognormal(median_ns=700, sigma=0.8)
    executor = ConsumerSettings(name="executor", service=service, seed=11, load_factor=0.5)
    log = ConsumerSettings(
        name="log", after=("executor",), service=ServiceTime.exponential(400), overrun="head"
    )
    moved = lifecycle()
    engine = VirtualEngine(market, moved, EngineSettings(capacity=256, executor=executor, consumers=(log,)))
    engine.start()
    for state in (State.DEGRADED, State.READY):
        engine.advance(engine.now_ns() + 5_000_000)
        moved.transition_to(state)
    record = engine.finish()
    executed, log_lost = record.stages[0].ledger.executed, record.stages[1].ledger.lost
    digest = record.digest(b"")
    assert digest is not None
    assert (digest[:16], executed, log_lost) == ("6ca3910fa5f933ac", 13_627, 163)


def test_a_lifecycle_that_lives_by_the_virtual_clock() -> None:
    engine: VirtualEngine
    moved = Lifecycle(lambda: engine.now_ns())  # noqa: PLW0108 - the engine is made of the lifecycle
    engine = VirtualEngine(source(10, RATE_HZ), moved, settings(600), hold_at=4)
    engine.start()
    engine.advance(1_500)
    moved.transition_to(State.WARMUP)
    # What was published in INIT was not read, and is now: two events, and two more.
    assert not engine.advance()
    assert (engine.now_ns(), engine.snapshot().held) == (1_500 + 4 * 600, True)
    moved.transition_to(State.READY)
    engine.release()
    record = engine.finish()
    assert [move.at_ns for move in moved.history] == [1_500, 3_900]
    ledger = record.stages[0].ledger
    assert (ledger.executed, ledger.gated) == (6, [0, 4, 0, 0])
    assert record.end_ns == 3_900 + 5 * 1_000 + 600


def test_the_fence_simulates_until_it_is_passed() -> None:
    moved = lifecycle()
    engine = VirtualEngine(source(10, RATE_HZ), moved, settings(900, ConsumerSettings(name="log")))
    with pytest.raises(EngineFailed, match="not started"):
        engine.fence()
    engine.start()
    engine.advance(1_100)
    moved.transition_to(State.DEGRADED)
    assert not engine.fence(timeout_ms=0)
    assert engine.now_ns() == 1_100
    assert engine.fence()
    assert engine.now_ns() == 1_900
    assert engine.has_seen(moved.epoch)
    assert [stage.epoch_seen for stage in engine.snapshot().stages] == [moved.epoch] * 2
    assert not engine.fence(99, timeout_ms=0)


def test_waiting_is_simulating() -> None:
    engine = started(5_000, settings(600))
    assert not engine.wait(2)
    assert engine.now_ns() == 2_000_000
    assert engine.wait(10)
    assert engine.now_ns() == 4_999_600


def test_a_sink_is_shown_at_each_step_what_is_there() -> None:
    tape = Tape()
    engine = started(1_000, settings(600, ack_capacity=64), sink=tape)
    engine.advance(9_700)
    assert tape.seen == list(range(10))
    engine.sink_stall(True)
    engine.advance(109_700)
    assert tape.seen == list(range(10))
    counters = engine.sink_counters()
    assert counters is not None
    assert (counters.shown, counters.dropped) == (10, 36)
    engine.sink_stall(False)
    engine.advance(109_700)
    # It goes on half a ring behind.
    assert tape.seen[10:] == list(range(78, 110))
    engine.finish()
    account = engine.sink_account
    assert account is not None
    assert (account.shown, account.shown + account.dropped) == (len(tape.seen), 1_000)
    assert (account.errors, account.abandoned) == (0, False)


def test_the_intake_can_be_stopped_and_the_run_as_well() -> None:
    engine = started(1_000, settings(1_500))
    engine.advance(10_000)
    engine.stop_intake()
    record = engine.finish()
    assert (record.intake_stopped, record.stopped, record.feed.published) == (True, False, 11)
    assert record.stages[0].ledger.executed == 11
    engine = started(1_000, settings(1_500))
    engine.advance(10_000)
    engine.stop()
    record = engine.finish()
    assert (record.stopped, record.end_ns) == (True, 10_500)
    assert (record.stages[0].ledger.executed, record.stages[0].ledger.unread) == (7, 4)


def test_faults_hold_from_the_moment_of_their_order() -> None:
    engine = started(10, settings(100, faults=True))
    faults = engine.faults
    assert faults is not None
    engine.advance(2_500)
    faults.stage_stall("executor", True)
    faults.clock_step(-5)
    engine.advance(5_500)
    seen = engine.snapshot()
    assert (seen.stages[0].processed, seen.stages[0].backlog, seen.clock_skew_ns) == (3, 3, -5)
    faults.stage_stall("executor", False)
    engine.finish()
    decisions = [int(row["decision_ts"]) for row in acks(engine)]
    assert decisions[:5] == [0, 1_000, 2_000, 5_495, 5_595]


def test_a_run_that_does_not_end_by_itself_says_why() -> None:
    engine = started(3, settings(), lifecycle=Lifecycle())
    assert not engine.advance()
    with pytest.raises(EngineFailed, match="INIT"):
        engine.finish()
    engine.stop()
    assert engine.finish().stages[0].ledger.unread == 3


def test_an_engine_lives_once() -> None:
    engine = VirtualEngine(source(3), lifecycle(), settings())
    assert (engine.now_ns(), engine.snapshot().stages) == (0, [])
    for early in (engine.advance, engine.acks_digest, engine.finish):
        with pytest.raises(EngineFailed, match="not started"):
            early()
    engine.start()
    with pytest.raises(EngineFailed, match="runs once"):
        engine.start()
    engine.finish()
    assert engine.advance()
    for again in (engine.start, engine.finish, engine.acks_digest):
        with pytest.raises(EngineFailed):
            again()


def test_the_ring_is_the_engines_until_its_record_is_taken() -> None:
    ring = EventRing(64)
    ring.publish(source(1).events[0])
    engine = started(10, settings(), ring=ring)
    assert engine.ring is ring
    with pytest.raises(ProducerBusy):
        ring.publish(source(1).events[0])
    record = engine.finish()
    assert (record.first_seq, ring.head()) == (1, 11)
    ring.publish(source(1).events[0])
    dropped = started(10, settings(), ring=ring)
    del dropped
    assert ring.publish(source(1).events[0]) == 12


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"pace": "max"}, "give a pace"),
        ({"stamp_per": "batch"}, "one per event"),
        ({"hold_back": True}, "leave hold_back off"),
    ],
)
def test_what_needs_real_time_is_refused_with_the_way_out(given: dict[str, Any], words: str) -> None:
    engine = VirtualEngine(source(3), lifecycle(), settings(**given))
    with pytest.raises(ArgumentValueError, match=words):
        engine.start()
    assert engine.ring.publish(source(1).events[0]) == 0


def test_what_is_set_about_threads_is_left_aside() -> None:
    spinning = [ConsumerSettings(name=f"c{n}", thread=ThreadSettings(wait="spin")) for n in range(40)]
    record = started(10, settings(5, *spinning, lock_memory=True, clock="monotonic")).finish()
    assert [stage.ledger.read for stage in record.stages[1:]] == [10] * 40
    assert record.refused == []


@pytest.mark.parametrize(
    "wrong",
    [{"until_ns": -1}, {"until_published": -1}, {"until_ns": 1 << 63}],
)
def test_a_moment_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArgumentValueError):
        started(3, settings()).advance(**wrong)


def test_a_moment_of_another_type_is_refused() -> None:
    engine = started(3, settings())
    wrong: Any = 1.5
    with pytest.raises(ArgumentTypeError):
        engine.advance(wrong)
    with pytest.raises(ArgumentTypeError, match="source must be a MarketDataSource"):
        VirtualEngine(wrong, lifecycle())


@pytest.mark.slow
def test_a_signal_leaves_a_long_advance_where_it_is() -> None:
    class Woken(Exception):
        pass

    def wake(_signum: int, _frame: object) -> None:
        raise Woken

    before = signal.signal(signal.SIGALRM, wake)
    try:
        engine = started(8_000_000, settings(500))
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(Woken):
            engine.advance()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    reached = engine.now_ns()
    assert 0 < reached < 8_000_000_000
    assert not engine.advance(reached + 1_000)
    assert engine.now_ns() == reached + 1_000
    engine.stop()
    assert engine.finish().balanced

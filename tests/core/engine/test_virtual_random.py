"""Virtual time against a few plain lines: every ack and count, whatever the schedule, sliced or not."""

from __future__ import annotations

from typing import Any, Literal

from hypothesis import given, note
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.core.engine.runs import lifecycle
from tickpath.config.engine import ConsumerSettings, EngineSettings, ServiceTime
from tickpath.core.engine import EngineRecord, VirtualEngine
from tickpath.core.ingest import MarketDataSource
from tickpath.core.state import Lifecycle, State
from tickpath.reference import Simulated, simulate
from tickpath.runtime.verdict import executed_outside_ready

#: Ties, bursts, and pauses.
GAPS = st.one_of(st.just(0), st.integers(1, 40), st.integers(200, 2_000))
SCHEDULES = st.lists(GAPS, min_size=1, max_size=120).map(
    lambda gaps: [sum(gaps[1 : n + 1]) for n in range(len(gaps))]
)
POLICIES = st.sampled_from(("oldest", "head"))
SLICES = st.lists(st.integers(0, 400), min_size=1, max_size=30)


def at(moments_ns: list[int]) -> MarketDataSource:
    return MarketDataSource.from_table({"t": moments_ns}, columns={"ts_ns": ("t", "ns")})


def settings(
    service: ServiceTime, capacity: int, overrun: Literal["oldest", "head"], *others: ConsumerSettings
) -> EngineSettings:
    executor = ConsumerSettings(name="executor", service=service, overrun=overrun)
    return EngineSettings(capacity=capacity, executor=executor, consumers=others)


def sliced(engine: VirtualEngine, slices_ns: list[int], moves: Lifecycle | None = None) -> list[int]:
    """Advance by slices, moving the lifecycle after each if one is given; the moments of its moves."""
    engine.start()
    moments = []
    for slice_ns in slices_ns:
        engine.advance(engine.now_ns() + slice_ns)
        if moves is not None:
            moves.transition_to(State.DEGRADED if moves.state is State.READY else State.READY)
            moments.append(engine.now_ns())
    return moments


def assert_same(record: EngineRecord, expected: Simulated) -> None:
    ledger = record.stages[0].ledger
    executed = sum(ack.executed for ack in expected.acks)
    assert (ledger.executed, sum(ledger.gated)) == (executed, len(expected.acks) - executed)
    assert (ledger.lost, ledger.shed, ledger.unread) == (expected.lost, expected.shed, 0)
    assert record.digest(b"tail") == expected.digest(b"tail")
    assert record.balanced


@given(SCHEDULES, st.integers(1, 40), st.integers(0, 90), POLICIES, SLICES)
def test_every_ack_is_that_of_the_plain_queue(
    due_ns: list[int], capacity: int, service_ns: int, policy: Any, slices_ns: list[int]
) -> None:
    engine = VirtualEngine(
        at(due_ns), lifecycle(), settings(ServiceTime.constant(service_ns), capacity, policy)
    )
    sliced(engine, slices_ns)
    assert_same(engine.finish(), simulate(due_ns, capacity, service_ns, policy))


@given(SCHEDULES, st.integers(1, 40), st.integers(0, 90), POLICIES, SLICES, st.integers(0, 2))
def test_moves_of_the_lifecycle_hold_from_their_moment_on(
    due_ns: list[int], capacity: int, service_ns: int, policy: Any, slices_ns: list[int], others: int
) -> None:
    log = [ConsumerSettings(name=f"c{n}", service=ServiceTime.constant(5)) for n in range(others)]
    chosen = settings(ServiceTime.constant(service_ns), capacity, policy, *log)
    moved = lifecycle()
    engine = VirtualEngine(at(due_ns), moved, chosen)
    moves_ns = sliced(engine, slices_ns, moved)
    note(f"moved at {moves_ns}")
    record = engine.finish()
    # A move after the end moves nothing.
    assert_same(record, simulate(due_ns, capacity, service_ns, policy, moves_ns))
    ledger = record.stages[0].ledger
    complete = record.epochs_overflow == 0 and moved.history_dropped == 0
    outside = executed_outside_ready(
        record.epochs, moved.history, complete=complete, executed=ledger.executed, gated=sum(ledger.gated)
    )
    assert outside == 0


@given(SCHEDULES, st.integers(1, 200), st.floats(0, 80), SLICES, st.booleans(), st.booleans())
@examples(deadline=None)
def test_slices_make_no_difference_where_nothing_is_ordered_between(
    due_ns: list[int], capacity: int, mean_ns: float, slices_ns: list[int], watched: bool, faults: bool
) -> None:
    def digest(slices_ns: list[int]) -> tuple[str | None, int, list[int]]:
        others = [ConsumerSettings(name="log", after=("executor",))] if watched else []
        chosen = settings(ServiceTime.exponential(mean_ns), capacity, "oldest", *others)
        if faults:
            chosen = EngineSettings(
                capacity=capacity, executor=chosen.executor, consumers=chosen.consumers, faults=True
            )
        engine = VirtualEngine(at(due_ns), lifecycle(), chosen)
        sliced(engine, slices_ns)
        record = engine.finish()
        return record.digest(b""), record.end_ns, [stage.ledger.lost for stage in record.stages]

    assert digest(slices_ns) == digest([])

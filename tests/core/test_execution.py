"""The executor: gate, acks, sinks, batches. Every test holds for the native tier and the reference."""

from __future__ import annotations

import pickle
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.tiers import TIERS
from tickpath.core.execution import ACK_DTYPE
from tickpath.core.state import Lifecycle, State
from tickpath.core.time import now
from tickpath.errors import ArgumentTypeError, ArgumentValueError, NotReady, Overrun


@pytest.fixture(params=list(TIERS))
def tier(request: pytest.FixtureRequest) -> Any:
    return TIERS[request.param]


def lifecycle_in(state: State) -> Lifecycle:
    lifecycle = Lifecycle()
    path = {State.INIT: [], State.WARMUP: [State.WARMUP], State.READY: [State.WARMUP, State.READY]}
    path[State.DEGRADED] = [*path[State.READY], State.DEGRADED]
    for step in path[state]:
        lifecycle.transition_to(step)
    return lifecycle


class Recorder:
    """A sink that keeps what it sees, and raises what it is told to."""

    def __init__(self, *errors: BaseException | None) -> None:
        self.seen: list[tuple[Any, int]] = []
        self.errors = list(errors)

    def observe(self, event: Any, ack: Any) -> None:
        self.seen.append((event, ack.seq))
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error


@pytest.fixture
def unraisable(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    reports: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: reports.append(str(report.exc_value)))
    return reports


@pytest.mark.parametrize("published", [0, 1, 5])
def test_init_is_not_ready_even_with_nothing_to_read(tier: Any, published: int) -> None:
    ring = tier.RingBuffer(2)
    ring.publish_many(range(published))
    executor = tier.Executor(ring, Lifecycle(), start=0)
    for call in (
        executor.process,
        lambda: executor.process_many(3),
        lambda: executor.process_into(np.zeros(3, ACK_DTYPE)),
    ):
        with pytest.raises(NotReady):
            call()
    assert executor.cursor() == 0


@pytest.mark.parametrize(
    ("state", "executed"), [(State.WARMUP, False), (State.READY, True), (State.DEGRADED, False)]
)
def test_only_ready_executes(tier: Any, state: State, executed: bool) -> None:
    ring = tier.RingBuffer(4)
    lifecycle = lifecycle_in(state)
    executor = tier.Executor(ring, lifecycle)
    assert executor.process() is None
    ring.publish("event")
    before = now()
    ack = executor.process()
    after = now()
    assert (ack.seq, ack.executed, ack.epoch) == (0, executed, lifecycle.epoch)
    assert type(ack.executed) is bool
    assert before <= ack.decision_ts <= ack.completion_ts <= after
    assert ack.latency_ns == ack.completion_ts - ack.decision_ts
    assert executor.process() is None


def test_the_gate_is_read_for_every_event(tier: Any) -> None:
    ring = tier.RingBuffer(8)
    lifecycle = lifecycle_in(State.WARMUP)

    class Flips:
        def observe(self, event: State, ack: object) -> None:
            lifecycle.transition_to(event)

    executor = tier.Executor(ring, lifecycle, Flips())
    ring.publish_many([State.READY, State.DEGRADED, State.WARMUP, State.READY])
    acks = executor.process_many(10)
    assert [(ack.executed, ack.epoch) for ack in acks] == [(False, 1), (True, 2), (False, 3), (False, 4)]


def test_acks_are_immutable_comparable_and_picklable(tier: Any) -> None:
    ack = tier.Ack(seq=3, decision_ts=10, completion_ts=25, executed=True, epoch=2)
    assert repr(ack) == "Ack(seq=3, decision_ts=10, completion_ts=25, executed=True, epoch=2)"
    assert ack == tier.Ack(3, 10, 25, True, 2)
    assert ack != tier.Ack(4, 10, 25, True, 2)
    assert hash(ack) == hash(tier.Ack(3, 10, 25, True, 2))
    assert ack.latency_ns == 15
    assert pickle.loads(pickle.dumps(ack)) == ack
    for name in ("seq", "executed", "epoch", "latency_ns", "other"):
        with pytest.raises(AttributeError):
            setattr(ack, name, 1)
    match ack:
        case tier.Ack(seq, _, _, executed, epoch):
            assert (seq, executed, epoch) == (3, True, 2)
        case _:
            pytest.fail("an ack did not match its own pattern")


def test_the_sink_sees_every_event_with_its_ack(tier: Any) -> None:
    ring = tier.RingBuffer(16)
    sink = Recorder()
    executor = tier.Executor(ring, lifecycle_in(State.READY), sink)
    ring.publish_many("abcdef")
    executor.process()
    executor.process_many(2)
    executor.process_into(np.zeros(9, ACK_DTYPE))
    assert sink.seen == [("a", 0), ("b", 1), ("c", 2), ("d", 3), ("e", 4), ("f", 5)]


def test_a_sink_that_raises_costs_no_ack(tier: Any, unraisable: list[Any]) -> None:
    ring = tier.RingBuffer(16)
    sink = Recorder(ValueError("first"), None, RuntimeError("second"), KeyError("third"))
    executor = tier.Executor(ring, lifecycle_in(State.READY), sink)
    ring.publish_many("abcde")
    assert executor.process().seq == 0
    assert [ack.seq for ack in executor.process_many(2)] == [1, 2]
    assert executor.process_into(np.zeros(9, ACK_DTYPE)) == 2
    assert executor.sink_errors == 3
    assert unraisable == ["first"]
    assert [seq for _, seq in sink.seen] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("batch", [False, True])
def test_an_interrupt_passes_through_after_the_cursor_moved(
    tier: Any, error: type[BaseException], batch: bool, unraisable: list[Any]
) -> None:
    ring = tier.RingBuffer(4)
    executor = tier.Executor(ring, lifecycle_in(State.READY), Recorder(error()))
    ring.publish_many("ab")
    with pytest.raises(error):
        _ = executor.process_many(5) if batch else executor.process()
    assert (executor.cursor(), executor.sink_errors, unraisable) == (1, 0, [])
    assert executor.process().seq == 1


def test_a_sink_may_process_in_its_turn(tier: Any) -> None:
    ring = tier.RingBuffer(8)
    inner: list[Any] = []
    holder = SimpleNamespace()

    class Reenters:
        def observe(self, event: object, ack: Any) -> None:
            inner.append(ack.seq)
            if ack.seq == 0:
                holder.executor.process()

    holder.executor = tier.Executor(ring, lifecycle_in(State.READY), Reenters())
    ring.publish_many("abc")
    assert [ack.seq for ack in holder.executor.process_many(5)] == [0, 2]
    assert inner == [0, 1, 2]


def test_latency_sink_feeds_its_metrics(tier: Any) -> None:
    ring = tier.RingBuffer(8)
    metrics = tier.Metrics()
    executor = tier.Executor(ring, lifecycle_in(State.READY), tier.LatencySink(metrics))
    ring.publish_many("abcd")
    acks = [executor.process(), *executor.process_many(2)]
    out = np.zeros(4, ACK_DTYPE)
    executor.process_into(out)
    latencies = [ack.latency_ns for ack in acks]
    latencies.append(int(out["completion_ts"][0] - out["decision_ts"][0]))
    snapshot = metrics.snapshot()
    assert (snapshot.count, snapshot.total_latency_ns) == (4, sum(latencies))
    assert (snapshot.min_latency_ns, snapshot.max_latency_ns) == (min(latencies), max(latencies))


def test_latency_sink_takes_any_ack(tier: Any) -> None:
    metrics = tier.Metrics()
    tier.LatencySink(metrics).observe("event", SimpleNamespace(latency_ns=7))
    assert metrics.snapshot().total_latency_ns == 7


def test_no_op_sink_and_no_sink_are_the_same(tier: Any) -> None:
    for sink in (None, tier.NoOpSink()):
        ring = tier.RingBuffer(2)
        ring.publish("a")
        assert tier.Executor(ring, lifecycle_in(State.READY), sink).process().executed
    assert tier.NoOpSink().observe("event", None) is None


def test_a_subclass_of_the_no_op_sink_is_called(tier: Any) -> None:
    seen: list[Any] = []

    class Mine(tier.NoOpSink):  # type: ignore[misc]  # the tier is chosen at run time
        def observe(self, event: object, ack: object) -> None:
            seen.append(event)

    ring = tier.RingBuffer(2)
    ring.publish("a")
    tier.Executor(ring, lifecycle_in(State.READY), Mine()).process()
    assert seen == ["a"]


def test_overrun_reaches_the_caller_and_ends_a_batch_early(tier: Any) -> None:
    ring = tier.RingBuffer(2)
    executor = tier.Executor(ring, lifecycle_in(State.READY))
    ring.publish_many(range(5))
    for call in (executor.process, lambda: executor.process_many(3)):
        with pytest.raises(Overrun) as caught:
            call()
        assert (caught.value.requested, caught.value.lost) == (0, 3)
    assert executor.reset_to_oldest() == 3
    assert [ack.seq for ack in executor.process_many(9)] == [3, 4]
    ring.publish_many(range(3))
    assert executor.reset_to_head() == 3
    assert (executor.lost, executor.shed, executor.cursor()) == (6, 2, 8)


def test_an_overrun_in_mid_batch_ends_it_and_shows_next_time(tier: Any) -> None:
    ring = tier.RingBuffer(3)

    class Floods:
        def observe(self, event: object, ack: Any) -> None:
            if ack.seq == 1:
                ring.publish_many("vwxyz")

    executor = tier.Executor(ring, lifecycle_in(State.READY), Floods())
    ring.publish_many("abc")
    assert [ack.seq for ack in executor.process_many(10)] == [0, 1]
    with pytest.raises(Overrun) as caught:
        executor.process()
    assert (caught.value.requested, caught.value.oldest) == (2, 5)


def test_process_into_fills_rows_and_leaves_the_rest(tier: Any) -> None:
    ring = tier.RingBuffer(8)
    lifecycle = lifecycle_in(State.READY)
    executor = tier.Executor(ring, lifecycle)
    ring.publish_many("abc")
    out = np.full(5, 0xFF, "u1").repeat(40).view(ACK_DTYPE)
    assert executor.process_into(out) == 3
    assert out["seq"][:3].tolist() == [0, 1, 2]
    assert out["epoch"][:3].tolist() == [2, 2, 2]
    assert out["executed"][:3].tolist() == [1, 1, 1]
    assert (out["completion_ts"][:3] >= out["decision_ts"][:3]).all()
    assert out[:3].tobytes()[33:40] == bytes(7), "the padding of a row is zero"
    assert out[3:].tobytes() == b"\xff" * 80
    assert executor.process_into(np.zeros(0, ACK_DTYPE)) == 0


def test_ack_dtype_is_the_documented_layout() -> None:
    assert ACK_DTYPE.itemsize == 40
    layout = {name: (str(kind), offset) for name, (kind, offset, *_) in (ACK_DTYPE.fields or {}).items()}
    assert layout == {
        "seq": ("uint64", 0),
        "decision_ts": ("uint64", 8),
        "completion_ts": ("uint64", 16),
        "epoch": ("uint64", 24),
        "executed": ("uint8", 32),
    }


def read_only(rows: int) -> Any:
    array = np.zeros(rows, ACK_DTYPE)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (None, ArgumentTypeError),
        (b"x" * 40, ArgumentTypeError),
        (7, ArgumentTypeError),
        (np.zeros(3), ArgumentTypeError),
        (np.zeros(6, ACK_DTYPE)[::2], ArgumentValueError),
        (np.zeros((2, 2), ACK_DTYPE), ArgumentValueError),
        (read_only(3), ArgumentValueError),
    ],
)
def test_process_into_refuses_what_it_cannot_fill(tier: Any, bad: Any, error: type[Exception]) -> None:
    ring = tier.RingBuffer(2)
    ring.publish("a")
    executor = tier.Executor(ring, lifecycle_in(State.READY))
    with pytest.raises(error):
        executor.process_into(bad)
    assert executor.cursor() == 0


@pytest.mark.parametrize(("limit", "error"), [(-1, ArgumentValueError), ("3", ArgumentTypeError)])
def test_process_many_refuses(tier: Any, limit: Any, error: type[Exception]) -> None:
    executor = tier.Executor(tier.RingBuffer(2), lifecycle_in(State.READY))
    with pytest.raises(error, match="limit"):
        executor.process_many(limit)


def test_arguments_of_another_type(tier: Any) -> None:
    ring, lifecycle = tier.RingBuffer(2), Lifecycle()
    for arguments in [([], lifecycle), (ring, "READY"), (ring, None), (ring, lifecycle, "sink")]:
        with pytest.raises(ArgumentTypeError):
            tier.Executor(*arguments)
    with pytest.raises(ArgumentValueError, match="start"):
        tier.Executor(ring, lifecycle, start=3)


def test_start(tier: Any) -> None:
    ring = tier.RingBuffer(2)
    ring.publish_many("abcd")
    lifecycle = lifecycle_in(State.READY)
    starts = {"oldest": 2, "head": 4, 3: 3}
    assert {start: tier.Executor(ring, lifecycle, start=start).cursor() for start in starts} == starts

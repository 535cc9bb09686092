"""Executors over both rings under a gate that flips in the middle of a batch, and sinks that do anything.

A sink raises, interrupts, moves the lifecycle, publishes, resets its own executor, or processes in its turn:
each ack is decided under the gate as it was read for that event, the metrics are the acks, and what was
executed, gated, lost and shed is everything that the cursor passed. Against a model of a few lines.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.event_samples import events
from tests.properties.depth import machine
from tests.properties.users import Stop
from tickpath.control.metrics import LatencySink, Metrics
from tickpath.core.bus import EventRing, Overrun, RingBuffer
from tickpath.core.execution import ACK_DTYPE, Executor, NotReady
from tickpath.core.state import InvalidTransition, Lifecycle, State
from tickpath.core.state.states import LEGAL_MOVES

#: What a sink does when it is shown an ack, and a figure.
DOINGS = st.one_of(
    st.sampled_from([("nothing", 0), ("raises", 0), ("stops", 0), ("to head", 0), ("to oldest", 0)]),
    st.tuples(st.just("moves"), st.integers(0, 3)),
    st.tuples(st.just("publishes"), st.integers(0, 12)),
    st.tuples(st.just("processes"), st.integers(0, 5)),
)


class Broken(Exception):
    """A sink's fault."""


@dataclass
class Model:
    """One executor: a cursor, a gate, and what its sink is going to do."""

    world: ExecutorMachine
    cursor: int
    doings: list[tuple[str, int]]
    acks: list[tuple[int, bool, int]] = field(default_factory=list)
    lost: int = 0
    shed: int = 0
    errors: int = 0

    def process(self) -> tuple[int, bool, int] | None:
        world = self.world
        oldest = max(0, world.head - world.capacity)
        if world.gate[1] is State.INIT:
            raise NotReady
        if self.cursor < oldest:
            raise Overrun(self.cursor, oldest, world.head)
        if self.cursor == world.head:
            return None
        ack = (self.cursor, world.gate[1] is State.READY, world.gate[0])
        self.cursor += 1
        self.acks.append(ack)
        if self.doings:
            self.do(*self.doings.pop(0))
        return ack

    def process_many(self, limit: int) -> list[tuple[int, bool, int]]:
        if self.world.gate[1] is State.INIT:
            raise NotReady
        made: list[tuple[int, bool, int]] = []
        while len(made) < limit:
            try:
                ack = self.process()
            except Overrun:
                if made:
                    break
                raise
            if ack is None:
                break
            made.append(ack)
        return made

    def skip_to(self, target: int) -> None:
        oldest = max(0, self.world.head - self.world.capacity)
        self.lost += target - self.cursor
        self.shed += target - max(self.cursor, oldest)
        self.cursor = target

    def to_oldest(self) -> None:
        world = self.world
        oldest = max(0, world.head - world.capacity)
        if self.cursor < oldest:
            self.skip_to(max(oldest, world.head - world.landing()))

    def do(self, doing: str, figure: int) -> None:
        world = self.world
        match doing:
            case "raises":
                self.errors += 1
            case "stops":
                raise Stop
            case "to head":
                self.skip_to(world.head)
            case "to oldest":
                self.to_oldest()
            case "moves" if State(figure) in LEGAL_MOVES[world.gate[1]]:
                world.gate = (world.gate[0] + 1, State(figure))
            case "moves":
                self.errors += 1
            case "publishes":
                world.head += figure
            case "processes":
                try:
                    self.process_many(figure)
                except (Overrun, NotReady):
                    self.errors += 1


class Sink:
    """Does what it was told to; its errors are the executor's to count."""

    def __init__(self, world: ExecutorMachine, doings: list[tuple[str, int]]) -> None:
        self.world, self.doings = world, list(doings)
        self.metrics = Metrics(histogram=True)
        self.latency = LatencySink(self.metrics)
        self.seen: list[tuple[int, bool, int]] = []
        self.latencies: list[int] = []
        self.executor: Any = None

    def observe(self, event: Any, ack: Any) -> None:
        assert self.world.number_of(event) == ack.seq
        self.seen.append((ack.seq, ack.executed, ack.epoch))
        self.latency.observe(event, ack)
        self.latencies.append(ack.latency_ns)
        if not self.doings:
            return
        doing, figure = self.doings.pop(0)
        match doing:
            case "raises":
                raise Broken
            case "stops":
                raise Stop
            case "to head":
                self.executor.reset_to_head()
            case "to oldest":
                self.executor.reset_to_oldest()
            case "moves":
                self.world.lifecycle.transition_to(State(figure))
            case "publishes":
                self.world.put(figure)
            case "processes":
                self.executor.process_many(figure)


def outcome(call: Callable[[], Any]) -> Any:
    """What came of a call, acks as (seq, executed, epoch)."""
    try:
        found = call()
    except Overrun as error:
        return ("Overrun", error.requested, error.oldest, error.head)
    except (NotReady, Stop) as error:
        return type(error).__name__
    if isinstance(found, list):
        return [each if isinstance(each, tuple) else (each.seq, each.executed, each.epoch) for each in found]
    return found if found is None or isinstance(found, tuple) else (found.seq, found.executed, found.epoch)


class ExecutorMachine(RuleBasedStateMachine):
    """One ring, one gate, up to three executors."""

    def __init__(self) -> None:
        super().__init__()
        self.lifecycle = Lifecycle()
        self.gate = (0, State.INIT)
        self.ring: Any = None
        self.is_native = False
        self.capacity = self.head = self.sent = 0
        self.executors: list[tuple[Any, Model, Sink]] = []
        self.reported: list[Any] = []
        self._hook = sys.unraisablehook
        sys.unraisablehook = lambda args: self.reported.append(args.object)

    def teardown(self) -> None:
        sys.unraisablehook = self._hook

    def landing(self) -> int:
        return (self.capacity + 1) // 2 if self.is_native else self.capacity

    def put(self, count: int) -> None:
        """Publishes for real; ``head`` is the model's own."""
        self.ring.publish_many(
            events(self.sent, count) if self.is_native else range(self.sent, self.sent + count)
        )
        self.sent += count

    def number_of(self, event: Any) -> int:
        return int(event["ts_ns"]) if self.is_native else int(event)

    @initialize(
        capacity=st.sampled_from([1, 2, 3, 7, 17]),
        native=st.booleans(),
        route=st.sampled_from([[], [State.WARMUP], [State.WARMUP, State.READY]]),
    )
    def begin(self, capacity: int, native: bool, route: list[State]) -> None:
        self.is_native, self.capacity = native, capacity
        self.ring = EventRing(capacity) if native else RingBuffer(capacity)
        for state in route:
            self.move(state)

    @precondition(lambda self: len(self.executors) < 3)
    @rule(doings=st.lists(DOINGS, max_size=20), start=st.sampled_from(["oldest", "head"]))
    def join(self, doings: list[tuple[str, int]], start: Any) -> None:
        cursor = self.head if start == "head" else max(0, self.head - self.capacity)
        sink = Sink(self, doings)
        executor = sink.executor = Executor(self.ring, self.lifecycle, sink, start=start)
        self.executors.append((executor, Model(self, cursor, list(doings)), sink))

    @rule(count=st.integers(0, 25))
    def publish(self, count: int) -> None:
        self.put(count)
        self.head += count

    @rule(state=st.sampled_from(State))
    def move(self, state: State) -> None:
        try:
            self.lifecycle.transition_to(state)
        except InvalidTransition:
            assert state not in LEGAL_MOVES[self.gate[1]]
        else:
            assert state in LEGAL_MOVES[self.gate[1]]
            self.gate = (self.gate[0] + 1, state)

    @precondition(lambda self: self.executors)
    @rule(index=st.integers(0, 2))
    def process(self, index: int) -> None:
        executor, model, _ = self.executors[index % len(self.executors)]
        assert outcome(executor.process) == outcome(model.process)

    @precondition(lambda self: self.executors)
    @rule(index=st.integers(0, 2), limit=st.integers(0, 30))
    def process_many(self, index: int, limit: int) -> None:
        executor, model, _ = self.executors[index % len(self.executors)]
        assert outcome(lambda: executor.process_many(limit)) == outcome(lambda: model.process_many(limit))

    @precondition(lambda self: self.executors)
    @rule(index=st.integers(0, 2), rows=st.integers(0, 30))
    def process_into(self, index: int, rows: int) -> None:
        executor, model, _ = self.executors[index % len(self.executors)]
        array = np.zeros(rows, ACK_DTYPE)

        def into() -> list[tuple[int, bool, int]]:
            count = executor.process_into(array)
            return [(int(row["seq"]), bool(row["executed"]), int(row["epoch"])) for row in array[:count]]

        assert outcome(into) == outcome(lambda: model.process_many(rows))
        assert (array["completion_ts"] >= array["decision_ts"]).all()

    @precondition(lambda self: self.executors)
    @rule(index=st.integers(0, 2), where=st.sampled_from(["oldest", "head"]))
    def reset(self, index: int, where: str) -> None:
        executor, model, _ = self.executors[index % len(self.executors)]
        before = model.cursor
        if where == "head":
            model.skip_to(self.head)
        else:
            model.to_oldest()
        assert getattr(executor, f"reset_to_{where}")() == model.cursor - before

    @precondition(lambda self: self.executors)
    @rule(index=st.integers(0, 2), clears=st.booleans())
    def metrics_are_the_acks(self, index: int, clears: bool) -> None:
        _, _, sink = self.executors[index % len(self.executors)]
        seen = sink.metrics.reset() if clears else sink.metrics.snapshot()
        latencies = sink.latencies
        assert (seen.count, seen.total_latency_ns) == (len(latencies), sum(latencies))
        assert seen.min_latency_ns == min(latencies, default=None)
        assert seen.max_latency_ns == max(latencies, default=None)
        assert seen.histogram is not None
        assert seen.histogram.count == len(latencies)
        if clears:
            latencies.clear()

    @invariant()
    def agree(self) -> None:
        if self.ring is None:
            return
        assert (self.ring.head(), self.sent) == (self.head, self.head)
        assert (self.lifecycle.epoch, self.lifecycle.state) == self.gate
        for executor, model, sink in self.executors:
            books = (executor.cursor(), executor.lost, executor.shed, executor.sink_errors)
            assert books == (model.cursor, model.lost, model.shed, model.errors)
            assert sink.seen == model.acks
            # Of a sink that fails the first error is reported, and no other.
            reports = [one for one in self.reported if getattr(one, "__self__", None) is sink]
            assert len(reports) == min(1, model.errors)

    @invariant()
    def nothing_is_executed_outside_ready(self) -> None:
        states = {0: State.INIT, **{move.epoch: move.target for move in self.lifecycle.history}}
        for _, _, sink in self.executors:
            assert all(executed == (states[epoch] is State.READY) for _, executed, epoch in sink.seen)
            assert all(epoch and states[epoch] is not State.INIT for _, _, epoch in sink.seen)


TestExecutors = machine(ExecutorMachine, examples=50)

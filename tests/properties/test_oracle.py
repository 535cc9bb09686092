"""The native object tier against the reference, through the same random sequences of operations.

Goal: no sequence of calls, with good arguments or bad ones, gives a result, an error or an error's
field in one tier that the other does not give. Method: a Hypothesis state machine that holds a ring, several
consumers and several executors of each tier, and one lifecycle that gates both. Stamps are the only
thing that differs between tiers: of them it is checked that completion is never before decision.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.properties.tiers import TIERS, Bomb, Broken, Index, RecordingSink, outcome, plain, stream
from tickpath.core.state import InvalidTransition, Lifecycle, State

LABELS = st.one_of(st.integers(0, 99), st.text("ab", max_size=2), st.tuples(), st.booleans())
NO_INTEGERS = st.sampled_from(["3", 1.5, None, b"1", [], 2 + 0j])
LIMITS = st.one_of(
    st.integers(0, 40), st.sampled_from([-1, -(2**70), 2**70, True, False, Index(3), Index(-1)]), NO_INTEGERS
)
STARTS = st.one_of(
    st.sampled_from(["oldest", "head", "tail", "", Index(0), True, 1.5, b"head", 2**64, 2**70, -1, -(2**70)]),
    st.integers(0, 60),
)
SINKS = st.sampled_from(["none", "records", "fails", "stops", "publishes", "latency", "no sink at all"])
STREAMS = st.sampled_from(["list", "tuple", "none", "generator", "raises", "stops", "publishes"])


class Tiers(RuleBasedStateMachine):
    """Each rule does one thing to both tiers and compares."""

    def __init__(self) -> None:
        super().__init__()
        self.lifecycle = Lifecycle()
        self.rings: list[Any] = []
        self.consumers: list[list[Any]] = []
        self.executors: list[list[Any]] = []
        self.sinks: list[list[Any]] = []
        self.reported: list[Any] = []
        self.labels = 0
        self.hook = sys.unraisablehook
        sys.unraisablehook = lambda args: self.reported.append((str(args.exc_value), args.object))

    def teardown(self) -> None:
        # The rings go before the hook does: a bomb that fails must be seen.
        self.consumers.clear()
        self.executors.clear()
        self.sinks.clear()
        reported = [text for text, source in self.reported if getattr(source, "__name__", "") != "observe"]
        self.reported.clear()
        sys.unraisablehook = self.hook
        assert reported == [], "nothing but a sink may have an error of its own"

    def same(self, call: Callable[[int], Any]) -> Any:
        native, reference = outcome(lambda: call(0)), outcome(lambda: call(1))
        assert native == reference
        assert type(native) is type(reference)
        return native

    @initialize(capacity=st.integers(1, 17))
    def make_rings(self, capacity: int) -> None:
        self.rings = [tier.RingBuffer(capacity) for tier in TIERS]

    @rule(capacity=st.one_of(NO_INTEGERS, st.sampled_from([0, -1, -(2**70), True, Index(2), Index(0)])))
    def make_a_ring_of_a_strange_capacity(self, capacity: Any) -> None:
        self.same(lambda tier: TIERS[tier].RingBuffer(capacity).capacity)

    @rule(label=st.one_of(LABELS, st.none()))
    def publish(self, label: Any) -> None:
        self.same(lambda tier: self.rings[tier].publish(label))

    @rule()
    def publish_a_bomb(self) -> None:
        self.labels += 1
        label = f"bomb {self.labels}"
        self.same(lambda tier: self.rings[tier].publish(Bomb(self.rings[tier], label)))

    @rule(plan=STREAMS, labels=st.lists(LABELS, max_size=25), at=st.integers(0, 25))
    def publish_many(self, plan: str, labels: list[Any], at: int) -> None:
        self.same(lambda tier: self.rings[tier].publish_many(stream(plan, labels, at, self.rings[tier])))

    @rule(count=st.integers(1, 20))
    def publish_many_bombs(self, count: int) -> None:
        self.same(
            lambda tier: self.rings[tier].publish_many(
                Bomb(self.rings[tier], f"of {count}, number {n}") for n in range(count)
            )
        )

    @rule(bad=st.sampled_from([None, 5, 1.5, object()]))
    def publish_what_is_no_iterable(self, bad: Any) -> None:
        self.same(lambda tier: self.rings[tier].publish_many(bad))

    @rule(behind=st.integers(-3, 25))
    def get_near_the_head(self, behind: int) -> None:
        seq = self.rings[1].head() - behind
        self.same(lambda tier: self.rings[tier].get(seq))

    @rule(seq=st.one_of(NO_INTEGERS, st.sampled_from([0, -1, -(2**70), 2**63, 2**64 - 1, 2**70, True, Index(0)])))
    def get_something_strange(self, seq: Any) -> None:
        self.same(lambda tier: self.rings[tier].get(seq))

    @precondition(lambda self: len(self.consumers) < 4)
    @rule(start=STARTS)
    def make_a_consumer(self, start: Any) -> None:
        made: list[Any] = []
        self.same(lambda tier: made.append(TIERS[tier].Consumer(self.rings[tier], start=start)))
        if made:
            self.consumers.append(made)

    @rule(bad=st.sampled_from([None, [], "ring"]))
    def make_readers_of_no_ring(self, bad: Any) -> None:
        self.same(lambda tier: TIERS[tier].Consumer(bad))
        self.same(lambda tier: TIERS[tier].Executor(bad, self.lifecycle))

    @precondition(lambda self: self.consumers)
    @rule(data=st.data())
    def poll(self, data: st.DataObject) -> None:
        pair = data.draw(st.sampled_from(self.consumers))
        self.same(lambda tier: pair[tier].poll())

    @precondition(lambda self: self.consumers)
    @rule(data=st.data(), limit=LIMITS)
    def poll_many(self, data: st.DataObject, limit: Any) -> None:
        pair = data.draw(st.sampled_from(self.consumers))
        self.same(lambda tier: pair[tier].poll_many(limit))

    @precondition(lambda self: self.consumers or self.executors)
    @rule(data=st.data(), where=st.sampled_from(["reset_to_head", "reset_to_oldest"]))
    def reset(self, data: st.DataObject, where: str) -> None:
        pair = data.draw(st.sampled_from(self.consumers + self.executors))
        self.same(lambda tier: getattr(pair[tier], where)())

    @rule(state=st.sampled_from(State))
    def move_the_lifecycle(self, state: State) -> None:
        try:
            self.lifecycle.transition_to(state)
        except InvalidTransition:
            assert not self.lifecycle.can_transition_to(state)

    @precondition(lambda self: len(self.executors) < 3)
    @rule(plan=SINKS, every=st.integers(1, 4), start=STARTS)
    def make_an_executor(self, plan: str, every: int, start: Any) -> None:
        made: list[Any] = []
        sinks: list[Any] = []

        def make(tier: int) -> None:
            sink: Any = RecordingSink(plan, every, self.rings[tier])
            if plan == "none":
                sink = None
            elif plan == "latency":
                sink = TIERS[tier].LatencySink(TIERS[tier].Metrics())
            elif plan == "no sink at all":
                sink = object()
            executor = TIERS[tier].Executor(self.rings[tier], self.lifecycle, sink, start=start)
            made.append(executor)
            sinks.append(sink)

        self.same(make)
        if made:
            self.executors.append(made)
            self.sinks.append(sinks)

    @rule(bad=st.sampled_from([None, "READY", State.READY, object()]))
    def make_an_executor_of_no_lifecycle(self, bad: Any) -> None:
        self.same(lambda tier: TIERS[tier].Executor(self.rings[tier], bad))

    @precondition(lambda self: self.executors)
    @rule(data=st.data())
    def process(self, data: st.DataObject) -> None:
        pair = data.draw(st.sampled_from(self.executors))
        self.same(lambda tier: pair[tier].process())

    @precondition(lambda self: self.executors)
    @rule(data=st.data(), limit=LIMITS)
    def process_many(self, data: st.DataObject, limit: Any) -> None:
        pair = data.draw(st.sampled_from(self.executors))
        self.same(lambda tier: pair[tier].process_many(limit))

    @precondition(lambda self: self.executors)
    @rule(data=st.data(), rows=st.integers(0, 25))
    def process_into(self, data: st.DataObject, rows: int) -> None:
        pair = data.draw(st.sampled_from(self.executors))
        arrays = [np.full(rows * 40, 0xFF, np.uint8).view(tier.ACK_DTYPE) for tier in TIERS]
        self.same(lambda tier: pair[tier].process_into(arrays[tier]))
        # Rows written before an interrupt count as well: compare them all, and that the rest is untouched.
        for field in ("seq", "epoch", "executed"):
            assert np.array_equal(arrays[0][field], arrays[1][field])
        for array in arrays:
            assert (array["completion_ts"] >= array["decision_ts"]).all()
        padding = [array.view(np.uint8).reshape(rows, 40)[:, 33:] for array in arrays]
        assert np.array_equal(*padding)
        assert not padding[0][arrays[0]["executed"] != 0xFF].any()

    @precondition(lambda self: self.executors)
    @rule(
        data=st.data(), plan=st.sampled_from(["list", "other dtype", "read-only", "strided"])
    )
    def process_into_something_else(self, data: st.DataObject, plan: str) -> None:
        pair = data.draw(st.sampled_from(self.executors))

        def target(tier: int) -> Any:
            array: Any = np.zeros(4, TIERS[tier].ACK_DTYPE)
            if plan == "list":
                return [0] * 4
            if plan == "other dtype":
                return np.zeros(4, np.uint64)
            if plan == "read-only":
                array.flags.writeable = False
            elif plan == "strided":
                array = array[::2]
            return array

        self.same(lambda tier: pair[tier].process_into(target(tier)))

    @invariant()
    def say_the_same(self) -> None:
        if not self.rings:
            return
        self.same(lambda tier: [self.rings[tier].head(), self.rings[tier].capacity])
        for pair in self.consumers:
            self.same(lambda tier, of=pair: [of[tier].cursor(), of[tier].available(), of[tier].lost, of[tier].shed])
        for pair, sinks in zip(self.executors, self.sinks, strict=True):
            self.same(lambda tier, of=pair: [of[tier].cursor(), of[tier].lost, of[tier].shed, of[tier].sink_errors])
            self.same(lambda tier, of=sinks: getattr(of[tier], "seen", None))
            if hasattr(sinks[0], "metrics"):
                counts = [sink.metrics.snapshot().count for sink in sinks]
                assert counts[0] == counts[1]

    @invariant()
    def report_the_first_error_of_each_sink_and_no_other(self) -> None:
        sources = [source.__self__ for _, source in self.reported if hasattr(source, "__self__")]
        failing = [sink for sinks in self.sinks for sink in sinks if isinstance(sink, RecordingSink)]
        for sink in failing:
            failed = sink.plan == "fails" and len(sink.seen) >= sink.every
            assert [source is sink for source in sources].count(True) == int(failed)


TestTiers = Tiers.TestCase


def test_the_oracle_itself_tells_results_and_errors_apart() -> None:
    assert outcome(lambda: 1) != outcome(lambda: 2)
    assert outcome(lambda: _raise(Broken())) == "Broken"
    ring = TIERS[1].RingBuffer(1)
    ring.publish_many("ab")
    assert outcome(lambda: ring.get(0)) == ("Overrun", 0, 1, 2, 1)
    assert outcome(lambda: ring.get(2)) == ("NotPublished", 2, 2)
    assert plain([Bomb(ring, "x")]) == [("bomb", "x")]


def _raise(error: BaseException) -> None:
    raise error

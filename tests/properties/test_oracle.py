"""The native object tier against the reference, through the same random sequences of operations.

Goal: no sequence of calls, with good arguments or bad ones, gives a result, an error or an error's
field in one tier that the other does not give. Method: a Hypothesis state machine that holds a ring, several
consumers and several executors of each tier, and one lifecycle that gates both. Stamps are the only
thing that differs between tiers: of them it is checked that completion is never before decision.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.properties.users import TIERS, Bomb, Broken, Index, RecordingSink, outcome, plain, stream
from tickpath.core.state import InvalidTransition, Lifecycle, State

LABELS = st.one_of(st.integers(0, 99), st.text("ab", max_size=2), st.tuples(), st.booleans())
NO_INTEGERS: st.SearchStrategy[Any] = st.sampled_from(["3", 1.5, None, b"1", [], 2 + 0j])
LIMITS = st.one_of(
    st.integers(0, 40), st.sampled_from([-1, -(2**70), 2**70, True, False, Index(3), Index(-1)]), NO_INTEGERS
)
STARTS = st.one_of(
    st.sampled_from(["oldest", "head", "tail", "", Index(0), True, 1.5, b"head", 2**64, 2**70, -1, -(2**70)]),
    st.integers(0, 60),
)
SINKS = st.sampled_from(["none", "records", "fails", "stops", "publishes", "latency", "no sink at all"])
STREAMS = st.sampled_from(["list", "tuple", "none", "generator", "raises", "stops", "publishes"])


def array_of(tier: int, plan: str) -> Any:
    """Something to process into that is no array of acknowledgements that can be filled."""
    array: Any = np.zeros(4, TIERS[tier].ACK_DTYPE)
    if plan == "list":
        return [0] * 4
    if plan == "other dtype":
        return np.zeros(4, np.uint64)
    if plan == "strided":
        return array[::2]
    if plan == "two dimensions":
        return array.reshape(2, 2)
    array.flags.writeable = False
    return array


# What is tried, and with which arguments; good ones are among them.
WRONG: dict[str, st.SearchStrategy[Any]] = {
    "capacity": st.one_of(NO_INTEGERS, st.sampled_from([0, -1, -(2**70), True, Index(2), Index(0)])),
    "publish_many": st.sampled_from([None, 5, 1.5, object()]),
    "get": st.one_of(NO_INTEGERS, st.sampled_from([-1, -(2**70), 2**63, 2**64 - 1, 2**70, True, Index(0)])),
    "consumer's ring": st.sampled_from([None, [], "ring"]),
    "executor's ring": st.sampled_from([None, [], "ring"]),
    "executor's lifecycle": st.sampled_from([None, "READY", State.READY, object()]),
    "executor's array": st.sampled_from(["list", "other dtype", "read-only", "two dimensions", "strided"]),
}


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

    @initialize(
        capacity=st.integers(1, 17),
        route=st.sampled_from([[], [State.WARMUP], [State.WARMUP, State.READY]]),
        published=st.integers(0, 40),
        plan=SINKS,
        every=st.integers(1, 4),
    )
    def begin(self, capacity: int, route: list[State], published: int, plan: str, every: int) -> None:
        self.rings = [tier.RingBuffer(capacity) for tier in TIERS]
        for state in route:
            self.lifecycle.transition_to(state)
        self.make_a_consumer(0)
        self.make_an_executor(plan, every, "oldest")
        self.same(lambda tier: self.rings[tier].publish_many(range(published)))

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

    @rule(behind=st.integers(-3, 25))
    def get_near_the_head(self, behind: int) -> None:
        seq = self.rings[1].head() - behind
        self.same(lambda tier: self.rings[tier].get(seq))

    @precondition(lambda self: len(self.consumers) < 4)
    @rule(start=STARTS)
    def make_a_consumer(self, start: Any) -> None:
        made: list[Any] = []
        self.same(lambda tier: made.append(TIERS[tier].Consumer(self.rings[tier], start=start)))
        if made:
            self.consumers.append(made)

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

    @rule(data=st.data(), what=st.sampled_from(sorted(WRONG)))
    def use_it_wrongly(self, data: st.DataObject, what: str) -> None:
        bad = data.draw(WRONG[what])

        def use(tier: int) -> Any:  # noqa: PLR0911  one line for each thing to try
            made, ring = TIERS[tier], self.rings[tier]
            match what:
                case "capacity":
                    return made.RingBuffer(bad).capacity
                case "publish_many":
                    return ring.publish_many(bad)
                case "get":
                    return ring.get(bad)
                case "consumer's ring":
                    return made.Consumer(bad)
                case "executor's ring":
                    return made.Executor(bad, self.lifecycle)
                case "executor's lifecycle":
                    return made.Executor(ring, bad)
                case _:
                    return [pair[tier].process_into(array_of(tier, bad)) for pair in self.executors]

        self.same(use)

    @invariant()
    def say_the_same(self) -> None:
        if not self.rings:
            return
        self.same(lambda tier: [self.rings[tier].head(), self.rings[tier].capacity])
        for pair in self.consumers:
            self.same(partial(self._books, pair, "cursor available lost shed"))
        for pair, sinks in zip(self.executors, self.sinks, strict=True):
            self.same(partial(self._books, pair, "cursor lost shed sink_errors"))
            self.same(partial(self._books, sinks, "seen"))
            if hasattr(sinks[0], "metrics"):
                counts = [sink.metrics.snapshot().count for sink in sinks]
                assert counts[0] == counts[1]

    @staticmethod
    def _books(pair: list[Any], names: str, tier: int) -> list[Any]:
        values = [getattr(pair[tier], name, None) for name in names.split()]
        return [value() if callable(value) else value for value in values]

    @invariant()
    def report_the_first_error_of_each_sink_and_no_other(self) -> None:
        sources = [source.__self__ for _, source in self.reported if hasattr(source, "__self__")]
        failing = [sink for sinks in self.sinks for sink in sinks if isinstance(sink, RecordingSink)]
        for sink in failing:
            failed = sink.plan == "fails" and len(sink.seen) >= sink.every
            assert [source is sink for source in sources].count(True) == int(failed)


# Finding a failure takes seconds, making it small may take minutes.
TestTiers = pytest.mark.slow(pytest.mark.timeout(600)(Tiers.TestCase))


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

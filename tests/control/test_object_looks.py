"""What a look at the object tier says, figure by figure, whatever was read before the first one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.control.looks import lifecycle_in, reported
from tickpath.control.health import ObjectLooks, OverLimitSink
from tickpath.control.health.objects import ObjectFeed, ObjectSink, ObjectStage
from tickpath.core.bus import Consumer, RingBuffer
from tickpath.core.execution import Ack, Executor
from tickpath.core.state import InvalidTransition, Lifecycle, State
from tickpath.errors import ArgumentTypeError, ArgumentValueError


class Ticks:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now_ns = 70_000

    def __call__(self) -> int:
        return self.now_ns


class FailsAt:
    """A sink that raises at some sequences."""

    def __init__(self, *seqs: int) -> None:
        self._seqs = seqs

    def observe(self, event: Any, ack: Ack) -> None:
        if ack.seq in self._seqs:
            raise OSError


def test_it_counts_reads_since_it_was_made_and_losses_since_ever() -> None:
    lifecycle, ring = lifecycle_in(State.READY), RingBuffer[int](4)
    executor, slow = Executor(ring, lifecycle, FailsAt(7)), Consumer(ring)
    ring.publish_many(range(6))
    assert (slow.reset_to_oldest(), len(slow.poll_many(1))) == (2, 1)
    assert executor.reset_to_oldest() == 2
    executor.process_many(3)
    clock = Ticks()
    looks = ObjectLooks(
        ring=ring, lifecycle=lifecycle, clock=clock, executor=executor, consumers={"slow": slow}
    )
    first = looks.look()
    assert (first.at_ns, first.state, first.epoch, first.capacity_slots) == (0, State.READY, 2, 4)
    assert first.feed == ObjectFeed(6, None), "nobody knows when those came"
    assert first.stages == {
        "executor": ObjectStage(processed=0, lost=2, shed=0, cursor=5, backlog=1),
        "slow": ObjectStage(processed=0, lost=2, shed=0, cursor=3, backlog=3),
    }
    assert list(first.stages) == ["executor", "slow"]
    assert first.sink == ObjectSink(0, 0)

    clock.now_ns += 40
    ring.publish_many(range(2))
    with reported():
        executor.process_many(3)
    assert slow.reset_to_head() == 5
    ring.publish_many(range(3))
    slow.poll_many(2)
    with pytest.raises(InvalidTransition):
        lifecycle.transition_to(State.INIT)
    lifecycle.transition_to(State.DEGRADED)
    second = looks.look()
    assert (second.at_ns, second.state, second.epoch, second.refused_moves) == (40, State.DEGRADED, 3, 1)
    assert second.feed == ObjectFeed(11, 40)
    assert second.stages == {
        "executor": ObjectStage(processed=3, lost=2, shed=0, cursor=8, backlog=3),
        "slow": ObjectStage(processed=2, lost=3, shed=4, cursor=10, backlog=1),
    }
    assert second.sink == ObjectSink(2, 1)
    assert (second.clock_skew_ns, first.refused_moves) == (None, 0)


def test_a_head_that_does_not_move_is_as_old_as_the_look_that_found_it() -> None:
    ring, clock = RingBuffer[int](4), Ticks()
    looks = ObjectLooks(ring=ring, lifecycle=Lifecycle(), clock=clock)
    seen = []
    for publishes in (0, 1, 0):
        ring.publish_many(range(publishes))
        seen.append(looks.look().feed.newest_ns)
        clock.now_ns += 10
    assert seen == [None, 10, 10]


def test_one_event_lost_is_one_event_lost() -> None:
    ring = RingBuffer[int](1)
    slow = Consumer(ring)
    ring.publish_many(range(2))
    assert slow.reset_to_oldest() == 1
    looks = ObjectLooks(ring=ring, lifecycle=Lifecycle(), clock=Ticks(), consumers={"slow": slow})
    assert looks.look().stages == {"slow": ObjectStage(processed=0, lost=1, shed=0, cursor=1, backlog=1)}


def test_without_an_executor_there_is_no_sink() -> None:
    looks = ObjectLooks(ring=RingBuffer(4), lifecycle=Lifecycle(), clock=Ticks(), latency=OverLimitSink(1))
    assert looks.look().sink is None
    assert looks.look().stages == {}


def test_the_latency_limit_is_the_executors_alone() -> None:
    lifecycle, ring, latency = lifecycle_in(State.READY), RingBuffer[int](4), OverLimitSink(10)
    latency.observe(None, Ack(0, 0, 11, True, 2))
    looks = ObjectLooks(
        ring=ring,
        lifecycle=lifecycle,
        clock=Ticks(),
        executor=Executor(ring, lifecycle, latency),
        consumers={"slow": Consumer(ring)},
        latency=latency,
    )
    assert {name: stage.over_limit for name, stage in looks.look().stages.items()} == {
        "executor": 1,
        "slow": None,
    }


def test_what_nobody_counts_is_unknown_and_a_ring_withholds_nothing() -> None:
    feed = ObjectFeed(3, 5)
    assert (feed.gaps, feed.repeats, feed.reordered) == (None, None, None)
    assert (feed.withheld, feed.held, feed.done) == (0, False, False)
    stage = ObjectStage(1, 2, 3, 4, 5)
    assert (stage.over_limit, stage.executed, stage.epoch_seen) == (None, None, None)
    counters: Any
    for counters, name in ((feed, "published"), (stage, "lost"), (ObjectSink(1, 2), "shown")):
        with pytest.raises(AttributeError):
            setattr(counters, name, 7)


def test_arguments_are_refused_with_what_was_given() -> None:
    bad: Any = 1.5
    with pytest.raises(ArgumentTypeError, match=r"^clock must be callable, not float$"):
        ObjectLooks(ring=RingBuffer(4), lifecycle=Lifecycle(), clock=bad)
    with pytest.raises(ArgumentValueError, match='cannot be called "executor"'):
        ObjectLooks(
            ring=RingBuffer(4),
            lifecycle=Lifecycle(),
            clock=Ticks(),
            consumers={"executor": Consumer(RingBuffer[int](1))},
        )


class TestOverLimitSink:
    def test_the_next_one_is_shown_event_and_ack(self) -> None:
        seen: list[tuple[Any, Ack]] = []

        class Sink:
            def observe(self, event: Any, ack: Ack) -> None:
                seen.append((event, ack))

        ack = Ack(0, 0, 5, True, 2)
        OverLimitSink(1, Sink()).observe("event", ack)
        assert seen == [("event", ack)]

    def test_the_limit_is_from_one_to_what_a_signed_word_holds(self) -> None:
        words = "^limit_ns must be an integer from 1 to 9,223,372,036,854,775,807, got "
        for limit_ns in (1, 2**63 - 1):
            assert OverLimitSink(limit_ns).over_limit == 0
        for limit_ns in (0, 2**63):
            with pytest.raises(ArgumentValueError, match=f"{words}{limit_ns}$"):
                OverLimitSink(limit_ns)

"""What only the native ring promises: references, garbage collection, depth, refused memory."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import itertools
import signal
import sys
import weakref
from typing import Any

import pytest

from tickpath.control.metrics import LatencyHistogram, LatencySink, Metrics
from tickpath.core.bus import Consumer, EventRing, RingBuffer
from tickpath.core.execution import Executor
from tickpath.core.state import Lifecycle, State
from tickpath.errors import ArgumentValueError


class Item:
    """Something that can be weakly referenced."""

    ring: Any = None


def test_a_reference_is_dropped_exactly_when_overwritten() -> None:
    ring: RingBuffer[Item] = RingBuffer(3)
    alive = []
    for published in range(1, 9):
        item = Item()
        alive.append(weakref.ref(item))
        ring.publish(item)
        del item
        held = [ref() is not None for ref in alive]
        assert held == [seq >= published - 3 for seq in range(published)]


@pytest.mark.parametrize("rounds", [0, 1, 5])
def test_reference_counts_are_exact(rounds: int) -> None:
    ring: RingBuffer[Item] = RingBuffer(2)
    consumer = Consumer(ring)
    item = Item()
    before = sys.getrefcount(item)
    for _ in range(rounds):
        ring.publish(item)
        polled = consumer.poll()
        assert polled is item
        del polled
    assert sys.getrefcount(item) == before + min(rounds, 2)
    ring.publish_many([Item(), Item()])
    assert sys.getrefcount(item) == before


def test_poll_and_observe_allocate_nothing_that_stays() -> None:
    ring: RingBuffer[str] = RingBuffer(4)
    consumer = Consumer(ring)
    metrics = Metrics(histogram=True)
    before = sys.getallocatedblocks()
    for _ in range(10_000):
        ring.publish("x")
        consumer.poll()
        metrics.observe(25)
    assert sys.getallocatedblocks() - before < 100


def test_a_cycle_through_a_ring_is_collected() -> None:
    ring: RingBuffer[Item] = RingBuffer(4)
    item = Item()
    item.ring = ring
    ring.publish(item)
    ref = weakref.ref(item)
    del item, ring
    gc.collect()
    assert ref() is None


def test_a_cycle_through_a_consumer_is_collected() -> None:
    ring: RingBuffer[Any] = RingBuffer(4)
    item = Item()
    item.ring = Consumer(ring)
    ring.publish(item)
    ref = weakref.ref(item)
    del item, ring
    gc.collect()
    assert ref() is None


def test_a_cycle_through_an_executor_and_its_sink_is_collected() -> None:
    class Sink:
        executor: Any = None

        def observe(self, event: object, ack: object) -> None:
            """Look away."""

    ring: RingBuffer[Any] = RingBuffer(4)
    sink = Sink()
    sink.executor = Executor(ring, Lifecycle(), sink)
    ref = weakref.ref(sink)
    del sink
    gc.collect()
    assert ref() is None


def test_a_ring_that_holds_itself_is_collected() -> None:
    item = Item()
    ref = weakref.ref(item)
    ring: RingBuffer[Any] = RingBuffer(2)
    ring.publish(ring)
    ring.publish(item)
    del ring, item
    gc.collect()
    assert ref() is None


def test_rings_nested_a_hundred_thousand_deep_end_quietly() -> None:
    item = Item()
    ref = weakref.ref(item)
    ring: Any = item
    for _ in range(100_000):
        outer: RingBuffer[Any] = RingBuffer(1)
        outer.publish(ring)
        ring = outer
    del item, outer, ring
    assert ref() is None


def test_a_sink_outlives_its_name() -> None:
    metrics = Metrics()
    executor = Executor(RingBuffer[int](2), Lifecycle(), LatencySink(metrics))
    gc.collect()
    assert executor.process_many.__name__ == "process_many"


def test_a_capacity_beyond_memory_is_a_memory_error() -> None:
    with pytest.raises(MemoryError, match="slots"):
        RingBuffer(2**50)
    with pytest.raises(ArgumentValueError, match="64 bits"):
        RingBuffer(2**70)


def test_fast_methods_keep_signature_and_docstring() -> None:
    assert getattr(RingBuffer.publish, "__text_signature__", None) == "($self, item, /)"
    assert "Never blocks" in (RingBuffer.publish.__doc__ or "")
    assert getattr(Consumer.poll, "__text_signature__", None) == "($self)"
    with pytest.raises(TypeError, match="exactly one argument"):
        RingBuffer(1).publish()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="no arguments"):
        Consumer(RingBuffer[int](1)).poll(1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        RingBuffer.publish(object(), 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "thing",
    [
        RingBuffer[int](1),
        Consumer(RingBuffer[int](1)),
        Executor(RingBuffer[int](1), Lifecycle()),
        Metrics(),
        LatencySink(Metrics()),
        EventRing(1),
        EventRing(1).reader(),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_everything_with_a_place_in_a_cycle_can_be_weakly_referenced(thing: object) -> None:
    assert weakref.ref(thing)() is thing


@pytest.mark.parametrize("item", [True, 5, "", (), int], ids=repr)
def test_objects_that_never_die_keep_their_count(item: Any) -> None:
    # Immortal from 3.12 on: the ring must leave their count alone, as the interpreter does.
    before = sys.getrefcount(item)
    ring: RingBuffer[Any] = RingBuffer(1000)
    consumer = Consumer(ring)
    for _ in range(3000):
        ring.publish(item)
    consumer.reset_to_oldest()
    assert consumer.poll_many(2000) == [item] * 1000
    del ring, consumer
    assert abs(sys.getrefcount(item) - before) < 10


def test_what_a_sink_raises_goes_at_once_and_with_it_the_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)

    class Sink:
        def observe(self, event: object, ack: object) -> None:
            raise ValueError("broken")

    lifecycle = Lifecycle()
    lifecycle.transition_to(State.WARMUP)
    ring: RingBuffer[Item] = RingBuffer(1)
    executor = Executor(ring, lifecycle, Sink())
    alive = []
    for _ in range(5):
        item = Item()
        alive.append(weakref.ref(item))
        ring.publish(item)
        del item
        executor.process()
        # No method in between that is not a fast one: PyO3 would give up then what it had put off.
        assert [ref() is None for ref in alive] == [True] * (len(alive) - 1) + [False]


@pytest.mark.parametrize("refused", [2**64, "x", 1.5, -1], ids=repr)
def test_a_refused_latency_leaves_no_error_behind(refused: Any) -> None:
    observe, before = Metrics().observe, 0
    for round_ in range(60):
        with contextlib.suppress(TypeError, OverflowError, ValueError):
            observe(refused)
        if round_ == 9:
            before = sum(isinstance(thing, Exception) for thing in gc.get_objects())
    assert sum(isinstance(thing, Exception) for thing in gc.get_objects()) - before < 10


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="needs a signal that can be sent to oneself")
@pytest.mark.parametrize(
    "take", [RingBuffer[int](1).publish_many, LatencyHistogram], ids=["ring", "histogram"]
)
def test_an_iterable_without_python_code_can_be_interrupted(take: Any) -> None:
    class Stop(BaseException):
        """What the handler raises."""

    def stop(*_: object) -> None:
        raise Stop

    send, before = ctypes.CDLL(None)["raise"], signal.signal(signal.SIGUSR1, stop)
    rest = itertools.repeat(1, 1_000_000)
    try:
        with pytest.raises(Stop):
            take(itertools.chain(map(send, [signal.SIGUSR1]), rest))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert rest.__length_hint__() > 500_000

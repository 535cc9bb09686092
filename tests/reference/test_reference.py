"""What only the reference promises: independence of the native tier, the same names, plain Python's traps."""

from __future__ import annotations

import ast
import contextlib
import gc
import inspect
import weakref
from pathlib import Path
from typing import Any

import pytest

from tests.tiers import NATIVE
from tickpath import reference
from tickpath.reference.metrics import _HISTOGRAM_NS_MAX, _bucket, _highest_in

CLASSES = ["RingBuffer", "Consumer", "Executor", "Ack", "NoOpSink", "Metrics", "LatencySink"]


class Item:
    """Something a weak reference can watch."""


class Bomb:
    """Publishes when it goes; kept in a cycle, so that the garbage collector decides when."""

    def __init__(self, ring: Any) -> None:
        self.ring = ring
        self.myself = self

    def __del__(self) -> None:
        self.ring.publish("fallout")


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def test_it_imports_nothing_native() -> None:
    imported = set()
    for path in Path(reference.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
    ours = {name for name in imported if name.startswith("tickpath")}
    allowed = {
        "tickpath.core.state",
        "tickpath.core.time",
        "tickpath.core.unraisable",
        "tickpath.errors",
    }
    assert {name for name in ours if not name.startswith("tickpath.reference")} <= allowed


@pytest.mark.parametrize("name", CLASSES)
def test_its_classes_have_the_native_names(name: str) -> None:
    ours, native = public(getattr(reference, name)), public(getattr(NATIVE, name))
    if name == "Ack":
        ours -= {"count", "index"}  # of the tuple
    assert ours == native


@pytest.mark.parametrize("name", CLASSES)
def test_its_methods_take_their_arguments_as_the_native_ones_do(name: str) -> None:
    ours, native = getattr(reference, name), getattr(NATIVE, name)
    for method in sorted(public(native)):
        if inspect.isroutine(getattr(native, method)):
            assert _parameters(getattr(ours, method)) == _parameters(getattr(native, method)), method


def _parameters(method: Any) -> list[tuple[str, Any]]:
    return [(given.name, given.kind) for given in inspect.signature(method).parameters.values()][1:]


def test_a_snapshot_takes_its_argument_as_the_native_one_does() -> None:
    ours, native = type(reference.Metrics().snapshot()), type(NATIVE.Metrics().snapshot())
    assert _parameters(ours.percentile) == _parameters(native.percentile)


def test_a_snapshot_has_the_native_names() -> None:
    # Histograms as objects, for other tools, are native only; their percentiles are in both.
    native = public(type(NATIVE.Metrics().snapshot())) - {"histogram"}
    assert public(type(reference.Metrics().snapshot())) == native


def test_a_ring_that_goes_releases_its_items_at_once() -> None:
    gc.disable()
    try:
        ring: Any = reference.RingBuffer(4)
        item = Item()
        gone = weakref.ref(item)
        ring.publish_many([item, item])
        consumer = reference.Consumer(ring)
        consumer.poll()
        del ring, item, consumer
        assert gone() is None
    finally:
        gc.enable()


def test_a_long_chain_of_slots_goes_without_recursion() -> None:
    class Item:
        pass

    ring: Any = reference.RingBuffer(50_000)
    ring.publish(item := Item())
    gone = weakref.ref(item)
    del ring, item
    assert gone() is None


@pytest.mark.parametrize("capacity", [1, 2, 3])
def test_the_garbage_collector_may_publish_at_any_allocation(capacity: int) -> None:
    ring: Any = reference.RingBuffer(capacity)
    consumer: Any = reference.Consumer(ring)
    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(15):
            Bomb(ring)
            first = ring.publish_many([Item(), Item()])
            assert ring.head() >= first + 2
            Bomb(ring)
            consumer.reset_to_oldest()
            Bomb(ring)
            # A destructor may overrun the consumer between the reset and the poll.
            with contextlib.suppress(reference.Overrun):
                assert None not in consumer.poll_many(5)
    finally:
        gc.set_threshold(*before)
        gc.collect()
    head = ring.head()
    assert [ring.get(seq) is not None for seq in range(head - capacity, head)] == [True] * capacity
    consumer.reset_to_oldest()
    assert len(consumer.poll_many(100)) == capacity
    assert consumer.poll() is None
    assert consumer.cursor() == head


@pytest.mark.parametrize("capacity", [1, 2, 5])
@pytest.mark.parametrize("laps", [0, 1, 3])
def test_a_reader_finds_its_place_on_both_sides_of_the_turn(capacity: int, laps: int) -> None:
    ring: Any = reference.RingBuffer(capacity)
    ring.publish_many(range(laps * capacity))
    for published in range(2 * capacity + 1):
        for behind in range(min(capacity, ring.head()) + 1):
            start = ring.head() - behind
            consumer: Any = reference.Consumer(ring, start=start)
            assert consumer.cursor() == start
            assert [consumer.poll() for _ in range(behind)] == list(range(start, ring.head()))
            assert consumer.poll() is None
            assert consumer.available() == 0
        ring.publish(laps * capacity + published)


@pytest.mark.parametrize("latency_ns", [0, 1, 2047, 2048, 2049, 4095, 4096, 10**6, 10**9, _HISTOGRAM_NS_MAX])
def test_a_bucket_holds_what_is_within_a_thousandth(latency_ns: int) -> None:
    highest = _highest_in(_bucket(latency_ns))
    assert latency_ns <= highest
    assert (highest - latency_ns) * 1000 <= latency_ns
    assert _bucket(highest) == _bucket(latency_ns)
    assert _bucket(highest + 1) == _bucket(latency_ns) + 1


@pytest.mark.parametrize(("samples", "known"), [(10, False), (19, False), (20, True), (1000, True)])
def test_a_percentile_with_fewer_than_ten_samples_beyond_it_is_unknown(samples: int, known: bool) -> None:
    metrics = reference.Metrics(histogram=True)
    for latency_ns in range(samples):
        metrics.observe(latency_ns)
    assert (metrics.snapshot().percentile(0.5) is not None) is known
    assert reference.Metrics().snapshot().percentile(0.5) is None


def test_a_snapshot_keeps_what_it_saw() -> None:
    metrics = reference.Metrics(histogram=True)
    for latency_ns in range(100):
        metrics.observe(latency_ns)
    snapshot = metrics.reset()
    metrics.observe(10**9)
    assert (snapshot.count, snapshot.percentile(0.5)) == (100, 49)
    with pytest.raises(AttributeError):
        snapshot.count = 0  # type: ignore[misc]

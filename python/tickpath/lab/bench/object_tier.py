"""The object tier in one thread: tickpath, the reference in plain Python, a deque and Python's queues."""

from __future__ import annotations

import collections
import queue
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tickpath import reference
from tickpath.control.metrics import LatencySink, Metrics
from tickpath.core.bus import Consumer, RingBuffer
from tickpath.core.execution import ACK_DTYPE, Executor
from tickpath.core.execution.observability import NoOpSink
from tickpath.core.state import Lifecycle, State
from tickpath.lab.bench.interleaved import Samples, Workload, measure
from tickpath.lab.bench.part import Budget, Figure, PartResult, Promise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["TARGETS", "ObjectTier", "Target", "build", "figures_of", "promises_of"]

EVENTS = 1_000
BATCH = 256
CAPACITY = 1_024


class Target(NamedTuple):
    """A promise: ``slower`` takes at least (or at most) ``bound`` times as long as ``faster``."""

    what: str
    slower: str
    faster: str
    at_least: float | None = None
    at_most: float | None = None


TARGETS = (
    Target("publish + poll: reference / tickpath", "reference pair", "tickpath pair", at_least=3.2),
    Target("publish + poll: tickpath / deque append + popleft", "tickpath pair", "deque pair", at_most=1.15),
    Target("publish + poll: reference / deque", "reference pair", "deque pair", at_most=4.0),
    Target(
        "publish + process, NoOpSink: reference / tickpath", "reference noop", "tickpath noop", at_least=4
    ),
    Target(
        "publish + process, LatencySink: reference / tickpath",
        "reference latency",
        "tickpath latency",
        at_least=4.5,
    ),
    Target("Metrics.observe: reference / tickpath", "reference observe", "tickpath observe", at_least=2.5),
    Target(
        "Metrics.observe with histogram: reference / tickpath",
        "reference observe histogram",
        "tickpath observe histogram",
        at_least=5,
    ),
    Target(
        "reference publish + process / tickpath publish_many(256) + process_into(256)",
        "reference noop",
        "tickpath batch",
        at_least=10,
    ),
)

#: Rows of the table: the thing, then each contender and its workload. The first one is the base.
_ROWS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "publish + poll",
        tuple(
            (name, f"{name} pair")
            for name in ("tickpath", "reference", "deque", "SimpleQueue", "queue.Queue")
        ),
    ),
    ("the same, methods looked up", (("tickpath", "tickpath lookup"), ("deque", "deque lookup"))),
    (
        "publish + process, NoOpSink",
        (
            ("tickpath", "tickpath noop"),
            ("tickpath, batches of 256", "tickpath batch"),
            ("reference", "reference noop"),
        ),
    ),
    (
        "publish + process, LatencySink",
        (("tickpath", "tickpath latency"), ("reference", "reference latency")),
    ),
    ("Metrics.observe", (("tickpath", "tickpath observe"), ("reference", "reference observe"))),
    (
        "the same with histogram",
        (("tickpath", "tickpath observe histogram"), ("reference", "reference observe histogram")),
    ),
)


def _ready() -> Lifecycle:
    lifecycle = Lifecycle()
    lifecycle.transition_to(State.WARMUP)
    lifecycle.transition_to(State.READY)
    return lifecycle


def _pair(put: Callable[[object], object], take: Callable[[], object]) -> Workload:
    """Put one item, take one, a thousand times; distinct items, bound methods."""
    items = [object() for _ in range(EVENTS)]

    def run() -> None:
        for item in items:
            put(item)
            take()

    return Workload(run, EVENTS)


def _observe(metrics: Any) -> Workload:
    """Count a thousand latencies: most of some hundred nanoseconds, one in fifty up to 100 us."""
    latencies = [
        (number * 7919) % 100_000 if number % 50 == 0 else 100 + (number * 7919) % 400
        for number in range(EVENTS)
    ]
    call = metrics.observe

    def run() -> None:
        for latency_ns in latencies:
            call(latency_ns)

    return Workload(run, EVENTS)


def _batches() -> Workload:
    """Publish 256 items in one call and process them into an array in another, four times."""
    ring: RingBuffer[object] = RingBuffer(CAPACITY)
    executor = Executor(ring, _ready(), NoOpSink())
    items = [object() for _ in range(BATCH)]
    acks = np.zeros(BATCH, ACK_DTYPE)

    def run() -> None:
        for _ in range(4):
            ring.publish_many(items)
            executor.process_into(acks)

    return Workload(run, 4 * BATCH)


def _lookups() -> dict[str, Workload]:
    """The pair as most people write it: the methods looked up at each call."""
    items = [object() for _ in range(EVENTS)]
    ring: RingBuffer[object] = RingBuffer(CAPACITY)
    consumer = Consumer(ring)
    deque: collections.deque[object] = collections.deque()

    def native() -> None:
        for item in items:
            ring.publish(item)
            consumer.poll()

    def peer() -> None:
        for item in items:
            deque.append(item)
            deque.popleft()

    return {"tickpath lookup": Workload(native, EVENTS), "deque lookup": Workload(peer, EVENTS)}


def _tier(
    name: str, ring_type: Any, consumer: Any, executor: Any, noop: Any, metrics: Any, sink: Any
) -> dict[str, Workload]:
    """The workloads of one implementation."""
    polled, processed, counted = ring_type(CAPACITY), ring_type(CAPACITY), ring_type(CAPACITY)
    return {
        f"{name} pair": _pair(polled.publish, consumer(polled).poll),
        f"{name} noop": _pair(processed.publish, executor(processed, _ready(), noop()).process),
        f"{name} latency": _pair(counted.publish, executor(counted, _ready(), sink(metrics())).process),
        f"{name} observe": _observe(metrics()),
        f"{name} observe histogram": _observe(metrics(histogram=True)),
    }


def build() -> dict[str, Workload]:
    """Every workload, anew."""
    r = reference
    deque: collections.deque[object] = collections.deque()
    simple: queue.SimpleQueue[object] = queue.SimpleQueue()
    locked: queue.Queue[object] = queue.Queue()
    return {
        **_tier("tickpath", RingBuffer, Consumer, Executor, NoOpSink, Metrics, LatencySink),
        **_tier("reference", r.RingBuffer, r.Consumer, r.Executor, r.NoOpSink, r.Metrics, r.LatencySink),
        "tickpath batch": _batches(),
        "deque pair": _pair(deque.append, deque.popleft),
        "SimpleQueue pair": _pair(simple.put, simple.get),
        "queue.Queue pair": _pair(locked.put, locked.get),
        **_lookups(),
    }


def figures_of(samples: Samples) -> tuple[Figure, ...]:
    """The rows of the table: each contender beside the first one for the same thing."""
    return tuple(
        Figure(
            what=what,
            contender=contender,
            ns=samples.ns(workload),
            base=contenders[0][0],
            times_base=samples.ratio(workload, contenders[0][1]),
        )
        for what, contenders in _ROWS
        for contender, workload in contenders
    )


def promises_of(samples: Samples, targets: tuple[Target, ...] = TARGETS) -> tuple[Promise, ...]:
    """The targets, with what was measured."""
    return tuple(
        Promise(
            what=target.what,
            unit="times",
            value=samples.ratio(target.slower, target.faster),
            at_least=target.at_least,
            at_most=target.at_most,
        )
        for target in targets
    )


class ObjectTier:
    """The part."""

    name = "object-tier"
    title = "object tier, one thread"

    def __init__(self, contenders: Callable[[], Mapping[str, Workload]] = build) -> None:
        self._contenders = contenders

    def run(self, budget: Budget) -> PartResult:
        """Measures within ``budget``."""
        samples = measure(self._contenders, budget)
        return PartResult(
            rounds=len(samples.rounds),
            figures=figures_of(samples),
            promises=promises_of(samples),
            notes=(f"a round is {budget.sizes.turns} turns of {EVENTS:,} events with new objects",),
        )

"""The native tier from Python: what an event costs in batches, and how fast Python alone can feed a ring.

With a reader beside it the producer shares the ring's cache lines and the interpreter's lock with a second
Python thread; it waits for nobody, and what the reader misses is counted.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from tickpath.core.bus import EventReader, EventRing, Overrun
from tickpath.core.ingest import EVENT_DTYPE
from tickpath.core.time import now
from tickpath.errors import ThreadUnavailable
from tickpath.lab.bench.exchange import give_way
from tickpath.lab.bench.figures import Spread
from tickpath.lab.bench.interleaved import Samples, Workload, measure
from tickpath.lab.bench.part import Budget, Figure, PartResult, Promise

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["BATCHES", "FEED_EVENTS_PER_S_MIN", "Batches", "Feed"]

BATCHES = (1, 16, 256, 4_096)
CAPACITY = 65_536
EVENTS = 4 * 4_096
#: What Python alone is to publish in batches of 4,096, with a reader beside it or without.
FEED_EVENTS_PER_S_MIN = 40e6
_FEED_BATCHES = 64
_NS_PER_S = 1e9
_BASE = "batches of 4,096"


def _events(number: int) -> NDArray[np.void]:
    events = np.zeros(number, EVENT_DTYPE)
    events["order_id"] = np.arange(number)
    return events


def _split(events: NDArray[np.void], size: int) -> list[NDArray[np.void]]:
    return [events[first : first + size] for first in range(0, len(events), size)]


def _repeat(call: Callable[[NDArray[np.void]], object], arrays: list[NDArray[np.void]]) -> Callable[[], None]:
    def run() -> None:
        for array in arrays:
            call(array)

    return run


def _publishing() -> dict[str, Workload]:
    """Publish the same events in batches of each size, and one record at a time."""
    events = _events(EVENTS)
    workloads = {
        f"publish_many {size}": Workload(
            _repeat(EventRing(CAPACITY).publish_many, _split(events, size)), EVENTS
        )
        for size in BATCHES
    }
    records = [events[number] for number in range(4_096)]
    publish = EventRing(CAPACITY).publish

    def one_by_one() -> None:
        for record in records:
            publish(record)

    return {"publish": Workload(one_by_one, len(records)), **workloads}


def _reading() -> dict[str, Workload]:
    """Read what was just published, in batches of each size, and one record at a time."""
    events = _events(EVENTS)
    ring = EventRing(CAPACITY)

    def refill(reader: EventReader) -> Callable[[], None]:
        def prepare() -> None:
            reader.reset_to_head()
            ring.publish_many(events)

        return prepare

    def workload(size: int) -> Workload:
        reader, into = ring.reader("head"), np.zeros(size, EVENT_DTYPE)
        return Workload(_repeat(reader.read_into, [into] * (EVENTS // size)), EVENTS, refill(reader))

    polled = ring.reader("head")

    def one_by_one() -> None:
        for _ in range(4_096):
            polled.poll()

    return {
        "poll": Workload(one_by_one, 4_096, refill(polled)),
        **{f"read_into {size}": workload(size) for size in BATCHES},
    }


class Feed:
    """Batches of 4,096 into a ring while a second Python thread reads it; the producer's time counts."""

    def __init__(self, batches: int = _FEED_BATCHES) -> None:
        self._batch = _events(4_096)
        self._batches = batches
        self.events = batches * len(self._batch)
        self.read = 0
        self.lost = 0

    def run(self) -> int:
        """One turn; returns the nanoseconds that the producer took. Counts what was read and lost."""
        ring = EventRing(CAPACITY)
        reader = ring.reader()
        reading, fed = threading.Event(), threading.Event()
        thread = threading.Thread(target=self._drain, args=(reader, reading, fed), daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            raise ThreadUnavailable(f"the machine gave no thread for the reader: {error}") from error
        reading.wait()
        begin_ns = now()
        for _ in range(self._batches):
            ring.publish_many(self._batch)
        took_ns = now() - begin_ns
        fed.set()
        thread.join()
        return took_ns

    def _drain(self, reader: EventReader, reading: threading.Event, fed: threading.Event) -> None:
        into = np.zeros(4_096, EVENT_DTYPE)
        count = 0
        reading.set()
        while True:
            # Looked at first: what was published before it is then read or lost below.
            ended = fed.is_set()
            try:
                got = reader.read_into(into)
            except Overrun:
                reader.reset_to_oldest()
                continue
            count += got
            if not got:
                if ended:
                    break
                # An empty look is over quickly; the lock goes to whoever wants to publish.
                give_way()
        self.read += count
        self.lost += reader.lost


class Batches:
    """The part."""

    name = "batches"
    title = "native tier from Python, events of 56 bytes, 65,536 slots"

    def run(self, budget: Budget) -> PartResult:
        """Measures within ``budget``."""
        feed = Feed()
        samples = measure(
            lambda: {**_publishing(), **_reading(), "fed": Workload(feed.run, feed.events)}, budget
        )
        return PartResult(
            rounds=len(samples.rounds),
            figures=(*_rows(samples, "publish"), _fed(samples, feed), *_rows(samples, "read")),
            promises=(
                _promise("publish_many(4096), alone", samples.ns("publish_many 4096")),
                _promise("publish_many(4096), a thread reading", samples.ns("fed")),
            ),
            notes=("read_into and poll read what the same thread has just published",),
        )


def _rows(samples: Samples, side: str) -> list[Figure]:
    """The sizes side by side; the largest is the base."""
    many, one = ("publish_many", "publish") if side == "publish" else ("read_into", "poll")
    base = f"{many} {BATCHES[-1]}"
    workloads = [
        (f"{one}, one record", one),
        *((f"batches of {size:,}", f"{many} {size}") for size in BATCHES),
    ]
    return [
        Figure(
            what=many,
            contender=contender,
            ns=samples.ns(workload),
            base=_BASE,
            times_base=samples.ratio(workload, base),
        )
        for contender, workload in workloads
    ]


def _fed(samples: Samples, feed: Feed) -> Figure:
    return Figure(
        what="publish_many",
        contender="4,096, a thread reading",
        ns=samples.ns("fed"),
        base=_BASE,
        times_base=samples.ratio("fed", f"publish_many {BATCHES[-1]}"),
        # Those of the warm-up and of a round that was cut short were fed and read all the same.
        read=feed.read,
        lost=feed.lost,
    )


def _promise(what: str, ns: Spread | None) -> Promise:
    rate = None
    if ns is not None:
        rate = Spread(_NS_PER_S / ns.median, _NS_PER_S / ns.high, _NS_PER_S / ns.low, ns.rounds)
    return Promise(what=what, unit="events/s", value=rate, at_least=FEED_EVENTS_PER_S_MIN)

"""Between two threads of one process, both in Python: the interpreter's lock is part of every figure.

A contender that has no way to block polls, and gives the lock away when there is nothing: otherwise the
sender would wait for the interpreter's switch interval, 5 ms.
"""

from __future__ import annotations

import collections
import queue
import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from tickpath.core.bus import Consumer, EventRing, RingBuffer
from tickpath.core.ingest import EVENT_DTYPE
from tickpath.core.time import now
from tickpath.lab.bench.exchange import GAP_S, Cut, PeerFailed, compare, give_way

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tickpath.lab.bench.exchange import Exchange
    from tickpath.lab.bench.part import Budget, PartResult

__all__ = ["BLOCKS", "EVENT_RING", "POLLS", "ThreadExchange", "Threads", "event_ring"]

BLOCKS = "blocks"
POLLS = "polls, yields"
EVENT_RING = "tickpath EventRing"
#: More than a flood holds: nothing is ever lost, and every contender may take all of it at once.
CAPACITY = 65_536
#: How long a receiver may be silent, and how often the sender looks for an interrupt meanwhile.
_SILENCE_MAX_S = 10.0
_LOOK_S = 0.05


class ThreadExchange:
    """Sender in the calling thread, receiver in a thread that lives as long as one phase.

    ``make`` returns ``put(stamp)`` and ``take() -> stamp``, which waits until there is one.
    """

    def __init__(
        self,
        name: str,
        waits: str,
        make: Callable[[], tuple[Callable[[int], object], Callable[[], int]]],
        should_stop: Callable[[], bool],
        *,
        silence_max_s: float = _SILENCE_MAX_S,
    ) -> None:
        self.name = name
        self.waits = waits
        self._make = make
        self._should_stop = should_stop
        self._silence_max_s = silence_max_s

    def one_way(self, messages: int) -> Sequence[int]:
        """See ``Exchange``."""
        put, take = self._make()
        latencies: list[int] = []

        def receive() -> None:
            for _ in range(messages):
                stamp = take()
                latencies.append(now() - stamp)

        receiver = self._start(receive)
        for _ in range(messages):
            put(now())
            time.sleep(GAP_S)
            if self._should_stop():
                break
        self._join(receiver)
        return latencies

    def flood(self, messages: int) -> float:
        """See ``Exchange``."""
        put, take = self._make()
        ends_ns: list[int] = []

        def receive() -> None:
            for _ in range(messages):
                take()
            ends_ns.append(now())

        receiver = self._start(receive)
        begin_ns = now()
        for number in range(messages):
            put(number)
        self._join(receiver)
        return (ends_ns[0] - begin_ns) / messages

    def close(self) -> None:
        """Nothing lives between two phases."""

    def _start(self, receive: Callable[[], None]) -> threading.Thread:
        # A daemon: one that hangs does not keep the process from ending.
        receiver = threading.Thread(target=receive, daemon=True)
        try:
            receiver.start()
        except RuntimeError as error:
            raise PeerFailed(f"the machine gave no thread for its receiver: {error}") from error
        return receiver

    def _join(self, receiver: threading.Thread) -> None:
        looks = max(1, round(self._silence_max_s / _LOOK_S))
        for _ in range(looks):
            receiver.join(_LOOK_S)
            if not receiver.is_alive():
                return
            if self._should_stop():
                raise Cut
        raise PeerFailed(f"its receiver did not get every message within {self._silence_max_s:g} s")


def event_ring() -> tuple[Callable[[int], object], Callable[[], int]]:
    """An event of 56 bytes with the stamp in its first field, published and read one at a time."""
    ring = EventRing(CAPACITY)
    read_into, publish = ring.reader().read_into, ring.publish_many
    sent, received = np.zeros(1, EVENT_DTYPE), np.zeros(1, EVENT_DTYPE)
    stamp, stamped = sent["ts_ns"], received["ts_ns"]

    def put(value: int) -> None:
        stamp[0] = value
        publish(sent)

    def take() -> int:
        while not read_into(received):
            give_way()
        return int(stamped[0])

    return put, take


def _object_ring() -> tuple[Callable[[int], object], Callable[[], int]]:
    ring: RingBuffer[int] = RingBuffer(CAPACITY)
    poll = Consumer(ring).poll

    def take() -> int:
        while (stamp := poll()) is None:
            give_way()
        return stamp

    return ring.publish, take


def _deque() -> tuple[Callable[[int], object], Callable[[], int]]:
    items: collections.deque[int] = collections.deque()
    popleft = items.popleft

    def take() -> int:
        while not items:
            give_way()
        return popleft()

    return items.append, take


def _simple_queue() -> tuple[Callable[[int], object], Callable[[], int]]:
    items: queue.SimpleQueue[int] = queue.SimpleQueue()
    return items.put, items.get


def _queue() -> tuple[Callable[[int], object], Callable[[], int]]:
    items: queue.Queue[int] = queue.Queue()
    return items.put, items.get


_CONTENDERS = (
    (EVENT_RING, POLLS, event_ring),
    ("tickpath RingBuffer", POLLS, _object_ring),
    ("deque", POLLS, _deque),
    ("SimpleQueue", BLOCKS, _simple_queue),
    ("queue.Queue", BLOCKS, _queue),
)


class Threads:
    """The part."""

    name = "threads"
    title = "two threads of one process, both in Python"

    def __init__(self, contenders: Mapping[str, Callable[[], Exchange] | str] | None = None) -> None:
        self._contenders = contenders

    def run(self, budget: Budget) -> PartResult:
        """Measures within ``budget``."""
        contenders = self._contenders or {
            name: lambda name=name, waits=waits, make=make: ThreadExchange(  # type: ignore[misc]
                name, waits, make, budget.should_stop
            )
            for name, waits, make in _CONTENDERS
        }
        return compare(contenders, budget, base=EVENT_RING, message="one at a time")

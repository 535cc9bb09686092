"""The native tier between Python threads: torn reads, and who is told to wait.

Every loop is bounded by events or attempts, none by a clock; batches of 1,024 and more run with the
interpreter's lock released, so the threads here really run at the same time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from tickpath.core.bus import EventReader, EventRing
from tickpath.core.ingest.event import EVENT_DTYPE
from tickpath.errors import Overrun, ProducerBusy, ReaderBusy

BATCH = 4096
ROUNDS = 200

Events = np.ndarray[Any, np.dtype[np.void]]


def self_checking(first: int, count: int) -> Events:
    """Events whose every word follows from their sequence."""
    made = np.zeros(count, EVENT_DTYPE)
    words = made.view("<u8").reshape(count, 7)
    words[:] = np.arange(first, first + count, dtype="<u8")[:, None] * np.arange(1, 8, dtype="<u8")
    return made


def count_or_overrun(reader: EventReader, out: Events) -> Overrun | int:
    """How many events came, or why none did."""
    try:
        return reader.read_into(out)
    except Overrun as overrun:
        return overrun


def follow(reader: EventReader, sent: int) -> int:
    """Read until event ``sent - 1`` is behind, checking each; how many were seen."""
    seen, out = 0, np.zeros(BATCH, EVENT_DTYPE)
    while reader.cursor() < sent:
        first = reader.cursor()
        got = count_or_overrun(reader, out)
        if isinstance(got, Overrun):
            assert got.requested == first
            assert got.lost >= 1
            assert reader.reset_to_oldest() >= got.lost
        else:
            assert np.array_equal(out[:got], self_checking(first, got)), f"torn near {first}"
            seen += got
    return seen


@pytest.mark.parametrize("capacity", [1, 3, 1000, 5000])
def test_readers_beside_a_producer_see_whole_events_and_lose_none_unsaid(capacity: int) -> None:
    ring, sent = EventRing(capacity), 16 * BATCH
    readers = [ring.reader(), ring.reader()]
    batches = [self_checking(first, BATCH) for first in range(0, sent, BATCH)]
    with ThreadPoolExecutor(2) as pool:
        accounts = [pool.submit(follow, reader, sent) for reader in readers]
        for batch in batches:
            ring.publish_many(batch)
        for reader, account in zip(readers, accounts, strict=True):
            assert account.result() + reader.lost == sent
            assert reader.shed <= reader.lost


def until_busy(work: Callable[[], object], intrude: Callable[[], object], busy: type[Exception]) -> str:
    """Call ``intrude`` while another thread is at ``work``, until it is refused; the refusal's text.

    The thread at work, which came first each time, is never the one refused.
    """
    enough = threading.Event()

    def keep_working() -> None:
        for _ in range(ROUNDS):
            if not enough.is_set():
                work()

    with ThreadPoolExecutor(1) as pool:
        worker = pool.submit(keep_working)
        try:
            while not worker.done():
                intrude()
        except busy as refused:
            return str(refused)
        finally:
            enough.set()
            worker.result()
    return ""


def test_a_second_producer_is_refused_and_publishes_nothing() -> None:
    ring, batch = EventRing(16), self_checking(0, 200_000)
    one, intrusions = batch[0], [0]

    def intrude() -> None:
        ring.publish(one)
        intrusions[0] += 1

    message = until_busy(lambda: ring.publish_many(batch), intrude, ProducerBusy)
    assert "an event ring has one producer" in message
    # The refused publication left no trace, and the ring is free again.
    assert (ring.head() - intrusions[0]) % len(batch) == 0
    assert ring.publish(one) == ring.head() - 1


def test_a_reader_entered_twice_is_refused_and_keeps_its_place() -> None:
    count = 60_000
    ring, out = EventRing(count), np.zeros(count, EVENT_DTYPE)
    reader, one, refill = ring.reader(), np.zeros(1, EVENT_DTYPE), self_checking(0, count)

    def work() -> None:
        ring.publish_many(refill)
        try:
            reader.read_into(out)
        except Overrun:
            reader.reset_to_head()

    def intrude() -> None:
        reader.available()  # figures are never refused
        reader.read_into(one[:0])

    message = until_busy(work, intrude, ReaderBusy)
    assert "give each thread a reader of its own" in message
    reader.reset_to_head()
    assert (reader.cursor(), reader.available(), reader.poll()) == (ring.head(), 0, None)


def test_small_batches_keep_the_lock_so_that_threads_may_share_a_producer() -> None:
    ring, per_thread = EventRing(64), 300

    def publish(first: int) -> None:
        for seq in range(first, first + per_thread):
            ring.publish_many(self_checking(seq, 3))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(publish, range(0, 4 * per_thread, per_thread)))
    assert ring.head() == 4 * per_thread * 3

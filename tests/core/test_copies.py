"""Goal: NumPy in and out without a second copy: what is copied is copied once, straight to its place.

Method: NumPy tells ``tracemalloc`` of its arrays, so that one made on the way is seen; where memory is
shared, the addresses say so.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.event_samples import events, sequences
from tickpath import _native
from tickpath.core.arrow import ArrowRows
from tickpath.core.bus import EventRing
from tickpath.core.execution import ACK_DTYPE, Executor
from tickpath.core.ingest import EVENT_DTYPE, MarketDataSource
from tickpath.core.state import Lifecycle, State

COUNT = 50_000
ARRAY_BYTES = COUNT * EVENT_DTYPE.itemsize
LITTLE_BYTES = ARRAY_BYTES // 20

Events = np.ndarray[Any, np.dtype[np.void]]


def spread(stride: int) -> Events:
    """Events that lie ``stride`` rows apart."""
    room = np.zeros(COUNT * abs(stride), EVENT_DTYPE)[::stride]
    room[:] = events(0, COUNT)
    return room


def unaligned() -> Events:
    """Events that begin at an odd address."""
    return np.frombuffer(b"x" + events(0, COUNT).tobytes(), EVENT_DTYPE, offset=1)


def peak_bytes(work: Callable[[], object]) -> int:
    """The most memory that Python and NumPy held during ``work``, beyond what they held before."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def test_a_copy_on_the_way_would_be_seen() -> None:
    array = spread(2)
    assert peak_bytes(array.copy) >= ARRAY_BYTES


@pytest.mark.parametrize("array", [events(0, COUNT), spread(3), spread(-1), unaligned()])
def test_events_are_published_from_where_they_lie(array: Events) -> None:
    ring = EventRing(COUNT)
    assert peak_bytes(lambda: ring.publish_many(array)) < LITTLE_BYTES
    assert sequences(ring.reader().poll_many(COUNT)) == list(range(COUNT))


def test_events_are_read_straight_into_the_array() -> None:
    ring = EventRing(COUNT)
    ring.publish_many(events(0, COUNT))
    reader, room = ring.reader(), np.zeros(COUNT + 7, EVENT_DTYPE)
    assert peak_bytes(lambda: reader.read_into(room)) < LITTLE_BYTES
    assert sequences(room[:COUNT]) == list(range(COUNT))


def test_a_batch_that_is_polled_is_made_once() -> None:
    ring, got = EventRing(COUNT), []
    ring.publish_many(events(0, COUNT))
    reader = ring.reader()
    assert peak_bytes(lambda: got.append(reader.poll_many(COUNT))) < ARRAY_BYTES + LITTLE_BYTES
    assert sequences(got[0]) == list(range(COUNT))


def test_acks_are_written_straight_into_the_array() -> None:
    ring, lifecycle = EventRing(COUNT), Lifecycle()
    ring.publish_many(events(0, COUNT))
    lifecycle.transition_to(State.WARMUP)
    executor, room = Executor(ring, lifecycle), np.zeros(COUNT, ACK_DTYPE)
    assert peak_bytes(lambda: executor.process_into(room)) < LITTLE_BYTES
    assert room["seq"].tolist() == list(range(COUNT))


@pytest.mark.parametrize("array", [events(0, COUNT), spread(3), unaligned()])
def test_rows_become_columns_from_where_they_lie(array: Events) -> None:
    assert peak_bytes(lambda: ArrowRows(array)) < LITTLE_BYTES


def test_the_array_of_a_source_is_its_memory() -> None:
    source = MarketDataSource.synthetic(rate_hz=1e6, events=COUNT)
    arrays: list[Events] = []
    assert peak_bytes(lambda: arrays.append(source.events)) < LITTLE_BYTES
    buffer: Any = source.native
    again = np.frombuffer(buffer, EVENT_DTYPE)
    assert arrays[0].ctypes.data == again.ctypes.data
    assert np.shares_memory(source.events, again)
    assert not again.flags.writeable


@pytest.mark.parametrize("array", [events(0, COUNT), spread(3), unaligned()])
def test_events_of_an_array_are_copied_once(array: Events) -> None:
    assert peak_bytes(lambda: _native.Events.from_array(array)) < LITTLE_BYTES


def test_a_table_is_brought_into_rows_once() -> None:
    table = {"t": np.arange(COUNT, dtype=np.uint64)}
    work = lambda: MarketDataSource.from_table(table, columns={"ts_ns": "t"})  # noqa: E731
    # The rows, and what one column of 8 bytes needs on its way into them.
    assert peak_bytes(work) < ARRAY_BYTES + 4 * COUNT * 8

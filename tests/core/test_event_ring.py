"""The native tier: `EventRing` and `EventReader`, one thread at a time.

Dtypes are in `test_event_ring_layout.py`, threads in `test_event_ring_threads.py`; the protocol
itself is proved in `rust/core/tests`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.event_samples import CAPACITIES, STAMPS, Events, events, half, sequences
from tickpath.core.bus import EventReader, EventRing
from tickpath.core.ingest.event import EVENT_DTYPE
from tickpath.errors import ArgumentTypeError, ArgumentValueError, Overrun

# --- construction ---------------------------------------------------------------------------------


@pytest.mark.parametrize("capacity", CAPACITIES)
def test_a_new_ring_is_empty_and_keeps_its_capacity(capacity: int) -> None:
    ring = EventRing(capacity)
    assert (ring.capacity, ring.head(), ring.dtype) == (capacity, 0, EVENT_DTYPE)
    assert ring.reader().poll() is None
    assert repr(ring) == f"EventRing(capacity={capacity}, head=0)"


@pytest.mark.parametrize("capacity", [0, -1, -(2**70), 2**70])
def test_a_capacity_that_makes_no_sense_is_refused(capacity: int) -> None:
    with pytest.raises(ArgumentValueError, match="capacity must be at least 1"):
        EventRing(capacity)


@pytest.mark.parametrize("capacity", ["8", 8.0, None, [8]])
def test_a_capacity_that_is_no_integer_is_refused(capacity: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="capacity must be an integer"):
        EventRing(capacity)


@pytest.mark.parametrize("capacity", [2**40, 2**62])
def test_a_capacity_beyond_memory_is_a_memory_error(capacity: int) -> None:
    with pytest.raises(MemoryError, match=f"no memory for a ring of {capacity} slots"):
        EventRing(capacity)


# --- publish --------------------------------------------------------------------------------------


@pytest.mark.parametrize("capacity", CAPACITIES)
def test_publications_are_numbered_from_zero(capacity: int) -> None:
    ring = EventRing(capacity)
    batch = events(0, 5)
    assert [ring.publish(record) for record in batch] == [0, 1, 2, 3, 4]
    assert ring.publish_many(events(5, 7)) == 5
    assert ring.publish_many(events(0, 0)) == 12
    assert ring.head() == 12


def test_a_zero_dimensional_array_is_a_record() -> None:
    ring = EventRing(4)
    record: Any = events(3, 1).reshape(())
    assert ring.publish(record) == 0
    assert sequences(ring.reader().poll_many(1)) == [3]


def test_an_array_in_strides_or_unaligned_or_read_only_is_published_as_it_reads() -> None:
    ring, source = EventRing(64), events(0, 8)
    unaligned = np.frombuffer(b"x" + source.tobytes(), EVENT_DTYPE, offset=1)
    ring.publish_many(source[::2])
    ring.publish_many(source[::-1])
    ring.publish_many(unaligned)
    expected = [0, 2, 4, 6, *range(7, -1, -1), *range(8)]
    assert sequences(ring.reader().poll_many(64)) == expected


@pytest.mark.parametrize("count", [1, 1023, 1024, 70_000])
def test_batches_of_any_size_arrive_whole(count: int) -> None:
    ring = EventRing(count)
    reader = ring.reader()
    ring.publish_many(events(0, count))
    out = np.zeros(count, EVENT_DTYPE)
    assert reader.read_into(out) == count
    assert np.array_equal(out, events(0, count))
    assert reader.read_into(out) == 0


# --- copies ---------------------------------------------------------------------------------------


def test_nothing_points_into_the_ring() -> None:
    ring = EventRing(2)
    reader, late = ring.reader(), ring.reader()
    source = events(0, 2)
    ring.publish_many(source)
    source["ts_ns"] = 99
    polled, many = reader.poll(), late.poll_many(2)
    assert polled is not None
    ring.publish_many(events(2, 2))
    assert (polled["ts_ns"], sequences(many)) == (0, [0, 1])
    polled["ts_ns"] = 77
    many["ts_ns"] = 77
    assert sequences(ring.reader().poll_many(2)) == [2, 3]


def test_two_polled_records_do_not_share_memory() -> None:
    ring = EventRing(4)
    ring.publish_many(events(0, 2))
    reader = ring.reader()
    first, second = reader.poll(), reader.poll()
    assert first is not None
    assert second is not None
    second["ts_ns"] = 5
    assert (first["ts_ns"], second["ts_ns"]) == (0, 5)


# --- overruns -------------------------------------------------------------------------------------


@pytest.mark.parametrize("capacity", CAPACITIES)
@pytest.mark.parametrize("too_many", [1, 2, 1000])
def test_an_overrun_is_exact_and_stays_until_recovery(capacity: int, too_many: int) -> None:
    ring = EventRing(capacity)
    reader, sent = ring.reader(), capacity + too_many
    out = np.zeros(4, EVENT_DTYPE)
    ring.publish_many(events(0, sent))
    for read in (reader.poll, lambda: reader.poll_many(3), lambda: reader.read_into(out), reader.poll):
        with pytest.raises(Overrun) as raised:
            read()
        error = raised.value
        assert (error.requested, error.oldest, error.head) == (0, too_many, sent)
        assert error.lost == too_many
        assert (reader.cursor(), reader.lost, reader.available()) == (0, 0, sent)
    assert not out.tobytes().strip(b"\0")


@pytest.mark.parametrize("capacity", CAPACITIES)
@pytest.mark.parametrize("too_many", [1, 2, 1000])
def test_recovery_to_the_oldest_lands_half_a_ring_behind(capacity: int, too_many: int) -> None:
    ring = EventRing(capacity)
    reader, sent = ring.reader(), capacity + too_many
    ring.publish_many(events(0, sent))
    target = sent - half(capacity)
    assert reader.reset_to_oldest() == target
    assert (reader.lost, reader.shed, reader.cursor()) == (target, target - too_many, target)
    assert sequences(reader.poll_many(capacity)) == list(range(target, sent))
    assert reader.reset_to_oldest() == 0
    assert (reader.lost, reader.poll()) == (target, None)


@pytest.mark.parametrize("capacity", CAPACITIES)
def test_a_reader_that_is_not_overrun_stays_where_it_is(capacity: int) -> None:
    ring = EventRing(capacity)
    reader = ring.reader()
    ring.publish_many(events(0, capacity))
    assert (reader.reset_to_oldest(), reader.cursor(), reader.lost, reader.shed) == (0, 0, 0, 0)
    assert sequences(reader.poll_many(capacity)) == list(range(capacity))


@pytest.mark.parametrize("capacity", CAPACITIES)
@pytest.mark.parametrize("overrun", [0, 5])
def test_a_skip_to_the_head_tells_lost_from_shed(capacity: int, overrun: int) -> None:
    ring = EventRing(capacity)
    reader, sent = ring.reader(), capacity + overrun
    ring.publish_many(events(0, sent))
    assert reader.reset_to_head() == sent
    assert (reader.lost, reader.shed, reader.available()) == (sent, capacity, 0)
    assert reader.reset_to_head() == 0
    ring.publish_many(events(sent, 1))
    assert sequences(reader.poll_many(9)) == [sent]


def test_readers_are_independent_and_the_producer_knows_none() -> None:
    ring = EventRing(3)
    fast, slow = ring.reader(), ring.reader()
    for seq in range(9):
        ring.publish(events(seq, 1)[0])
        assert sequences(fast.poll_many(5)) == [seq]
    assert (fast.lost, slow.available(), slow.cursor()) == (0, 9, 0)
    with pytest.raises(Overrun):
        slow.poll()


# --- readers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "first"), [("oldest", 2), ("head", 5), (2, 2), (4, 4), (5, 5), (np.int64(3), 3)]
)
def test_a_reader_begins_where_it_is_told(start: Any, first: int) -> None:
    ring = EventRing(3)
    ring.publish_many(events(0, 5))
    reader = ring.reader(start)
    assert (reader.cursor(), reader.available(), reader.lost) == (first, 5 - first, 0)
    assert sequences(reader.poll_many(9)) == list(range(first, 5))
    assert ring.reader(start=start).cursor() == first


def test_a_start_that_was_overwritten_is_an_overrun() -> None:
    ring = EventRing(3)
    ring.publish_many(events(0, 5))
    with pytest.raises(Overrun) as raised:
        ring.reader(1).poll()
    assert (raised.value.requested, raised.value.oldest, raised.value.head) == (1, 2, 5)


@pytest.mark.parametrize("start", [6, 2**64, 2**200, -1, "newest"])
def test_a_start_that_does_not_exist_is_refused(start: Any) -> None:
    ring = EventRing(3)
    ring.publish_many(events(0, 5))
    with pytest.raises(ArgumentValueError, match="start"):
        ring.reader(start)


@pytest.mark.parametrize("start", [1.5, [0], b"head"])
def test_a_start_of_another_type_is_refused(start: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="start"):
        EventRing(3).reader(start)


@pytest.mark.parametrize(("limit", "expected"), [(0, 0), (1, 1), (4, 4), (5, 5), (6, 5), (2**80, 5)])
def test_poll_many_gives_at_most_the_limit(limit: int, expected: int) -> None:
    ring = EventRing(8)
    ring.publish_many(events(0, 5))
    reader = ring.reader()
    got = reader.poll_many(limit)
    assert (got.dtype, sequences(got)) == (EVENT_DTYPE, list(range(expected)))
    assert reader.cursor() == expected


@pytest.mark.parametrize(("limit", "error"), [(-1, ArgumentValueError), ("3", ArgumentTypeError)])
def test_a_limit_that_makes_no_sense_is_refused(limit: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="limit"):
        EventRing(3).reader().poll_many(limit)


def test_read_into_leaves_the_rest_of_the_array_alone() -> None:
    ring = EventRing(8)
    ring.publish_many(events(0, 3))
    out = events(100, 5)
    assert ring.reader().read_into(out) == 3
    assert sequences(out) == [0, 1, 2, 103, 104]


def read_only() -> Events:
    array = events(0, 4)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "array",
    [
        None,
        [],
        events(0, 1)[0],
        np.zeros(4, np.dtype(STAMPS)),
        bytearray(224),
    ],
    ids=["none", "list", "record", "other dtype", "bytes"],
)
def test_read_into_refuses_what_is_no_array_of_its_dtype(array: Any) -> None:
    _refused(array, ArgumentTypeError)


@pytest.mark.parametrize(
    "array",
    [read_only(), events(0, 8)[::2], events(0, 4).reshape(2, 2)],
    ids=["read-only", "strided", "2-D"],
)
def test_read_into_refuses_what_it_cannot_fill(array: Any) -> None:
    # The right type with a bad shape: as Executor.process_into does.
    _refused(array, ArgumentValueError)


def _refused(array: Any, error: type[Exception]) -> None:
    ring = EventRing(8)
    ring.publish_many(events(0, 3))
    reader = ring.reader()
    with pytest.raises(error, match="writable, contiguous, one-dimensional array"):
        reader.read_into(array)
    assert reader.cursor() == 0


def test_a_reader_outlives_the_name_of_its_ring() -> None:
    ring = EventRing(4)
    ring.publish_many(events(0, 2))
    reader = ring.reader()
    del ring
    assert sequences(reader.poll_many(5)) == [0, 1]
    assert repr(reader) == "EventReader(cursor=2, lost=0, shed=0)"


def test_a_reader_is_made_by_its_ring_only() -> None:
    with pytest.raises(TypeError):
        EventReader()

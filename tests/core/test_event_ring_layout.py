"""What an `EventRing` takes for events: dtypes, records, arrays, and what it says to the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.event_samples import STAMPS, events
from tickpath.core.bus import EventRing
from tickpath.core.ingest.event import EVENT_DTYPE
from tickpath.errors import ArgumentTypeError, ArgumentValueError


def test_the_event_layout_is_the_documented_one() -> None:
    fields = [
        ("ts_ns", "<u8"),
        ("intended_ns", "<u8"),
        ("price_e9", "<i8"),
        ("size_e9", "<i8"),
        ("order_id", "<u8"),
        ("sequence", "<u8"),
        ("symbol", "<u4"),
        ("kind", "|u1"),
        ("side", "|i1"),
        ("flags", "<u2"),
    ]
    assert EVENT_DTYPE.descr == fields
    assert EVENT_DTYPE.itemsize == 56


@pytest.mark.parametrize(
    "more",
    [
        [],
        [("flag", "u1")],
        [("price", "<f8"), ("size", "<f4")],
        [("name", "S40")],
        [("at", "<M8[ns]"), ("levels", "<i4", (2, 4))],
        [("inner", [("a", "u1"), ("b", "<u2")])],
    ],
    ids=str,
)
def test_a_dtype_of_ones_own_goes_through_bit_by_bit(more: list[Any]) -> None:
    dtype = np.dtype(STAMPS + more)
    ring, reader = EventRing(4, dtype), None
    reader = ring.reader()
    rng = np.random.default_rng(1)
    sent = np.frombuffer(rng.bytes(3 * dtype.itemsize), dtype).copy()
    assert ring.dtype == dtype
    assert ring.publish(sent[0]) == 0
    assert ring.publish_many(sent[1:]) == 1
    first = reader.poll()
    assert first is not None
    assert first.dtype == dtype
    assert first.tobytes() == sent[0].tobytes()
    assert reader.poll_many(9).tobytes() == sent[1:].tobytes()


@pytest.mark.parametrize(
    ("dtype", "why"),
    [
        (np.dtype("<u8"), "must be structured"),
        (np.dtype([*STAMPS, ("name", "S41")]), "at most 56 bytes, not 57"),
        (np.dtype([*STAMPS, ("tag", "O")]), "must not hold Python objects"),
        (np.dtype([*STAMPS, ("size", ">u4")]), "native"),
        (np.dtype([("ts_ns", ">u8"), ("intended_ns", ">u8")]), "native"),
        (np.dtype([("intended_ns", "<u8"), ("ts_ns", "<u8")]), '\'?"ts_ns" at byte 0'),
        (np.dtype([("ts_ns", "<i8"), ("intended_ns", "<u8")]), '"ts_ns" at byte 0'),
        (np.dtype([("ts_ns", "<u8"), ("price", "<u8")]), '"intended_ns" at byte 8'),
        (np.dtype([("ts_ns", "<u8")]), '"intended_ns" at byte 8'),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_dtype_that_breaks_a_rule_is_refused_by_that_rule(dtype: Any, why: str) -> None:
    with pytest.raises(ArgumentValueError, match=why):
        EventRing(4, dtype)


@pytest.mark.parametrize("dtype", ["no such dtype", 7, object()])
def test_what_is_no_dtype_is_refused(dtype: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="dtype must be a NumPy dtype"):
        EventRing(4, dtype)


@pytest.mark.parametrize(
    "record",
    [
        None,
        1,
        (1, 2),
        events(0, 1),
        events(0, 0),
        np.uint64(1),
        events(0, 1, np.dtype([*STAMPS, ("x", "<u8", (5,))]))[0],
        bytes(56),
    ],
    ids=lambda value: type(value).__name__ + str(getattr(value, "shape", "")),
)
def test_what_is_no_record_of_the_dtype_is_refused(record: Any) -> None:
    ring = EventRing(4)
    with pytest.raises(ArgumentTypeError, match="expected one record of this ring's dtype") as raised:
        ring.publish(record)
    assert str(EVENT_DTYPE) in str(raised.value)
    assert ring.head() == 0


@pytest.mark.parametrize(
    "array",
    [
        None,
        [events(0, 1)[0]],
        events(0, 1)[0],
        np.zeros(4, np.dtype(STAMPS)),
        np.zeros(56, "u1"),
        events(0, 2).tobytes(),
        events(0, 2).astype(EVENT_DTYPE.newbyteorder(">")),
    ],
    ids=lambda value: type(value).__name__ + str(getattr(value, "shape", "")),
)
def test_what_is_no_array_of_the_dtype_is_refused(array: Any) -> None:
    ring = EventRing(4)
    with pytest.raises(ArgumentTypeError, match="one-dimensional array of this ring's dtype"):
        ring.publish_many(array)
    assert ring.head() == 0


def test_an_array_of_more_dimensions_is_refused() -> None:
    ring = EventRing(4)
    with pytest.raises(ArgumentValueError, match="it has 2 dimensions"):
        ring.publish_many(events(0, 4).reshape(2, 2))
    assert ring.head() == 0

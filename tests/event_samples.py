"""Events that know their sequence, for the tests of the native tier."""

from __future__ import annotations

from typing import Any

import numpy as np

from tickpath.core.ingest.event import EVENT_DTYPE

CAPACITIES = [1, 2, 3, 17, 1000]
STAMPS: list[Any] = [("ts_ns", "<u8"), ("intended_ns", "<u8")]

Events = np.ndarray[Any, np.dtype[np.void]]


def events(first: int, count: int, dtype: np.dtype[np.void] = EVENT_DTYPE) -> Events:
    """``count`` events that know their sequence."""
    made = np.zeros(count, dtype)
    made["ts_ns"] = np.arange(first, first + count)
    made["intended_ns"] = ~made["ts_ns"]
    return made


def sequences(array: Events) -> list[int]:
    """The sequences in ``array``, which must be whole events."""
    assert np.array_equal(array["intended_ns"], ~array["ts_ns"])
    return [int(seq) for seq in array["ts_ns"]]


def half(capacity: int) -> int:
    """Where ``reset_to_oldest()`` lands, counted back from the head."""
    return (capacity + 1) // 2

"""Monotonic time: integer nanoseconds on one timeline, for stamps and spans.

No wall clock: a stamp orders events and measures spans, it does not say what day it is. The native
stamps are on the same timeline (``CLOCK_MONOTONIC`` on Linux), so that a stamp taken in Python may
be subtracted from one taken in Rust.
"""

from __future__ import annotations

from time import perf_counter_ns

__all__ = ["delta", "now"]

# The function itself, not a wrapper: a Python frame would double the cost of a stamp.
now = perf_counter_ns


def delta(start: int, end: int) -> int:
    """The span from ``start`` to ``end`` in nanoseconds: ``end - start``, negative if they are swapped.

    >>> delta(1_000, 1_250)
    250
    """
    return end - start

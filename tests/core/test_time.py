"""Monotonic time: the clock itself, and pure subtraction."""

from __future__ import annotations

import time

import pytest

from tickpath.core.time import delta, now


def test_now_is_the_clock_itself_and_not_a_wrapper() -> None:
    assert now is time.perf_counter_ns


def test_stamps_are_integers_that_never_run_backwards() -> None:
    stamps = [now() for _ in range(100)]
    assert all(type(stamp) is int for stamp in stamps)
    assert stamps == sorted(stamps)


@pytest.mark.parametrize(
    ("start", "end", "span"), [(0, 0, 0), (3, 10, 7), (10, 3, -7), (2**70, 2**70 + 1, 1), (-5, 5, 10)]
)
def test_delta_is_end_minus_start(start: int, end: int, span: int) -> None:
    assert delta(start, end) == span

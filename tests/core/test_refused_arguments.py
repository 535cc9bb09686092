"""What the native classes say of an argument that makes no sense: what was given, and what was expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tickpath.control.metrics import LatencyHistogram, Metrics
from tickpath.core.bus import Consumer, EventRing, RingBuffer
from tickpath.core.execution import Ack
from tickpath.errors import (
    ArgumentOverflowError,
    ArgumentTypeError,
    ArgumentValueError,
    NotPublished,
    TickpathError,
)

BAD: Any = 1.5
#: More digits than Python writes.
LONG = 10**5000
SHOWN = "integer of 16610 bits"


class Only:
    """An integer that neither compares nor prints as one."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __index__(self) -> int:
        return self.number


class Boasts(int):
    """An integer that says of itself what it likes."""

    def __lt__(self, other: object) -> bool:
        return True

    def __str__(self) -> str:
        return "many"

    __repr__ = __str__


WIDE: Any = Only(2**70)
LOW: Any = Only(-(2**70))


@pytest.mark.parametrize(
    ("attempt", "error", "words"),
    [
        (lambda: RingBuffer(LONG), ArgumentValueError, f"and fit 64 bits, got a positive {SHOWN}"),
        (lambda: EventRing(-LONG), ArgumentValueError, f"and fit 64 bits, got a negative {SHOWN}"),
        (lambda: RingBuffer(Boasts(-5)), ArgumentValueError, "and fit 64 bits, got -5"),
        (lambda: RingBuffer[int](1).get(LOW), ArgumentValueError, f"(sequences start at 0), got {-(2**70)}"),
        (lambda: RingBuffer[int](1).get(WIDE), NotPublished, f"sequence {2**70} is not published yet"),
        (lambda: RingBuffer[int](1).get(Boasts(2**70)), NotPublished, f"sequence {2**70} is not published"),
        (lambda: RingBuffer[int](1).get(LONG), NotPublished, "sequence of more than 256 bits is not"),
        (lambda: RingBuffer[int](1).get(BAD), ArgumentTypeError, "seq must be an integer, got float"),
        (
            lambda: Consumer(RingBuffer[int](1), start=2**64),
            ArgumentValueError,
            f'start={2**64} lies beyond any head; use start="head" to begin there',
        ),
        (
            lambda: EventRing(1).reader(WIDE),
            ArgumentValueError,
            f'start={2**70} lies beyond any head; use start="head" to begin there',
        ),
        (
            lambda: Consumer(RingBuffer[int](1), start=2**64 - 1),
            ArgumentValueError,
            f"start={2**64 - 1} lies beyond the head: the next sequence will be 0",
        ),
        (
            lambda: Consumer(RingBuffer[int](1), start=BAD),
            ArgumentTypeError,
            'start must be "oldest", "head" or a sequence, got float',
        ),
        (
            lambda: EventRing(1).reader("\ud800"),  # type: ignore[arg-type]
            ArgumentValueError,
            'start must be "oldest", "head" or a sequence, got',
        ),
        (
            lambda: Consumer(RingBuffer[int](1)).poll_many(LOW),
            ArgumentValueError,
            f"limit must not be negative, got {-(2**70)}",
        ),
        (
            lambda: Metrics().observe(WIDE),
            ArgumentOverflowError,
            f"latency_ns must be below 2**64, got {2**70}",
        ),
        (
            lambda: Metrics().observe(LOW),
            ArgumentValueError,
            f"latency_ns must not be negative, got {-(2**70)}",
        ),
        (
            lambda: Metrics().snapshot().percentile(LONG),
            ArgumentValueError,
            f"quantile must be from 0 to 1 (0.99 for p99), got a positive {SHOWN}",
        ),
        (
            lambda: Metrics().snapshot().percentile(2**64),
            ArgumentValueError,
            f"quantile must be from 0 to 1 (0.99 for p99), got {2**64}",
        ),
        (lambda: Metrics().snapshot().percentile(1e300), ArgumentValueError, "(0.99 for p99), got 1e300"),
        (lambda: Metrics(BAD), ArgumentTypeError, "histogram must be True or False, got float"),
        (
            lambda: LatencyHistogram(by_plan=BAD),
            ArgumentTypeError,
            "by_plan must be True or False, got float",
        ),
        (lambda: LatencyHistogram(BAD), ArgumentTypeError, "LatencyHistogram takes an iterable, got float"),
        (lambda: Ack(0, 1, 2, BAD, 3), ArgumentTypeError, "executed must be True or False, got float"),
    ],
)
def test_a_refusal_says_what_was_given_and_what_was_expected(
    attempt: Callable[[], object], error: type[TickpathError], words: str
) -> None:
    with pytest.raises(error) as raised:
        attempt()
    assert words in str(raised.value)


def test_a_wide_integer_is_one_whatever_stands_for_it() -> None:
    metrics = Metrics()
    metrics.observe(Only(2**64 - 1))  # type: ignore[arg-type]
    assert metrics.snapshot().max_latency_ns == 2**64 - 1
    assert Consumer(RingBuffer[int](1)).poll_many(WIDE) == []


def test_an_error_of_the_objects_own_stays_what_it_is() -> None:
    class Broken:
        def __init__(self, error: Exception) -> None:
            self.error = error

        def __index__(self) -> int:
            raise self.error

        @property
        def dtype(self) -> object:
            raise self.error

    broken: Any = Broken(OverflowError("its own"))
    for attempt in (RingBuffer, RingBuffer[int](1).get, Metrics().observe, EventRing(1).publish):
        with pytest.raises(OverflowError, match="its own"):
            attempt(broken)

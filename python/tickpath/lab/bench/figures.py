"""What is made of samples: a median with its spread, ratios within a round, percentiles that may be unknown.

A mean belongs to the worst pause of the machine, so there is none here.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tickpath.control.metrics import LatencyHistogram

__all__ = ["PERCENTILES", "Latency", "Spread", "ratio"]

#: Name and quantile of the percentiles that are reported.
PERCENTILES = (("p50_ns", 0.5), ("p90_ns", 0.9), ("p99_ns", 0.99), ("p99_9_ns", 0.999))
#: Where a distribution is drawn: evenly in the number of nines, to five of them.
_NINES_MAX = 5
_STEPS_PER_NINE = 8
_BEFORE_THE_FIRST_STEP = (0.0, 0.01, 0.05, 0.1, 0.15, 0.2)


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of the rounds, beside the lowest and the highest of them."""

    median: float
    low: float
    high: float
    rounds: int
    """How many rounds it is the median of."""

    @classmethod
    def of(cls, values: Iterable[float]) -> Self | None:
        """The spread of ``values``, one a round; ``None`` without any."""
        numbers = list(values)
        if not numbers:
            return None
        return cls(statistics.median(numbers), min(numbers), max(numbers), len(numbers))


def ratio(rounds: Iterable[Mapping[str, float]], numerator: str, denominator: str) -> Spread | None:
    """``numerator`` over ``denominator``, round by round; rounds that lack either do not count."""
    values = []
    for figures in rounds:
        above, below = figures.get(numerator), figures.get(denominator)
        if above is not None and below:
            values.append(above / below)
    return Spread.of(values)


@dataclass(frozen=True, slots=True)
class Latency:
    """A distribution in nanoseconds. A percentile with fewer than ten samples beyond it is ``None``."""

    count: int
    min_ns: int | None
    max_ns: int | None
    percentiles: tuple[tuple[str, int | None], ...]
    """``PERCENTILES`` by name."""
    quantiles: tuple[tuple[float, int], ...]
    """Points of the distribution, quantile and nanoseconds, as far as they are known."""

    @classmethod
    def of(cls, samples_ns: Sequence[int]) -> Self:
        """The distribution of ``samples_ns``, to three significant digits (those of ``LatencyHistogram``)."""
        from tickpath.control.metrics import LatencyHistogram

        return cls.of_histogram(LatencyHistogram(samples_ns))

    @classmethod
    def of_histogram(cls, seen: LatencyHistogram) -> Self:
        """The distribution of what was counted."""
        steps = range(1, _NINES_MAX * _STEPS_PER_NINE + 1)
        drawn = [*_BEFORE_THE_FIRST_STEP, *(1 - 10 ** (-step / _STEPS_PER_NINE) for step in steps)]
        points = [(quantile, seen.percentile(quantile)) for quantile in drawn]
        return cls(
            seen.count,
            seen.min_ns,
            seen.max_ns,
            tuple((name, seen.percentile(quantile)) for name, quantile in PERCENTILES),
            tuple((round(quantile, 7), ns) for quantile, ns in points if ns is not None),
        )

"""A change from A to B, as far as it is known: the figure, its bounds, and how they were found.

Pure functions over immutable values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from tickpath.control.metrics import LatencyHistogram
from tickpath.lab.compare.intervals import pair_rank, quantile_ranks, shift_interval
from tickpath.lab.compare.reading import StageReading

__all__ = ["Change", "counted", "of_percentile", "of_runs"]

_rank = cache(pair_rank)


@dataclass(frozen=True, slots=True)
class Change:
    """From A to B: as a ratio, and as a difference."""

    method: str
    """How the bounds were found: ``counted``, ``within runs``, ``between runs``, or ``too few runs``."""
    ratio: float | None
    """B divided by A; ``None`` if that is no number."""
    ratio_low: float | None
    """The lowest that it may be; ``None`` if nothing is known, or it is no number."""
    ratio_high: float | None
    """The highest."""
    difference: float
    """B less A."""
    difference_low: float | None
    """The lowest that it may be; ``None`` if nothing is known."""
    difference_high: float | None
    """The highest."""

    def grown_by_more_than(self, share: float) -> tuple[bool, bool]:
        """Whether it has grown by more than ``share``, and whether it has not, each with confidence."""
        if self.difference_low is None or self.difference_high is None:
            return False, False
        # From 0 everything is growth without end, and 0 is none.
        low = self.ratio_low if self.ratio_low is not None else _endless(self.difference_low)
        high = self.ratio_high if self.ratio_high is not None else _endless(self.difference_high)
        return low > 1 + share, high <= 1 + share

    def more_by_more_than(self, amount: float) -> tuple[bool, bool]:
        """Whether it is more by more than ``amount``, and whether it is not, each with confidence."""
        if self.difference_low is None or self.difference_high is None:
            return False, False
        return self.difference_low > amount, self.difference_high <= amount


def _endless(difference: float) -> float:
    return math.inf if difference > 0 else 1.0


def counted(a: int, b: int) -> Change:
    """Of figures that are exact: losses, and everything in virtual time."""
    ratio = b / a if a else None
    return Change("counted", ratio, ratio, ratio, b - a, b - a, b - a)


def of_percentile(
    a: StageReading, b: StageReading, field: str, quantile: float, confidence: float
) -> Change | None:
    """Of a percentile in one run a side: each side's interval holds with half of what is left of 1."""
    mine, theirs = a.percentiles_ns[field], b.percentiles_ns[field]
    if mine is None or theirs is None or a.histogram is None or b.histogram is None:
        return None
    # Both hold together with `confidence` at least, whatever one has to do with the other (Bonferroni).
    each = (1 + confidence) / 2
    low_a, high_a = _bounds(a.histogram, quantile, each)
    low_b, high_b = _bounds(b.histogram, quantile, each)
    return Change(
        "within runs",
        theirs / mine if mine else None,
        low_b / high_a if high_a else None,
        high_b / low_a if low_a else None,
        theirs - mine,
        low_b - high_a,
        high_b - low_a,
    )


def _bounds(histogram: LatencyHistogram, quantile: float, confidence: float) -> tuple[int, int]:
    """The latencies at the ranks between which the percentile lies, to three significant digits."""
    count = histogram.count
    low, high = quantile_ranks(count, quantile, confidence)
    return _at_rank(histogram, low, count), _at_rank(histogram, high, count)


def _at_rank(histogram: LatencyHistogram, rank: int, count: int) -> int:
    if rank < 1:
        return histogram.min_ns or 0
    # Half a rank below: rounding leads to no other.
    at = histogram.percentile((rank - 0.5) / count) if rank <= count else None
    # With fewer than ten beyond it is not said; the largest is a bound all the same.
    return at if at is not None else histogram.max_ns or 0


def of_runs(a: Sequence[int], b: Sequence[int], confidence: float) -> Change:
    """Of a figure of several runs a side: the median of all pairs, and the exact bounds of the shift."""
    rank = _rank(len(a), len(b), confidence)
    ratios = [_ratio(mine, theirs) for mine in a for theirs in b]
    differences = [float(theirs - mine) for mine in a for theirs in b]
    ratio, ratio_low, ratio_high = shift_interval(ratios, max(rank, 1))
    difference, low, high = shift_interval(differences, max(rank, 1))
    if not rank:
        return Change("too few runs", _number(ratio), None, None, difference, None, None)
    return Change(
        "between runs", _number(ratio), _number(ratio_low), _number(ratio_high), difference, low, high
    )


def _ratio(mine: int, theirs: int) -> float:
    return theirs / mine if mine else _endless(theirs)


def _number(ratio: float) -> float | None:
    return None if math.isinf(ratio) else ratio

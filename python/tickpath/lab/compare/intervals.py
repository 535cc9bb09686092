"""How sure a figure is: exact intervals that suppose nothing of how latencies are distributed.

Two of them, neither of which draws a random number:

- of a percentile within one run, from order statistics: the number of samples up to the true percentile is
  binomial, so two ranks hold it between them with a known probability (H. A. David and H. N. Nagaraja, *Order
  Statistics*, 3rd edition, Wiley 2003, section 7.1). It supposes that samples are independent; those of one
  run are not, since events queue behind each other, so that it is too narrow.
- of a difference between two groups of runs, from all pairs of them: between the k-th smallest and the k-th
  largest pairwise difference lies the shift, with a probability that the exact distribution of the
  Mann-Whitney statistic gives (J. L. Hodges and E. L. Lehmann, *Annals of Mathematical Statistics* 34, 1963,
  598-611; D. F. Bauer, *Journal of the American Statistical Association* 67, 1972, 687-690). It supposes that
  runs are independent, and differ between the sides by a shift (of logarithms, where ratios are taken).

Pure functions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

__all__ = ["pair_rank", "quantile_ranks", "runs_needed", "shift_interval"]

#: What lies further out adds nothing to a sum of doubles.
_NEGLIGIBLE = 1e-20


def quantile_ranks(count: int, quantile: float, confidence: float) -> tuple[int, int]:
    """Ranks between which the true ``quantile`` of ``count`` samples lies with at least ``confidence``.

    The smallest sample has rank 1. A rank of 0 or ``count + 1`` says that no sample is a bound on that side.
    Each side is missed with at most half of what is left of 1. Takes the square root of ``count``.

    >>> quantile_ranks(100, 0.5, 0.95)
    (40, 61)
    """
    tail = (1 - confidence) / 2
    first, weights = _binomial(count, quantile)
    total = math.fsum(weights)
    low, below = first, 0.0
    # The largest rank with at most `tail` of the probability that fewer samples are below.
    for weight in weights:
        if below + weight > tail * total:
            break
        below += weight
        low += 1
    high, above = first + len(weights), 0.0
    for weight in reversed(weights):
        if above + weight > tail * total:
            break
        above += weight
        high -= 1
    return low, high


def _binomial(count: int, quantile: float) -> tuple[int, list[float]]:
    """The binomial probabilities around their mode, up to a factor, and for how many samples the first is."""
    mode = min(int((count + 1) * quantile), count)
    odds = quantile / (1 - quantile)
    upwards, downwards = [1.0], []
    for k in range(mode, count):
        weight = upwards[-1] * (count - k) / (k + 1) * odds
        if weight < _NEGLIGIBLE:
            break
        upwards.append(weight)
    weight = 1.0
    for k in range(mode, 0, -1):
        weight *= k / ((count - k + 1) * odds)
        if weight < _NEGLIGIBLE:
            break
        downwards.append(weight)
    return mode - len(downwards), downwards[::-1] + upwards


def pair_rank(left: int, right: int, confidence: float) -> int:
    """Which smallest and largest of ``left`` x ``right`` pairwise differences bound the shift.

    0 if there are too few for ``confidence``.

    >>> pair_rank(5, 5, 0.95), pair_rank(4, 4, 0.95), pair_rank(3, 3, 0.95)
    (3, 1, 0)
    """
    arrangements = math.comb(left + right, left)
    # Exact: a share of two whole numbers against a fraction.
    tail = (1 - Fraction(str(confidence))) / 2 * arrangements
    counts, reached, rank = _mann_whitney(left, right), 0, 0
    for count in counts:
        reached += count
        if reached > tail:
            break
        rank += 1
    return rank


def _mann_whitney(left: int, right: int) -> list[int]:
    """Of all orders of two groups, how many have each value of the statistic, from 0 on: exact."""
    # The coefficients of the Gaussian binomial, by multiplication and division of polynomials.
    size = left * right + 1
    counts = [1] + [0] * (size - 1)
    for k in range(1, left + 1):
        for at in range(size - 1, right + k - 1, -1):
            counts[at] -= counts[at - right - k]
        for at in range(k, size):
            counts[at] += counts[at - k]
    return counts


def runs_needed(confidence: float) -> int:
    """How many runs a side ``confidence`` takes at least, with as many on the other."""
    return next(runs for runs in range(1, 100) if pair_rank(runs, runs, confidence))


def shift_interval(pairs: Sequence[float], rank: int) -> tuple[float, float, float]:
    """The median of ``pairs``, and their ``rank``-th smallest and largest."""
    ordered = sorted(pairs)
    middle = len(ordered) // 2
    median = ordered[middle] if len(ordered) % 2 else _mean(ordered[middle - 1], ordered[middle])
    return median, ordered[rank - 1], ordered[-rank]


def _mean(low: float, high: float) -> float:
    return high if math.isinf(high) else (low + high) / 2

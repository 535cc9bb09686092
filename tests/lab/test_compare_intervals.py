"""How sure a difference is: intervals against the distributions and the tables that they are made from."""

from __future__ import annotations

import math
import random

import pytest

from tickpath.lab.compare.estimate import of_runs
from tickpath.lab.compare.intervals import pair_rank, quantile_ranks, runs_needed, shift_interval


@pytest.mark.parametrize("count", [11, 100, 1_000, 5_432])
@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.99, 0.999])
def test_two_ranks_hold_a_percentile_as_often_as_they_say(count: int, quantile: float) -> None:
    def below(rank: int) -> float:
        """P(fewer than ``rank`` samples lie below the percentile): binomial, summed in logarithms."""
        logs = (
            math.lgamma(count + 1)
            - math.lgamma(k + 1)
            - math.lgamma(count - k + 1)
            + k * math.log(quantile)
            + (count - k) * math.log1p(-quantile)
            for k in range(rank)
        )
        return math.fsum(math.exp(log) for log in logs if log > -700)

    low, high = quantile_ranks(count, quantile, 0.95)
    assert 0 <= low <= count * quantile + 1
    assert count * quantile < high <= count + 1
    # Each side is missed with at most 2.5 %, and the next rank would be missed with more.
    assert below(low) <= 0.025 < below(low + 1)
    assert 1 - below(high) <= 0.025 + 1e-9
    assert 1 - below(high - 1) > 0.025 - 1e-9


def test_the_ranks_of_many_samples_are_those_of_a_normal_distribution() -> None:
    low, high = quantile_ranks(10**9, 0.99, 0.95)
    deviation = math.sqrt(10**9 * 0.99 * 0.01)
    assert (0.99 * 10**9 - low) / deviation == pytest.approx(1.96, abs=0.01)
    assert (high - 0.99 * 10**9) / deviation == pytest.approx(1.96, abs=0.01)


def test_ranks_of_pairs_are_those_of_the_tables_of_the_mann_whitney_statistic() -> None:
    # Critical values, two-sided at 5 %, as statistics books print them: a rank is one more.
    tables = {(4, 4): 0, (5, 5): 2, (6, 6): 5, (8, 8): 13, (10, 10): 23, (5, 8): 6, (10, 7): 14}
    assert {size: pair_rank(*size, 0.95) - 1 for size in tables} == tables
    assert [pair_rank(*size, 0.95) for size in ((1, 1), (3, 3), (1, 38), (1, 39))] == [0, 0, 0, 1]
    assert (runs_needed(0.95), runs_needed(0.99), runs_needed(0.8)) == (4, 5, 3)


def test_the_interval_between_runs_holds_the_shift_as_often_as_it_says() -> None:
    seed = 20_26
    chance = random.Random(seed)  # noqa: S311 - no secret
    rank, held = pair_rank(5, 5, 0.95), 0
    for _ in range(2_000):
        a, b = ([chance.gauss(0, 1) for _ in range(5)] for _ in range(2))
        _, low, high = shift_interval([y + 1 - x for x in a for y in b], rank)
        held += low <= 1 <= high
    assert held / 2_000 == pytest.approx(0.968, abs=0.012), f"seed {seed}"  # 1 - 2 * 4 / 252


def test_growth_from_nothing_has_no_end_and_nothing_stays_nothing() -> None:
    grown = of_runs([0] * 5, [7] * 5, 0.95)
    assert (grown.ratio, grown.difference_low) == (None, 7)
    assert grown.grown_by_more_than(100.0) == (True, False)
    same = of_runs([0] * 5, [0] * 5, 0.95)
    assert same.grown_by_more_than(0.0) == (False, True)

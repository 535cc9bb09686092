"""The statistics of the bench: medians with their spread, ratios within a round, unknown percentiles."""

from __future__ import annotations

import pytest

from tickpath.lab.bench.figures import Latency, Spread, ratio


def test_a_spread_is_the_median_with_the_lowest_and_the_highest() -> None:
    assert Spread.of([5.0, 1.0, 2.0]) == Spread(2.0, 1.0, 5.0, 3)
    assert Spread.of(iter([4.0, 2.0])) == Spread(3.0, 2.0, 4.0, 2)


def test_a_spread_of_nothing_is_unknown() -> None:
    assert Spread.of([]) is None


def test_ratios_are_formed_within_a_round() -> None:
    # A machine that was ten times slower in one round: the medians alone would say 20 / 10.
    rounds = [{"a": 20.0, "b": 10.0}, {"a": 300.0, "b": 100.0}, {"a": 10.0, "b": 10.0}]
    assert ratio(rounds, "a", "b") == Spread(2.0, 1.0, 3.0, 3)


def test_a_round_that_lacks_either_does_not_count() -> None:
    assert ratio([{"a": 4.0, "b": 2.0}, {"a": 4.0}, {"b": 4.0}], "a", "b") == Spread(2.0, 2.0, 2.0, 1)
    assert ratio([{"a": 4.0}], "a", "b") is None


@pytest.mark.parametrize(
    ("samples", "known"),
    [
        (0, []),
        (19, []),
        (20, ["p50_ns"]),
        (100, ["p50_ns", "p90_ns"]),
        (1_000, ["p50_ns", "p90_ns", "p99_ns"]),
        (9_999, ["p50_ns", "p90_ns", "p99_ns"]),
        (10_000, ["p50_ns", "p90_ns", "p99_ns", "p99_9_ns"]),
    ],
)
def test_a_percentile_needs_ten_samples_beyond_it(samples: int, known: list[str]) -> None:
    latency = Latency.of(list(range(1, samples + 1)))
    assert latency.count == samples
    assert [name for name, ns in latency.percentiles if ns is not None] == known


def test_a_distribution_has_exact_extremes_and_percentiles_to_three_digits() -> None:
    latency = Latency.of(list(range(1_000, 2_000)))
    assert (latency.min_ns, latency.max_ns) == (1_000, 1_999)
    assert dict(latency.percentiles)["p50_ns"] == pytest.approx(1_499, rel=1e-3)


def test_the_points_of_a_distribution_rise_and_end_where_it_is_unknown() -> None:
    quantiles, values = zip(*Latency.of(list(range(1, 1_001))).quantiles, strict=True)
    assert quantiles[0] == 0
    assert quantiles[-1] == pytest.approx(0.99)
    assert list(values) == sorted(values)
    assert list(quantiles) == sorted(quantiles)


def test_nothing_measured_is_unknown_and_not_zero() -> None:
    empty = Latency.of([])
    assert (empty.min_ns, empty.max_ns, empty.quantiles) == (None, None, ())

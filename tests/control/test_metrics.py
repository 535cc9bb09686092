"""Metrics: exact counts, unknown where nothing is known. Both tiers."""

from __future__ import annotations

from typing import Any
from unittest.mock import ANY

import numpy as np
import pytest

from tests.tiers import TIERS
from tickpath.errors import ArgumentOverflowError, ArgumentTypeError, ArgumentValueError


@pytest.fixture(params=list(TIERS))
def tier(request: pytest.FixtureRequest) -> Any:
    return TIERS[request.param]


def test_nothing_observed_is_unknown_and_not_zero(tier: Any) -> None:
    snapshot = tier.Metrics().snapshot()
    assert (snapshot.count, snapshot.total_latency_ns) == (0, 0)
    assert snapshot.min_latency_ns is None
    assert snapshot.max_latency_ns is None


@pytest.mark.parametrize("histogram", [False, True])
@pytest.mark.parametrize("values", [[0], [5], [3, 1, 2], [0, 2**64 - 1], [7] * 100])
def test_counts_are_exact(tier: Any, histogram: bool, values: list[int]) -> None:
    metrics = tier.Metrics(histogram=histogram)
    for value in values:
        assert metrics.observe(value) is None
    snapshot = metrics.snapshot()
    assert snapshot.count == len(values)
    assert snapshot.total_latency_ns == sum(values)
    assert (snapshot.min_latency_ns, snapshot.max_latency_ns) == (min(values), max(values))


def test_a_total_beyond_64_bits_does_not_wrap(tier: Any) -> None:
    metrics = tier.Metrics()
    for _ in range(3):
        metrics.observe(2**64 - 1)
    assert metrics.snapshot().total_latency_ns == 3 * (2**64 - 1)


@pytest.mark.parametrize(
    ("value", "error", "builtin"),
    [
        (-1, ArgumentValueError, ValueError),
        (-(2**63), ArgumentValueError, ValueError),
        (-(2**90), ArgumentValueError, ValueError),
        (2**64, ArgumentOverflowError, OverflowError),
        (2**90, ArgumentOverflowError, OverflowError),
        (1.0, ArgumentTypeError, TypeError),
        ("1", ArgumentTypeError, TypeError),
        (None, ArgumentTypeError, TypeError),
    ],
)
def test_what_is_refused_is_not_counted(
    tier: Any, value: Any, error: type[Exception], builtin: type[Exception]
) -> None:
    metrics = tier.Metrics(histogram=True)
    metrics.observe(5)
    with pytest.raises(error) as caught:
        metrics.observe(value)
    assert isinstance(caught.value, builtin)
    assert metrics.snapshot().count == 1


def test_integers_of_numpy_are_integers(tier: Any) -> None:
    metrics = tier.Metrics()
    metrics.observe(np.uint64(2**63 + 1))
    metrics.observe(np.int32(4))
    assert metrics.snapshot().total_latency_ns == 2**63 + 5


def test_reset_returns_what_it_clears(tier: Any) -> None:
    metrics = tier.Metrics(histogram=True)
    metrics.observe(5)
    metrics.observe(9)
    before = metrics.snapshot()
    cleared = metrics.reset()
    assert (cleared.count, cleared.total_latency_ns) == (before.count, 14)
    empty = metrics.snapshot()
    assert (empty.count, empty.min_latency_ns, empty.max_latency_ns) == (0, None, None)
    metrics.observe(1)
    assert metrics.snapshot().max_latency_ns == 1


def test_a_snapshot_does_not_follow_its_metrics(tier: Any) -> None:
    metrics = tier.Metrics(histogram=True)
    metrics.observe(5)
    snapshot = metrics.snapshot()
    metrics.observe(500)
    metrics.reset()
    assert (snapshot.count, snapshot.max_latency_ns) == (1, 5)
    with pytest.raises(AttributeError):
        snapshot.count = 3


def test_percentiles_need_ten_samples_beyond(tier: Any) -> None:
    metrics = tier.Metrics(histogram=True)
    for value in range(1, 1001):
        metrics.observe(value)
    snapshot = metrics.snapshot()
    assert snapshot.percentile(0.5) == pytest.approx(500, rel=0.002)
    assert snapshot.percentile(0.99) == pytest.approx(990, rel=0.002)
    assert snapshot.percentile(0.991) is None
    assert tier.Metrics().snapshot().percentile(0.5) is None, "no histogram is kept"


@pytest.mark.parametrize("magnitude", [1, 1_000, 10**6, 10**9, 10**10])
def test_percentiles_are_precise_to_three_digits(tier: Any, magnitude: int) -> None:
    metrics = tier.Metrics(histogram=True)
    for value in range(1, 101):
        metrics.observe(value * magnitude)
    assert metrics.snapshot().percentile(0.5) == pytest.approx(50 * magnitude, rel=0.002)


@pytest.mark.parametrize("quantile", [-0.1, 1.1, float("nan")])
def test_a_quantile_is_from_0_to_1(tier: Any, quantile: float) -> None:
    with pytest.raises(ArgumentValueError, match="from 0 to 1"):
        tier.Metrics(histogram=True).snapshot().percentile(quantile)


def test_latency_sink_needs_metrics(tier: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="metrics"):
        tier.LatencySink(None)


def test_a_snapshot_leaves_it_to_others_whether_they_equal_it(tier: Any) -> None:
    snapshot = tier.Metrics().snapshot()
    assert snapshot == ANY
    assert not snapshot != ANY  # noqa: SIM202  the other operator
    assert snapshot != 0
    assert snapshot == tier.Metrics().snapshot()

"""LatencyHistogram: what a stage recorded, read, merged, corrected once, and carried elsewhere."""

from __future__ import annotations

import copy
import pickle

import pytest

from tickpath.control.metrics import LatencyHistogram, Metrics
from tickpath.errors import (
    ArgumentOverflowError,
    ArgumentTypeError,
    ArgumentValueError,
    CorrectionRefused,
)


def test_nothing_counted_is_unknown_and_not_zero() -> None:
    empty = LatencyHistogram()
    assert (empty.count, empty.min_ns, empty.max_ns) == (0, None, None)
    assert empty.percentile(0.5) is None
    assert repr(empty) == "LatencyHistogram(count=0, min_ns=None, max_ns=None)"


def test_count_and_extremes_are_exact() -> None:
    histogram = LatencyHistogram([123_456_789, 2**64 - 1, 0])
    assert (histogram.count, histogram.min_ns, histogram.max_ns) == (3, 0, 2**64 - 1)


def test_a_percentile_needs_ten_samples_beyond_it() -> None:
    histogram = LatencyHistogram(range(1, 1001))
    assert (histogram.percentile(0.5), histogram.percentile(0.99)) == (500, 990)
    assert histogram.percentile(0.991) is None
    assert LatencyHistogram(range(1, 1000)).percentile(0.99) is None


@pytest.mark.parametrize("quantile", [-0.1, 1.1, float("nan")])
def test_a_quantile_is_from_0_to_1(quantile: float) -> None:
    with pytest.raises(ArgumentValueError, match="from 0 to 1"):
        LatencyHistogram().percentile(quantile)


@pytest.mark.parametrize(
    ("latency", "error"),
    [(-1, ArgumentValueError), (2**64, ArgumentOverflowError), (1.5, ArgumentTypeError)],
)
def test_a_latency_is_a_non_negative_integer(latency: int, error: type[Exception]) -> None:
    with pytest.raises(error, match="latency"):
        LatencyHistogram([1, latency])


def test_merging_makes_a_new_one_and_leaves_both() -> None:
    low, high = LatencyHistogram([1, 2]), LatencyHistogram([2, 900])
    merged = low.merge(high)
    assert merged == LatencyHistogram([1, 2, 2, 900])
    assert (low, high) == (LatencyHistogram([1, 2]), LatencyHistogram([2, 900]))


def test_a_sum_with_something_by_plan_is_by_plan() -> None:
    planned = LatencyHistogram([3], by_plan=True)
    assert planned.by_plan
    assert LatencyHistogram([1]).merge(planned).by_plan
    assert not LatencyHistogram([1]).merge(LatencyHistogram([3])).by_plan


def test_a_correction_puts_in_what_was_omitted() -> None:
    corrected = LatencyHistogram([90, 1000]).corrected(200)
    assert corrected.count == 6  # 800, 600, 400 and 200 as well
    assert (corrected.min_ns, corrected.max_ns) == (90, 1000)
    assert corrected.corrected_interval_ns == 200
    assert LatencyHistogram([90]).corrected_interval_ns is None


def test_a_correction_cannot_be_applied_twice() -> None:
    corrected = LatencyHistogram([1000]).corrected(200)
    for again in (corrected, pickle.loads(pickle.dumps(corrected))):
        with pytest.raises(CorrectionRefused, match=r"before, for an expected interval of 200 ns.*twice"):
            again.corrected(200)


def test_latencies_by_plan_are_never_corrected() -> None:
    planned = LatencyHistogram([1000], by_plan=True)
    for given in (planned, LatencyHistogram([5]).merge(planned)):
        with pytest.raises(CorrectionRefused, match=r"by plan.*nothing was omitted"):
            given.corrected(200)


def test_an_interval_is_at_least_a_nanosecond() -> None:
    with pytest.raises(ArgumentValueError, match="at least 1"):
        LatencyHistogram([1000]).corrected(0)


def test_what_was_corrected_is_not_merged() -> None:
    corrected = LatencyHistogram([1000]).corrected(200)
    for left, right in ((corrected, LatencyHistogram([1])), (LatencyHistogram([1]), corrected)):
        with pytest.raises(CorrectionRefused, match="merge first"):
            left.merge(right)


@pytest.mark.parametrize(
    "histogram",
    [
        LatencyHistogram(),
        LatencyHistogram([0, 7, 123_456_789]),
        LatencyHistogram([1_000_001] * 30, by_plan=True),
        LatencyHistogram([2**64 - 1]),
        LatencyHistogram([90, 1000]).corrected(200),
    ],
)
def test_a_copy_is_equal_whichever_way_it_went(histogram: LatencyHistogram) -> None:
    for again in (pickle.loads(pickle.dumps(histogram)), copy.deepcopy(histogram)):
        assert again == histogram
        assert (again.min_ns, again.max_ns, again.by_plan) == (
            histogram.min_ns,
            histogram.max_ns,
            histogram.by_plan,
        )


def test_histograms_of_other_counts_or_basis_are_not_equal() -> None:
    assert LatencyHistogram([1]) != LatencyHistogram([2])
    assert LatencyHistogram([1]) != LatencyHistogram([1], by_plan=True)
    assert LatencyHistogram([1]) != LatencyHistogram([1]).corrected(5)


@pytest.mark.parametrize("encoded", [b"", b"HISTFAAA", LatencyHistogram([1, 2]).to_v2()[:20]])
def test_bytes_that_are_no_histogram_are_refused(encoded: bytes) -> None:
    with pytest.raises(ArgumentValueError, match="V2 encoding"):
        LatencyHistogram.from_v2(encoded)


def test_a_snapshot_hands_over_its_histogram() -> None:
    metrics = Metrics(histogram=True)
    metrics.observe(120)
    snapshot = metrics.snapshot()
    metrics.observe(9)
    assert snapshot.histogram == LatencyHistogram([120])
    assert Metrics().snapshot().histogram is None

"""Native and reference metrics: the same counts exactly, the same percentiles to their bucket."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.properties.users import TIERS, Index, outcome

LATENCIES = st.one_of(
    st.integers(0, 5000),
    st.integers(0, 64).flatmap(lambda bits: st.integers(0, (1 << bits) - 1)),
    st.sampled_from([2**64 - 1, 2**64, 2**70, -1, -(2**70), True, Index(7), 1.0, "1", None]),
)
QUANTILES = st.one_of(st.floats(0, 1), st.sampled_from([0, 1, 0.5, 0.9, 0.99, -0.1, 1.1]))


@example(histogram=True, blocks=[[0] * 10], quantile=0.0)
@pytest.mark.slow
@given(
    histogram=st.booleans(),
    blocks=st.lists(st.lists(LATENCIES, max_size=60), min_size=1, max_size=3),
    quantile=QUANTILES,
)
def test_both_tiers_count_the_same(histogram: bool, blocks: list[list[Any]], quantile: float) -> None:
    metrics = [tier.Metrics(histogram) for tier in TIERS]
    for block in blocks:
        for latency_ns in block:
            native, ours = (outcome(partial(each.observe, latency_ns)) for each in metrics)
            assert native == ours
        kept = [each.snapshot() for each in metrics]
        _same(kept, quantile)
        _same([each.reset() for each in metrics], quantile)
        assert all(each.snapshot().count == 0 for each in metrics)
        _same(kept, quantile)


def _same(snapshots: list[Any], quantile: float) -> None:
    books = [(s.count, s.total_latency_ns, s.min_latency_ns, s.max_latency_ns) for s in snapshots]
    assert books[0] == books[1]
    assert repr(snapshots[0]) == repr(snapshots[1])
    native, reference = (outcome(partial(snapshot.percentile, quantile)) for snapshot in snapshots)
    if isinstance(native, int) and isinstance(reference, int):
        # Three significant digits: one part in a thousand.
        assert abs(native - reference) * 1000 <= max(native, reference)
    else:
        assert native == reference

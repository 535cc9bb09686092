"""Latencies in buckets that never shrink: counted where they belong, a bounded number at each step."""

from __future__ import annotations

from typing import Any

import numpy as np

from tickpath.runtime.latency_buckets import BOUNDS_NS, AckLatency


class Acks:
    """Acks whose latencies a test sets."""

    dropped = 3

    def __init__(self, *latencies_ns: int) -> None:
        self.left = list(latencies_ns)

    def read_into(self, array: Any, /) -> int:
        """Fills ``array``."""
        now, self.left = self.left[: len(array)], self.left[len(array) :]
        array["decision_ts"][: len(now)] = 1_000
        array["completion_ts"][: len(now)] = np.array(now, dtype=np.uint64) + 1_000
        return len(now)


def test_latencies_fall_into_cumulative_buckets_and_are_never_forgotten() -> None:
    acks = Acks(50, 51, 100, 10**9, 10**9 + 1)
    latency = AckLatency(acks)
    latency.step()
    acks.left = [1] * 10_000
    latency.step()
    buckets = latency.buckets
    counts = dict(zip(buckets.bounds_ns, buckets.counts, strict=True))
    assert (counts[50], counts[100], counts[200]) == (10_001, 10_003, 10_003)
    assert (counts[10**9], buckets.count, buckets.dropped) == (10_004, 10_005, 3)
    assert buckets.sum_ns == 50 + 51 + 100 + 10**9 + 10**9 + 1 + 10_000


def test_a_step_of_the_buckets_is_bounded() -> None:
    acks = Acks(*[7] * 100_000)
    latency = AckLatency(acks)
    latency.step()
    assert 0 < latency.buckets.count < 100_000
    latency.step()
    assert latency.buckets.count == 100_000


def test_the_bounds_fit_nanoseconds() -> None:
    assert (BOUNDS_NS[0], BOUNDS_NS[-1]) == (50, 10**9)
    assert list(BOUNDS_NS) == sorted(BOUNDS_NS)

"""Latencies in buckets that never shrink: counted where they belong, a bounded number at each step."""

from __future__ import annotations

from typing import Any

import numpy as np

from tickpath.runtime.latency_buckets import BOUNDS_NS, AckLatency, LatencyBuckets


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


def stamped(array: Any, *pairs: tuple[int, int]) -> int:
    """Fills ``array`` with acks of these decisions and completions."""
    array["decision_ts"][: len(pairs)], array["completion_ts"][: len(pairs)] = zip(*pairs, strict=True)
    return len(pairs)


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


def test_where_the_clock_was_set_back_between_two_stamps_a_latency_is_0() -> None:
    acks = Acks(70)
    acks.read_into = lambda array: stamped(array, (1_000, 999), (1_000, 1_000), (1_000, 1_070))  # type: ignore[method-assign]
    latency = AckLatency(acks)
    latency.step()
    assert (latency.buckets.counts[:2], latency.buckets.count, latency.buckets.sum_ns) == ((2, 3), 3, 70)


def test_a_step_of_the_buckets_is_bounded() -> None:
    acks = Acks(*[7] * 100_000)
    latency = AckLatency(acks)
    latency.step()
    assert 0 < latency.buckets.count <= 65_536
    latency.step()
    assert latency.buckets.count == 100_000


def test_a_step_takes_what_has_come_however_it_is_cut() -> None:
    # Whole batches, and nothing after them.
    latency = AckLatency(Acks(*[7] * 8_192))
    latency.step()
    assert (latency.buckets.count, latency.buckets.sum_ns) == (8_192, 7 * 8_192)


def test_before_the_first_step_every_bucket_is_there_and_empty() -> None:
    assert AckLatency(Acks(5)).buckets == LatencyBuckets(BOUNDS_NS, (0,) * 23, 0, 0, 0)


def test_the_bounds_are_1_2_and_5_of_each_power_of_ten() -> None:
    assert (
        *(50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000),
        *(10**6, 2 * 10**6, 5 * 10**6, 10**7, 2 * 10**7, 5 * 10**7, 10**8, 2 * 10**8, 5 * 10**8, 10**9),
    ) == BOUNDS_NS

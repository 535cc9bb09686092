"""Count, total, extremes and, if asked for, a histogram of latencies."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Protocol

from tickpath.errors import ArgumentOverflowError, ArgumentTypeError, ArgumentValueError
from tickpath.reference import arguments

__all__ = ["LatencySink", "Metrics", "Snapshot"]

_LATENCY_NS_MAX = 2**64 - 1
_HISTOGRAM_NS_MAX = 2**42 - 1
"""73 minutes: longer latencies land in the histogram's last bucket."""
_LINEAR_BITS = 11
"""Latencies below 2^11 have a bucket each; above, each power of two has 2^10: three digits."""
_HALF = 1 << (_LINEAR_BITS - 1)
_SAMPLES_BEYOND_MIN = 10
"""A percentile needs this many samples beyond it to be worth saying."""


def _bucket(latency_ns: int) -> int:
    shift = max(0, latency_ns.bit_length() - _LINEAR_BITS)
    return shift * _HALF + (latency_ns >> shift)


def _highest_in(bucket: int) -> int:
    shift = max(0, bucket // _HALF - 1)
    return ((bucket - shift * _HALF + 1) << shift) - 1


_BUCKETS = _bucket(_HISTOGRAM_NS_MAX) + 1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was observed up to one moment; immutable."""

    count: int
    """Number of observations."""
    total_latency_ns: int
    """Their sum."""
    min_latency_ns: int | None
    """The smallest, ``None`` if there was none."""
    max_latency_ns: int | None
    """The largest, ``None`` if there was none."""
    _buckets: tuple[int, ...] | None = field(default=None, repr=False, compare=False)

    def percentile(self, quantile: float) -> int | None:
        """The latency at quantile ``quantile`` (0.99 for p99), to three significant digits, in nanoseconds.

        ``None`` when unknown: no histogram was kept, or fewer than ten samples lie beyond it. Raises
        ``ArgumentTypeError`` if ``quantile`` is no number and ``ArgumentValueError`` outside of 0 to 1.
        """
        if not isinstance(quantile, (float, int)):
            raise ArgumentTypeError(f"quantile must be a number from 0 to 1, not {type(quantile).__name__}")
        if not 0 <= quantile <= 1:
            raise ArgumentValueError(f"quantile must be from 0 to 1 (0.99 for p99), not {quantile}")
        rank = max(1, math.ceil(quantile * self.count))  # the lowest quantile is the smallest sample
        if self._buckets is None or self.max_latency_ns is None or self.count - rank < _SAMPLES_BEYOND_MIN:
            return None
        seen = 0
        for bucket, count in enumerate(self._buckets):
            seen += count
            if seen >= rank:
                return min(_highest_in(bucket), self.max_latency_ns)
        raise AssertionError("the buckets hold every sample counted")


class Metrics:
    """Aggregates latencies, with a histogram of fixed memory if asked for."""

    __slots__ = ("__weakref__", "_buckets", "_count", "_max", "_min", "_total")

    def __init__(self, histogram: bool = False) -> None:
        if not isinstance(histogram, bool):
            raise ArgumentTypeError(f"histogram must be True or False, not {type(histogram).__name__}")
        self._buckets: list[int] | None = [0] * _BUCKETS if histogram else None
        self._min: int
        self._max: int
        self._clear()

    def observe(self, latency_ns: int, /) -> None:
        """Counts one latency.

        Raises ``ArgumentTypeError`` if it is no int, ``ArgumentValueError`` if it is negative and
        ``ArgumentOverflowError`` from 2^64 on; nothing is counted then.
        """
        if type(latency_ns) is not int or not 0 <= latency_ns <= _LATENCY_NS_MAX:
            latency_ns = _checked(latency_ns)
        self._count += 1
        self._total += latency_ns
        if latency_ns < self._min:  # noqa: PLR1730  min() and max() would be a call each
            self._min = latency_ns
        if latency_ns > self._max:  # noqa: PLR1730
            self._max = latency_ns
        buckets = self._buckets
        if buckets is not None:
            # _bucket(), written out: a call would cost as much as all the rest.
            shift = latency_ns.bit_length() - _LINEAR_BITS
            if shift <= 0:
                buckets[latency_ns] += 1
            elif latency_ns >= _HISTOGRAM_NS_MAX:
                buckets[-1] += 1
            else:
                buckets[shift * _HALF + (latency_ns >> shift)] += 1

    def snapshot(self) -> Snapshot:
        """What was observed since the last reset."""
        buckets = None if self._buckets is None else tuple(self._buckets)
        if not self._count:
            return Snapshot(0, 0, None, None, buckets)
        return Snapshot(self._count, self._total, self._min, self._max, buckets)

    def reset(self) -> Snapshot:
        """What was observed since the last reset, and begins anew."""
        snapshot = self.snapshot()
        self._clear()
        return snapshot

    def _clear(self) -> None:
        self._count = 0
        self._total = 0
        # So that the first observation is smaller than the smallest and larger than the largest.
        self._min = _LATENCY_NS_MAX + 1
        self._max = -1
        if self._buckets is not None:
            self._buckets = [0] * _BUCKETS


def _checked(latency_ns: object) -> int:
    latency = arguments.index("latency_ns", latency_ns)
    if latency < 0:
        raise ArgumentValueError(f"latency_ns must be 0 or more, not {latency}")
    if latency > _LATENCY_NS_MAX:
        raise ArgumentOverflowError(f"latency_ns must be below 2**64, not {latency}")
    return latency


class _HasLatency(Protocol):
    @property
    def latency_ns(self) -> int: ...


class LatencySink:
    """The sink that feeds :class:`Metrics` with each acknowledgement's latency."""

    __slots__ = ("_metrics",)

    def __init__(self, metrics: Metrics) -> None:
        if not isinstance(metrics, Metrics):
            raise ArgumentTypeError(f"metrics must be a Metrics, not {type(metrics).__name__}")
        self._metrics = metrics

    @property
    def metrics(self) -> Metrics:
        """The metrics this sink feeds."""
        return self._metrics

    def observe(self, event: Any, ack: _HasLatency) -> None:
        """Counts ``ack.latency_ns``."""
        self._metrics.observe(ack.latency_ns)

"""How long events took, counted in fixed buckets that never shrink: what a scraper of metrics adds up.

Bounds from 50 ns to 1 s. Filled from a ring of acks by the control step, off the hot path; lossy, and what
was missed is counted. A step allocates nothing that stays.

Threads: :meth:`AckLatency.step` is the control thread's; the buckets may be read from any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BOUNDS_NS", "AckLatency", "AckSource", "LatencyBuckets"]

#: 50 ns, then 1, 2 and 5 of each power of ten, to 1 s.
BOUNDS_NS = (
    50,
    *(step * 10**power for power in range(2, 9) for step in (1, 2, 5)),
    1_000_000_000,
)
_BATCH = 4_096
#: A step is bounded: what is left is taken by the next.
_BATCHES_MAX = 16


class AckSource(Protocol):
    """Where acks come from; an engine's ``acks()``."""

    @property
    def dropped(self) -> int:
        """Acks that were overwritten before they were read."""

    def read_into(self, array: NDArray[Any], /) -> int:
        """Fills ``array`` of ``ACK_DTYPE`` from its start; how many there were."""


@dataclass(frozen=True, slots=True)
class LatencyBuckets:
    """Latencies so far: how many of them were at most so long."""

    bounds_ns: tuple[int, ...]
    """The bounds, rising, in nanoseconds."""
    counts: tuple[int, ...]
    """For each bound, how many were no longer: cumulative."""
    count: int
    """How many there were, those beyond the last bound included."""
    sum_ns: int
    """All of them together, in nanoseconds."""
    dropped: int
    """Acks that were missed, and are in none of these."""


class AckLatency:
    """Counts the latencies from decision to completion of the acks that ``acks`` gives.

    Where stamps are shared (``stamp_per="batch"``) there is no such latency: count none there.
    """

    def __init__(self, acks: AckSource) -> None:
        import numpy as np

        from tickpath.core.execution import ACK_DTYPE

        self._acks = acks
        self._rows = np.zeros(_BATCH, dtype=ACK_DTYPE)
        self._bounds = np.array(BOUNDS_NS, dtype=np.uint64)
        self._shown = LatencyBuckets(BOUNDS_NS, (0,) * len(BOUNDS_NS), 0, 0, 0)

    @property
    def buckets(self) -> LatencyBuckets:
        """The buckets as of the last step."""
        return self._shown

    def step(self) -> None:
        """Takes the acks that have come since the last step."""
        import numpy as np

        before = self._shown
        counts = np.array(before.counts, dtype=np.int64)
        count, sum_ns = before.count, before.sum_ns
        for _batch in range(_BATCHES_MAX):
            read = self._acks.read_into(self._rows)
            rows = self._rows[:read]
            # Never below 0, as everywhere: a clock that is set back lies between the two.
            latencies = np.maximum(rows["completion_ts"], rows["decision_ts"]) - rows["decision_ts"]
            counts += np.searchsorted(np.sort(latencies), self._bounds, side="right")
            count += read
            sum_ns += int(latencies.sum())
            if read < _BATCH:
                break
        self._shown = LatencyBuckets(BOUNDS_NS, tuple(counts.tolist()), count, sum_ns, self._acks.dropped)

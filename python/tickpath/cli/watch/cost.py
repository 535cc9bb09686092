"""What watching takes: the processor's time, and what became of the events that were under way meanwhile.

Whoever draws takes the figures of the acks before and after each picture. So every picture is compared with
the quarter of a second before it, in the same run, as closely interleaved as can be: the ratio of the two
medians from publication to completion, and the longest event on either side.

Threads: the one that draws writes; who reads afterwards may be another.
"""

from __future__ import annotations

import statistics
from collections import deque
from typing import Any, Protocol

__all__ = ["WatchCost"]

#: Ratios that are kept: those of the last seven hours.
_RATIOS_MAX = 100_000
_TENTHS = 10


class Completed(Protocol):
    """Events that were completed; ``AckWindowFigures`` is one."""

    @property
    def p50_ns(self) -> int | None:
        """Their median from publication to completion, in nanoseconds; ``None``: unknown."""

    @property
    def max_ns(self) -> int | None:
        """The longest of them; ``None`` without one."""


class WatchCost:
    """What the pictures so far took."""

    def __init__(self) -> None:
        self.frames = 0
        """Pictures drawn."""
        self.processor_ns = 0
        """Time of the processor that the drawing thread took, in nanoseconds."""
        self.frame_ns_max = 0
        """The most that one picture took of it."""
        self.watched_ns = 0
        """From the first picture to the last, in nanoseconds of the machine's clock."""
        self.longest_drawing_ns: int | None = None
        """The longest event, from publication to completion, of those completed while it drew."""
        self.longest_between_ns: int | None = None
        """The longest of the others."""
        self._ratios: deque[float] = deque(maxlen=_RATIOS_MAX)

    def drew(self, frame_ns: int) -> None:
        """One more picture, which took so much of the processor."""
        self.frames += 1
        self.frame_ns_max = max(self.frame_ns_max, frame_ns)

    def compare(self, between: Completed, drawing: Completed) -> None:
        """The events completed before a picture, and those completed while it was drawn."""
        self.longest_between_ns = _longest(self.longest_between_ns, between.max_ns)
        self.longest_drawing_ns = _longest(self.longest_drawing_ns, drawing.max_ns)
        if between.p50_ns and drawing.p50_ns is not None:
            self._ratios.append(drawing.p50_ns / between.p50_ns)

    @property
    def share(self) -> float | None:
        """The share of one core that it took; ``None`` before the second picture."""
        return self.processor_ns / self.watched_ns if self.watched_ns else None

    def ratios(self) -> tuple[float, float, float] | None:
        """The median's ratio, drawing to not drawing: its lowest tenth, median, highest tenth; or unknown."""
        ratios = sorted(self._ratios)
        if len(ratios) < _TENTHS:
            return None
        tenth = len(ratios) // _TENTHS
        return ratios[tenth], statistics.median(ratios), ratios[-1 - tenth]

    def as_json(self) -> dict[str, Any]:
        """The same as an object of JSON."""
        ratios = self.ratios()
        return {
            "frames": self.frames,
            "processor_ns": self.processor_ns,
            "frame_ns_max": self.frame_ns_max,
            "watched_ns": self.watched_ns,
            "pairs": len(self._ratios),
            "p50_ratio_low": None if ratios is None else ratios[0],
            "p50_ratio": None if ratios is None else ratios[1],
            "p50_ratio_high": None if ratios is None else ratios[2],
            "drawing_ns_max": self.longest_drawing_ns,
            "between_ns_max": self.longest_between_ns,
        }


def _longest(so_far_ns: int | None, more_ns: int | None) -> int | None:
    if so_far_ns is None or more_ns is None:
        return more_ns if so_far_ns is None else so_far_ns
    return max(so_far_ns, more_ns)

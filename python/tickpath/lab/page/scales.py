"""Where a value lies on an axis, as a share of the picture's width or height, and where an axis is labelled.

Pure functions over immutable values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tickpath.lab.report_text import duration

__all__ = ["LogScale", "PercentileScale", "Tick", "TimeScale"]

#: Steps between two labels, within a power of ten.
_STEPS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Tick:
    """A label of an axis."""

    share: float
    """Where, from 0 to 1."""
    label: str
    """What it says."""
    minor: bool = False
    """Whether a narrow picture goes without it."""


@dataclass(frozen=True, slots=True)
class TimeScale:
    """Run time, from ``first_ns`` to ``last_ns``."""

    first_ns: int
    last_ns: int

    def share(self, at_ns: int) -> float:
        """Where ``at_ns`` lies; what is outside lies at the edge."""
        span_ns = self.last_ns - self.first_ns
        if span_ns <= 0:
            return 0.0
        return min(max((at_ns - self.first_ns) / span_ns, 0.0), 1.0)

    def ticks(self, wanted: int = 8) -> list[Tick]:
        """Round moments, ``wanted`` of them or a few less; every second one is a minor one."""
        step_ns = _round_step((self.last_ns - self.first_ns) / wanted)
        first = -(-self.first_ns // step_ns)
        moments = range(first * step_ns, self.last_ns + 1, step_ns)
        return [
            Tick(self.share(at_ns), _moment(at_ns), minor=(at_ns // step_ns) % 2 != 0) for at_ns in moments
        ]


@dataclass(frozen=True, slots=True)
class LogScale:
    """Latencies by their powers of ten, the shortest at 0; ``first_ns`` is at least 1."""

    first_ns: int
    last_ns: int

    @classmethod
    def of(cls, latencies_ns: list[int]) -> LogScale:
        """Whole powers of ten around ``latencies_ns``."""
        least = max(min(latencies_ns, default=1), 1)
        most = max(max(latencies_ns, default=10), least)
        first = 10 ** (len(str(least)) - 1)
        last = 10 ** len(str(most - 1 if most > 1 else 1))
        return cls(first, max(last, first * 10))

    def share(self, ns: int) -> float:
        """Where ``ns`` lies; 0 ns at the bottom."""
        if ns <= self.first_ns:
            return 0.0
        return min(math.log(ns / self.first_ns) / math.log(self.last_ns / self.first_ns), 1.0)

    def ticks(self) -> list[Tick]:
        """The powers of ten."""
        decades = len(str(self.last_ns // self.first_ns)) - 1
        powers = [self.first_ns * 10**power for power in range(decades + 1)]
        return [Tick(self.share(ns), duration(ns).replace(".00", "").replace(".0", "")) for ns in powers]


@dataclass(frozen=True, slots=True)
class PercentileScale:
    """HdrHistogram's: each further nine takes as much room as the last one, up to 1 - ``least_beyond``."""

    least_beyond: float

    def share(self, beyond: float) -> float:
        """Where the percentile lies beyond which this share of the samples lies."""
        if beyond >= 1 or self.least_beyond >= 1:
            return 0.0
        return min(math.log(beyond) / math.log(self.least_beyond), 1.0)

    def ticks(self) -> list[Tick]:
        """0 %, 50 %, 90 %, 99 % and so on."""
        ticks, nines = [Tick(0.0, "0 %"), Tick(self.share(0.5), "50 %", minor=True)], 1
        while 10.0**-nines >= self.least_beyond:
            ticks.append(Tick(self.share(10.0**-nines), percent_words(nines)))
            nines += 1
        return [tick for tick in ticks if tick.share < 1 or tick.label != "50 %"]


def percent_words(nines: int) -> str:
    """90 % for one nine, 99.9 % for three."""
    return "90 %" if nines == 1 else "99" + "." * (nines > 2) + "9" * (nines - 2) + " %"


def _round_step(step_ns: float) -> int:
    power: int = 10 ** max(math.floor(math.log10(max(step_ns, 1.0))), 0)
    return next(step * power for step in _STEPS if step * power >= step_ns)


def _moment(at_ns: int) -> str:
    if not at_ns:
        return "0"
    words = duration(abs(at_ns))
    number, _, unit = words.partition(" ")
    plain = number.rstrip("0").rstrip(".") if "." in number else number
    return f"{'-' if at_ns < 0 else ''}{plain} {unit}"

"""The turns of a round and what they come to: the median of each figure, and all latencies together."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from tickpath.lab.bench.figures import Latency, Spread, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tickpath.control.metrics import LatencyHistogram

__all__ = ["Seen", "Turns"]

_NS_PER_S = 1e9


@dataclass(slots=True)
class Turns:
    """What the turns of one round showed."""

    values: dict[str, list[float]] = field(default_factory=dict)
    histograms: dict[str, LatencyHistogram] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def value(self, name: str, number: float | None) -> None:
        """Notes a figure of a turn; unknown is none."""
        if number is not None:
            self.values.setdefault(name, []).append(number)

    def count(self, name: str, number: int | None) -> None:
        """Adds to a sum of the round; unknown is nothing."""
        if number is not None:
            self.counts[name] = self.counts.get(name, 0) + number

    def histogram(self, name: str, more: LatencyHistogram) -> None:
        """Notes latencies, and their median and p99 as figures of the turn."""
        self.value(f"{name} p50", more.percentile(0.5))
        self.value(f"{name} p99", more.percentile(0.99))
        self.latencies(name, more)

    def latencies(self, name: str, more: LatencyHistogram) -> None:
        """Adds to the latencies of the round."""
        before = self.histograms.get(name)
        self.histograms[name] = more if before is None else before.merge(more)

    def medians(self) -> dict[str, float]:
        """The figures of the round: the median of its turns."""
        return {name: statistics.median(numbers) for name, numbers in self.values.items()}


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen in all complete rounds."""

    rounds: Sequence[Mapping[str, float]]
    """Figures by name, one mapping a round."""
    histograms: Mapping[str, LatencyHistogram]
    """Latencies by name, all rounds together."""
    counts: Mapping[str, int]
    """Sums by name, all rounds together."""

    @classmethod
    def of(
        cls, rounds: Sequence[Turns], figures: Callable[[Turns], Mapping[str, float]] = Turns.medians
    ) -> Self:
        """The rounds together; ``figures`` says what a round comes to."""
        together = Turns()
        for turns in rounds:
            for name, histogram in turns.histograms.items():
                together.latencies(name, histogram)
            for name, number in turns.counts.items():
                together.count(name, number)
        return cls([figures(turns) for turns in rounds], together.histograms, together.counts)

    def spread(self, name: str) -> Spread | None:
        """The rounds in which the figure was known."""
        return Spread.of(figures[name] for figures in self.rounds if name in figures)

    def ratio(self, above: str, below: str) -> Spread | None:
        """Formed within each round."""
        return ratio(self.rounds, above, below)

    def latency(self, name: str) -> Latency | None:
        """The distribution; ``None`` if nothing was seen."""
        histogram = self.histograms.get(name)
        return None if histogram is None or histogram.count == 0 else Latency.of_histogram(histogram)

    def total(self, *names: str) -> Spread | None:
        """The sum over all rounds: one that went wrong counts, however many did not."""
        if not self.rounds:
            return None
        total = float(sum(self.counts[name] for name in names))
        return Spread(total, total, total, len(self.rounds))

    def rate(self, name: str) -> Spread | None:
        """Events per second of what took so many nanoseconds each."""
        return Spread.of(_NS_PER_S / figures[name] for figures in self.rounds if figures.get(name))

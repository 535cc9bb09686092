"""Timing that survives a noisy machine: peers take turns, and only ratios of one round are compared.

A *workload* runs a fixed number of events and returns nothing; a *round* runs every workload once, in
an order that rotates. What a pause of the machine hits is one round of one workload, and the median
over the rounds of a run does not see it. A *run* builds everything anew. Reported is the median over
the runs, with the smallest and the largest of them as its spread.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Ratio", "Samples", "measure"]

Workload = Callable[[], None]


@dataclass(frozen=True)
class Ratio:
    """How many times longer one workload takes than another: median of the runs, and their spread."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} [{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True)
class Samples:
    """Nanoseconds per event, ``runs[run][workload][round]``."""

    runs: tuple[dict[str, list[float]], ...]

    def ns(self, name: str) -> float:
        """The median over all rounds of all runs, in nanoseconds per event."""
        return statistics.median(value for run in self.runs for value in run[name])

    def ratio(self, slower: str, faster: str) -> Ratio:
        """``slower`` over ``faster``, round by round, then run by run."""
        per_run = [
            statistics.median(a / b for a, b in zip(run[slower], run[faster], strict=True))
            for run in self.runs
        ]
        return Ratio(statistics.median(per_run), min(per_run), max(per_run))


def _round(workloads: Mapping[str, tuple[Workload, int]], first: int) -> Iterator[tuple[str, float]]:
    names = list(workloads)
    for name in names[first:] + names[:first]:
        workload, events = workloads[name]
        begin = time.perf_counter_ns()
        workload()
        yield name, (time.perf_counter_ns() - begin) / events


def measure(
    build: Callable[[], Mapping[str, tuple[Workload, int]]],
    *,
    runs: int,
    rounds: int,
    on_run: Callable[[int], object] | None = None,
) -> Samples:
    """Time the workloads that ``build`` makes (each with its number of events), anew for every run."""
    measured = []
    for run in range(runs):
        if on_run is not None:
            on_run(run)
        workloads = build()
        samples: dict[str, list[float]] = {name: [] for name in workloads}
        for _ in _round(workloads, 0):
            """Warm up: specialisation, caches, the branch predictor."""
        gc.collect()
        gc.disable()
        try:
            for number in range(rounds):
                for name, ns in _round(workloads, number % len(workloads)):
                    samples[name].append(ns)
        finally:
            gc.enable()
        measured.append(samples)
    return Samples(tuple(measured))

"""What the rows of a sweep come to: counts, a line for each point of the grid, and what made no difference.

Percentiles of several seeds are not averaged: of each point stand the median of its runs' p99 (the lower one
of two), and the worst. Losses are counted over all of its runs. Whole numbers only, so that nothing depends
on an order.
"""

from __future__ import annotations

import collections
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tickpath.lab.sweep.grid import Grid

__all__ = ["PointFigures", "Tally"]

OUTCOMES = ("pass", "fail", "interrupted", "error")


@dataclass(slots=True)
class PointFigures:
    """All runs of one point."""

    runs: int = 0
    """Those that were done."""
    outcomes: collections.Counter[str] = field(default_factory=collections.Counter)
    """How they ended."""
    objectives_failed: int = 0
    """Runs that did not meet the scenario's objectives."""
    published: int = 0
    """Events that the executor was to read."""
    missed: int = 0
    """Of these, lost or shed."""
    losing: int = 0
    """Runs that missed any."""
    p99s: list[int] = field(default_factory=list)
    """Of the runs that have one."""

    @property
    def p99_median_ns(self) -> int | None:
        """``None`` if half of the runs or more have none."""
        known, of = sorted(self.p99s), self.runs
        return known[(len(known) - 1) // 2] if 2 * len(known) > of else None

    @property
    def p99_max_ns(self) -> int | None:
        """The worst run's."""
        return max(self.p99s, default=None)


class Tally:
    """Counts the rows of a sweep."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.objectives_failed = 0
        self.points = [PointFigures() for _ in range(grid.points)]
        self.errors: dict[str, int] = {}
        """Words of an error, and the first run that ended with it."""
        self.error_counts: collections.Counter[str] = collections.Counter()
        self.consumers: dict[str, None] = {}
        """The columns of plain consumers, in the order in which they come."""
        self.worst: Mapping[str, Any] | None = None
        """The row with the largest p99, the first of them."""
        self._results: list[bytes | None] = [None] * len(grid)

    @property
    def runs(self) -> int:
        """Rows that were counted."""
        return sum(self.outcomes.values())

    def take(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Counts ``rows``, in the order of their runs."""
        for row in rows:
            self._take(row)

    def _take(self, row: Mapping[str, Any]) -> None:
        run, outcome = row["run"], row["outcome"]
        point = self.points[run // len(self.grid.seeds)]
        point.runs += 1
        point.outcomes[outcome] += 1
        self.outcomes[outcome] += 1
        if outcome == "error":
            self.error_counts[row["error"]] += 1
            self.errors.setdefault(row["error"], run)
            return
        failed = row["objectives"] == "fail"
        point.objectives_failed += failed
        self.objectives_failed += failed
        missed = row.get("lost", 0) + row.get("shed", 0)
        point.published += row.get("published", 0)
        point.missed += missed
        point.losing += missed > 0
        p99_ns = row.get("latency_p99_ns")
        if p99_ns is not None:
            point.p99s.append(p99_ns)
            if self.worst is None or p99_ns > self.worst["latency_p99_ns"]:
                self.worst = row
        for name in row:
            if name.startswith("consumers["):
                self.consumers.setdefault(name)
        said = json.dumps({name: value for name, value in row.items() if name != "run"}, sort_keys=True)
        self._results[run] = hashlib.blake2b(said.encode("ascii"), digest_size=16).digest()

    def without_effect(self) -> tuple[str, ...]:
        """Axes, and ``seeds``, of which every two values left the same behind, wherever both were run."""
        stride, found = 1, []
        for name, count in reversed(self._dimensions()):
            if count > 1 and self._is_same(stride, count):
                found.append(name)
            stride *= count
        return tuple(reversed(found))

    def _dimensions(self) -> list[tuple[str, int]]:
        return [*((axis.key, len(axis.values)) for axis in self.grid.axes), ("seeds", len(self.grid.seeds))]

    def _is_same(self, stride: int, count: int) -> bool:
        """Whether steps of ``stride`` changed nothing, and there was one at all."""
        compared = False
        for run, result in enumerate(self._results):
            if result is None or run // stride % count == 0:
                continue
            before = self._results[run - stride]
            if before is not None:
                compared = True
                if before != result:
                    return False
        return compared

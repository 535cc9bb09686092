"""A scenario of a few milliseconds, and grids of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tickpath.config.scenario import Scenario, scenario_from_table
from tickpath.config.scenario.explain import table_of
from tickpath.lab.sweep.axes import parse_axes
from tickpath.lab.sweep.folder import Folder
from tickpath.lab.sweep.grid import Grid
from tickpath.lab.sweep.local import InProcess, SweepEngine
from tickpath.lab.sweep.one_run import Done
from tickpath.lab.sweep.sweep import Swept, go_through

FILE = """\
schema = "tickpath/scenario/1"
name = "small"
[feed]
rate_hz = 1_000_000
events = 1_500
[warmup]
kind = "count"
events = 100
"""
SMALL = scenario_from_table(
    {
        "name": "small",
        "feed": {"rate_hz": 1_000_000, "events": 1_500},
        "warmup": {"kind": "count", "events": 100},
        "consumers": [{"name": "log"}],
    }
)
#: What takes processes, or a cluster, and with them its time.
deep = pytest.mark.skipif("TICKPATH_SWEEP" not in os.environ, reason="takes its time: make sweep-deep")
AXES = ("ring.capacity=8,64", "executor.service_ns=100,900")


def grid_of(*assignments: str, scenario: Scenario = SMALL, seeds: int = 3) -> Grid:
    """A grid of ``scenario``."""
    return Grid.of(scenario, "small.toml", parse_axes(table_of(scenario), assignments), range(seeds))


def swept(grid: Grid, path: Path, engine: SweepEngine | None = None) -> Swept:
    """``grid``, gone through with."""
    with Folder(path, grid) as folder:
        return go_through(grid, folder, engine or InProcess())


class Scripted:
    """An engine that does as it is told."""

    name = "a script"

    def __init__(self, do: Callable[[int], list[Done]]) -> None:
        self._do = do
        self.asked: list[int] = []

    def do(
        self, grid: Grid, runs: Iterator[int], count: int, should_stop: Callable[[], bool]
    ) -> Iterator[list[Done]]:
        """What the script makes of each run."""
        for run in runs:
            if should_stop():
                return
            self.asked.append(run)
            yield self._do(run)

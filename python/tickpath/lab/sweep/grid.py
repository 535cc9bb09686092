"""The runs of a sweep, numbered, and judged before the first of them.

Run number ``point * seeds + seed``: the points of the grid in the order of the axes, the last one fastest,
and for each all seeds. They are *done* seed by seed (:meth:`Grid.order`): runs of the same seed share their
events, and a sweep that was cut short has fewer seeds at every point, not fewer points.

Frozen values, small whatever the number of runs; a grid goes to other processes and machines as it is.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tickpath.config.scenario import Scenario, scenario_from_table
from tickpath.config.scenario.binding import PROBLEMS_MAX
from tickpath.config.scenario.explain import table_of
from tickpath.config.scenario.override import ORIGIN, with_values
from tickpath.errors import ScenarioError, ScenarioProblem
from tickpath.lab.sweep.axes import Axis, text_of

__all__ = ["Grid", "judge", "without_effect"]

#: Combinations that are tried for a value which is wrong by itself.
_TRIED_MAX = 256
#: What no run in virtual time depends on: threads, clocks and memory of a machine, and words for people.
_LIVE_ONLY = frozenset(
    {
        *("engine.clock", "engine.floor_window_ns"),
        *("ring.touch_memory", "ring.huge_pages", "ring.lock_memory"),
        *("objectives.live_slack_ns", "name", "description", "break.disable"),
    }
)
_FIXED_SERVICE = ("none", "constant")


@dataclass(frozen=True, slots=True)
class Grid:
    """A scenario, what is varied of it, and the seeds."""

    scenario: str
    """As it was named: a file, or a shipped scenario."""
    table: Mapping[str, Any]
    """The whole scenario, paths made absolute."""
    axes: tuple[Axis, ...]
    """What is varied."""
    seeds: range
    """The seeds of each point."""

    @classmethod
    def of(cls, scenario: Scenario, named: str, axes: tuple[Axis, ...], seeds: range | None) -> Grid:
        """The grid of ``scenario``; without ``seeds`` with its own."""
        table = table_of(scenario)
        table["feed"]["files"] = _located(table["feed"]["files"])
        axes = tuple(_with_located_files(axis) for axis in axes)
        own = range(scenario.seed, scenario.seed + 1)
        return cls(named, table, axes, own if seeds is None else seeds)

    @property
    def points(self) -> int:
        """Combinations of values."""
        return math.prod(len(axis.values) for axis in self.axes)

    def __len__(self) -> int:
        return self.points * len(self.seeds)

    def order(self) -> Iterator[int]:
        """Every run, in the order in which they are done."""
        seeds = len(self.seeds)
        return (point * seeds + seed for seed in range(seeds) for point in range(self.points))

    def values(self, run: int) -> tuple[Any, ...]:
        """The value of each axis in ``run``."""
        point, found = run // len(self.seeds), []
        for axis in reversed(self.axes):
            point, index = divmod(point, len(axis.values))
            found.append(axis.values[index])
        return tuple(reversed(found))

    def seed(self, run: int) -> int:
        """The seed of ``run``."""
        return self.seeds[run % len(self.seeds)]

    def scenario_of(self, run: int) -> Scenario:
        """What ``run`` runs. Raises ``ScenarioError`` for values that do not go together."""
        return self.bound(self.values(run), self.seed(run))

    def replay(self, run: int) -> tuple[str, ...]:
        """The command that runs the same once more."""
        words = ["tickpath", "run", self.scenario, "--mode", "virtual", "--seed", str(self.seed(run))]
        for axis, value in zip(self.axes, self.values(run), strict=True):
            words += ["--set", f"{axis.key}={text_of(value)}"]
        return tuple(words)

    def bound(self, values: tuple[Any, ...], seed: int) -> Scenario:
        """The scenario with one value for each axis. Raises ``ScenarioError``."""
        places = [(axis.place, value) for axis, value in zip(self.axes, values, strict=True)]
        return scenario_from_table({**with_values(self.table, places), "seed": seed}, ORIGIN)


def _with_located_files(axis: Axis) -> Axis:
    """Recordings are found from wherever a run is done."""
    if axis.place.steps[:2] != ("feed", "files"):
        return axis
    return dataclasses.replace(axis, values=tuple(_located(value) for value in axis.values))


def _located(value: Any) -> Any:
    """``value`` with the paths in it made absolute; what is no path is left to be refused."""
    match value:
        case str() if value:
            return str(Path(value).absolute())
        case list():
            return [_located(item) if isinstance(item, Mapping) else item for item in value]
        case Mapping() if isinstance(value.get("path"), str):
            return {**value, "path": _located(value["path"])}
    return value


def judge(grid: Grid) -> None:
    """Raises ``ScenarioError``, with all of them, if there are values that are wrong whatever the others are.

    A combination that is wrong is a run that fails: a row with its error.
    """
    for of_value in (_own_problems, _problems_everywhere):
        problems: list[ScenarioProblem] = []
        for number, axis in enumerate(grid.axes):
            for value in axis.values:
                problems += of_value(grid, number, value)
                if len(problems) >= PROBLEMS_MAX:
                    break
        if problems:
            raise ScenarioError(tuple(problems[:PROBLEMS_MAX]))


def _own_problems(grid: Grid, number: int, value: object) -> tuple[ScenarioProblem, ...]:
    """What is wrong with a value by itself."""
    values = tuple(value if index == number else axis.values[0] for index, axis in enumerate(grid.axes))
    key = grid.axes[number].key
    return tuple(
        problem
        for problem in _problems(grid, values)
        if problem.key == key or problem.key.startswith((f"{key}.", f"{key}["))
    )


def _problems_everywhere(grid: Grid, number: int, value: object) -> tuple[ScenarioProblem, ...]:
    """What is wrong with a value in the first of its combinations, if something is in all of them."""
    others = [(value,) if index == number else axis.values for index, axis in enumerate(grid.axes)]
    first: tuple[ScenarioProblem, ...] = ()
    for tried, values in enumerate(itertools.product(*others)):
        found = _problems(grid, values) if tried < _TRIED_MAX else ()
        if not found:
            return ()
        first = first or found
    return first


def _problems(grid: Grid, values: tuple[Any, ...]) -> tuple[ScenarioProblem, ...]:
    try:
        grid.bound(values, grid.seeds[0])
    except ScenarioError as error:
        return error.problems
    return ()


def without_effect(grid: Grid) -> tuple[str, ...]:
    """What is known beforehand to make no difference to any run: axes, and ``seeds``."""
    found = [axis.key for axis in grid.axes if axis.key in _LIVE_ONLY or "thread" in axis.key.split(".")]
    if len(grid.seeds) > 1 and not _draws(grid):
        found.append("seeds")
    return tuple(found)


def _draws(grid: Grid) -> bool:
    """Whether anything is drawn: arrivals, or service times; when in doubt it is."""
    table = grid.table
    varied = [axis.key for axis in grid.axes]
    if any(
        key == part or key.startswith((f"{part}.", f"{part}["))
        for key in varied
        for part in ("feed", "consumers")
    ):
        return True
    if any(key.startswith("executor.service") and not key.endswith(".ns") for key in varied):
        return True
    services = [stage["service"]["kind"] for stage in (table["executor"], *table["consumers"])]
    feed = table["feed"]
    is_drawn = not feed["files"] and feed["model"] != "constant"
    return is_drawn or any(kind not in _FIXED_SERVICE for kind in services)

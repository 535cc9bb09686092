"""One run of a sweep, in whatever process: a row, also of a run that fails.

Runs of one seed share their events, which are kept: the last few sources, up to so many bytes. Blocks until
the run is over; any thread may run one.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import json
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tickpath.config.engine import ThreadSettings
from tickpath.lab.scenario_run import run_source
from tickpath.lab.scenario_source import load_source
from tickpath.lab.sweep.columns import figures_of_run

if TYPE_CHECKING:
    from tickpath.config.scenario import FeedSettings, Scenario
    from tickpath.core.ingest import MarketDataSource
    from tickpath.lab.sweep.grid import Grid

__all__ = ["Done", "Runs", "failed", "line_of"]

Done = tuple[int, str, bytes]
"""A run that was done: its number, its outcome, and its row as a line of JSON."""

_KEPT_BYTES_MAX = 1 << 28
_EVENT_BYTES = 56
_POINTS_KEPT_MAX = 4_096


class Runs:
    """Runs of one grid."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._sources = _Sources()
        # Judged once, and not once for each seed: that would take longer than many a run.
        self._at_point = functools.lru_cache(_POINTS_KEPT_MAX)(self._bound)

    def _bound(self, point: int) -> Scenario:
        return self._grid.scenario_of(point * len(self._grid.seeds))

    def _scenario_of(self, run: int) -> Scenario:
        seeds = len(self._grid.seeds)
        scenario = self._at_point(run // seeds)
        return scenario if run % seeds == 0 else dataclasses.replace(scenario, seed=self._grid.seed(run))

    def do(self, run: int, should_stop: Callable[[], bool] = lambda: False) -> Done | None:
        """Does ``run``; ``None`` if ``should_stop`` ended it."""
        stopped = False

        def is_to_stop() -> bool:
            nonlocal stopped
            stopped = stopped or should_stop()
            return stopped

        try:
            scenario = self._scenario_of(run)
            source = self._sources.of(scenario)
            row = figures_of_run(scenario, *run_source(scenario, source, "virtual", should_stop=is_to_stop))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this run's, and stands in its row
            return failed(run, error)
        return None if stopped else (run, row["outcome"], line_of(run, row))


def failed(run: int, error: Exception | str) -> Done:
    """A run that ended with an error."""
    words = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return run, "error", line_of(run, {"outcome": "error", "error": words})


def line_of(run: int, row: dict[str, Any]) -> bytes:
    """A row as it is kept; what is unknown is left out."""
    known = {name: value for name, value in row.items() if value is not None}
    return json.dumps({"run": run, **known}, separators=(",", ":")).encode("ascii") + b"\n"


class _Sources:
    """The last few sources, by what they are made of."""

    def __init__(self) -> None:
        self._kept: collections.OrderedDict[object, MarketDataSource] = collections.OrderedDict()
        # Threads of one cluster worker share it: one loads, the others have it then.
        self._lock = threading.Lock()

    def of(self, scenario: Scenario) -> MarketDataSource:
        feed = scenario.feed
        key = (_made_of(feed), scenario.seed if feed.synthetic else None)
        with self._lock:
            found = self._kept.pop(key, None)
            if found is None:
                self._make_room()
                found = load_source(scenario)
            self._kept[key] = found
            return found

    def _make_room(self) -> None:
        while sum(len(source) for source in self._kept.values()) * _EVENT_BYTES > _KEPT_BYTES_MAX:
            self._kept.popitem(last=False)


def _made_of(feed: FeedSettings) -> FeedSettings:
    """What the events depend on: not how they are paced."""
    plain: dict[str, Any] = {"pace": "recorded", "speed": 1.0, "max_gap_ns": 0, "thread": ThreadSettings()}
    if not feed.synthetic:
        # At most so many of a recording are published, and all of it is loaded.
        plain |= {"events": None, "rate_hz": None}
    return dataclasses.replace(feed, **plain)

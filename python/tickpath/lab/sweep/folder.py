"""The folder of a sweep: what is swept, and every run that was done, so that it can go on after any end.

``plan.json`` is written whole before the first run; a folder with another one is refused, with what differs.
``runs.jsonl`` gets a line for each run that was done, in the order in which they end, and nothing else: a
process that is killed, ``kill -9`` included, leaves at most one line unfinished, which is cut off and done
again. A line is on the disk a second after it was written (``fsync``). One process at a time holds a folder
(``flock``).

Blocks as the file system does.
"""

from __future__ import annotations

import array
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import tickpath
from tickpath.core.time import now
from tickpath.core.whole_file import write_whole
from tickpath.errors import SourceNotFound, SweepRefused
from tickpath.lab.sweep.axes import text_of

if TYPE_CHECKING:
    from types import TracebackType

    from tickpath.lab.sweep.grid import Grid
    from tickpath.lab.sweep.one_run import Done

__all__ = ["PLAN_SCHEMA", "Folder", "plan_of"]

PLAN_SCHEMA = "tickpath/sweep-plan/1"

_PLAN, _RUNS = "plan.json", "runs.jsonl"
_SYNC_NS = 1_000_000_000
_MISSING = -1


def plan_of(grid: Grid) -> dict[str, Any]:
    """What a sweep is: two with the same plan have the same rows. Raises ``SourceNotFound``."""
    return {
        "schema": PLAN_SCHEMA,
        "tickpath": tickpath.__version__,
        "scenario": dict(grid.table),
        "axes": {axis.key: list(axis.values) for axis in grid.axes},
        "seeds": {"first": grid.seeds[0], "count": len(grid.seeds)},
        "recordings": _recordings(grid),
    }


def _recordings(grid: Grid) -> dict[str, dict[str, int]]:
    """Every file that the runs read: what it is, as far as can be told without reading it."""
    named = [grid.table["feed"]["files"]]
    for axis in grid.axes:
        if axis.place.steps == ("feed", "files"):
            named += axis.values
        elif axis.place.steps[:2] == ("feed", "files") and axis.place.steps[-1] == "path":
            named.append([{"path": path} for path in axis.values])
    found = {}
    for path in sorted({file["path"] for files in named for file in files}):
        try:
            seen = Path(path).stat()
        except OSError as error:
            raise SourceNotFound(path, error.strerror or str(error)) from None
        found[path] = {"bytes": seen.st_size, "changed_ns": seen.st_mtime_ns}
    return found


class Folder:
    """A sweep's folder, held; a context. Raises ``SweepRefused`` and ``OSError``."""

    def __init__(self, path: Path, grid: Grid) -> None:
        self.path = path
        self._grid = grid
        self._begin_of_line = array.array("q", [_MISSING]) * len(grid)
        self._synced_ns = now()
        self._dirty = False
        self._hold(plan_of(grid))
        self.done_before = self.done
        """Runs that were done when it was opened."""

    def _hold(self, plan: dict[str, Any]) -> None:
        if self.path.is_dir() and not (self.path / _PLAN).is_file() and any(self.path.iterdir()):
            raise SweepRefused(
                f"{self.path} holds other files and no sweep: name another folder with --output, or empty it"
            )
        self.path.mkdir(parents=True, exist_ok=True)
        self._runs = open(self.path / _RUNS, "a+b")  # noqa: SIM115 - closed with this
        try:
            self._lock()
            self._same_plan(plan)
            self._read()
        except BaseException:
            self._runs.close()
            raise

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:
            raise SweepRefused(
                "a sweep locks its folder, and this system has no flock: run it on Linux"
            ) from None
        try:
            fcntl.flock(self._runs, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SweepRefused(
                f"{self.path}: another process sweeps into this folder: wait for its end, or name another "
                "one with --output"
            ) from None

    def _same_plan(self, plan: dict[str, Any]) -> None:
        place = self.path / _PLAN
        if not place.exists():
            write_whole(place, json.dumps(plan, indent=1).encode("ascii") + b"\n")
            return
        try:
            there = json.loads(place.read_bytes())
        except ValueError as error:
            raise SweepRefused(
                f"{place} cannot be read: {error}: name another folder with --output"
            ) from None
        here = json.loads(json.dumps(plan))
        differences = list(_differences(there, here))
        if differences:
            more = f"; and {len(differences) - 5} more" if len(differences) > 5 else ""
            raise SweepRefused(
                f"{self.path} holds another sweep, and two in one table cannot be told apart: "
                f"{'; '.join(differences[:5])}{more}. Name another folder with --output, or remove this one"
            )

    def _read(self) -> None:
        """Finds the rows that are there, and cuts off what a killed process left unfinished."""
        self._runs.seek(0)
        begin = 0
        for line in self._runs:
            run = _run_of(line, len(self._grid))
            if run is None:
                rest = self._runs.read()
                if rest:
                    raise SweepRefused(
                        f"{self.path / _RUNS}: damaged at byte {begin}, in the middle: nothing was changed; "
                        "name another folder with --output"
                    )
                self._runs.truncate(begin)
                break
            self._begin_of_line[run] = begin
            begin += len(line)
        self._runs.seek(0, os.SEEK_END)
        self._end = begin

    @property
    def done(self) -> int:
        """Runs that were done."""
        return len(self._begin_of_line) - self._begin_of_line.count(_MISSING)

    def left(self) -> Iterator[int]:
        """Runs that are to be done, in the order in which they are."""
        return (run for run in self._grid.order() if self._begin_of_line[run] == _MISSING)

    def keep(self, runs: Iterable[Done]) -> int:
        """Writes down what was done; a run that is there already stays as it is. How many were new."""
        new = 0
        for run, _, line in runs:
            if self._begin_of_line[run] != _MISSING:
                continue
            new += 1
            self._runs.write(line)
            self._begin_of_line[run] = self._end
            self._end += len(line)
        self._runs.flush()
        self._dirty = self._dirty or new > 0
        if now() - self._synced_ns > _SYNC_NS:
            self._sync()
        return new

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every row there is, by its run."""
        with open(self.path / _RUNS, "rb") as lines:
            end = 0
            for begin in self._begin_of_line:
                if begin == _MISSING:
                    continue
                if begin != end:
                    lines.seek(begin)
                line = lines.readline()
                end = begin + len(line)
                yield json.loads(line)

    def _sync(self) -> None:
        if self._dirty:
            os.fsync(self._runs.fileno())
        self._dirty, self._synced_ns = False, now()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        try:
            self._sync()
        finally:
            self._runs.close()


def _run_of(line: bytes, runs: int) -> int | None:
    """The run of a line; ``None`` of one that is no row of this sweep."""
    if not line.endswith(b"\n"):
        return None
    try:
        run = json.loads(line)["run"]
    except (ValueError, KeyError, TypeError):
        return None
    return run if isinstance(run, int) and 0 <= run < runs else None


def _differences(there: Any, here: Any, path: str = "") -> Iterator[str]:
    if isinstance(there, dict) and isinstance(here, dict):
        for key in [*there, *(key for key in here if key not in there)]:
            place = f"{path}.{key}" if path else key
            if key not in there:
                yield f"{place} is new ({_shown(here[key])})"
            elif key not in here:
                yield f"{place} is gone ({_shown(there[key])})"
            else:
                yield from _differences(there[key], here[key], place)
    elif there != here:
        yield f"{path} was {_shown(there)} and is {_shown(here)}"


def _shown(value: Any) -> str:
    text = text_of(value)
    return text if len(text) <= 100 else f"{text[:97]}…"

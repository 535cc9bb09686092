"""A sweep gone through with: what is left of it is done, kept as it ends, and counted.

Blocks until every run is done, or ``should_stop`` says so; what was done by then is kept, and the same sweep
in the same folder goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tickpath.core.time import now
from tickpath.errors import SweepFailed, SweepRefused
from tickpath.lab.sweep.tally import Tally

if TYPE_CHECKING:
    from tickpath.lab.sweep.folder import Folder
    from tickpath.lab.sweep.grid import Grid
    from tickpath.lab.sweep.local import SweepEngine

__all__ = ["RUNS_MAX", "Swept", "go_through", "refuse_too_many"]

RUNS_MAX = 100_000
"""As many runs as nobody is asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What became of a sweep."""

    tally: Tally
    """The rows there are."""
    planned: int
    """Runs of the whole grid."""
    before: int
    """Of these, done by an earlier process."""
    interrupted: bool
    """Whether it was ended before all were done."""
    failure: str | None
    """Why its engine could not go on; ``None`` if it could."""
    wall_ns: int
    """How long it took, on the machine's clock."""

    @property
    def left(self) -> int:
        """Runs that are not done."""
        return self.planned - self.tally.runs

    @property
    def verdict(self) -> str:
        """``fail`` if a run failed or ended with an error, or the engine could not go on."""
        if self.interrupted:
            return "interrupted"
        failed = self.tally.outcomes["fail"] + self.tally.outcomes["error"]
        return "fail" if failed or self.left else "pass"


def refuse_too_many(grid: Grid, runs_max: int) -> None:
    """Raises ``SweepRefused`` for a grid of more than ``runs_max`` runs, and says what it is made of."""
    if len(grid) <= runs_max:
        return
    factors = [f"{len(axis.values):,} of {axis.key}" for axis in grid.axes]
    factors.append(f"{len(grid.seeds):,} seeds")
    raise SweepRefused(
        f"this is a grid of {len(grid):,} runs ({' x '.join(factors)}), more than {runs_max:,}: take fewer "
        f"values or seeds, or allow it with --runs-max {len(grid)}"
    )


def go_through(
    grid: Grid,
    folder: Folder,
    engine: SweepEngine,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int, int, int], object] = lambda _done, _planned, _failed: None,
) -> Swept:
    """Does what is left of ``grid`` on ``engine`` and keeps it in ``folder``.

    ``on_progress`` is told how many runs are done, of how many, and how many of those done now have failed.
    """
    begin_ns, planned = now(), len(grid)
    done, failed, failure = folder.done, 0, None
    if done < planned:
        try:
            for ended in engine.do(grid, folder.left(), planned - done, should_stop):
                done += folder.keep(ended)
                failed += sum(outcome in ("fail", "error") for _, outcome, _ in ended)
                on_progress(done, planned, failed)
        except SweepFailed as error:
            failure = str(error)
    tally = Tally(grid)
    tally.take(folder.rows())
    return Swept(
        tally=tally,
        planned=planned,
        before=folder.done_before,
        interrupted=failure is None and tally.runs < planned,
        failure=failure,
        wall_ns=now() - begin_ns,
    )

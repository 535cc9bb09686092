"""A sweep as one JSON object, ``tickpath/sweep/1``; every field stands in ``docs/reference/sweep.md``.

The rows themselves are in the table: this is what they come to.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from tickpath.lab.sweep.tally import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tickpath.lab.sweep.grid import Grid
    from tickpath.lab.sweep.sweep import Swept
    from tickpath.lab.sweep.tally import PointFigures

__all__ = ["SCHEMA", "sweep_report"]

SCHEMA = "tickpath/sweep/1"

#: Different errors that are shown.
_ERRORS_SHOWN = 20


def sweep_report(
    swept: Swept, *, engine: str, files: Mapping[str, str], known_without_effect: Sequence[str]
) -> dict[str, Any]:
    """The object of a sweep. ``files`` are those that were written, by what they are."""
    tally = swept.tally
    grid = tally.grid
    return {
        "schema": SCHEMA,
        "verdict": swept.verdict,
        "reasons": _reasons(swept),
        "scenario": grid.scenario,
        "axes": [{"key": axis.key, "values": list(axis.values)} for axis in grid.axes],
        "seeds": {"first": grid.seeds[0], "count": len(grid.seeds)},
        "runs": {
            "planned": swept.planned,
            "done": tally.runs,
            "done_before": swept.before,
            "left": swept.left,
            **{outcome: tally.outcomes[outcome] for outcome in OUTCOMES},
            "objectives_failed": tally.objectives_failed,
        },
        "points": [_point(grid, index, point) for index, point in enumerate(tally.points) if point.runs],
        "worst": _worst(grid, tally.worst),
        "errors": _errors(swept),
        "without_effect": list(dict.fromkeys([*known_without_effect, *tally.without_effect()])),
        "engine": engine,
        "wall_ns": swept.wall_ns,
        "files": dict(files),
    }


def _reasons(swept: Swept) -> list[str]:
    outcomes = swept.tally.outcomes
    reasons = [] if swept.failure is None else [swept.failure]
    if outcomes["error"]:
        reasons.append(f"{outcomes['error']:,} runs ended with an error")
    if outcomes["fail"]:
        reasons.append(f"{outcomes['fail']:,} runs failed")
    return reasons


def _point(grid: Grid, index: int, point: PointFigures) -> dict[str, Any]:
    values = grid.values(index * len(grid.seeds))
    return {
        "settings": {axis.key: value for axis, value in zip(grid.axes, values, strict=True)},
        "runs": point.runs,
        **{outcome: point.outcomes[outcome] for outcome in OUTCOMES},
        "objectives_failed": point.objectives_failed,
        "latency_p99_ns": {"median": point.p99_median_ns, "max": point.p99_max_ns, "runs": len(point.p99s)},
        "published": point.published,
        "missed": point.missed,
        "runs_with_losses": point.losing,
    }


def _worst(grid: Grid, row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {**_named(grid, row["run"]), "latency_p99_ns": row["latency_p99_ns"], "digest": row["digest"]}


def _named(grid: Grid, run: int) -> dict[str, Any]:
    """A run: its number, and the command that does it once more."""
    return {"run": run, "replay": shlex.join(grid.replay(run))}


def _errors(swept: Swept) -> list[dict[str, Any]]:
    tally = swept.tally
    return [
        {"error": words, "runs": runs, "first": _named(tally.grid, tally.errors[words])}
        for words, runs in tally.error_counts.most_common(_ERRORS_SHOWN)
    ]

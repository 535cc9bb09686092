"""Two sides held against each other: a row for each figure, and what each row and the whole come to.

The object is ``tickpath/compare/1``; every field stands in ``docs/reference/compare-json.md``. Latencies are
in nanoseconds, unknown is ``None``. Pure functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from tickpath.errors import ReportError
from tickpath.lab.compare.comparable import Difference
from tickpath.lab.compare.estimate import Change, counted, of_percentile, of_runs
from tickpath.lab.compare.intervals import pair_rank, runs_needed
from tickpath.lab.compare.limits import PERCENTILE_NAMES, Limit
from tickpath.lab.compare.reading import RunReading, Side
from tickpath.lab.report import STAGES

__all__ = ["COMPARE_SCHEMA", "compare_sides"]

COMPARE_SCHEMA = "tickpath/compare/1"

Judgement = Literal["regression", "within", "undecided", "machine", "unknown", "shown"]
Report = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure of both sides."""

    metric: str
    """``CONSUMER/STAGE.PERCENTILE``, ``CONSUMER/lost`` or ``verdict``."""
    unit: str
    """``ns``, ``events`` or ``runs``."""
    a: int | float | None
    """Of A: of its run, or the median of its runs."""
    b: int | float | None
    """Of B."""
    change: Change | None
    """From A to B; ``None`` where a side is unknown."""
    limit: str | None
    """What it was held against."""
    judgement: Judgement
    """What came of it."""
    of_machine: bool = False
    """Whether what B has of it is the machine's: at its floor, or lost while it stood still."""
    note: str = ""
    """Why, where that is not plain."""


def compare_sides(
    a: Side, b: Side, limits: Sequence[Limit], *, confidence: float, allowed: Sequence[Difference]
) -> Report:
    """The object of a comparison; ``allowed`` is what differs and may.

    Raises ``ReportError`` for a limit on what neither side has.
    """
    rows = [_verdict_row(a, b), *_rows(a, b, limits, confidence)]
    judged = [row.judgement for row in rows]
    return {
        "schema": COMPARE_SCHEMA,
        "verdict": "fail" if "regression" in judged else "pass",
        "regressions": judged.count("regression"),
        "undecided": judged.count("undecided"),
        "unknown": judged.count("unknown"),
        "confidence": confidence,
        "between_runs": _is_between_runs(a, b, confidence),
        "a": _side(a),
        "b": _side(b),
        "same_digest": _same_digest(a, b),
        "allowed": [asdict(each) for each in allowed],
        "rows": [asdict(row) for row in rows],
        "notes": _notes(a, b, confidence),
    }


def _side(side: Side) -> Report:
    return {
        "path": side.path,
        "runs": len(side.runs),
        "seeds": [run.seed for run in side.runs],
        "verdicts": [run.verdict for run in side.runs],
        "digests": [run.digest for run in side.runs],
    }


def _same_digest(a: Side, b: Side) -> bool | None:
    """Whether every run of both sides was the same, byte for byte; ``None`` for live runs."""
    digests = {run.digest for run in (*a.runs, *b.runs)}
    return None if None in digests else len(digests) == 1


def _has_several(a: Side, b: Side) -> bool:
    return len(a.runs) > 1 or len(b.runs) > 1


def _is_between_runs(a: Side, b: Side, confidence: float) -> bool:
    """Whether the spread between runs is known, and held against the difference."""
    return _has_several(a, b) and pair_rank(len(a.runs), len(b.runs), confidence) > 0


def _notes(a: Side, b: Side, confidence: float) -> list[str]:
    if _is_between_runs(a, b, confidence):
        return []
    needed = f"{runs_needed(confidence)} runs a side"
    if _has_several(a, b):
        runs = f"{len(a.runs)} and {len(b.runs)} runs"
        return [f"{runs} are too few to be {confidence:.10g} sure of a difference: that takes {needed}"]
    if a.runs[0].mode == b.runs[0].mode == "virtual":
        return ["both ran in virtual time: the same again every time, so that every difference is one"]
    return [
        "one run a side: nothing is known of the spread between runs",
        (
            "the intervals are of these two runs alone, and as if their events were independent, which they "
            "are not: two runs of the same may differ by more"
        ),
        f"to know the spread take {needed}, one after the other into the same file",
    ]


def _verdict_row(a: Side, b: Side) -> Row:
    failed = [sum(run.verdict == "fail" for run in side.runs) for side in (a, b)]
    judgement: Judgement = "within"
    note = ""
    if failed[1]:
        judgement = "undecided" if failed[0] else "regression"
        note = "runs of both sides failed" if failed[0] else "runs fail that passed"
    return Row(
        metric="failed",
        unit="runs",
        a=failed[0],
        b=failed[1],
        change=counted(failed[0], failed[1]),
        limit="as before",
        judgement=judgement,
        note=note,
    )


def _rows(a: Side, b: Side, limits: Sequence[Limit], confidence: float) -> Iterator[Row]:
    by_metric: dict[str, list[Limit]] = {}
    for limit in limits:
        by_metric.setdefault(limit.metric, []).append(limit)
    for metric, row in _plain_rows(a, b, confidence):
        asked = by_metric.pop(metric, [])
        yield from (_judged(row, limit, a, b) for limit in asked)
        if not asked and (row.a, row.b) != (None, None):
            yield row
    if by_metric:
        limit = next(iter(by_metric.values()))[0]
        consumers = ", ".join(sorted(a.runs[0].published))
        raise ReportError(
            f"{limit.text}: there is no {limit.metric} on both sides; their consumers are {consumers}"
        )


def _plain_rows(a: Side, b: Side, confidence: float) -> Iterator[tuple[str, Row]]:
    """Every figure that both sides have, not judged yet."""
    runs = (*a.runs, *b.runs)
    consumers = [name for name in a.runs[0].published if all(name in run.published for run in runs)]
    for consumer in consumers:
        for stage in STAGES:
            if not all((consumer, stage) in run.stages for run in runs):
                continue
            for percentile in PERCENTILE_NAMES:
                metric = f"{consumer}/{stage}.{percentile}"
                yield metric, _percentile_row(metric, (consumer, stage), percentile, a, b, confidence)
        yield f"{consumer}/lost", _lost_row(consumer, a, b, confidence)


def _percentile_row(
    metric: str, key: tuple[str, str], percentile: str, a: Side, b: Side, confidence: float
) -> Row:
    field = PERCENTILE_NAMES[percentile]
    mine, theirs = ([run.stages[key].percentiles_ns[field] for run in side.runs] for side in (a, b))
    known = ([ns for ns in mine if ns is not None], [ns for ns in theirs if ns is not None])
    row = Row(
        metric=metric,
        unit="ns",
        a=_median(known[0]) if len(known[0]) == len(mine) else None,
        b=_median(known[1]) if len(known[1]) == len(theirs) else None,
        change=None,
        limit=None,
        judgement="shown",
    )
    if row.a is None or row.b is None:
        return replace(row, note="unknown: fewer than ten samples beyond it")
    change: Change | None
    if _has_several(a, b):
        change = of_runs(known[0], known[1], confidence)
    elif a.runs[0].mode == b.runs[0].mode == "virtual":
        change = counted(known[0][0], known[1][0])
    else:
        quantile = float(percentile[1:]) / 100
        change = of_percentile(a.runs[0].stages[key], b.runs[0].stages[key], field, quantile, confidence)
    floor = all(field in run.stages[key].at_floor for run in b.runs)
    note = "B is at the machine's floor" if floor else ""
    return replace(row, change=change, of_machine=floor, note=note)


def _lost_row(consumer: str, a: Side, b: Side, confidence: float) -> Row:
    mine, theirs = ([run.missed[consumer] for run in side.runs] for side in (a, b))
    # Counted, event by event: of one run a side there is nothing to estimate.
    change = of_runs(mine, theirs, confidence) if _has_several(a, b) else counted(mine[0], theirs[0])
    lossy = [run for run in b.runs if run.missed[consumer]]
    is_machines = bool(lossy) and all(consumer in run.missed_by_machine for run in lossy)
    return Row(
        metric=f"{consumer}/lost",
        unit="events",
        a=_median(mine),
        b=_median(theirs),
        change=change,
        limit=None,
        judgement="shown",
        of_machine=is_machines,
        note="B's losses are the machine's" if is_machines else "",
    )


def _judged(row: Row, limit: Limit, a: Side, b: Side) -> Row:
    row = replace(row, limit=limit.text)
    if row.change is None:
        return replace(row, judgement="unknown")
    worse, better = _beyond(row.change, limit, a, b)
    if better:
        return replace(row, judgement="within")
    if row.of_machine:
        return replace(row, judgement="machine")
    return replace(row, judgement="regression" if worse else "undecided")


def _beyond(change: Change, limit: Limit, a: Side, b: Side) -> tuple[bool, bool]:
    """Whether it is worse than ``limit`` with confidence, and whether it is not with confidence."""
    if limit.share is not None and limit.stage is not None:
        return change.grown_by_more_than(limit.share)
    allowed = limit.amount or 0
    if limit.share is not None:
        # Of losses: a share of what was published.
        runs: tuple[RunReading, ...] = (*a.runs, *b.runs)
        allowed = int(limit.share * min(run.published[limit.consumer] for run in runs))
    return change.more_by_more_than(allowed)


def _median(values: Sequence[int]) -> int | float | None:
    if not values:
        return None
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2

"""A bench as one JSON object, ``tickpath/bench/1``; every field stands in ``docs/reference/bench-json.md``.

Latencies are integers in nanoseconds, times per event have a fraction. Unknown is ``None``, never 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tickpath.lab.bench import provenance
from tickpath.lab.bench.bench import verdict_of
from tickpath.lab.bench.figures import PERCENTILES, Latency, Spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tickpath.lab.bench.bench import BenchSettings, MeasuredPart
    from tickpath.lab.bench.part import Figure, Promise

__all__ = ["SCHEMA", "bench_report"]

SCHEMA = "tickpath/bench/1"

Report = dict[str, Any]


def bench_report(
    settings: BenchSettings,
    parts: Sequence[MeasuredPart],
    *,
    interrupted: bool,
    wall_ns: int,
    also: Mapping[str, Any] | None = None,
) -> Report:
    """The object. ``also`` is that of the same measurement under another interpreter."""
    native = provenance.native()
    judged = native["build"] != "debug"
    verdict, missed = verdict_of(parts, interrupted=interrupted, judged=judged)
    if also is not None and not interrupted and also["verdict"] != "pass":
        verdict = also["verdict"]
        missed += [f"{what} ({also['machine']['executable']})" for what in also["missed"]]
    return {
        "schema": SCHEMA,
        "verdict": verdict,
        "missed": missed,
        "judged": judged,
        "wall_ns": wall_ns,
        "machine": provenance.machine(),
        "versions": provenance.versions(),
        "native": native,
        "config": {
            "parts": list(settings.parts),
            "rounds": settings.rounds_planned,
            "quick": settings.quick,
        },
        "parts": {part.name: _part(part) for part in parts},
        "also": also,
    }


def _part(part: MeasuredPart) -> Report:
    return {
        "title": part.title,
        "complete": part.complete,
        "rounds": part.result.rounds,
        "wall_ns": part.wall_ns,
        "notes": list(part.result.notes),
        "figures": [_figure(figure) for figure in part.result.figures],
        "promises": [_promise(promise) for promise in part.result.promises],
    }


def _figure(figure: Figure) -> Report:
    return {
        "what": figure.what,
        "contender": figure.contender,
        "waits": figure.waits,
        "ns": _spread(figure.ns),
        "latency": _latency(figure.latency),
        "base": figure.base,
        "times_base": _spread(figure.times_base),
        "read": figure.read,
        "lost": figure.lost,
        "missing": figure.missing,
    }


def _promise(promise: Promise) -> Report:
    return {
        "what": promise.what,
        "unit": promise.unit,
        "value": _spread(promise.value),
        "at_least": promise.at_least,
        "at_most": promise.at_most,
        "floor": _spread(promise.floor),
        "at_floor": promise.at_floor,
        "kept": promise.kept,
    }


def _spread(spread: Spread | None) -> Report | None:
    if spread is None:
        return None
    return {
        "median": round(spread.median, 3),
        "low": round(spread.low, 3),
        "high": round(spread.high, 3),
        "rounds": spread.rounds,
    }


def _latency(latency: Latency | None) -> Report | None:
    if latency is None:
        return None
    known = dict(latency.percentiles)
    return {
        "count": latency.count,
        "min_ns": latency.min_ns,
        **{name: known[name] for name, _ in PERCENTILES},
        "max_ns": latency.max_ns,
        "quantiles": [list(point) for point in latency.quantiles],
    }

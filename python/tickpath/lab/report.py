"""A run as one JSON object, ``tickpath/run/1``; every field stands in ``docs/reference/run-json.md``.

Times are integers in nanoseconds. What is unknown is ``None``, never 0.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tickpath.core.state import State
from tickpath.lab.accounts import feed_account, ledger_account, lifecycle_account
from tickpath.lab.control_report import control_section
from tickpath.lab.digest import run_digest
from tickpath.lab.flight_section import flight_section
from tickpath.lab.histogram_log import histogram_section
from tickpath.lab.losses import loss_account, pauses_in_run
from tickpath.lab.machine import machine_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tickpath.core.engine import EngineRecord, LatencyFigures, StagePlace
    from tickpath.lab.feed_account import FeedAccount
    from tickpath.runtime.session import RunResult

__all__ = [
    "PERCENTILES",
    "SCHEMA",
    "STAGES",
    "feed_section",
    "figures_of",
    "run_report",
]

SCHEMA = "tickpath/run/1"
STAGES = (
    "intended_to_published",
    "published_to_polled",
    "polled_to_completed",
    "published_to_completed",
    "intended_to_completed",
)
PERCENTILES = ("p50_ns", "p90_ns", "p99_ns", "p99_9_ns", "p99_99_ns")

_FIGURES = ("count", "min_ns", *PERCENTILES, "max_ns")
#: Pauses that are shown of a run.
_PAUSES_SHOWN = 10
_TOO_FEW = "fewer than ten samples beyond"

Report = dict[str, Any]


def run_report(
    result: RunResult,
    feed: FeedAccount,
    *,
    seed: int | None,
    config: Mapping[str, Any],
    watch: Mapping[str, Any] | None = None,
    over_time: Mapping[str, Any] | None = None,
) -> Report:
    """The object of a run. ``config`` is what the caller was asked for beside ``result.settings``.

    ``seed`` is that of a synthetic feed; a recording has none. ``watch`` is what showing it took,
    ``over_time`` what :class:`tickpath.lab.latency_over_time.LatencyOverTime` saw of it.
    """
    record = result.record
    return {
        "schema": SCHEMA,
        "seed": seed,
        "mode": result.mode,
        "digest": run_digest(result),
        "verdict": result.verdict,
        "reasons": list(result.reasons),
        "wall_ns": record.wall_ns if record else None,
        "begin_ns": record.begin_ns if record else None,
        "machine": _machine(record),
        "config": {
            **config,
            **asdict(result.settings),
            "warmup_events": result.warmup_events,
        },
        "feed": {
            **feed_section(feed),
            "plan_length_ns": result.plan_length_ns,
            "gaps_capped": result.gaps_capped,
            "left_out_ns": result.left_out_ns,
            "account": feed_account(record),
        },
        "ledger": {**ledger_account(record), **loss_account(result)},
        "latency": _stages(record.stages[0].latency if record else ()),
        "latency_by_state": _by_state(record),
        "latency_by_consumer": (
            {stage.name: _stages(stage.latency) for stage in record.stages}
            if record
            else {"executor": _stages(())}
        ),
        "latency_over_time": None if over_time is None else dict(over_time),
        "histograms": histogram_section(record),
        "floor": _floor(record),
        "clock": _clock(record),
        "lifecycle": lifecycle_account(result.history),
        "epochs": _epochs(record),
        "executed_outside_ready": result.executed_outside_ready,
        **control_section(result),
        "observer": _observer(result),
        "watch": None if watch is None else dict(watch),
        "flight_recorder": flight_section(result),
        "refused": list(record.refused) if record else [],
    }


def feed_section(feed: FeedAccount) -> Report:
    """What was fed."""
    return {
        "events": feed.events,
        "symbols": list(feed.symbols),
        "first_ts_ns": feed.first_ts_ns,
        "last_ts_ns": feed.last_ts_ns,
        "sources": [dict(source) for source in feed.sources],
    }


def _clock(record: EngineRecord | None) -> Report:
    names = ("source", "cost_ns", "error_ppm", "error_ns", "fallback")
    return {name: getattr(record.clock, name) if record else None for name in names}


def _observer(result: RunResult) -> Report:
    sink = result.sink
    return {
        # What switching it on costs is measured by interleaved runs: `tickpath bench`.
        "cost_ns": None,
        "sink": sink.sink if sink else None,
        "dropped": sink.dropped if sink else None,
        "shown": sink.shown if sink else None,
        "errors": sink.errors if sink else None,
        "abandoned": sink.abandoned if sink else None,
        "busy_ns": sink.busy_ns if sink else None,
        "ended_by": sink.ended_by if sink else None,
    }


def figures_of(figures: LatencyFigures | None) -> Report:
    """The fields of a latency: how many, the extremes, the percentiles."""
    if figures is None:
        return {"count": 0, **dict.fromkeys(_FIGURES[1:])}
    return {name: getattr(figures, name) for name in _FIGURES}


def _stages(histograms: Iterable[LatencyFigures]) -> Report:
    by_stage = {figures.stage: figures for figures in histograms}
    return {
        stage: {
            **figures_of(figures := by_stage.get(stage)),
            "at_floor": list(figures.at_floor) if figures else [],
            "dropped": figures.dropped if figures else None,
            "unknown": _why_unknown(figures),
        }
        for stage in STAGES
    }


def _why_unknown(figures: LatencyFigures | None) -> str | None:
    """Why some of the percentiles are ``None``; ``None`` if all are there."""
    if figures is None or not figures.count:
        return "no samples"
    return _TOO_FEW if any(getattr(figures, name) is None for name in PERCENTILES) else None


def _by_state(record: EngineRecord | None) -> Report:
    """Only states in which an event was processed."""
    by_state: dict[str, list[LatencyFigures]] = {}
    for figures in record.latency_by_state if record else ():
        if figures.state is not None:
            by_state.setdefault(State(figures.state).name, []).append(figures)
    return {
        name: _stages(histograms)
        for name, histograms in by_state.items()
        if any(figures.count for figures in histograms)
    }


def _floor(record: EngineRecord | None) -> Report:
    pauses = pauses_in_run(record) if record else []
    longest = sorted(pauses, key=lambda pause: pause[1], reverse=True)[:_PAUSES_SHOWN]
    return {
        **figures_of(record.floor if record else None),
        "continuous": record.floor_continuous if record else False,
        "watched_ns": record.floor_watched_ns if record else None,
        "longest_pause_ns": record.floor_longest_pause_ns if record else None,
        "pauses_in_run": len(pauses) if record else None,
        "pauses": [{"start_ns": start_ns, "length_ns": length_ns} for start_ns, length_ns in longest],
        "forgotten": record.floor_forgotten if record else None,
    }


def _epochs(record: EngineRecord | None) -> list[Report]:
    names = ("epoch", "first_seq", "last_seq", "executed", "gated")
    return [dict(zip(names, row, strict=True)) for row in (record.epochs if record else ())]


def _machine(record: EngineRecord | None) -> Report:
    feed = record.feed_place if record else None
    stages = record.stages if record else ()
    return {
        **machine_facts(),
        "feed": _place(feed),
        "stages": {stage.name: _place(stage.place) for stage in stages},
        "memory_locked": record.memory_locked if record else None,
        "memory_huge_bytes": record.memory_huge_bytes if record else None,
    }


def _place(place: StagePlace | None) -> Report:
    names = ("core", "wait", "spin_pauses", "alone")
    return {name: getattr(place, name) if place else None for name in names}

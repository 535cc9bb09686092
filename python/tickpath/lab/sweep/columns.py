"""The columns of a sweep: what each run leaves behind, in order, with its type and its unit in its name.

``docs/reference/sweep.md`` says what each is. Times are integers in nanoseconds of virtual time; what is
unknown is ``None``, never 0: a percentile with fewer than ten samples beyond it, all figures of a run that
ended with an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tickpath.core.state import State
from tickpath.lab.grading import grade

if TYPE_CHECKING:
    from tickpath.config.scenario import Scenario
    from tickpath.core.engine import LatencyFigures
    from tickpath.lab.facts import DrillFacts
    from tickpath.runtime.result import RunResult

__all__ = ["CONSUMER_FIGURES", "FIGURES", "TEXTS", "figures_of_run"]

_LATENCY = ("min_ns", "p50_ns", "p90_ns", "p99_ns", "p99_9_ns", "p99_99_ns", "max_ns")

TEXTS = ("outcome", "objectives", "reasons", "error")
"""How the run ended, in words."""

FIGURES = (
    *("published", "executed", "gated", "lost", "shed", "unread", "withheld"),
    "latency_count",
    *(f"latency_{name}" for name in _LATENCY),
    *("latency_intended_p99_ns", "latency_ready_p99_ns"),
    *("first_ready_ns", "degradations", "not_ready_ns", "ended_ns"),
)
"""Whole numbers, of the executor and of the run."""

CONSUMER_FIGURES = ("published", "read", "lost", "shed", "unread", "latency_p99_ns")
"""Whole numbers of each plain consumer: ``consumers[NAME].lost``."""


def figures_of_run(scenario: Scenario, facts: DrillFacts, result: RunResult | None) -> dict[str, Any]:
    """The columns of a run that came to its end; those that are left out are ``None``."""
    row: dict[str, Any] = {
        "outcome": facts.verdict,
        "objectives": "pass" if grade(facts, scenario.objectives).passed else "fail",
        "reasons": "; ".join(facts.reasons) or None,
        "ended_ns": facts.ended_ns,
        "withheld": facts.withheld,
        "latency_ready_p99_ns": facts.p99_ns,
        "digest": facts.digest,
        **_readiness(facts),
    }
    for name, books in facts.books.items():
        own = ("published", "executed", "gated", "lost", "shed", "unread")
        terms = own if name == "executor" else ("published", "read", "lost", "shed", "unread")
        row |= {_column(name, term): getattr(books, term) for term in terms}
    for stage in result.record.stages if result is not None and result.record is not None else ():
        row |= _latencies(stage.name, {figures.stage: figures for figures in stage.latency})
    return row


def _column(stage: str, figure: str) -> str:
    return figure if stage == "executor" else f"consumers[{stage}].{figure}"


def _latencies(stage: str, by_stage: Mapping[str, LatencyFigures]) -> dict[str, int | None]:
    completed, intended = by_stage.get("published_to_completed"), by_stage.get("intended_to_completed")
    if stage != "executor":
        return {_column(stage, "latency_p99_ns"): completed.p99_ns if completed else None}
    return {
        "latency_count": completed.count if completed else 0,
        **{f"latency_{name}": getattr(completed, name, None) for name in _LATENCY},
        "latency_intended_p99_ns": intended.p99_ns if intended else None,
    }


def _readiness(facts: DrillFacts) -> dict[str, int | None]:
    """When the run was ready first, how often it was degraded since, and for how long it was not ready."""
    ready = [move.at_ns for move in facts.moves if move.target is State.READY]
    if not ready or facts.ended_ns is None:
        return {"first_ready_ns": None, "degradations": len(_degraded(facts)), "not_ready_ns": None}
    not_ready_ns, left_ns = 0, None
    for move in facts.moves:
        if move.at_ns < ready[0]:
            continue
        if move.source is State.READY:
            left_ns = move.at_ns
        elif move.target is State.READY and left_ns is not None:
            not_ready_ns, left_ns = not_ready_ns + move.at_ns - left_ns, None
    if left_ns is not None:
        not_ready_ns += facts.ended_ns - left_ns
    return {"first_ready_ns": ready[0], "degradations": len(_degraded(facts)), "not_ready_ns": not_ready_ns}


def _degraded(facts: DrillFacts) -> list[int]:
    return [move.at_ns for move in facts.moves if move.target is State.DEGRADED]

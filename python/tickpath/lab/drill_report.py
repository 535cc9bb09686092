"""Drills as one JSON object, ``tickpath/drill/1``; every field stands in ``docs/reference/drill-json.md``.

Times are integers in nanoseconds of run time. What is unknown is ``None``, never 0.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tickpath.config.scenario import Scenario
    from tickpath.lab.drill import DrillResult
    from tickpath.lab.facts import Books, DrillFacts, Mode
    from tickpath.lab.grading import GradeRow

__all__ = ["DRILL_LIST_SCHEMA", "DRILL_SCHEMA", "drill_list", "drill_object", "drill_report"]

DRILL_SCHEMA = "tickpath/drill/1"
DRILL_LIST_SCHEMA = "tickpath/drill-list/1"

Report = dict[str, Any]


def drill_report(results: Sequence[DrillResult], *, mode: Mode, wall_ns: int, left_out: int = 0) -> Report:
    """The object of the drills that were run, in their order; an interruption has ``left_out`` so many."""
    verdicts = [result.verdict for result in results]
    return {
        "schema": DRILL_SCHEMA,
        "mode": mode,
        "verdict": "interrupted" if left_out else _together(verdicts),
        "passed": verdicts.count("pass"),
        "failed": verdicts.count("fail"),
        "left_out": left_out,
        "wall_ns": wall_ns,
        "drills": [drill_object(result) for result in results],
    }


def drill_list(scenarios: Sequence[Scenario]) -> Report:
    """The object of ``tickpath drill list``."""
    return {
        "schema": DRILL_LIST_SCHEMA,
        "drills": [
            {
                "name": scenario.name,
                "description": scenario.description,
                "injections": [injection.kind for injection in scenario.injections],
                "expects_causes": list(scenario.objectives.expects_causes),
                "disable": scenario.break_.disable,
            }
            for scenario in scenarios
        ],
    }


def _together(verdicts: Sequence[str]) -> str:
    if "interrupted" in verdicts:
        return "interrupted"
    return "fail" if "fail" in verdicts or not verdicts else "pass"


def drill_object(result: DrillResult) -> Report:
    """One drill of the object."""
    facts = result.facts
    return {
        "name": result.scenario.name,
        "description": result.scenario.description,
        "verdict": result.verdict,
        "disabled": result.disabled,
        "seed": facts.seed,
        "digest": facts.digest,
        "ended_ns": facts.ended_ns,
        "wall_ns": result.wall_ns,
        "grade": [_row(row) for row in result.grade.rows],
        "lifecycle": [
            {
                "source": move.source.name,
                "target": move.target.name,
                "at_ns": move.at_ns,
                "cause": move.cause,
            }
            for move in facts.moves
        ],
        "injections": [asdict(span) for span in facts.injections],
        "health": [asdict(event) for event in facts.health],
        "audit": [asdict(entry) for entry in facts.audit],
        "ledger": _ledger(facts),
        "executed_outside_ready": facts.executed_outside_ready,
    }


def _row(row: GradeRow) -> Report:
    return asdict(row)


def _ledger(facts: DrillFacts) -> Mapping[str, Any]:
    return {
        "balanced": facts.balanced,
        "consumers": {name: _books(name, books) for name, books in facts.books.items()},
    }


def _books(name: str, books: Books) -> Report:
    """As in ``tickpath/run/1``: a plain consumer has ``read`` in the place of ``executed`` and ``gated``."""
    terms = asdict(books)
    for absent in ("read",) if name == "executor" else ("executed", "gated"):
        del terms[absent]
    return terms

"""Virtual and live side by side: the story has to be the same, the figures need not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.drills import MS, OUTAGE, facts
from tickpath.core.state import State
from tickpath.lab.facts import Books, HealthEvent, Move
from tickpath.lab.parity import compare, parity_report


def differing(**changes: Any) -> list[str]:
    return [row.name for row in compare(facts(), facts(mode="live", **changes)).rows if not row.same]


def test_other_figures_are_the_same_story() -> None:
    moves = tuple(
        Move(move.at_ns + 7, move.source, move.target, move.cause.replace("1000", "2,345"))
        for move in facts().moves
    )
    books = {"executor": Books(published=80, executed=50, gated=30), "log": Books(published=80, read=80)}
    assert differing(moves=moves, books=books, p99_ns=1, digest=None) == []
    assert compare(facts(), facts(mode="live")).same


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        (
            {"moves": (*facts().moves[:3], Move(510 * MS, State.DEGRADED, State.WARMUP, "recovered"))},
            "transition 4",
        ),
        ({"moves": facts().moves[:3]}, "transition 4"),
        ({"health": (HealthEvent(1, "backlog", raised=True),)}, "causes raised"),
        ({"books": {**facts().books, "executor": Books(published=100, executed=100)}}, "ledger of executor"),
        ({"books": {"executor": facts().books["executor"]}}, "ledger of log"),
        ({"balanced": None}, "ledger balanced"),
        ({"executed_outside_ready": 3}, "executed while not READY"),
        ({"verdict": "fail"}, "the run itself"),
    ],
)
def test_each_part_of_the_story_is_compared(changes: dict[str, Any], name: str) -> None:
    assert name in differing(**changes)


def test_a_transition_for_another_reason_differs() -> None:
    moves = list(facts().moves)
    moves[2] = Move(410 * MS, State.READY, State.DEGRADED, "backlog")
    assert differing(moves=tuple(moves)) == ["transition 3"]


def test_the_report_has_both_sides_of_each_row() -> None:
    virtual, live = facts(), facts(mode="live", verdict="fail")
    report = parity_report(compare(virtual, live), virtual)
    assert report["schema"] == "tickpath/parity/1"
    assert (report["verdict"], report["digest"]) == ("fail", virtual.digest)
    assert report["rows"][2] == {
        "name": "transition 3",
        "virtual": f"READY -> DEGRADED: {OUTAGE}",
        "live": f"READY -> DEGRADED: {OUTAGE}",
        "same": True,
    }

"""The same scenario in virtual time and live, side by side, and whether it is the same story.

Figures differ between a model and a machine; the story must not. Compared are the order of the transitions
with their causes, which causes were raised, which terms of each ledger are zero and which not, and what
must hold in every run. Numbers within a cause's words (how many rounds a warm-up took) are figures and may
differ.

A pure function of two :class:`~tickpath.lab.facts.DrillFacts`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tickpath.lab.facts import Books, DrillFacts

__all__ = ["PARITY_SCHEMA", "Parity", "ParityRow", "compare", "parity_report"]

PARITY_SCHEMA = "tickpath/parity/1"

_TERMS = ("executed", "gated", "read", "lost", "shed", "unread")
_NUMBER = re.compile(r"\d[\d,._]*")


@dataclass(frozen=True, slots=True)
class ParityRow:
    """One thing that is to be the same."""

    name: str
    """What is compared."""
    virtual: str
    """In virtual time."""
    live: str
    """Live."""

    @property
    def same(self) -> bool:
        """Whether they agree; numbers in words aside."""
        return _NUMBER.sub("#", self.virtual) == _NUMBER.sub("#", self.live)


@dataclass(frozen=True, slots=True)
class Parity:
    """Two runs of one scenario, compared."""

    rows: tuple[ParityRow, ...]
    """Transitions first, then causes, ledgers, invariants."""

    @property
    def same(self) -> bool:
        """Whether every row agrees."""
        return all(row.same for row in self.rows)


def compare(virtual: DrillFacts, live: DrillFacts) -> Parity:
    """The rows of ``virtual`` and ``live``, which are runs of the same scenario."""
    consumers = list(dict.fromkeys([*virtual.books, *live.books]))
    return Parity(
        (
            *_moves(virtual, live),
            ParityRow("causes raised", _causes(virtual), _causes(live)),
            *(
                ParityRow(
                    f"ledger of {name}", _classes(virtual.books.get(name)), _classes(live.books.get(name))
                )
                for name in consumers
            ),
            ParityRow("ledger balanced", _said(virtual.balanced), _said(live.balanced)),
            ParityRow("executed while not READY", _count(virtual), _count(live)),
            ParityRow("state at the end", virtual.state.name, live.state.name),
            ParityRow("the run itself", virtual.verdict, live.verdict),
        )
    )


def parity_report(parity: Parity, virtual: DrillFacts) -> dict[str, Any]:
    """The object ``tickpath/parity/1``; its fields stand in ``docs/reference/drill-json.md``."""
    return {
        "schema": PARITY_SCHEMA,
        "scenario": virtual.scenario,
        "seed": virtual.seed,
        "digest": virtual.digest,
        "verdict": "pass" if parity.same else "fail",
        "rows": [
            {"name": row.name, "virtual": row.virtual, "live": row.live, "same": row.same}
            for row in parity.rows
        ],
    }


def _moves(virtual: DrillFacts, live: DrillFacts) -> list[ParityRow]:
    """A row for each transition, by its number: a story that is longer on one side shows where."""
    ours, theirs = _told(virtual), _told(live)
    return [
        ParityRow(
            f"transition {number + 1}",
            ours[number] if number < len(ours) else "none",
            theirs[number] if number < len(theirs) else "none",
        )
        for number in range(max(len(ours), len(theirs)))
    ]


def _told(facts: DrillFacts) -> list[str]:
    return [f"{move.source.name} -> {move.target.name}: {move.cause}" for move in facts.moves]


def _causes(facts: DrillFacts) -> str:
    # Which, not in what order: two probes may see a fault at the same moment.
    raised = sorted(dict.fromkeys(event.cause for event in facts.health if event.raised))
    return ", ".join(raised) or "none"


def _classes(books: Books | None) -> str:
    if books is None:
        return "none"
    return ", ".join(name for name in _TERMS if getattr(books, name)) or "nothing"


def _said(balanced: bool | None) -> str:
    return "unknown" if balanced is None else ("yes" if balanced else "no")


def _count(facts: DrillFacts) -> str:
    outside = facts.executed_outside_ready
    # Zero or not is the invariant; how many is a figure.
    return "unknown" if outside is None else ("none" if outside == 0 else "some")

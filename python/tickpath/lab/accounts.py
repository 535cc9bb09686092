"""The books and the lifecycle of a run, as reports show them and as its digest covers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tickpath.core.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickpath.core.engine import EngineLedger, EngineRecord
    from tickpath.core.state import Transition

__all__ = ["feed_account", "ledger_account", "lifecycle_account"]

Report = dict[str, Any]


_FEED_TERMS = (
    "planned",
    "published",
    "withheld",
    "repeats",
    "unpublished",
    "gaps",
    "reordered",
    "balanced",
)


def feed_account(record: EngineRecord | None) -> Report | None:
    """The feed's side: planned + repeats = published + withheld + unpublished; ``None`` if it never began."""
    return None if record is None else {name: getattr(record.feed, name) for name in _FEED_TERMS}


def ledger_account(record: EngineRecord | None) -> Report:
    """The books of every consumer, and whether they balance."""
    if record is None:
        terms = dict.fromkeys(("published", "executed", "gated", "lost", "shed", "unread"), 0)
        return {"balanced": True, "consumers": {"executor": {**terms, "gated_by_state": {}}}}
    consumers = {
        stage.name: _books(stage.ledger, plain=index > 0) for index, stage in enumerate(record.stages)
    }
    return {"balanced": record.balanced, "consumers": consumers}


def _books(ledger: EngineLedger, *, plain: bool) -> Report:
    """The terms of one consumer; a plain one has ``read`` in the place of ``executed`` and ``gated``."""
    missed = {"lost": ledger.lost, "shed": ledger.shed, "unread": ledger.unread}
    if plain:
        return {"published": ledger.published, "read": ledger.read, **missed}
    by_state = {state.name: ledger.gated[state] for state in State if ledger.gated[state]}
    return {
        "published": ledger.published,
        "executed": ledger.executed,
        "gated": sum(ledger.gated),
        **missed,
        "gated_by_state": by_state,
    }


def lifecycle_account(history: Sequence[Transition]) -> list[Report]:
    """Every transition."""
    return [
        {
            "epoch": transition.epoch,
            "source": transition.source.name,
            "target": transition.target.name,
            "at_ns": transition.at_ns,
            "cause": transition.cause,
        }
        for transition in history
    ]

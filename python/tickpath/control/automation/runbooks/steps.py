"""Steps that several runbooks share: degrade, wait until it is clear, skip to the head, recover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tickpath.control.automation.conditions import (
    ALL_CLEAR,
    DEGRADED,
    DEGRADED_OR_GONE,
    LEFT_DEGRADED,
    STARTED,
    caught_up,
    confirmed,
)
from tickpath.control.automation.runbook import Situation, Step
from tickpath.core.state import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from tickpath.control.automation.actions import Actions

__all__ = ["Limits", "ask_to_degrade", "clear", "degrade", "recover", "skip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a scenario may set about a runbook."""

    timeout_ns: int = 30_000_000_000
    """How long each wait of a step may take, in nanoseconds of run time."""
    confirm_looks: int = 3
    """Looks in a row without the cause before recovery counts as confirmed."""
    stage: str | None = None
    """The stage to act on; ``None``: the one that the cause names."""


def ask_to_degrade(actions: Actions, situation: Situation) -> object:
    """Asks for DEGRADED, on account of the trigger."""
    return actions.degrade(situation.trigger)


def _recover(actions: Actions, situation: Situation) -> object:
    if situation.degraded_from is State.WARMUP:
        return actions.restart_warmup(situation.trigger)
    return actions.recover(situation.trigger)


def degrade(limits: Limits) -> Step:
    """DEGRADED, whatever the state; it stays if a later step fails."""
    return Step(
        name="degrade",
        does="moves the lifecycle to DEGRADED: events are processed, none is executed",
        action=ask_to_degrade,
        pre=STARTED,
        post=DEGRADED_OR_GONE,
        timeout_ns=limits.timeout_ns,
    )


def clear(limits: Limits, *, holds: bool = True) -> Step:
    """Waits until the cause has been gone for long enough."""
    return Step(
        name="wait until clear",
        does="waits until the cause is gone and recovery is confirmed",
        post=confirmed(limits.confirm_looks),
        timeout_ns=limits.timeout_ns,
        holds=holds,
    )


def recover(limits: Limits) -> Step:
    """READY again, or WARMUP if that is what was left for DEGRADED: a warm-up is never skipped."""
    return Step(
        name="recover",
        does="moves the lifecycle to READY, or to WARMUP where a warm-up was broken off",
        action=_recover,
        pre=ALL_CLEAR,
        post=LEFT_DEGRADED,
        timeout_ns=limits.timeout_ns,
        undo=ask_to_degrade,
        undo_post=DEGRADED,
    )


def skip(limits: Limits, stage_of: Callable[[Situation], str], who: str) -> Step:
    """The stage goes on with the newest event; what it skips is counted as shed and does not come back."""
    return Step(
        name="skip to head",
        does=f"asks {who} to go on with the newest event; what it skips is counted as shed",
        action=lambda actions, situation: actions.skip_to_head(stage_of(situation)),
        pre=STARTED,
        post=caught_up(stage_of),
        timeout_ns=limits.timeout_ns,
    )

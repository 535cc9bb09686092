"""Runbooks of the start: caches are cold, and a warm-up that does not end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.control.automation.conditions import (
    DEGRADED,
    GONE,
    IN_WARMUP,
    MAY_WARM_UP,
    MAY_WARM_UP_AGAIN,
    NOBODY_HAS_LOOKED,
    NOT_READY,
    READY,
    WARMED_UP_OR_LEFT,
    WARMUP_GAVE_UP,
)
from tickpath.control.automation.runbook import Runbook, Step
from tickpath.control.automation.runbooks.steps import ask_to_degrade
from tickpath.core.state import State

if TYPE_CHECKING:
    from tickpath.control.automation.runbooks.steps import Limits

__all__ = ["cold_start", "warmup_incomplete"]


def cold_start(limits: Limits) -> Runbook:
    """Everything is cold: from INIT, or in the middle of a session."""
    return Runbook(
        name="cold-start",
        title="Caches are cold: execute nothing before a whole warm-up",
        row="Cold Start",
        triggers=("cold start",),
        states=(State.INIT,),
        steps=(
            Step(
                name="stop executing",
                does="moves READY to DEGRADED",
                action=ask_to_degrade,
                post=NOT_READY,
                timeout_ns=limits.timeout_ns,
            ),
            Step(
                name="begin the warm-up",
                does="moves DEGRADED to WARMUP; out of INIT the session moves by its own plan",
                action=lambda actions, situation: actions.restart_warmup(situation.trigger),
                pre=MAY_WARM_UP,
                post=IN_WARMUP,
                timeout_ns=limits.timeout_ns,
                holds=True,
                undo=ask_to_degrade,
                undo_post=DEGRADED,
            ),
            Step(
                name="clear the cause",
                does="acknowledges the cold start, which the warm-up answers",
                action=lambda actions, situation: actions.acknowledge(situation.trigger),
                post=GONE,
                timeout_ns=limits.timeout_ns,
            ),
            Step(
                name="wait for READY",
                does="waits until the warm-up has ended on its evidence",
                post=READY,
                gives_up=WARMUP_GAVE_UP,
                timeout_ns=limits.timeout_ns,
            ),
        ),
        description=(
            "A process that has just started, or was restarted in mid-session, is slow in ways that no "
            "figure of yesterday shows. It goes the whole way through WARMUP before anything is executed."
        ),
    )


def warmup_incomplete(limits: Limits) -> Runbook:
    """WARMUP lasts, up to its cap."""
    return Runbook(
        name="warm-up-incomplete",
        title="The warm-up is not over: execute nothing, and ask a person if it never ends",
        row="Warm-up Incomplete",
        triggers=("warm-up incomplete",),
        states=(State.WARMUP,),
        steps=(
            Step(
                name="begin the warm-up again",
                does="moves DEGRADED to WARMUP, once an operator has acknowledged one that failed",
                action=lambda actions, situation: actions.restart_warmup(situation.trigger),
                pre=MAY_WARM_UP_AGAIN,
                post=IN_WARMUP,
                gives_up=NOBODY_HAS_LOOKED,
                timeout_ns=limits.timeout_ns,
                holds=True,
                undo=ask_to_degrade,
                undo_post=DEGRADED,
            ),
            Step(
                name="wait for READY",
                does="lets the warm-up go on",
                action=lambda _actions, _situation: None,
                post=WARMED_UP_OR_LEFT,
                gives_up=WARMUP_GAVE_UP,
                timeout_ns=limits.timeout_ns,
                undo=ask_to_degrade,
                undo_post=DEGRADED,
            ),
        ),
        description=(
            "In WARMUP events are processed and none is executed, so there is nothing to do but to wait for "
            "READY. At the warm-up's cap, or when the time is over, the lifecycle is degraded and a person "
            "is asked: more of the same would not make it ready. When an operator has seen to it and "
            "acknowledges the cause, the warm-up begins again, and goes its whole way."
        ),
    )

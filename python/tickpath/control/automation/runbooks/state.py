"""Runbooks of what everything else relies on: the state's rules, and the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.control.automation.conditions import ACKNOWLEDGED, GONE
from tickpath.control.automation.runbook import Runbook, Step
from tickpath.control.automation.runbooks.steps import clear, degrade, recover

if TYPE_CHECKING:
    from tickpath.control.automation.runbooks.steps import Limits

__all__ = ["clock_skew", "state_corruption"]


def state_corruption(limits: Limits) -> Runbook:
    """Somebody asked for a move that the rules forbid."""
    return Runbook(
        name="state-corruption",
        title="Somebody asked the lifecycle for an illegal move: hold until an operator has looked",
        row="State Corruption",
        triggers=("state corruption",),
        steps=(
            degrade(limits),
            Step(
                name="hold for the operator",
                does="waits for the explicit action of an operator: acknowledge",
                post=ACKNOWLEDGED,
                timeout_ns=limits.timeout_ns,
                holds=True,
            ),
            Step(
                name="clear the cause",
                does="acknowledges the refused moves, which do not unhappen by themselves",
                action=lambda actions, situation: actions.acknowledge(situation.trigger),
                post=GONE,
                timeout_ns=limits.timeout_ns,
                holds=True,
            ),
            clear(limits),
            recover(limits),
        ),
        description=(
            "The lifecycle refused the move, so the state is right; but whoever asked for it believes in "
            "another one. No counter can say when that is over. Execution is gated until an operator says "
            "so; until then no other runbook recovers. If nobody comes, a person is asked, and the "
            "acknowledgement may follow."
        ),
    )


def clock_skew(limits: Limits) -> Runbook:
    """The stages' clock runs away from the control plane's."""
    return Runbook(
        name="clock-skew",
        title="The stages' clock is not the control plane's: set it back and see that it stays",
        row=None,
        triggers=("clock skew",),
        steps=(
            degrade(limits),
            Step(
                name="reset the clock",
                does="sets the stages' clock back to the control plane's",
                action=lambda actions, _situation: actions.reset_clock(),
                post=GONE,
                timeout_ns=limits.timeout_ns,
                holds=True,
            ),
            clear(limits),
            recover(limits),
        ),
        description=(
            "Every stamp and every latency is wrong by the skew, and staleness with it. Execution is gated, "
            "the clock is set back, and must agree for long enough."
        ),
    )

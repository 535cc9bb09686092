"""Runbooks of the stages: one cannot keep up, stands still, or is late; and of a sink that misses acks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.control.automation.runbook import Runbook, Situation
from tickpath.control.automation.runbooks.steps import clear, degrade, recover, skip

if TYPE_CHECKING:
    from collections.abc import Callable

    from tickpath.control.automation.runbooks.steps import Limits

__all__ = ["execution_backlog", "execution_failure", "latency_breach", "sink_loss", "slow_consumer"]

_EXECUTOR = "executor"


def _laggard(named: str | None) -> Callable[[Situation], str]:
    """Which stage is meant: the one that is set, the one that the cause names, or the one most behind.

    Most behind among the plain consumers, as long as there are any: the executor has a runbook of its own. It
    is judged on the look of the action, so that what is verified is what was asked.
    """

    def stage_of(situation: Situation) -> str:
        stages = (situation.asked or situation.look).stages
        for name in (named, situation.subject):
            if name is not None and name in stages:
                return name
        plain = [name for name in stages if name != _EXECUTOR]
        # max() keeps the first of equals: the declared order decides.
        return max(plain or list(stages), key=lambda name: stages[name].backlog)

    return stage_of


def slow_consumer(limits: Limits) -> Runbook:
    """A consumer is overrun; nobody else is concerned."""
    return Runbook(
        name="slow-consumer",
        title="A consumer is overrun: let it go on with the newest event",
        row="Slow Consumer",
        triggers=("slow consumer",),
        steps=(skip(limits, _laggard(limits.stage), "the consumer"), clear(limits, holds=False)),
        description=(
            "A consumer that loses events harms nobody but itself: the producer never waits for it, and the "
            "lifecycle stays as it is. It skips to the head, which is counted, and must then keep up."
        ),
    )


def execution_backlog(limits: Limits) -> Runbook:
    """The executor falls behind."""
    return Runbook(
        name="execution-backlog",
        title="The executor falls behind: shed the backlog rather than execute it late",
        row="Execution Backlog",
        triggers=("execution backlog",),
        steps=(
            degrade(limits),
            skip(limits, lambda _situation: _EXECUTOR, "the executor"),
            clear(limits),
            recover(limits),
        ),
        description=(
            "Orders decided on events that have waited are worse than none. Execution is gated, the "
            "executor skips to the head (counted as shed), and goes on once the backlog has stayed away."
        ),
    )


def execution_failure(limits: Limits) -> Runbook:
    """The executor stands still, or somebody says that nothing can be executed."""
    return Runbook(
        name="execution-failure",
        title="The executor stands still, or orders cannot be executed: gate it until it can",
        row=None,
        triggers=("execution failure", "execution stalled"),
        steps=(degrade(limits), clear(limits), recover(limits)),
        description=(
            "The head moves and the executor's cursor does not, or an operator says that orders cannot be "
            "executed. Execution is gated until it can; a backlog that has grown meanwhile is a cause of "
            "its own."
        ),
    )


def latency_breach(limits: Limits) -> Runbook:
    """Too many events take longer than the objective allows."""
    return Runbook(
        name="latency-breach",
        title="Latency is over the objective: execute nothing until it is within",
        row=None,
        triggers=("latency over its limit",),
        steps=(degrade(limits), clear(limits), recover(limits)),
        description=(
            "An order that comes too late is not the order that was decided on. Execution is gated until "
            "the share of late events has been within the objective for long enough."
        ),
    )


def sink_loss(limits: Limits) -> Runbook:
    """The observer misses acks."""
    return Runbook(
        name="sink-loss",
        title="The sink misses acks: note it, and see that it ends",
        row=None,
        triggers=("sink loss",),
        steps=(clear(limits, holds=False),),
        description=(
            "An observer that cannot keep up costs its own figures and nothing else: the lifecycle stays as "
            "it is. What it missed is counted; if it goes on, a person is asked."
        ),
    )

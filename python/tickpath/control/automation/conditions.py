"""The questions that runbooks ask, each once, with the words that ``tickpath runbook show`` prints.

Answers come from counters, from the lifecycle and from the set of causes; none acts, none waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.control.automation.runbook import Condition
from tickpath.core.state import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from tickpath.control.automation.runbook import Situation

__all__ = [
    "ACKNOWLEDGED",
    "ALL_CLEAR",
    "DEGRADED",
    "DEGRADED_OR_GONE",
    "GONE",
    "IN_WARMUP",
    "LEFT_DEGRADED",
    "MAY_WARM_UP",
    "MAY_WARM_UP_AGAIN",
    "NOBODY_HAS_LOOKED",
    "NOT_READY",
    "READY",
    "STARTED",
    "WARMED_UP_OR_LEFT",
    "WARMUP_GAVE_UP",
    "caught_up",
    "confirmed",
]

_UP = (State.WARMUP, State.READY)


def _all_clear(situation: Situation) -> bool:
    return not situation.causes and not situation.holding


def _may_warm_up(situation: Situation) -> bool:
    return situation.state is not State.INIT and not situation.others and not situation.holding


def _ready(situation: Situation) -> bool:
    return situation.state is State.READY


def _gave_up(situation: Situation) -> bool:
    # Held until a warm-up passes: where an operator has sent it round again it says nothing of the new one.
    again = bool(situation.acknowledged) and situation.state is not State.DEGRADED
    return not again and any(cause.startswith("warm-up incomplete") for cause in situation.causes)


STARTED = Condition("the lifecycle has left INIT", lambda s: s.state is not State.INIT)
"""In INIT nothing can be degraded."""
NOT_READY = Condition("the state is not READY", lambda s: s.state is not State.READY)
"""Nothing is executed."""
READY = Condition("the state is READY", _ready)
"""Events are executed."""
DEGRADED = Condition("the state is DEGRADED", lambda s: s.state is State.DEGRADED)
"""Nothing is executed, and the state says that something is wrong."""
DEGRADED_OR_GONE = Condition(
    "the state is DEGRADED, or the cause is gone", lambda s: s.state is State.DEGRADED or not s.own
)
"""A cause that went before anything could be done needs nothing."""
GONE = Condition("the cause is gone", lambda s: not s.own)
"""The cause that began the response is not held now."""
ALL_CLEAR = Condition("no cause is held, and no other runbook holds", _all_clear)
"""Only then may anybody ask for READY."""
LEFT_DEGRADED = Condition(
    "the state is READY, or WARMUP where a warm-up was broken off", lambda s: s.state in _UP
)
"""The way out of DEGRADED has been taken, by whomever."""
MAY_WARM_UP = Condition(
    "the lifecycle has left INIT, no other cause is held, and no other runbook holds", _may_warm_up
)
"""Out of INIT the session moves the lifecycle by its own plan."""
IN_WARMUP = Condition("the state is WARMUP, or READY by now", lambda s: s.state in _UP)
"""The warm-up has begun."""
ACKNOWLEDGED = Condition("an operator has acknowledged the cause", lambda s: bool(s.acknowledged))
"""``Automation.acknowledge`` was called since the response began."""
MAY_WARM_UP_AGAIN = Condition(
    "a warm-up is under way; or an operator has acknowledged the one that failed, no other cause is held, "
    "and no other runbook holds",
    lambda s: s.state in _UP or (bool(s.acknowledged) and _may_warm_up(s)),
)
"""More of the same would not make it ready: somebody must have looked."""
NOBODY_HAS_LOOKED = Condition(
    "the warm-up failed, and no operator has acknowledged that", lambda s: bool(s.own) and not s.acknowledged
)
"""A failed warm-up waits for nobody: a person is asked at once."""
WARMED_UP_OR_LEFT = Condition(
    "the state is READY, or the warm-up was broken off by something else",
    lambda s: _ready(s) or (s.state is not State.WARMUP and not s.own),
)
"""What broke it off is answered by a runbook of its own, and the next WARMUP begins this one again."""
WARMUP_GAVE_UP = Condition(
    'the cause "warm-up incomplete" is held, and no new warm-up is under way', _gave_up
)
"""The warm-up controller reached its cap."""


def confirmed(looks: int) -> Condition:
    """The cause is gone, and was on the last ``looks`` looks in a row."""
    plural = "looks in a row" if looks > 1 else "look"
    return Condition(
        f"the cause has been gone for {looks} {plural}", lambda s: not s.own and s.clear_looks >= looks
    )


def caught_up(stage_of: Callable[[Situation], str]) -> Condition:
    """The stage has come to the event that was the newest when the action was called.

    A distance between two cursors: exact at every rate, and whatever the ring's first sequence.
    """

    def holds(situation: Situation) -> bool:
        name = stage_of(situation)
        then = (situation.asked or situation.look).stages[name]
        return situation.look.stages[name].cursor - then.cursor >= then.backlog

    return Condition("the stage is past everything that was in the ring when it was asked", holds)

"""A dry run: what each step of a runbook would find and do, with nothing called.

It holds by construction: a rehearsal is given no actions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tickpath.control.automation.runbook import Situation, subject_of
from tickpath.control.health.look import Look

if TYPE_CHECKING:
    from tickpath.control.automation.runbook import Condition, Runbook
    from tickpath.core.state import State

__all__ = ["RehearsedStep", "dry_run", "look_at"]

Would = Literal["act", "wait", "nothing", "unknown"]


@dataclass(frozen=True, slots=True)
class RehearsedStep:
    """What one step would find and do, if it were reached now.

    >>> from tickpath.control.automation.runbooks import build
    >>> from tickpath.core.state import State
    >>> step = dry_run(build("market-data-outage"), look_at(State.READY))[0]
    >>> step.name, step.would
    ('degrade', 'act')
    """

    name: str
    """Of the step."""
    does: str
    """What its action does."""
    would: Would
    """``act``; ``wait``, for the precondition, or for the postcondition of a step that has no action;
    ``nothing``, as the postcondition holds already; ``unknown``, as a condition cannot be judged."""
    pre: str | None
    """The precondition's words; ``None`` if there is none."""
    pre_holds: bool | None
    """Whether it holds now; ``None`` is not known. Without one, ``True``."""
    post: str | None
    """The postcondition's words."""
    post_holds: bool | None
    """Whether it holds now; ``None`` is not known, or there is none."""
    undo: bool
    """Whether it could be undone."""
    timeout_ns: int
    """How long each of its waits may take, in nanoseconds."""


@dataclass(frozen=True, slots=True)
class _NoFeed:
    """The feed of a system that does not run."""

    published: int = 0
    newest_ns: int | None = None
    gaps: int | None = None
    repeats: int | None = None
    reordered: int | None = None
    withheld: int = 0
    held: bool = False
    done: bool = False


def look_at(state: State) -> Look:
    """A look at a system of which nothing is known but its state: conditions on counters are not known.

    >>> from tickpath.core.state import State
    >>> look_at(State.READY).stages
    {}
    """
    return Look(at_ns=0, state=state, epoch=0, capacity_slots=1, feed=_NoFeed(), stages={})


def dry_run(
    runbook: Runbook,
    look: Look,
    *,
    causes: tuple[str, ...] | None = None,
    trigger: str | None = None,
    degraded_from: State | None = None,
) -> tuple[RehearsedStep, ...]:
    """Every step against ``look``, as if it were reached now: what an earlier one would change is not there.

    ``trigger`` is what would begin it: by default the state of ``look``, if that does, and else the first
    cause of the runbook. ``causes`` are those held; by default the trigger, if it is one.

    >>> from tickpath.control.automation.runbooks import build
    >>> from tickpath.core.state import State
    >>> [step.name for step in dry_run(build("market-data-outage"), look_at(State.READY))]
    ['degrade', 'wait until clear', 'recover']
    """
    by_state = look.state in runbook.states or not runbook.triggers
    begun_by = trigger or (f"state {look.state.name}" if by_state else runbook.triggers[0])
    held = causes if causes is not None else (begun_by,) if runbook.answers(begun_by) else ()
    subject = subject_of(begun_by)
    own = tuple(cause for cause in held if runbook.answers(cause) and subject_of(cause) == subject)
    situation = Situation(
        look=look,
        state=look.state,
        causes=held,
        trigger=begun_by,
        own=own,
        clear_looks=0 if own else 1,
        degraded_from=degraded_from,
    )
    steps = []
    for step in runbook.steps:
        pre_holds = True if step.pre is None else _answer(step.pre, situation)
        post_holds = None if step.post is None else _answer(step.post, situation)
        steps.append(
            RehearsedStep(
                name=step.name,
                does=step.does,
                would=_would(pre_holds, post_holds, acts=step.action is not None, asks=step.post is not None),
                pre=step.pre.words if step.pre else None,
                pre_holds=pre_holds,
                post=step.post.words if step.post else None,
                post_holds=post_holds,
                undo=step.undo is not None,
                timeout_ns=step.timeout_ns,
            )
        )
    return tuple(steps)


def _answer(condition: Condition, situation: Situation) -> bool | None:
    try:
        return condition.holds(situation)
    except Exception:  # noqa: BLE001  as in a response: a question that cannot be answered is not known
        return None


def _would(pre_holds: bool | None, post_holds: bool | None, *, acts: bool, asks: bool) -> Would:
    if pre_holds is None:
        return "unknown"
    if not pre_holds:
        return "wait"
    if post_holds is True:
        return "nothing"
    if acts:
        return "act"
    return "unknown" if asks and post_holds is None else "wait"

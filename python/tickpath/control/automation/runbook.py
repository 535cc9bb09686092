"""A runbook as data: what triggers it, its steps, and what must hold before and after each.

Everything here is frozen and acts on nothing. A condition is given a :class:`Situation`, which has no way
to act: so asking is harmless, and a dry run is one by construction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tickpath.core.state import State
from tickpath.errors import ArgumentTypeError, ArgumentValueError

if TYPE_CHECKING:
    from tickpath.control.automation.actions import Actions
    from tickpath.control.health.look import Look

__all__ = ["Condition", "Runbook", "Situation", "Step", "subject_of"]

#: Between the words of a cause and what it is about.
_SUBJECT = ": "


class Situation(NamedTuple):
    """What a condition may know: the counters, the lifecycle, the causes, how this response came about.

    A tuple, because some are made at every step of a response.

    >>> from tickpath.control.automation.rehearsal import look_at
    >>> situation = Situation(
    ...     look_at(State.READY), State.READY, ("slow consumer: log",), "slow consumer: log"
    ... )
    >>> situation.subject, situation.others
    ('log', ('slow consumer: log',))
    """

    look: Look
    """The counters of this control step. Its ``state`` is that of the step's beginning; see :attr:`state`."""
    state: State
    """The lifecycle now: what an earlier runbook of this step did to it is seen."""
    causes: tuple[str, ...]
    """The words of the causes held now, in the order they came."""
    trigger: str
    """The cause that began this response, or ``state WARMUP`` and its like."""
    own: tuple[str, ...] = ()
    """Those of :attr:`causes` that this response answers: the runbook's triggers with the same subject."""
    holding: tuple[str, ...] = ()
    """Names of other runbooks that keep the lifecycle from READY: under way in a step that holds, or
    escalated and not yet resolved."""
    clear_looks: int = 0
    """Looks in a row, this one included, on which :attr:`own` was empty."""
    asked: Look | None = None
    """The look on which the step's action was called; ``None`` before."""
    degraded_from: State | None = None
    """WARMUP or READY, whichever was left for the present DEGRADED; ``None`` in another state."""
    acknowledged: tuple[str, ...] = ()
    """What an operator has acknowledged since the response began."""

    @property
    def others(self) -> tuple[str, ...]:
        """The causes held now that are somebody else's."""
        return tuple(cause for cause in self.causes if cause not in self.own)

    @property
    def subject(self) -> str:
        """What the trigger is about: ``log`` in ``slow consumer: log``; empty if it does not say."""
        return subject_of(self.trigger)


@dataclass(frozen=True, slots=True)
class Condition:
    """A question with the answers yes, no and not known (``None``), which is as good as not yet.

    >>> is_ready = Condition("state is READY", lambda situation: situation.state is State.READY)
    >>> is_ready.words
    'state is READY'
    """

    words: str
    """What must hold, for people."""
    holds: Callable[[Situation], bool | None]
    """The answer. One that raises counts as not known, and is audited once a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: wait for ``pre``, act, wait for ``post``.

    If ``post`` holds by the time ``pre`` does, there is nothing to do: no action is called, and the step is
    done. So a step may be begun anywhere, and is not undone by whoever did not do it.

    >>> Step(name="degrade", does="stops executing", timeout_ns=50_000_000, holds=True).post is None
    True
    """

    name: str
    """Short, unique within the runbook."""
    does: str
    """What the action does, for people."""
    timeout_ns: int
    """How long each of the two waits may take, in nanoseconds; what holds exactly then is in time."""
    action: Callable[[Actions, Situation], object] | None = None
    """Called once ``pre`` holds; ``None`` only waits. ``False`` is a refusal: asked again at the next look,
    until the timeout."""
    pre: Condition | None = None
    """What must hold before; ``None`` begins at once."""
    post: Condition | None = None
    """What must hold after; ``None`` believes the action."""
    gives_up: Condition | None = None
    """What makes waiting pointless: the step fails at once when it holds and the awaited does not."""
    holds: bool = False
    """Whether no other runbook may bring READY back while this step is under way."""
    undo: Callable[[Actions, Situation], object] | None = None
    """Called if this step or a later one fails and the action was called; ``None`` leaves it as it is."""
    undo_post: Condition | None = None
    """What must hold after ``undo``, within ``timeout_ns``."""

    def __post_init__(self) -> None:
        if not self.name:
            raise ArgumentValueError("a step needs a name")
        if isinstance(self.timeout_ns, bool) or not isinstance(self.timeout_ns, int):
            raise ArgumentTypeError(
                f"timeout_ns of step {self.name} must be an integer, not {type(self.timeout_ns).__name__}"
            )
        if self.timeout_ns < 0:
            raise ArgumentValueError(
                f"timeout_ns of step {self.name} must be 0 or more, got {self.timeout_ns}"
            )
        if self.undo_post is not None and self.undo is None:
            raise ArgumentValueError(f"step {self.name} has an undo_post and no undo that it could verify")


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """What is done about one family of causes, in order.

    >>> wait = Step(name="wait", does="waits", timeout_ns=1_000_000)
    >>> runbook = Runbook(
    ...     name="quiet",
    ...     title="A quiet feed",
    ...     row=None,
    ...     triggers=("feed quiet",),
    ...     steps=(wait,),
    ...     description="It waits.",
    ... )
    >>> runbook.holds  # no step keeps others from READY
    False
    """

    name: str
    """As in ``tickpath runbook show NAME``: lower case, with hyphens."""
    title: str
    """One line."""
    row: str | None
    """The row of the failure table that it answers; ``None`` if the table has none for it."""
    triggers: tuple[str, ...]
    """Cause words. ``slow consumer`` also answers ``slow consumer: log``."""
    steps: tuple[Step, ...]
    """In order; at least one."""
    description: str
    """What it does and why, a few sentences."""
    states: tuple[State, ...] = ()
    """States that trigger it when they are found, once for each time they are entered."""

    def __post_init__(self) -> None:
        if not self.triggers and not self.states:
            raise ArgumentValueError(f"runbook {self.name} has no trigger: give it causes or states")
        if not self.steps:
            raise ArgumentValueError(f"runbook {self.name} has no steps")
        names = [step.name for step in self.steps]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ArgumentValueError(f"runbook {self.name} has two steps named {twice}")

    @property
    def holds(self) -> bool:
        """Whether one of its steps holds: then its escalation holds, too, until it is resolved."""
        return any(step.holds for step in self.steps)

    def answers(self, cause: str) -> bool:
        """Whether ``cause`` is one of its triggers, or one of them with a subject.

        >>> runbook.answers("feed quiet"), runbook.answers("feed quiet: line A"), runbook.answers("feed")
        (True, True, False)
        """
        return cause in self.triggers or cause.partition(_SUBJECT)[0] in self.triggers


def subject_of(cause: str) -> str:
    """What a cause is about: ``log`` in ``slow consumer: log``; empty if it does not say."""
    return cause.partition(_SUBJECT)[2]

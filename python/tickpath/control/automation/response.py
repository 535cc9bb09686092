"""One runbook under way: a state machine that is advanced at each look, and never waits itself.

A step is begun, acted and verified; a failure undoes what was acted, newest first, verifies that, too, and
escalates. Whatever a condition or an action raises is audited and ends no run; ``KeyboardInterrupt`` and its
like pass through, and the response goes on from there.

Threads: the control plane's only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from tickpath.control.automation.runbook import subject_of
from tickpath.core.unraisable import said

if TYPE_CHECKING:
    from tickpath.control.automation.actions import Actions
    from tickpath.control.automation.audit import Event
    from tickpath.control.automation.runbook import Condition, Runbook, Situation, Step
    from tickpath.control.health.look import Look

__all__ = ["Outcome", "Response", "World"]

Outcome = Literal["done", "undone", "escalated"]

_Phase = Literal["begin", "pre", "post", "undo", "undo_post", "finished", "escalated"]


class World(Protocol):
    """What a response asks of the automation it belongs to."""

    actions: Actions

    def situation(self, response: Response, look: Look) -> Situation:
        """What is known now."""

    def record(self, response: Response, look: Look, step: str, event: Event, detail: str) -> None:
        """Audits one event."""


class Response:
    """``runbook``, answering ``trigger``, from its first step to its end."""

    def __init__(self, runbook: Runbook, trigger: str) -> None:
        self.runbook = runbook
        self.trigger = trigger
        self.subject = subject_of(trigger)
        self.clear_looks = 0
        self.acknowledged: tuple[str, ...] = ()
        self.asked: Look | None = None
        self.outcomes: dict[str, Outcome] = {}
        self._phase: _Phase = "begin"
        self._at = 0
        self._since_ns = 0
        self._acted: list[int] = []
        self._refused = False
        self._unclear = False
        self._failure = ""
        # The causes that were asked about last, and those of them that are its own.
        self._causes: tuple[str, ...] = ()
        self._own: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self._phase in ("finished", "escalated")

    @property
    def is_escalated(self) -> bool:
        """Whether it ended by asking for a person."""
        return self._phase == "escalated"

    @property
    def holds(self) -> bool:
        """Whether no other runbook may bring READY back now."""
        if self._phase in ("undo", "undo_post"):
            return self.runbook.holds
        return not self.is_over and self.step.holds

    @property
    def step(self) -> Step:
        """The step under way; the one that failed, once one has."""
        return self.runbook.steps[self._at]

    def own(self, causes: tuple[str, ...]) -> tuple[str, ...]:
        """Those of ``causes`` that it answers: its runbook's triggers with the same subject."""
        if causes is not self._causes:
            answers = self.runbook.answers
            own = tuple(one for one in causes if answers(one) and subject_of(one) == self.subject)
            self._causes, self._own = causes, own
        return self._own

    def advance(self, world: World, look: Look) -> None:
        """Goes as far as ``look`` allows: through every step whose conditions hold by now."""
        while not self.is_over and self._turn(world, look):
            pass

    def _turn(self, world: World, look: Look) -> bool:
        """One phase; whether there is more to do on this look."""
        if self._phase == "begin":
            self._wait_for("pre", look)
            self._refused = self._unclear = False
            world.record(self, look, self.step.name, "began", self.step.does)
            return True
        if self._phase == "pre":
            return self._before(world, look)
        if self._phase == "post":
            return self._after(world, look)
        if self._phase == "undo":
            return self._undo(world, look)
        return self._undone(world, look)

    def _before(self, world: World, look: Look) -> bool:
        step = self.step
        if not self._holds(step.pre, world, look):
            return self._gave_up(step.pre, world, look)
        # An action that was interrupted counts as called.
        was_called = self._at in self._acted
        if step.action is None:
            self._wait_for("post", look)
            return True
        if step.post is not None and self._holds(step.post, world, look):
            world.record(self, look, step.name, "already", step.post.words)
            self._next(world, look)
            return True
        if not was_called:
            self._acted.append(self._at)
        try:
            answer = step.action(world.actions, world.situation(self, look))
        except Exception as error:  # noqa: BLE001  audited, and the step has failed
            return self._raised(world, look, error)
        if answer is False:
            self._acted.remove(self._at)
            if not self._refused:
                self._refused = True
                world.record(self, look, step.name, "refused", "asked again at each look")
            return self._late(look) and self._fail(world, look, f"refused until the timeout: {step.does}")
        world.record(self, look, step.name, "acted", step.does)
        self._wait_for("post", look)
        self.asked = look
        return True

    def _after(self, world: World, look: Look) -> bool:
        if self._holds(self.step.post, world, look):
            self._next(world, look)
            return True
        return self._gave_up(self.step.post, world, look)

    def _gave_up(self, awaited: Condition | None, world: World, look: Look) -> bool:
        """What comes of a condition that does not hold: nothing yet, or the failure of the step."""
        words = awaited.words if awaited is not None else ""
        hopeless = self.step.gives_up
        if hopeless is not None and self._holds(hopeless, world, look):
            return self._fail(world, look, f"gave up waiting for: {words}: {hopeless.words}")
        if not self._late(look):
            return False
        return self._fail(world, look, f"not within {self.step.timeout_ns} ns: {words}")

    def _next(self, world: World, look: Look) -> None:
        self.outcomes[self.step.name] = "done"
        world.record(self, look, self.step.name, "done", "")
        self.asked = None
        if self._at + 1 == len(self.runbook.steps):
            self._phase = "finished"
            world.record(self, look, "", "finished", "")
        else:
            self._at += 1
            self._phase = "begin"

    def _fail(self, world: World, look: Look, reason: str) -> bool:
        self._failure = reason
        self._phase = "undo"
        world.record(self, look, self.step.name, "failed", reason)
        return True

    def _raised(self, world: World, look: Look, error: Exception) -> bool:
        world.record(self, look, self.step.name, "raised", said(error))
        return self._fail(world, look, f"the action raised {type(error).__name__}")

    def _undo(self, world: World, look: Look) -> bool:
        """Takes up the newest step that was acted and is not yet dealt with; without one, escalates."""
        self.asked = None
        if not self._acted:
            self.outcomes.setdefault(self.step.name, "escalated")
            self._phase = "escalated"
            world.record(self, look, self.step.name, "escalated", self._failure)
            return False
        step = self.runbook.steps[self._acted[-1]]
        if step.undo is None:
            self._acted.pop()
            return True
        self._unclear = False
        self._wait_for("undo_post", look)
        if step.undo_post is not None and self._holds(step.undo_post, world, look):
            return True
        world.record(self, look, step.name, "undoing", "")
        try:
            step.undo(world.actions, world.situation(self, look))
        except Exception as error:  # noqa: BLE001  audited, and the next one is undone all the same
            world.record(self, look, step.name, "raised", said(error))
            return self._settle(world, look, "escalated", f"the undo raised {type(error).__name__}")
        self.asked = look
        return True

    def _undone(self, world: World, look: Look) -> bool:
        step = self.runbook.steps[self._acted[-1]]
        if self._holds(step.undo_post, world, look):
            return self._settle(world, look, "undone", step.undo_post.words if step.undo_post else "")
        if look.at_ns - self._since_ns < step.timeout_ns:
            return False
        words = step.undo_post.words if step.undo_post else ""
        return self._settle(world, look, "escalated", f"not within {step.timeout_ns} ns: {words}")

    def _settle(self, world: World, look: Look, outcome: Outcome, detail: str) -> bool:
        name = self.runbook.steps[self._acted.pop()].name
        self.outcomes[name] = outcome
        world.record(self, look, name, "undone" if outcome == "undone" else "not_undone", detail)
        self._phase = "undo"
        return True

    def _wait_for(self, phase: _Phase, look: Look) -> None:
        self._phase = phase
        self._since_ns = look.at_ns

    def _late(self, look: Look) -> bool:
        return look.at_ns - self._since_ns >= self.step.timeout_ns

    def _holds(self, condition: Condition | None, world: World, look: Look) -> bool:
        if condition is None:
            return True
        try:
            return condition.holds(world.situation(self, look)) is True
        except Exception as error:  # noqa: BLE001  a question that cannot be answered: not known
            if not self._unclear:
                self._unclear = True
                world.record(self, look, self.step.name, "unclear", f"{condition.words}: {said(error)}")
            return False

"""The automation: which causes are answered by which runbooks, and all responses one look further.

:meth:`Automation.step` is called once in each control step, after health: so a fault is answered on the look
that detects it. It never waits. The same looks, causes and answers give the same audit trail, byte for byte.

- A cause begins the first response to it; while that lasts it begins no other, and afterwards only once it
  was released and is held again, or an operator acknowledged it.
- Causes with different subjects (``slow consumer: log``, ``slow consumer: risk``) have a response each.
- Responses advance in the order in which their runbooks were declared.
- Nobody recovers while a cause is held, while another response holds, or while an escalation that holds is
  unresolved. Resolved: an operator acknowledged it or brought READY back by hand, or its runbook was
  triggered again and finished.

Threads: the control plane's; :meth:`Automation.acknowledge` may be called from any.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from tickpath.control.automation.audit import AuditEntry, AuditTrail, Event
from tickpath.control.automation.response import Response
from tickpath.control.automation.runbook import Runbook, Situation, subject_of
from tickpath.control.failure.causes import Cause, held
from tickpath.core.state import Lifecycle, State
from tickpath.core.unraisable import report_unraisable, said
from tickpath.errors import ArgumentTypeError, ArgumentValueError

if TYPE_CHECKING:
    from tickpath.control.automation.actions import Actions
    from tickpath.control.health.look import Look

__all__ = ["Automation"]


class Automation:
    """Answers the causes held on ``lifecycle`` by ``runbooks``, through ``actions``.

    ``audit`` takes the trail; ``on_escalation`` is told of each escalation, on the control plane's thread.
    What it raises goes to ``sys.unraisablehook``.

    Raises ``ArgumentValueError`` if two runbooks have one name.

    >>> from tickpath.control.automation.rehearsal import look_at
    >>> from tickpath.control.automation.runbooks import build, build_all
    >>> lifecycle, look = Lifecycle(), look_at(State.READY)
    >>> automation = Automation(build_all(), actions=None, lifecycle=lifecycle)
    >>> automation.runbooks[0].name, automation.under_way
    ('state-corruption', ())
    """

    def __init__(
        self,
        runbooks: Iterable[Runbook],
        actions: Actions,
        lifecycle: Lifecycle,
        *,
        audit: AuditTrail | None = None,
        on_escalation: Callable[[AuditEntry], object] = lambda _entry: None,
    ) -> None:
        self.runbooks = tuple(runbooks)
        names = [runbook.name for runbook in self.runbooks]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ArgumentValueError(f"two runbooks are named {twice}: give each a name of its own")
        self.actions = actions
        self.audit = AuditTrail() if audit is None else audit
        self.escalations = 0
        """How many responses ended by asking for a person."""
        self._lifecycle = lifecycle
        self._on_escalation = on_escalation
        self._responses: list[Response] = []
        # Causes that a runbook has answered since they were last released. Dicts keep their order.
        self._answered: dict[tuple[str, str], None] = {}
        # Escalations that hold: runbook and subject.
        self._unresolved: dict[tuple[str, str], None] = {}
        self._acknowledged: deque[str] = deque()
        self._seen: tuple[str, ...] | None = None
        # The causes that were held last, and their words: the same tuple means that nothing has changed.
        self._held: tuple[Cause, ...] = ()
        self._held_words: tuple[str, ...] = ()
        self._epoch: int | None = None
        self._degraded_from: tuple[int, State | None] = (-1, None)

    @property
    def under_way(self) -> tuple[tuple[str, str, str], ...]:
        """Runbook, trigger and step of every response under way."""
        return tuple((one.runbook.name, one.trigger, one.step.name) for one in self._responses)

    @property
    def unresolved(self) -> tuple[str, ...]:
        """Runbooks whose escalation keeps others from recovering."""
        return tuple(name for name, _ in self._unresolved)

    def acknowledge(self, cause: str) -> None:
        """An operator says that ``cause`` has been seen to: taken up by the next step; from any thread.

        A response under way that waits for it goes on. One that ended while the lifecycle stays degraded, or
        its cause is held, begins again. A cause that no runbook answers is acknowledged as it is.

        Raises ``ArgumentTypeError`` if ``cause`` is no ``str``.

        >>> automation = Automation((), actions=None, lifecycle=lifecycle)
        >>> automation.acknowledge("refused moves")
        >>> [entry.detail for entry in automation.step(look)][:1]
        ['by an operator; no runbook answers it']
        """
        if not isinstance(cause, str):
            raise ArgumentTypeError(f"cause must be the words of a cause, not {type(cause).__name__}")
        self._acknowledged.append(cause)

    def step(self, look: Look) -> tuple[AuditEntry, ...]:
        """Takes up what is new, advances every response, and returns what was audited.

        >>> from tickpath.control.automation.runbook import Step
        >>> from tickpath.control.failure.causes import hold
        >>> call = Step(name="call", does="waits for the desk", timeout_ns=1_000_000)
        >>> runbook = Runbook(
        ...     name="halt", title="Halt", row=None, triggers=("halt",), steps=(call,), description=""
        ... )
        >>> automation = Automation([runbook], actions=None, lifecycle=lifecycle)
        >>> _ = hold(lifecycle, Cause("halt", "exchange"))
        >>> [entry.event for entry in automation.step(look)]
        ['triggered', 'began', 'done', 'finished']
        """
        causes = held(self._lifecycle)
        if (
            not causes
            and look.epoch == self._epoch
            and not (self._responses or self._answered or self._acknowledged)
        ):
            return ()
        before = len(self.audit)
        words = self._words()
        # While the same causes are held in the same epoch and no response has ended, nothing can begin.
        if words != self._seen or look.epoch != self._epoch or self._acknowledged:
            self._release(words)
            if look.state is State.READY:
                # None of ours leads here while an escalation holds: somebody has resolved it by hand.
                self._unresolved.clear()
            self._take_acknowledgements(look, words)
            for runbook in self.runbooks:
                self._trigger(runbook, look, words)
            self._seen, self._epoch = words, look.epoch
        for response in self._in_order():
            response.clear_looks = 0 if response.own(words) else response.clear_looks + 1
            response.advance(self, look)
            if response.is_over:
                self._end(response)
        return self.audit.since(before)

    def situation(self, response: Response, look: Look) -> Situation:
        """What ``response`` may know now; read afresh, for an action may just have changed it.

        >>> response = Response(build("market-data-outage"), "market data outage")
        >>> automation.situation(response, look).state.name  # the lifecycle's, not the look's
        'INIT'
        """
        causes = self._words()
        state = self._lifecycle.state
        # In the order of its fields: by name it takes twice as long to make.
        return Situation(
            look,
            state,
            causes,
            response.trigger,
            response.own(causes),
            self._holding(response),
            response.clear_looks,
            response.asked,
            self._left(state),
            response.acknowledged,
        )

    def record(self, response: Response, look: Look, step: str, event: Event, detail: str) -> None:
        """Audits one event of ``response``; an escalation is counted and told.

        >>> automation = Automation((), None, lifecycle, on_escalation=lambda entry: print(entry.detail))
        >>> response = Response(build("market-data-outage"), "market data outage")
        >>> automation.record(response, look, "recover", "escalated", "nobody answers")
        nobody answers
        >>> automation.escalations
        1
        """
        entry = AuditEntry(look.at_ns, response.runbook.name, response.trigger, step, event, detail)
        self.audit.add(entry)
        if event == "escalated":
            self.escalations += 1
            try:
                self._on_escalation(entry)
            except Exception as error:  # noqa: BLE001  the listener's fault is its own
                report_unraisable(error, self._on_escalation)

    def _release(self, causes: tuple[str, ...]) -> None:
        for key in tuple(self._answered):
            if key[1] not in causes:
                del self._answered[key]

    def _trigger(self, runbook: Runbook, look: Look, causes: tuple[str, ...]) -> None:
        """Begins a response to each cause that is new to ``runbook``, and to a state just entered."""
        for cause in causes:
            if (
                runbook.answers(cause)
                and (runbook.name, cause) not in self._answered
                and self._find(runbook, subject_of(cause)) is None
            ):
                self._begin(runbook, cause, look, causes)
        if look.epoch != self._epoch and look.state in runbook.states and self._find(runbook, "") is None:
            self._begin(runbook, f"state {look.state.name}", look, causes)

    def _begin(self, runbook: Runbook, trigger: str, look: Look, causes: tuple[str, ...]) -> Response:
        response = Response(runbook, trigger)
        self._responses.append(response)
        self._mark_answered(response, causes)
        evidence = next((one.evidence for one in held(self._lifecycle) if one.words == trigger), "")
        self.record(response, look, "", "triggered", evidence or runbook.title)
        return response

    def _take_acknowledgements(self, look: Look, causes: tuple[str, ...]) -> None:
        while self._acknowledged:
            cause = self._acknowledged.popleft()
            answering = [runbook for runbook in self.runbooks if runbook.answers(cause)]
            for runbook in answering:
                response = self._find(runbook, subject_of(cause))
                if response is None and (cause in causes or self._lifecycle.state is State.DEGRADED):
                    response = self._begin(runbook, cause, look, causes)
                self._unresolved.pop((runbook.name, subject_of(cause)), None)
                if response is not None:
                    response.acknowledged = (*response.acknowledged, cause)
                self._note(look, runbook.name, cause, "acknowledged", "by an operator")
            if not answering:
                self._acknowledge_alone(look, cause)

    def _acknowledge_alone(self, look: Look, cause: str) -> None:
        self._note(look, "", cause, "acknowledged", "by an operator; no runbook answers it")
        try:
            self.actions.acknowledge(cause)
        except Exception as error:  # noqa: BLE001  audited: an operator's word ends no run
            self._note(look, "", cause, "raised", said(error))

    def _note(self, look: Look, runbook: str, cause: str, event: Event, detail: str) -> None:
        self.audit.add(AuditEntry(look.at_ns, runbook, cause, "", event, detail))

    def _end(self, response: Response) -> None:
        self._responses.remove(response)
        self._seen = None
        key = (response.runbook.name, response.subject)
        if not response.is_escalated:
            self._unresolved.pop(key, None)
            return
        # It has failed for the causes of now: only what comes anew begins it again.
        self._mark_answered(response, self._words())
        if response.runbook.holds:
            self._unresolved[key] = None

    def _mark_answered(self, response: Response, causes: tuple[str, ...]) -> None:
        for cause in response.own(causes):
            self._answered[response.runbook.name, cause] = None

    def _words(self) -> tuple[str, ...]:
        """The words of the causes held now, in the order they came."""
        causes = held(self._lifecycle)
        if causes is not self._held:
            self._held, self._held_words = causes, tuple(cause.words for cause in causes)
        return self._held_words

    def _in_order(self) -> list[Response]:
        if len(self._responses) <= 1:
            return self._responses[:]
        return [one for runbook in self.runbooks for one in self._responses if one.runbook is runbook]

    def _find(self, runbook: Runbook, subject: str) -> Response | None:
        for response in self._responses:
            if response.runbook is runbook and response.subject == subject:
                return response
        return None

    def _holding(self, response: Response) -> tuple[str, ...]:
        """Who else keeps the lifecycle from READY."""
        if self._responses == [response] and not self._unresolved:
            return ()
        under_way = [one.runbook.name for one in self._responses if one is not response and one.holds]
        own = (response.runbook.name, response.subject)
        return (*under_way, *(name for name, subject in self._unresolved if (name, subject) != own))

    def _left(self, state: State) -> State | None:
        """Which state the present DEGRADED left: a warm-up must not be skipped on the way back."""
        if state is not State.DEGRADED:
            return None
        epoch = self._lifecycle.epoch
        if self._degraded_from[0] != epoch:
            history = self._lifecycle.history
            last = history[-1] if history else None
            left = last.source if last is not None and last.target is State.DEGRADED else None
            self._degraded_from = (epoch, left)
        return self._degraded_from[1]

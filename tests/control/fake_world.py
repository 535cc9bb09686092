"""A scripted system for the tests of automation: lifecycle, counters that a test sets, actions it logs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tickpath.control.automation import (
    Actions,
    AuditEntry,
    AuditTrail,
    Automation,
    Condition,
    Runbook,
    Step,
)
from tickpath.control.failure.causes import Cause, held_causes, hold, release
from tickpath.control.health.look import Look
from tickpath.core.state import Lifecycle, State

STEP_NS = 10_000_000
"""The control interval of these tests."""
LIMIT_NS = 3 * STEP_NS
"""How long a step waits in them."""
SHORT_NS = 5 * STEP_NS
"""How long a shipped runbook waits where it is to give up."""


@dataclass
class Feed:
    """Counters of the feed."""

    published: int = 0
    newest_ns: int | None = None
    gaps: int | None = 0
    repeats: int | None = 0
    reordered: int | None = 0
    withheld: int = 0
    held: bool = False
    done: bool = False


@dataclass(frozen=True)
class Stage:
    """Counters of a stage, frozen like those of a look."""

    cursor: int = 0
    backlog: int = 0
    processed: int = 0
    executed: int | None = 0
    lost: int = 0
    shed: int = 0
    over_limit: int | None = None
    epoch_seen: int | None = None


@dataclass
class World:
    """The system: what a test sets, and what automation asked of it."""

    runbooks: Iterable[Runbook]
    state: State = State.READY
    audit: AuditTrail = field(default_factory=AuditTrail)
    on_escalation: Callable[[AuditEntry], object] = lambda _entry: None

    def __post_init__(self) -> None:
        self.at_ns = 0
        self.lifecycle = Lifecycle(clock=lambda: self.at_ns)
        for state in {"INIT": (), "WARMUP": ("WARMUP",), "READY": ("WARMUP", "READY")}[self.state.name]:
            self.lifecycle.transition_to(State[state], "set-up")
        self.stages = {"executor": Stage()}
        self.calls: list[str] = []
        self.ready_asked_under: list[tuple[str, ...]] = []
        self.broken: dict[str, Exception | bool] = {}
        self.skips_work = True
        self._later: list[Callable[[], object]] = []
        self._causes: dict[str, Cause] = {}
        self.automation = Automation(
            self.runbooks, self, self.lifecycle, audit=self.audit, on_escalation=self.on_escalation
        )

    # What a test does to it.

    def hold(self, words: str) -> None:
        if words not in self._causes:
            self._causes[words] = Cause(words, "test", "as the test says")
            hold(self.lifecycle, self._causes[words])

    def clear(self, words: str) -> None:
        if words in self._causes:
            release(self.lifecycle, self._causes.pop(words))

    def look(self) -> Look:
        return Look(
            at_ns=self.at_ns,
            state=self.lifecycle.state,
            epoch=self.lifecycle.epoch,
            capacity_slots=1024,
            feed=Feed(),
            stages=dict(self.stages),
        )

    def step(self, times: int = 1) -> tuple[AuditEntry, ...]:
        """``times`` control steps; what the last one audited."""
        new: tuple[AuditEntry, ...] = ()
        for _ in range(times):
            later, self._later = self._later, []
            for action in later:
                action()
            new = self.automation.step(self.look())
            self.at_ns += STEP_NS
        return new

    def events(self, runbook: str | None = None) -> list[str]:
        """``step event`` of every entry."""
        return [
            f"{entry.step} {entry.event}".strip()
            for entry in self.audit
            if runbook is None or entry.runbook == runbook
        ]

    @property
    def now(self) -> State:
        return self.lifecycle.state

    @property
    def moves(self) -> list[str]:
        """Where the lifecycle went since the test began."""
        return [move.target.name for move in self.lifecycle.history if move.cause != "set-up"]

    # Actions.

    def degrade(self, cause: str) -> object:
        self._called("degrade")
        if self.now in (State.WARMUP, State.READY):
            self.lifecycle.transition_to(State.DEGRADED, cause)
        return None

    def recover(self, cause: str) -> bool:
        self.ready_asked_under.append(held_causes(self.lifecycle))
        if not self._called("recover") or held_causes(self.lifecycle):
            return False
        self.lifecycle.transition_to(State.READY, cause)
        return True

    def restart_warmup(self, cause: str) -> object:
        self._called("restart_warmup")
        return self.lifecycle.transition_to(State.WARMUP, cause)

    def skip_to_head(self, stage: str) -> object:
        self._called(f"skip_to_head {stage}")
        if self.skips_work:
            self._later.append(lambda: self._skip(stage))
        return None

    def acknowledge(self, cause: str) -> object:
        self._called(f"acknowledge {cause}")
        self._later.append(lambda: self.clear(cause))
        return None

    def reset_clock(self) -> object:
        self._called("reset_clock")
        self._later.append(lambda: self.clear("clock skew"))
        return None

    def stop_intake(self) -> object:
        return self._called("stop_intake")

    def _skip(self, name: str) -> None:
        stage = self.stages[name]
        self.stages[name] = Stage(stage.cursor + stage.backlog, 0, shed=stage.shed + stage.backlog)

    def _called(self, call: str) -> bool:
        self.calls.append(call)
        broken = self.broken.get(call.partition(" ")[0], True)
        if isinstance(broken, Exception):
            raise broken
        return broken


class Untouchable:
    """Actions that nobody may call."""

    def _refuse(self, *_arguments: object) -> bool:
        raise AssertionError("an action was called")

    degrade = recover = restart_warmup = skip_to_head = acknowledge = reset_clock = stop_intake = _refuse


def answer(words: str, value: bool | None = True) -> tuple[Condition, Callable[[bool | None], None]]:
    """A condition, and what changes its answer."""
    present = [value]

    def change(to: bool | None) -> None:
        present[0] = to

    return Condition(words, lambda _situation: present[0]), change


def does(call: str) -> Callable[[Actions, object], object]:
    """An action that is seen in ``World.calls`` and nothing else."""

    def act(actions: Actions, _situation: object) -> object:
        assert isinstance(actions, World)
        actions.calls.append(call)
        broken = actions.broken.get(call)
        if isinstance(broken, Exception):
            raise broken
        return broken

    return act


def runbook(*steps: Step, name: str = "book", triggers: tuple[str, ...] = ("trouble",)) -> Runbook:
    """A runbook of ``steps``."""
    return Runbook(name=name, title=name, row=None, triggers=triggers, steps=steps, description="a test's")

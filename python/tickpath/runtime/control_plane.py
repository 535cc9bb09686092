"""The control plane of one run: what it does at each control step, and in which order.

    injections -> lifecycle and warm-up -> health -> operator -> runbooks

So a fault that begins at a step is seen by the probes of the same step, and a cause that is raised is
answered in the step that raised it. Between two steps injections are applied at their own exact moments, and
one without an end that nothing moves for any more is rolled back. It reads counters and moves flags; it is
never on the hot path, and never waits.

Threads: one steps. What it keeps may be read by others through :mod:`tickpath.runtime.status`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tickpath.control.automation import AuditEntry, Automation
    from tickpath.control.failure import InjectionEvent, Injector
    from tickpath.control.health import HealthChange, HealthMonitor, Look
    from tickpath.runtime.operator import Operator
    from tickpath.runtime.standstill import Standstill
    from tickpath.runtime.steering import Steering
    from tickpath.runtime.warmup import WarmupCertificate

__all__ = ["ControlAccount", "ControlErrors", "ControlPlane"]


@dataclass(frozen=True, slots=True)
class ControlErrors:
    """What the control plane's own parts could not do: counted here, and the run goes on."""

    injections: int = 0
    """How often an injection could not be started or ended."""
    probes: int = 0
    """How often a probe raised in the place of an answer."""
    audit_lines: int = 0
    """Lines that the audit file refused; the entries are in the account all the same."""


@dataclass(frozen=True, slots=True)
class ControlAccount:
    """What the control plane saw and did, each in the order it happened; times are run time."""

    steps: int = 0
    """Control steps."""
    injections: tuple[InjectionEvent, ...] = ()
    """Faults that began and ended."""
    health: tuple[HealthChange, ...] = ()
    """Causes that were raised and cleared."""
    audit: tuple[AuditEntry, ...] = ()
    """What the runbooks did."""
    escalations: int = 0
    """Responses that ended by asking for a person."""
    certificates: tuple[WarmupCertificate, ...] = ()
    """Warm-ups."""
    errors: ControlErrors = ControlErrors()
    """What went wrong with the control plane's own parts."""


@dataclass(slots=True)
class ControlPlane:
    """The parts, and the order they are called in."""

    interval_ns: int
    steering: Steering
    injector: Injector
    monitor: HealthMonitor
    automation: Automation
    operator: Operator
    standstill: Standstill
    steps: int = 0
    health: list[HealthChange] = field(default_factory=list)
    _next_step_ns: int = field(init=False)

    def __post_init__(self) -> None:
        self._next_step_ns = self.interval_ns

    def due(self, at_ns: int) -> tuple[int, int | None, int | None]:
        """When the next thing is to be done after ``at_ns``, or at how many events published, or due."""
        until_ns = self._next_step_ns
        for due_ns in (self.injector.next_due_ns(at_ns), self.steering.start_due_ns):
            if due_ns is not None and at_ns < due_ns < until_ns:
                until_ns = due_ns
        return until_ns, self.injector.next_due_event(), self.injector.next_end_due()

    def step(self, look: Look) -> bool:
        """What is due at ``look``; whether that was a whole control step."""
        self.injector.step(look)
        start_due_ns = self.steering.start_due_ns
        # INIT ends when it is due, on the grid or not.
        if look.at_ns < self._next_step_ns and (start_due_ns is None or look.at_ns < start_due_ns):
            return False
        # A step that comes late is not made up for: the next one is on the grid again.
        self._next_step_ns = look.at_ns - look.at_ns % self.interval_ns + self.interval_ns
        self.steps += 1
        self.steering.step(look)
        changes = self.monitor.step(look)
        if changes:
            self.health.extend(changes)
        self.operator.step(look)
        self.automation.step(look)
        if (
            self.injector.holds_up
            and self.standstill.step(look)
            and self.injector.next_end_ns(look.at_ns) is None
        ):
            self.injector.roll_back()
        return True

    def account(self) -> ControlAccount:
        """What it saw and did."""
        return ControlAccount(
            steps=self.steps,
            injections=tuple(self.injector.log),
            health=tuple(self.health),
            audit=self.automation.audit.entries,
            escalations=self.automation.escalations,
            certificates=self.steering.certificates,
            errors=ControlErrors(self.injector.errors, self.monitor.errors, self.automation.audit.unwritten),
        )

"""What a drill leaves behind, in the words that its grade is made of.

A run's result is turned into :class:`DrillFacts` once; grading, parity and the determinism check read these
and nothing else, so that each of them can be tried on facts written by hand. Times are integers in
nanoseconds of run time (0 is when the feed began), exact in virtual time. What is unknown is ``None``,
never 0.

Frozen values: any thread may read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tickpath.control.automation.audit import AuditEntry
from tickpath.core.state import State
from tickpath.runtime.drivers import Mode

__all__ = ["Books", "DrillFacts", "HealthEvent", "InjectionSpan", "Mode", "Move"]


@dataclass(frozen=True, slots=True)
class Move:
    """One transition of the lifecycle."""

    at_ns: int
    """When, in run time; before the feed began it is negative."""
    source: State
    """The state that was left."""
    target: State
    """The state that was entered."""
    cause: str
    """Why, in the words of whoever moved it."""


@dataclass(frozen=True, slots=True)
class InjectionSpan:
    """One injection as it happened."""

    name: str
    """Its name in the scenario."""
    kind: str
    """What it does."""
    begin_ns: int | None
    """When it was switched on; ``None`` if its time never came."""
    end_ns: int | None
    """When it was rolled back; ``None`` if it never began."""


@dataclass(frozen=True, slots=True)
class HealthEvent:
    """A cause of degradation that was raised, or cleared again."""

    at_ns: int
    """When."""
    cause: str
    """Which."""
    raised: bool
    """Raised, or cleared."""
    owner: str = ""
    """Who held it: ``probe:NAME``, or whoever signalled it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The ledger of one consumer: each published event stands in exactly one other term."""

    published: int
    """Events that it was to read."""
    executed: int = 0
    """Executed; of the executor."""
    gated: int = 0
    """Processed and not executed, by the gate; of the executor."""
    read: int = 0
    """Read; of a plain consumer."""
    lost: int = 0
    """Overwritten before they were read."""
    shed: int = 0
    """Skipped on purpose."""
    unread: int = 0
    """Left in the ring at the end."""

    @property
    def balanced(self) -> bool:
        """Whether every published event is accounted for."""
        accounted = self.executed + self.gated + self.read + self.lost + self.shed + self.unread
        return self.published == accounted


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillFacts:
    """What happened in one run of a scenario."""

    scenario: str
    """Name of the scenario."""
    mode: Mode
    """Which driver."""
    seed: int
    """Of the feed and the service times."""
    verdict: Literal["pass", "fail", "interrupted"]
    """The run's own: books, epochs, overruns where none may be."""
    reasons: tuple[str, ...] = ()
    """Why the run failed."""
    ended_ns: int | None
    """When the run was over."""
    moves: tuple[Move, ...] = ()
    """The lifecycle's history, complete."""
    injections: tuple[InjectionSpan, ...] = ()
    """In the order of the scenario."""
    health: tuple[HealthEvent, ...] = ()
    """In the order they happened."""
    audit: tuple[AuditEntry, ...] = ()
    """In the order they happened."""
    books: Mapping[str, Books] = field(default_factory=dict)
    """The executor first, then the plain consumers."""
    balanced: bool | None
    """Whether all books balance, by the engine's own account."""
    executed_outside_ready: int | None
    """Judged by epoch; ``None`` if there is no proof."""
    p99_ns: int | None = None
    """Published to completed, of the events that were processed in READY; ``None`` with too few of them."""
    withheld: int | None = None
    """Events that an injection kept from being published: lost at the source, in nobody's books."""
    sink_dropped: int | None = None
    """Acks that the sink was not shown; ``None`` without one."""
    longest_pause_ns: int | None = None
    """Live: how long the machine itself stood still at most during the run, as far as that was seen."""
    digest: str | None = None
    """SHA-256 over acks, lifecycle and ledger; ``None`` live."""

    @property
    def state(self) -> State:
        """The state at the end."""
        return self.moves[-1].target if self.moves else State.INIT

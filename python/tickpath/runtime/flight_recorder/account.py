"""What a flight recorder did in a run: its dumps, and what it did not dump and why. Frozen; any thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tickpath.config.flight import FlightSettings
    from tickpath.runtime.flight_recorder.watch import Fired

__all__ = ["DumpNote", "FlightAccount", "Suppressed", "Why"]

Why = Literal["dumps_max", "gap", "memory", "over"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpNote:
    """One dump.

    >>> note = DumpNote(
    ...     number=1,
    ...     at_ns=550_000_000,
    ...     fired=(),
    ...     events=4_096,
    ...     events_overwritten=0,
    ...     events_not_kept=0,
    ...     acks=4_096,
    ...     acks_overwritten=0,
    ...     acks_not_kept=0,
    ...     files=("0001-signal.trace.json",),
    ...     failure=None,
    ... )
    >>> note.files
    ('0001-signal.trace.json',)
    """

    number: int
    """From 1."""
    at_ns: int
    """Run time at which it was taken."""
    fired: tuple[Fired, ...]
    """What made it."""
    events: int
    """Events in it."""
    events_overwritten: int
    """Events that were there and asked for, and overwritten before they were copied."""
    events_not_kept: int
    """Events that were asked for, and no longer in the ring: it has fewer slots."""
    acks: int
    """Acks in it."""
    acks_overwritten: int
    """Acks that were there and asked for, and overwritten before they were copied."""
    acks_not_kept: int
    """Acks that were asked for, and no longer in their ring."""
    files: tuple[str, ...]
    """The files that were written, by name; empty without a folder."""
    failure: str | None
    """Why not all of them were; ``None`` if they were."""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Triggers that made no dump.

    >>> Suppressed("overrun", "gap", 12).count
    12
    """

    trigger: str
    """Which."""
    why: Why
    """``dumps_max``: there were so many already. ``gap``: too soon after the last one of the same trigger.
    ``memory``: there was not the memory for the copy. ``over``: asked for when there was no run
    any more, or never."""
    count: int
    """How often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightAccount:
    """What became of a recorder's triggers.

    >>> from tickpath.config.flight import FlightSettings
    >>> FlightAccount(settings=FlightSettings(), folder=None).failures
    0
    """

    settings: FlightSettings
    """How much it kept, and when it was to write."""
    folder: str | None
    """Where it wrote; ``None`` if it kept its dumps."""
    dumps: tuple[DumpNote, ...] = ()
    """In the order they were taken."""
    suppressed: tuple[Suppressed, ...] = ()
    """What triggered and made no dump, in the order it first happened."""
    windows_unknown: int = 0
    """Windows of which a latency trigger did not learn its figure, for want of acks."""
    acks_unseen: int = 0
    """Acks that were overwritten before a latency trigger saw them."""
    transitions_unseen: int = 0
    """Transitions that left the lifecycle's history before a transition trigger saw them."""

    @property
    def failures(self) -> int:
        """Dumps of which not every file could be written."""
        return sum(dump.failure is not None for dump in self.dumps)

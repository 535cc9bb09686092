"""How far each reading stage is behind, in events and in time, read from outside: the counters and the ring.

Time behind is the age of the oldest event that a stage has not read: one slot is read for it, as any reader
would, and nothing is counted on the hot path.

Threads: any. Blocking: never.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tickpath.errors import ArgumentValueError, Overrun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickpath.control.health.look import StageCounters
    from tickpath.core.bus import EventRing
    from tickpath.core.engine import EngineSnapshot

__all__ = ["Lag", "lags_of", "unread_by"]


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a stage is behind."""

    events: int
    """Published events that it has not come to."""
    age_ns: int | None
    """How long ago the oldest of them was published, in nanoseconds; 0 if there is none, ``None`` if that one
    was overwritten."""
    has_ended: bool
    """Whether it reads no more: at the end of a run, or by its overrun policy."""


def lags_of(seen: EngineSnapshot, names: Sequence[str], ring: EventRing, now_ns: int) -> dict[str, Lag]:
    """The lag of each stage of ``seen``, by its name; ``now_ns`` is on the timeline of ``ts_ns``."""
    # Before the start there are no stages.
    return {
        name: Lag(
            stage.backlog,
            _age_ns(ring, stage.cursor, now_ns) if stage.backlog else 0,
            stage.epoch_seen is None,
        )
        for name, stage in zip(names, seen.stages, strict=False)
    }


def unread_by(stage: StageCounters) -> int:
    """Published events that ``stage`` has not come to, or did not before it ended.

    A stage of an engine comes to the head when it ends, and its ledger has what it left out.

    >>> from types import SimpleNamespace
    >>> unread_by(SimpleNamespace(backlog=0, ledger=SimpleNamespace(unread=64)))
    64
    """
    counted: int = getattr(getattr(stage, "ledger", None), "unread", 0)
    return stage.backlog + counted


def _age_ns(ring: EventRing, cursor: int, now_ns: int) -> int | None:
    try:
        event = ring.reader(start=cursor).poll()
    except (Overrun, ArgumentValueError):
        # Overwritten, or a cursor from before a jump: it is not there to be asked.
        return None
    return 0 if event is None else max(0, now_ns - int(event["ts_ns"]))

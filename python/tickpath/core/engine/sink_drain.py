"""The thread that shows an engine's acks to a sink: off the hot path, in batches, lossy and counted.

The executor writes acks into their ring and never looks whether anybody reads them. What this thread misses
because the sink is slow is skipped and counted; a sink that blocks for ever is left behind when the run ends.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tickpath._native import AckReader, SinkFeeder

__all__ = ["SinkAccount", "SinkDrain"]

#: Acks shown between two looks at whether the run is over.
_BATCH = 1_024
#: How long the thread sleeps when there is nothing to show.
_IDLE_S = 0.001
#: How long the end of a run waits for the sink to take what is left.
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class SinkAccount:
    """What a sink was shown, and what it was not."""

    shown: int
    """Acks taken from the ring for it."""
    dropped: int
    """Acks it was not shown: overwritten before it came to them, or without their event."""
    errors: int
    """How often it raised."""
    abandoned: bool
    """Whether it was still busy, or blocked, when the run had ended."""


class SinkDrain:
    """Shows the acks of a run to a sink, on a daemon thread of its own."""

    def __init__(self, acks: AckReader, feeder: SinkFeeder) -> None:
        self._acks = acks
        self._feeder = feeder
        self._over = threading.Event()
        self._shown = 0
        self._thread = threading.Thread(target=self._drain, name="tickpath-sink", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self, patience_s: float = _PATIENCE_S) -> SinkAccount:
        """Show what is left, wait for the sink at most ``patience_s`` seconds, and account for it."""
        self._over.set()
        self._thread.join(patience_s)
        abandoned = self._thread.is_alive()
        return SinkAccount(
            shown=self._shown,
            dropped=self._acks.dropped + (self._acks.available() if abandoned else 0),
            errors=self._feeder.errors,
            abandoned=abandoned,
        )

    def _drain(self) -> None:
        while True:
            # Looked at before the ring: an empty ring says nothing about acks that come after.
            last_look = self._over.is_set()
            taken = self._acks.show(self._feeder, _BATCH)
            self._shown += taken
            if taken == 0:
                if last_look:
                    return
                self._over.wait(_IDLE_S)

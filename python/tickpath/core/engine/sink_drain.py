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

#: Acks shown between two looks at whether the run is over, or the sink was left behind.
_BATCH = 256
#: How long the thread sleeps when there is nothing to show.
_IDLE_S = 0.001


@dataclass(frozen=True, slots=True)
class SinkAccount:
    """What a sink was shown, and what it was not: together every ack of the run."""

    shown: int
    """Acks it was shown, whatever it made of them."""
    dropped: int
    """Acks it was not shown: overwritten before it came to them, without their event, or left at the end."""
    errors: int
    """How often it raised."""
    abandoned: bool
    """Whether it was still busy, or blocked, when the run had ended."""

    @classmethod
    def of(
        cls, acks: AckReader, feeder: SinkFeeder, *, not_shown: int, abandoned: bool = False
    ) -> SinkAccount:
        """Of a sink that ``feeder`` shows ``acks``; ``not_shown`` are dropped beside those it missed."""
        return cls(
            shown=acks.shown,
            dropped=acks.dropped + not_shown,
            errors=feeder.errors,
            abandoned=abandoned,
        )


class SinkDrain:
    """Shows the acks of a run to a sink, on a daemon thread of its own."""

    def __init__(self, feeder: SinkFeeder, capacity: int) -> None:
        self._acks: AckReader | None = None
        self._capacity = capacity
        self._feeder = feeder
        self._over = threading.Event()
        self._left = False
        self._stalled = False
        self._thread = threading.Thread(target=self._drain, name="tickpath-sink", daemon=True)

    def start(self) -> None:
        """Have the thread ready, before the run begins. Raises ``RuntimeError`` if there is none to be had."""
        self._thread.start()

    def show(self, acks: AckReader) -> None:
        """Begin with ``acks``, a reader from the very first one on."""
        self._acks = acks

    def stall(self, on: bool) -> None:
        """While it is on, show nothing, from the batch after the one under way. The end takes it back."""
        self._stalled = on

    def leave(self) -> None:
        """End after the batch under way, without waiting for it."""
        self._left = True
        # In a fork it is not alive, and who held the event's lock then will never let it go.
        if self._thread.is_alive():
            self._over.set()

    def account(self) -> SinkAccount | None:
        """As of now: what is waiting counts as dropped only where it was overwritten."""
        if self._acks is None:
            return None
        beyond = max(0, self._acks.available() - self._capacity)
        return SinkAccount.of(self._acks, self._feeder, not_shown=beyond)

    def finish(self, patience_s: float) -> SinkAccount | None:
        """Show what is left, wait for the sink at most ``patience_s`` seconds, and account for it."""
        self._over.set()
        self._thread.join(patience_s)
        abandoned = self._thread.is_alive()
        self.leave()
        if self._acks is None:
            return None
        left = self._acks.available()
        return SinkAccount.of(self._acks, self._feeder, not_shown=left, abandoned=abandoned)

    def _drain(self) -> None:
        while not self._left:
            # Looked at before the ring: an empty ring says nothing about acks that come after.
            last_look = self._over.is_set()
            acks = self._acks
            is_shown = acks is not None and (last_look or not self._stalled)
            if acks is None or not is_shown or acks.show(self._feeder, _BATCH) == 0:
                if last_look:
                    return
                self._over.wait(_IDLE_S)

"""The thread that shows an engine's acks to a sink: off the hot path, lossy and counted.

The executor writes acks into their ring and never looks whether anybody reads them. What this thread misses
because the sink is slow is skipped and counted; a sink that blocks for ever is left behind when the run ends,
and one that ends the thread is said to have done so.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tickpath.core.fork import HomeProcess
from tickpath.core.unraisable import report_unraisable

if TYPE_CHECKING:
    from tickpath.core.engine.sink_show import SinkAccount, SinkShow

__all__ = ["SinkDrain"]

#: Acks shown between two looks at whether the run is over, or the sink was left behind.
_BATCH = 256
#: How long the thread sleeps when there is nothing to show.
_IDLE_S = 0.001


class SinkDrain:
    """Shows the acks of a run to a sink, on a daemon thread of its own."""

    def __init__(self) -> None:
        self._show: SinkShow | None = None
        self._over = threading.Event()
        self._left = False
        self._stalled = False
        self._ended_by: str | None = None
        self._home = HomeProcess()
        self._thread = threading.Thread(target=self._run, name="tickpath-sink", daemon=True)

    @property
    def is_current(self) -> bool:
        """Whether it is this thread that asks: the sink itself, then."""
        return threading.current_thread() is self._thread

    def start(self) -> None:
        """Have the thread ready, before the run begins. Raises ``RuntimeError`` if there is none."""
        self._thread.start()

    def show(self, show: SinkShow) -> None:
        """Begin with the acks of ``show``, whose reader stands at the very first one."""
        self._show = show

    def stall(self, on: bool) -> None:
        """While it is on, show nothing, from the batch after the one under way. The end takes it back."""
        self._stalled = on

    def leave(self) -> None:
        """End after the batch under way, without waiting for it."""
        self._left = True
        # In a fork it is not alive, and who held the event's lock then will never let it go.
        if self._thread.is_alive():
            self._over.set()

    def give_up(self, patience_s: float) -> None:
        """End, with nothing shown: there is no run. Waits at most ``patience_s`` seconds."""
        self.leave()
        if self._thread.is_alive():
            self._thread.join(patience_s)

    def account(self) -> SinkAccount | None:
        """As of now: what is waiting counts as dropped only where it was overwritten."""
        return None if self._show is None else self._show.account()

    def finish(self, patience_s: float) -> SinkAccount | None:
        """Show what is left, wait for the sink at most ``patience_s`` seconds, and account for it."""
        self._over.set()
        self._thread.join(patience_s)
        abandoned = self._thread.is_alive()
        self.leave()
        if self._show is None:
            return None
        return self._show.close(abandoned=abandoned, ended_by=self._ended_by)

    def _run(self) -> None:
        try:
            self._drain()
        except BaseException as error:  # noqa: BLE001  whatever ends the thread is said, SystemExit as well
            # First: its class may refuse even to say its name.
            self._ended_by = BaseException.__name__
            try:
                self._ended_by = str(type(error).__name__)
            finally:
                report_unraisable(error, self)

    def _drain(self) -> None:
        # A sink that forks and returns would be shown a copy of the run for ever, and the fork never end.
        while not self._left and self._home.is_here():
            # Looked at before the ring: an empty ring says nothing about acks that come after.
            last_look = self._over.is_set()
            show = self._show
            is_shown = show is not None and (last_look or not self._stalled)
            if show is None or not is_shown or show.show(_BATCH) == 0:
                if last_look:
                    return
                self._over.wait(_IDLE_S)

"""A sink that is shown acks step by step, by whoever takes the steps: the same ones every time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.core.engine.sink_drain import SinkAccount

if TYPE_CHECKING:
    from tickpath._native import AckReader, SinkFeeder

__all__ = ["SinkSteps"]


class SinkSteps:
    """Shows a sink what is in a ring of acks, when it is told to. Blocks as long as the sink does."""

    def __init__(self, acks: AckReader, feeder: SinkFeeder, capacity: int) -> None:
        self._acks = acks
        self._feeder = feeder
        self._capacity = capacity
        self._stalled = False

    def show(self) -> None:
        """Show everything that is there, unless the sink is stalled."""
        if not self._stalled:
            self._acks.show(self._feeder, self._acks.available())

    def stall(self, on: bool) -> None:
        """While it is on, show nothing."""
        self._stalled = on

    def account(self) -> SinkAccount:
        """As of now: what is waiting counts as dropped only where it was overwritten."""
        beyond = max(0, self._acks.available() - self._capacity)
        return SinkAccount.of(self._acks, self._feeder, not_shown=beyond)

    def finish(self) -> SinkAccount:
        """Show what is left, stalled or not, and account for it."""
        self._stalled = False
        self.show()
        return SinkAccount.of(self._acks, self._feeder, not_shown=self._acks.available())

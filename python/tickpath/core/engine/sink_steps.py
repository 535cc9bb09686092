"""A sink that is shown acks step by step, by whoever takes the steps: the same ones every time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tickpath.core.engine.sink_show import SinkAccount, SinkShow

__all__ = ["SinkSteps"]


class SinkSteps:
    """Shows a sink what is in a ring of acks, when it is told to. Blocks as long as the sink does."""

    def __init__(self, show: SinkShow) -> None:
        self._show = show
        self._stalled = False

    def show(self) -> None:
        """Show everything that is there, unless the sink is stalled."""
        if not self._stalled:
            self._show.show(self._show.waiting)

    def stall(self, on: bool) -> None:
        """While it is on, show nothing."""
        self._stalled = on

    def account(self) -> SinkAccount:
        """As of now: what is waiting counts as dropped only where it was overwritten."""
        return self._show.account()

    def finish(self) -> SinkAccount:
        """Show what is left, stalled or not, and account for it."""
        self._stalled = False
        self.show()
        return self._show.close()

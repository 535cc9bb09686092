"""When a run goes no further: a stalled stage never reads the rest, a frozen feed never comes.

A fault without an end would keep such a run from ending. So once the plan is over and nothing has moved for a
while, what lasts until somebody ends it is ended: the standstill says when. It reads counters, and waits for
nobody. Threads: the control plane's only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tickpath.control.health import Look

__all__ = ["Standstill"]


class Standstill:
    """Says that nothing has moved for ``patience_ns`` since ``plan_ns``, when the last event was due."""

    def __init__(self, plan_ns: int, patience_ns: int) -> None:
        self._since_ns = plan_ns
        self._patience_ns = patience_ns
        self._moved: tuple[int, ...] = ()

    def step(self, look: Look) -> bool:
        """One control step: whether it is one."""
        feed = look.feed
        moved = (feed.published, feed.withheld, look.epoch, *(one.cursor for one in look.stages.values()))
        if moved != self._moved:
            self._moved = moved
            self._since_ns = max(self._since_ns, look.at_ns)
            return False
        return look.at_ns - self._since_ns >= self._patience_ns

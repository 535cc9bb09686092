"""Does the stage get on? A loop that turns is no proof: only a cursor that moves is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.control.health.reading import Reading
from tickpath.core.state import State

if TYPE_CHECKING:
    from tickpath.config.scenario.probes import CursorProgressSettings
    from tickpath.control.health.look import Look

__all__ = ["CursorProgress"]

_WHAT = "ns without progress"


class CursorProgress:
    """Fails while ``stage`` had work for more than ``standstill_ns_max`` and its cursor did not move.

    Work is a backlog: the head has moved, the cursor has not. What is there at a look may have come just
    before it, so the time counts from the first look that found both the backlog and the cursor as it is.

    Unknown at the first look, in INIT (nothing is read then), and for a stage that is not there.

    >>> from tickpath.config.scenario.probes import CursorProgressSettings
    >>> probe = CursorProgress(CursorProgressSettings(standstill_ns_max=50_000_000))
    >>> probe.name, probe.cause
    ('cursor-progress', 'execution failure')
    """

    __slots__ = ("_cursor", "_had_work", "_max_ns", "_since_ns", "_stage", "cause", "name")

    def __init__(self, settings: CursorProgressSettings) -> None:
        self.name = settings.name
        self.cause = settings.cause
        self._stage = settings.stage
        self._max_ns = settings.standstill_ns_max
        self._cursor: int | None = None
        self._since_ns = 0
        self._had_work = False

    def read(self, look: Look) -> Reading:
        """For how many nanoseconds the stage is known to have had work and to have made no progress.

        >>> from types import SimpleNamespace
        >>> from tickpath.control.automation import look_at
        >>> waits = {"executor": SimpleNamespace(cursor=7, backlog=3, processed=7)}
        >>> look = look_at(State.READY)._replace(stages=waits)
        >>> [probe.read(look._replace(at_ns=at_ns)).value for at_ns in (0, 40_000_000, 60_000_000)]
        [None, 40000000, 60000000]
        """
        stage = look.stages.get(self._stage)
        if stage is None or look.state is State.INIT:
            self._cursor = None
            return Reading("unknown", None, self._max_ns, _WHAT)
        before, cursor, has_work = self._cursor, stage.cursor, stage.backlog > 0
        if cursor != before or not (has_work and self._had_work):
            self._cursor, self._since_ns, self._had_work = cursor, look.at_ns, has_work
            if before is None:
                return Reading("unknown", None, self._max_ns, _WHAT)
        still_ns = look.at_ns - self._since_ns
        return Reading("failing" if still_ns > self._max_ns else "ok", still_ns, self._max_ns, _WHAT)

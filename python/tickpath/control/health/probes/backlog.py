"""How far is a stage behind? As a share of the ring: at 1 the next event overwrites what it has not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.control.health.reading import Reading
from tickpath.core.state import State

if TYPE_CHECKING:
    from tickpath.config.scenario.probes import BacklogSettings
    from tickpath.control.health.look import Look

__all__ = ["Backlog"]

_WHAT = "of the ring unread"


class Backlog:
    """Fails while the backlog of ``stage`` is more than ``backlog_share_max`` of the ring's capacity.

    Unknown in INIT (nothing is read then), and for a stage that is not there.

    >>> from tickpath.config.scenario.probes import BacklogSettings
    >>> probe = Backlog(BacklogSettings(stage="logger", backlog_share_max=0.5))
    >>> probe.name, probe.cause
    ('backlog-logger', 'execution backlog')
    """

    __slots__ = ("_max", "_stage", "cause", "name")

    def __init__(self, settings: BacklogSettings) -> None:
        self.name = settings.name
        self.cause = settings.cause
        self._stage = settings.stage
        self._max = settings.backlog_share_max

    def read(self, look: Look) -> Reading:
        """The backlog as a share of the capacity; what is above 1 is lost already.

        >>> from types import SimpleNamespace
        >>> from tickpath.control.health.look import Look
        >>> stages = {"logger": SimpleNamespace(backlog=768)}
        >>> look = Look(0, State.READY, 2, 1_024, SimpleNamespace(), stages)
        >>> probe.read(look), probe.read(look._replace(state=State.INIT)).verdict
        (Reading(verdict='failing', value=0.75, threshold=0.5, what='of the ring unread'), 'unknown')
        """
        stage = look.stages.get(self._stage)
        if stage is None or look.state is State.INIT:
            return Reading("unknown", None, self._max, _WHAT)
        share = stage.backlog / look.capacity_slots
        return Reading("failing" if share > self._max else "ok", share, self._max, _WHAT)

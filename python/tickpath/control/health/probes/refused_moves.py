"""Did anybody attempt a move that the lifecycle does not allow? Then somebody is wrong about its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.control.health.reading import Reading

if TYPE_CHECKING:
    from tickpath.config.scenario.probes import RefusedMovesSettings
    from tickpath.control.health.look import Look

__all__ = ["RefusedMoves"]

_WHAT = "refused moves"


class RefusedMoves:
    """Fails while more than ``refused_max`` moves were refused that nobody has acknowledged.

    It does not end by itself: the lifecycle is intact, and whoever got it wrong may do so again. An operator,
    or a runbook in his name, acknowledges.

    >>> from tickpath.config.scenario.probes import RefusedMovesSettings
    >>> from tickpath.control.automation import look_at
    >>> from tickpath.core.state import State
    >>> probe = RefusedMoves(RefusedMovesSettings())
    >>> probe.name, probe.cause
    ('refused-moves', 'state corruption')
    >>> look = look_at(State.READY)._replace(refused_moves=2)
    """

    __slots__ = ("_acknowledged", "_max", "_seen", "cause", "name")

    def __init__(self, settings: RefusedMovesSettings) -> None:
        self.name = settings.name
        self.cause = settings.cause
        self._max = settings.refused_max
        self._seen = 0
        self._acknowledged = 0

    def read(self, look: Look) -> Reading:
        """Refused moves that were not acknowledged.

        >>> probe.read(look)
        Reading(verdict='failing', value=2, threshold=0, what='refused moves')
        """
        self._seen = look.refused_moves
        value = self._seen - self._acknowledged
        return Reading("failing" if value > self._max else "ok", value, self._max, _WHAT)

    def acknowledge(self) -> None:
        """Those of the last look are known, and do not count from now on.

        >>> probe.read(look).value, probe.acknowledge(), probe.read(look).value
        (2, None, 0)
        """
        self._acknowledged = self._seen

"""Does a stage lose events? What was overwritten before it read it, per second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.control.health.rate import Rate

if TYPE_CHECKING:
    from tickpath.config.scenario.probes import OverrunRateSettings
    from tickpath.control.health.look import Look
    from tickpath.control.health.reading import Reading

__all__ = ["OverrunRate"]


class OverrunRate:
    """Fails while ``stage`` loses more than ``lost_per_s_max`` events per second of the window.

    What it sheds on purpose does not count. Unknown at the first look, and for a stage that is not there.

    >>> from types import SimpleNamespace
    >>> from tickpath.config.scenario.probes import OverrunRateSettings
    >>> from tickpath.control.health.look import Look
    >>> from tickpath.core.state import State
    >>> probe = OverrunRate(OverrunRateSettings())
    >>> look = Look(0, State.READY, 2, 1_024, SimpleNamespace(), {"executor": SimpleNamespace(lost=0)})
    >>> _ = probe.read(look)
    >>> later = {"executor": SimpleNamespace(lost=50)}
    >>> probe.read(look._replace(at_ns=100_000_000, stages=later)).value
    500.0
    """

    __slots__ = ("_rate", "_stage", "cause", "name")

    def __init__(self, settings: OverrunRateSettings) -> None:
        self.name = settings.name
        self.cause = settings.cause
        self._stage = settings.stage
        self._rate = Rate(settings.lost_per_s_max, settings.window_ns, "events lost per second")

    def read(self, look: Look) -> Reading:
        """Events lost per second."""
        stage = look.stages.get(self._stage)
        return self._rate.read(look.at_ns, None if stage is None else stage.lost)

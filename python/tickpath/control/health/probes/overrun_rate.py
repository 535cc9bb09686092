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

    >>> from tickpath.config.scenario.probes import OverrunRateSettings
    >>> probe = OverrunRate(OverrunRateSettings(stage="logger"))
    >>> probe.name, probe.cause
    ('overrun-rate-logger', 'slow consumer')
    """

    __slots__ = ("_rate", "_stage", "cause", "name")

    def __init__(self, settings: OverrunRateSettings) -> None:
        self.name = settings.name
        self.cause = settings.cause
        self._stage = settings.stage
        self._rate = Rate(settings.lost_per_s_max, settings.window_ns, "events lost per second")

    def read(self, look: Look) -> Reading:
        """Events lost per second.

        >>> from types import SimpleNamespace
        >>> from tickpath.control.automation import look_at
        >>> from tickpath.core.state import State
        >>> for at_ns, lost in ((0, 0), (100_000_000, 50)):
        ...     stages = {"logger": SimpleNamespace(lost=lost)}
        ...     reading = probe.read(look_at(State.READY)._replace(at_ns=at_ns, stages=stages))
        >>> reading.verdict, reading.value, reading.what
        ('failing', 500.0, 'events lost per second')
        """
        stage = look.stages.get(self._stage)
        return self._rate.read(look.at_ns, None if stage is None else stage.lost)

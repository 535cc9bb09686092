"""Does the sink see everything? What it was not shown, per second; the run itself loses nothing by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.control.health.rate import Rate

if TYPE_CHECKING:
    from tickpath.config.scenario.probes import SinkLossSettings
    from tickpath.control.health.look import Look
    from tickpath.control.health.reading import Reading

__all__ = ["SinkLoss"]


class SinkLoss:
    """Fails while the sink misses more than ``dropped_per_s_max`` acks per second of the window.

    Unknown at the first look, and without a sink.

    >>> from tickpath.config.scenario.probes import SinkLossSettings
    >>> probe = SinkLoss(SinkLossSettings())
    >>> probe.name, probe.cause
    ('sink-loss', 'sink loss')
    """

    __slots__ = ("_rate", "cause", "name")

    def __init__(self, settings: SinkLossSettings) -> None:
        self.name = settings.name
        self.cause = settings.cause
        self._rate = Rate(settings.dropped_per_s_max, settings.window_ns, "acks missed per second")

    def read(self, look: Look) -> Reading:
        """Acks per second that the sink was not shown.

        >>> from types import SimpleNamespace
        >>> from tickpath.control.automation import look_at
        >>> from tickpath.core.state import State
        >>> look = look_at(State.READY)
        >>> for at_ns, dropped in ((0, 0), (100_000_000, 10)):
        ...     reading = probe.read(look._replace(at_ns=at_ns, sink=SimpleNamespace(dropped=dropped)))
        >>> reading.verdict, reading.value, reading.what
        ('failing', 100.0, 'acks missed per second')
        """
        return self._rate.read(look.at_ns, None if look.sink is None else look.sink.dropped)

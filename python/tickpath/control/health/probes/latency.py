"""Does a stage keep its latency objective? The share of its events that took longer than its limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.control.health.reading import Reading
from tickpath.control.health.window import Window
from tickpath.core.state import State

if TYPE_CHECKING:
    from tickpath.config.scenario.probes import LatencySettings
    from tickpath.control.health.look import Look

__all__ = ["Latency"]

_WHAT = "of the events over the latency limit"
#: With fewer samples beyond it a percentile is unknown (design section 5).
_BEYOND_MIN = 10


class Latency:
    """Fails while more than ``over_limit_share_max`` of the window's events were over the stage's limit.

    The default of 1 % is p99: the hot path counts what took longer than ``latency_limit_ns``. Unknown without
    a limit, for a stage that is not there, and with fewer than ``samples_min`` events in the window, or too
    few to have ten beyond the percentile (1,000 for p99). But where more are over the limit already than that
    many events may have, the rest cannot change it: that fails. A stage that has become slow has few events.

    In INIT and WARMUP a latency over the limit proves nothing: unknown in the place of failing.

    >>> from tickpath.config.scenario.probes import LatencySettings
    >>> probe = Latency(LatencySettings(samples_min=1_000))
    >>> probe.name, probe.cause
    ('latency', 'latency over its limit')
    """

    __slots__ = ("_max", "_over_max", "_samples_min", "_stage", "_window", "cause", "name")

    def __init__(self, settings: LatencySettings) -> None:
        self.name = settings.name
        self.cause = settings.cause
        self._stage = settings.stage
        self._max = share_max = settings.over_limit_share_max
        for_percentile = round(_BEYOND_MIN / share_max) if share_max > 0 else 0
        self._samples_min = max(settings.samples_min, for_percentile)
        self._over_max = share_max * self._samples_min
        self._window = Window(settings.window_ns)

    def read(self, look: Look) -> Reading:
        """The share of events over the limit.

        >>> from types import SimpleNamespace
        >>> from tickpath.control.automation import look_at
        >>> look = look_at(State.READY)
        >>> for processed, over_limit in ((0, 0), (2_000, 100)):
        ...     executor = SimpleNamespace(processed=processed, over_limit=over_limit)
        ...     reading = probe.read(look._replace(at_ns=processed, stages={"executor": executor}))
        >>> reading.verdict, reading.value, reading.threshold
        ('failing', 0.05, 0.01)
        """
        stage = look.stages.get(self._stage)
        over_limit = None if stage is None else stage.over_limit
        if stage is None or over_limit is None:
            self._window.clear()
            return Reading("unknown", None, self._max, _WHAT)
        processed = stage.processed
        first = self._window.first(look.at_ns, (processed, over_limit))
        if first is None or processed <= first[1][0]:
            return Reading("unknown", None, self._max, _WHAT)
        _, (first_processed, first_over) = first
        samples, over = processed - first_processed, over_limit - first_over
        share = over / samples
        # With enough samples a larger share is more than those many may have, too.
        if share > self._max and over > self._over_max:
            proves = look.state is State.READY or look.state is State.DEGRADED
            return Reading("failing" if proves else "unknown", share, self._max, _WHAT)
        return Reading("ok" if samples >= self._samples_min else "unknown", share, self._max, _WHAT)

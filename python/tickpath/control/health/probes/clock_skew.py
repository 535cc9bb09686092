"""Do the two clocks agree? The stages' against the control plane's, since the begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.control.health.reading import Reading

if TYPE_CHECKING:
    from tickpath.config.scenario.probes import ClockSkewSettings
    from tickpath.control.health.look import Look

__all__ = ["ClockSkew"]

_WHAT = "ns between the clocks"


class ClockSkew:
    """Fails while the clocks are more than ``skew_ns_max`` apart; unknown if nobody compares them.

    >>> from tickpath.config.scenario.probes import ClockSkewSettings
    >>> probe = ClockSkew(ClockSkewSettings(skew_ns_max=1_000_000))
    >>> probe.name, probe.cause
    ('clock-skew', 'clock skew')
    """

    __slots__ = ("_max_ns", "cause", "name")

    def __init__(self, settings: ClockSkewSettings) -> None:
        self.name = settings.name
        self.cause = settings.cause
        self._max_ns = settings.skew_ns_max

    def read(self, look: Look) -> Reading:
        """How far they are apart, in nanoseconds.

        >>> from tickpath.control.automation import look_at
        >>> from tickpath.core.state import State
        >>> probe.read(look_at(State.READY)._replace(clock_skew_ns=-2_000_000))
        Reading(verdict='failing', value=2000000, threshold=1000000, what='ns between the clocks')
        """
        skew_ns = look.clock_skew_ns
        if skew_ns is None:
            return Reading("unknown", None, self._max_ns, _WHAT)
        apart_ns = abs(skew_ns)
        return Reading("failing" if apart_ns > self._max_ns else "ok", apart_ns, self._max_ns, _WHAT)

"""Which probe asks what settings say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tickpath.control.health.probes.backlog import Backlog
from tickpath.control.health.probes.clock_skew import ClockSkew
from tickpath.control.health.probes.cursor_progress import CursorProgress
from tickpath.control.health.probes.feed_integrity import FeedIntegrity
from tickpath.control.health.probes.feed_staleness import FeedStaleness
from tickpath.control.health.probes.latency import Latency
from tickpath.control.health.probes.overrun_rate import OverrunRate
from tickpath.control.health.probes.refused_moves import RefusedMoves
from tickpath.control.health.probes.sink_loss import SinkLoss
from tickpath.errors import ArgumentTypeError

if TYPE_CHECKING:
    from tickpath.config.scenario.probes import ProbeSettings
    from tickpath.control.health.reading import Probe

__all__ = ["KINDS", "probe_of"]

KINDS: Mapping[str, Callable[[Any], Probe]] = MappingProxyType(
    {
        "feed_staleness": FeedStaleness,
        "cursor_progress": CursorProgress,
        "backlog": Backlog,
        "overrun_rate": OverrunRate,
        "latency": Latency,
        "sink_loss": SinkLoss,
        "feed_integrity": FeedIntegrity,
        "clock_skew": ClockSkew,
        "refused_moves": RefusedMoves,
    }
)
"""The class of each kind, by the word of scenario files."""


def probe_of(settings: ProbeSettings) -> Probe:
    """A new probe as ``settings`` say. Raises ``ArgumentTypeError`` for what is no settings of a probe.

    >>> from tickpath.config.scenario.probes import BacklogSettings
    >>> probe_of(BacklogSettings(stage="logger")).name
    'backlog-logger'
    """
    made = KINDS.get(getattr(settings, "kind", ""))
    if made is None:
        raise ArgumentTypeError(
            f"settings must be those of a probe ({', '.join(KINDS)}), got {type(settings).__name__}"
        )
    return made(settings)

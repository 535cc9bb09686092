"""The probes of a scenario: one class for each kind, with its threshold and the cause that it raises.

Every probe reads counters only. It raises its cause after ``raise_after`` failing looks in a row, and clears
it after ``clear_after`` good ones; a look of which it cannot know counts neither way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from tickpath.config.engine import Events
from tickpath.config.fields import NS_MAX, Number, Text, Whole, check_fields
from tickpath.config.scenario.injections import Name, NameOrNone

__all__ = [
    "AnyProbe",
    "BacklogSettings",
    "ClockSkewSettings",
    "CursorProgressSettings",
    "FeedIntegritySettings",
    "FeedStalenessSettings",
    "LatencySettings",
    "OverrunRateSettings",
    "ProbeSettings",
    "RefusedMovesSettings",
    "SinkLossSettings",
    "StageProbeSettings",
    "standard_probes",
]

Cause = Annotated[str, Text(r"\S(.{0,98}\S)?", "the words of a cause, at most 100 characters")]
_Looks = Annotated[int, Whole(1, 1_000_000)]
_LimitNs = Annotated[int, Whole(1, NS_MAX)]
_Share = Annotated[float, Number(0, 1)]
_PerSecond = Annotated[float, Number(0)]

_WINDOW_NS = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSettings:
    """What every probe has."""

    kind: ClassVar[str]

    name: NameOrNone = ""
    """In reports and in ``break``; the kind, with dashes, and the stage if it is not the executor."""
    cause: Cause
    """The cause of degradation that it raises."""
    raise_after: _Looks = 1
    """Failing looks in a row until it raises."""
    clear_after: _Looks = 1
    """Good looks in a row until it clears."""
    enabled: bool = True
    """Whether it looks at all."""

    def __post_init__(self) -> None:
        check_fields(self)
        if not self.name:
            object.__setattr__(self, "name", self._default_name())

    def _default_name(self) -> str:
        return self.kind.replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class StageProbeSettings(ProbeSettings):
    """A probe of one stage."""

    stage: Name = "executor"
    """Which stage."""

    def _default_name(self) -> str:
        words = self.kind.replace("_", "-")
        return words if self.stage == "executor" else f"{words}-{self.stage}"[:64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStalenessSettings(ProbeSettings):
    """Fails while nothing new has been published for too long; repeats and heartbeats are nothing new."""

    kind: ClassVar[str] = "feed_staleness"

    cause: Cause = "market data outage"
    """The cause of degradation that it raises."""
    staleness_ns_max: _LimitNs = 50_000_000
    """The longest time without a new event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorProgressSettings(StageProbeSettings):
    """Fails while the stage's cursor has stood still too long with events to read."""

    kind: ClassVar[str] = "cursor_progress"

    cause: Cause = "execution failure"
    """The cause of degradation that it raises."""
    standstill_ns_max: _LimitNs = 50_000_000
    """The longest standstill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogSettings(StageProbeSettings):
    """Fails while too much of the ring waits for the stage."""

    kind: ClassVar[str] = "backlog"

    cause: Cause = "execution backlog"
    """The cause of degradation that it raises."""
    backlog_share_max: _Share = 0.5
    """The largest backlog, as a share of the ring's capacity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrunRateSettings(StageProbeSettings):
    """Fails while the stage loses events faster than it may."""

    kind: ClassVar[str] = "overrun_rate"

    cause: Cause = "slow consumer"
    """The cause of degradation that it raises."""
    lost_per_s_max: _PerSecond = 0.0
    """Events lost per second, over the window."""
    window_ns: _LimitNs = _WINDOW_NS
    """The time over which they are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencySettings(StageProbeSettings):
    """Fails while too many events took longer than the stage's ``latency_limit_ns``."""

    kind: ClassVar[str] = "latency"

    cause: Cause = "latency over its limit"
    """The cause of degradation that it raises."""
    over_limit_share_max: _Share = 0.01
    """The largest share of them; 0.01 is a p99 at the limit."""
    samples_min: Annotated[int, Whole(1, NS_MAX)] = 1_000
    """With fewer events in the window the probe cannot know."""
    window_ns: _LimitNs = _WINDOW_NS
    """The time over which they are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkLossSettings(ProbeSettings):
    """Fails while the sink misses acks faster than it may."""

    kind: ClassVar[str] = "sink_loss"

    cause: Cause = "sink loss"
    """The cause of degradation that it raises."""
    dropped_per_s_max: _PerSecond = 0.0
    """Acks missed per second, over the window."""
    window_ns: _LimitNs = _WINDOW_NS
    """The time over which they are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedIntegritySettings(ProbeSettings):
    """Fails while the feed skips, repeats or reorders more events than it may."""

    kind: ClassVar[str] = "feed_integrity"

    cause: Cause = "feed integrity"
    """The cause of degradation that it raises."""
    gaps_max: Events = 0
    """Events missed, within the window."""
    repeats_max: Events = 0
    """Events that came again, within the window."""
    reordered_max: Events = 0
    """Events that came late, within the window."""
    window_ns: _LimitNs = _WINDOW_NS
    """The time over which they are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSkewSettings(ProbeSettings):
    """Fails while the stages' clock and the control side's have drifted apart since the begin."""

    kind: ClassVar[str] = "clock_skew"

    cause: Cause = "clock skew"
    """The cause of degradation that it raises."""
    skew_ns_max: _LimitNs = 1_000_000
    """The largest difference, either way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedMovesSettings(ProbeSettings):
    """Fails when a move of the lifecycle that is not legal was attempted."""

    kind: ClassVar[str] = "refused_moves"

    cause: Cause = "state corruption"
    """The cause of degradation that it raises."""
    refused_max: Events = 0
    """Attempts, beyond those that were acknowledged."""


AnyProbe = (
    FeedStalenessSettings
    | CursorProgressSettings
    | BacklogSettings
    | OverrunRateSettings
    | LatencySettings
    | SinkLossSettings
    | FeedIntegritySettings
    | ClockSkewSettings
    | RefusedMovesSettings
)
"""Every kind of probe."""


def standard_probes() -> tuple[AnyProbe, ...]:
    """The probes of a scenario that names none: feed, executor, clock and lifecycle.

    Not in it: ``latency``, which needs a limit, and ``sink_loss``, for a sink may lose.
    """
    return (
        FeedStalenessSettings(),
        CursorProgressSettings(),
        BacklogSettings(),
        OverrunRateSettings(cause=BacklogSettings().cause),
        FeedIntegritySettings(),
        ClockSkewSettings(),
        RefusedMovesSettings(),
    )

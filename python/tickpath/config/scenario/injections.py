"""The faults of a scenario: one class for each kind, with its parameters and when it happens.

A fault is triggered once, by exactly one of run time (``at_ns``), count of published events (``at_event``) or
state (``in_state``, ``after_ns`` later). One that lasts ends after ``duration_ns`` or ``duration_events``, or
with the run; it is always rolled back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from tickpath.config.engine import DurationNs, Events
from tickpath.config.fields import NS_MAX, Number, Text, Whole, check_fields
from tickpath.errors import ArgumentValueError

__all__ = [
    "COUNT_MAX",
    "AnyInjection",
    "ClockStepSettings",
    "ColdStartSettings",
    "FeedBurstSettings",
    "FeedDuplicateSettings",
    "FeedFreezeSettings",
    "FeedGapSettings",
    "FeedOutageSettings",
    "FeedReorderSettings",
    "FeedStaleSettings",
    "InjectionSettings",
    "LastingInjectionSettings",
    "SinkStallSettings",
    "SlowConsumerSettings",
    "StallSettings",
    "StateCorruptionSettings",
    "StateWord",
]

StateWord = Literal["INIT", "WARMUP", "READY", "DEGRADED"]

_NAME = "a name of letters, digits, _, - and ., at most 64"
Name = Annotated[str, Text(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", _NAME)]
NameOrNone = Annotated[str, Text(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,63})?", _NAME)]
COUNT_MAX = (1 << 40) - 1
"""The largest number of next events that a feed can be told of."""

_Many = Annotated[int, Whole(1, NS_MAX)]
_Next = Annotated[int, Whole(1, COUNT_MAX)]
_Every = Annotated[int, Whole(2, NS_MAX)]
_Factor = Annotated[float, Number(1, 1e6)]
_ExtraNs = Annotated[int, Whole(0, 60_000_000_000)]
_OffsetNs = Annotated[int, Whole(-NS_MAX, NS_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectionSettings:
    """What every fault has: its name, and exactly one of ``at_ns``, ``at_event`` and ``in_state``."""

    kind: ClassVar[str]

    name: NameOrNone = ""
    """In the log and in reports; the kind, with dashes, unless given."""
    at_ns: DurationNs | None = None
    """At this run time: 0 is when the feed began."""
    at_event: Events | None = None
    """Once so many events have been published."""
    in_state: StateWord | None = None
    """At the first control step that finds the lifecycle in this state."""
    after_ns: DurationNs | None = None
    """With ``in_state``: so long after that step; ``None`` is at once."""

    def __post_init__(self) -> None:
        check_fields(self)
        if not self.name:
            object.__setattr__(self, "name", self.kind.replace("_", "-"))
        triggers = {name: getattr(self, name) for name in ("at_ns", "at_event", "in_state")}
        given = [name for name, value in triggers.items() if value is not None]
        if len(given) != 1:
            raise ArgumentValueError(
                f"{self.name}: expected exactly one of at_ns, at_event and in_state, got {_listed(given)}"
            )
        if self.after_ns is not None and self.in_state is None:
            raise ArgumentValueError(f"{self.name}: after_ns goes with in_state, got it with {given[0]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LastingInjectionSettings(InjectionSettings):
    """A fault that lasts: to the end of the run, unless one of the durations is given."""

    duration_ns: _Many | None = None
    """It ends so long after it began."""
    duration_events: _Many | None = None
    """It ends once so many events more were due: published, or withheld by a fault."""

    def __post_init__(self) -> None:
        InjectionSettings.__post_init__(self)
        if self.duration_ns is not None and self.duration_events is not None:
            raise ArgumentValueError(
                f"{self.name}: duration_ns and duration_events exclude each other: give one, or none"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOutageSettings(LastingInjectionSettings):
    """The feed is gone: events that are due are withheld, and lost at the source."""

    kind: ClassVar[str] = "feed_outage"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFreezeSettings(LastingInjectionSettings):
    """Nothing arrives; when it ends, everything that became due arrives at once, late."""

    kind: ClassVar[str] = "feed_freeze"

    def __post_init__(self) -> None:
        LastingInjectionSettings.__post_init__(self)
        if self.duration_events is not None:
            raise ArgumentValueError(
                f"{self.name}: a frozen feed publishes and withholds nothing, so duration_events would "
                "never be over: give a duration_ns"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedGapSettings(InjectionSettings):
    """The next events are withheld."""

    kind: ClassVar[str] = "feed_gap"

    events: _Next
    """How many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBurstSettings(InjectionSettings):
    """The next events are due now, ahead of their plan."""

    kind: ClassVar[str] = "feed_burst"

    events: _Next
    """How many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDuplicateSettings(LastingInjectionSettings):
    """Events come twice."""

    kind: ClassVar[str] = "feed_duplicate"

    every: _Many
    """Every so many-th; 1 for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReorderSettings(LastingInjectionSettings):
    """Events change places with their successors."""

    kind: ClassVar[str] = "feed_reorder"

    every: _Every
    """Every so many-th."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStaleSettings(LastingInjectionSettings):
    """Connected, but stale: at each due time the last event comes again in the place of the new one."""

    kind: ClassVar[str] = "feed_stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowConsumerSettings(LastingInjectionSettings):
    """A stage takes longer: service time times ``factor``, plus ``extra_ns``."""

    kind: ClassVar[str] = "slow_consumer"

    stage: Name = "executor"
    """Which stage."""
    factor: _Factor = 1.0
    """Times its service time."""
    extra_ns: _ExtraNs = 0
    """More for each event."""

    def __post_init__(self) -> None:
        LastingInjectionSettings.__post_init__(self)
        if self.factor == 1 and not self.extra_ns:
            raise ArgumentValueError(
                f"{self.name}: expected a factor above 1 or an extra_ns above 0, got neither"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class StallSettings(LastingInjectionSettings):
    """A stage takes no turn."""

    kind: ClassVar[str] = "stall"

    stage: Name = "executor"
    """Which stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkStallSettings(LastingInjectionSettings):
    """The sink takes nothing: a slow logger."""

    kind: ClassVar[str] = "sink_stall"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStepSettings(LastingInjectionSettings):
    """The stages' clock steps."""

    kind: ClassVar[str] = "clock_step"

    offset_ns: _OffsetNs
    """By so much; below 0 it steps back."""

    def __post_init__(self) -> None:
        LastingInjectionSettings.__post_init__(self)
        if not self.offset_ns:
            raise ArgumentValueError(f"{self.name}: expected an offset_ns other than 0, got 0: it is no step")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdStartSettings(InjectionSettings):
    """The process restarts cold: the executor is slower for its next events."""

    kind: ClassVar[str] = "cold_start"

    factor: _Factor = 4.0
    """Times its service time."""
    events: _Many = 1_000
    """For so many events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCorruptionSettings(InjectionSettings):
    """Someone attempts a move of the lifecycle that is not legal; it is refused and counted."""

    kind: ClassVar[str] = "state_corruption"

    target: StateWord = "INIT"
    """The state that is asked for; no move leads to INIT."""


AnyInjection = (
    FeedOutageSettings
    | FeedFreezeSettings
    | FeedGapSettings
    | FeedBurstSettings
    | FeedDuplicateSettings
    | FeedReorderSettings
    | FeedStaleSettings
    | SlowConsumerSettings
    | StallSettings
    | SinkStallSettings
    | ClockStepSettings
    | ColdStartSettings
    | StateCorruptionSettings
)
"""Every kind of fault."""


def _listed(names: list[str]) -> str:
    return " and ".join(names) or "none"

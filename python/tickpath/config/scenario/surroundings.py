"""What a scenario says about ring, engine, lifecycle, warm-up and the control side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from tickpath.config.engine import (
    ClockChoice,
    DurationNs,
    Events,
    Slots,
    StampPer,
)
from tickpath.config.fields import NS_MAX, Number, Whole, check_fields
from tickpath.config.run import DEFAULTS, ControlInterval
from tickpath.errors import ArgumentValueError

__all__ = ["ControlSettings", "EngineRest", "LifecycleSettings", "RingSettings", "WarmupSettings"]

WarmupKind = Literal["evidence", "count"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RingSettings:
    """The ring and its memory.

    >>> RingSettings(capacity_slots=1_000).capacity_slots  # any number from 1: no power of two is asked for
    1000
    """

    capacity_slots: Slots = DEFAULTS.capacity
    """Slots of the ring, kept exactly."""
    touch_memory: bool = DEFAULTS.touch_memory
    """Bring every page of the rings into memory before the run."""
    huge_pages: bool = DEFAULTS.huge_pages
    """Ask for huge pages under the rings; what the machine refuses is reported."""
    lock_memory: bool = DEFAULTS.lock_memory
    """Ask for the rings never to be paged out; what the machine refuses is reported."""
    hold_back: bool = DEFAULTS.hold_back
    """A measuring device: hold the feed to three quarters of the ring, so that nothing is lost."""

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRest:
    """The engine's stamps, its clock, and the sink that is shown the acks.

    >>> EngineRest(stamp_per="batch").clock
    'auto'
    """

    stamp_per: StampPer = DEFAULTS.stamp_per
    """``event``, or ``batch``: one stamp for up to 64 events, so that less is known of each."""
    clock: ClockChoice = DEFAULTS.clock
    """``auto`` is the processor's counter where it can be trusted; ``monotonic`` the machine's clock."""
    floor_window_ns: DurationNs = DEFAULTS.floor_window_ns
    """How long the machine is watched before a live run, and again after it."""
    sink: bool = False
    """Show every ack to a latency sink, off the hot path; what it misses is counted."""
    ack_capacity_slots: Slots | None = DEFAULTS.ack_capacity
    """Slots of the ring between the executor and the sink; ``None`` for 65,536 with a sink, and else none."""

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleSettings:
    """The lifecycle of the run.

    >>> LifecycleSettings(start_after_ns=50_000_000).history_limit
    4096
    """

    start_after_ns: DurationNs = 0
    """How long INIT lasts: nothing is read before, and events stay unread or are lost."""
    history_limit: Annotated[int, Whole(1, 1 << 20)] = 4096
    """Transitions that are kept; a history that overflows fails the run, for it proves nothing."""

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmupSettings:
    """When WARMUP ends: on evidence that latencies have become flat, or after a count of events.

    >>> WarmupSettings(kind="count", events=500).hold_feed
    True
    >>> WarmupSettings(events=500)
    Traceback (most recent call last):
    tickpath.errors.ArgumentValueError: events belong to the kind "count", got events=500 and 'evidence'
    """

    kind: WarmupKind = "evidence"
    """``evidence``: the p50 of rounds in a row within ``tolerance``; ``count``: ``events``."""
    events: Events | None = DEFAULTS.warmup_events
    """For ``count``: so many events; ``None`` for 1,000 or a tenth of a short source."""
    round_events: Annotated[int, Whole(1, 1 << 28)] = 500
    """For ``evidence``: events of a round."""
    rounds_min: Annotated[int, Whole(1, 1_000_000)] = 3
    """For ``evidence``: never READY before so many rounds."""
    rounds_max: Annotated[int, Whole(1, 1_000_000)] = 50
    """For ``evidence``: the warm-up fails, explicitly, if it is not flat after so many."""
    flat_rounds: Annotated[int, Whole(2, 1_000)] = 3
    """For ``evidence``: rounds in a row that must agree."""
    tolerance: Annotated[float, Number(0, 1)] = 0.1
    """For ``evidence``: how far their p50 may lie apart, as a share of the smallest."""
    tolerance_ns: DurationNs = 0
    """For ``evidence``: or so far, if that is more: what lies closer together is flat whatever its share."""
    hold_feed: bool = True
    """Hold the feed at the end of the warm-up until READY is decided and seen."""

    def __post_init__(self) -> None:
        check_fields(self)
        if self.events is not None and self.kind != "count":
            raise ArgumentValueError(
                f'events belong to the kind "count", got events={self.events} and {self.kind!r}'
            )
        if not max(self.rounds_min, self.flat_rounds) <= self.rounds_max:
            raise ArgumentValueError(
                "rounds_max must be at least rounds_min and flat_rounds, "
                f"got {self.rounds_max} with rounds_min={self.rounds_min} and flat_rounds={self.flat_rounds}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlSettings:
    """The control side: how often it looks, and how long it waits.

    >>> ControlSettings(interval_ns=5_000_000).drain_ns
    1000000000
    """

    interval_ns: ControlInterval = DEFAULTS.control_interval_ns
    """Between two steps of the control side: health, automation, injections."""
    fence_timeout_ns: Annotated[int, Whole(1, NS_MAX)] = 1_000_000_000
    """How long a held feed waits for the executor to see READY before it goes on all the same."""
    drain_ns: DurationNs = 1_000_000_000
    """At shutdown: how long the stages may go on reading what is left, before the rest is accounted for."""

    def __post_init__(self) -> None:
        check_fields(self)

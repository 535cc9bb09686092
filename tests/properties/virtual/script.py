"""A virtual run and the orders that were given in it, as a scenario that gives the same orders.

Nothing of the scenario acts by itself: INIT lasts for ever, and every move, fault and stop is in the file, at
the moment at which it was given. Moves and stops happen at control steps: at multiples of the interval.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from tickpath.config.engine import ConsumerSettings
from tickpath.config.fields import NS_MAX
from tickpath.config.scenario import (
    ControlSettings,
    EngineRest,
    FeedSettings,
    LifecycleSettings,
    OperatorSettings,
    RingSettings,
    Scenario,
    WarmupSettings,
)
from tickpath.core.state import State


@dataclass
class Fault:
    """An injection, and when it began and ended."""

    settings: Any
    at_ns: int
    end_ns: int | None = None


@dataclass
class Script:
    """What a run is made of, and what was ordered so far."""

    feed: FeedSettings
    capacity: int
    executor: ConsumerSettings
    consumers: tuple[ConsumerSettings, ...]
    interval_ns: int
    drain_ns: int
    sink: bool
    ack_capacity: int | None
    seed: int = 0
    faults: list[Fault] = field(default_factory=list)
    moves: list[tuple[int, State]] = field(default_factory=list)
    stop_ns: int | None = None
    second_stop_ns: int | None = None

    def scenario(self) -> Scenario:
        """The whole of it; one that is not stopped yet runs until it is over."""
        moves: list[tuple[int, Any]] = [(at_ns, state.name) for at_ns, state in self.moves]
        acts = [OperatorSettings(at_ns=at_ns, moves_to=word) for at_ns, word in moves]
        stops = [at_ns for at_ns in (self.stop_ns, self.second_stop_ns) if at_ns is not None]
        acts += [OperatorSettings(at_ns=at_ns, stops=True) for at_ns in stops]
        return Scenario(
            name="found",
            seed=self.seed,
            feed=self.feed,
            ring=RingSettings(capacity_slots=self.capacity, touch_memory=False),
            engine=EngineRest(sink=self.sink, ack_capacity_slots=self.ack_capacity),
            executor=self.executor,
            consumers=self.consumers,
            lifecycle=LifecycleSettings(start_after_ns=NS_MAX),
            warmup=WarmupSettings(kind="count", events=NS_MAX, hold_feed=False),
            control=ControlSettings(interval_ns=self.interval_ns, drain_ns=self.drain_ns),
            injections=tuple(self._injection(number, each) for number, each in enumerate(self.faults)),
            probes=(),
            runbooks=(),
            operator=tuple(acts),
        )

    def _injection(self, number: int, fault: Fault) -> Any:
        lasts: dict[str, int] = {}
        if hasattr(fault.settings, "duration_ns"):
            # With an end of its own, however far: one without would be rolled back at a standstill.
            lasts["duration_ns"] = (fault.end_ns or NS_MAX) - fault.at_ns
        return dataclasses.replace(fault.settings, name=f"fault-{number}", at_ns=fault.at_ns, **lasts)

    def planned_ns(self, stamps_ns: list[int]) -> list[int]:
        """When each event is due, of a source with these stamps."""
        feed = self.feed
        if feed.pace == "constant":
            assert feed.rate_hz is not None
            return [int(index * 1e9 / feed.rate_hz) for index in range(len(stamps_ns))]
        longest_ns, elapsed_ns, planned = int(feed.max_gap_ns * feed.speed), 0, []
        for before_ns, stamp_ns in zip([stamps_ns[0], *stamps_ns], stamps_ns, strict=False):
            elapsed_ns += min(stamp_ns - before_ns, longest_ns)
            planned.append(elapsed_ns if feed.speed == 1.0 else int(elapsed_ns / feed.speed))
        return planned

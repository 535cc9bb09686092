"""Looks that tests make up, a probe that says what it is told, and knobs that keep their book."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tickpath.control.health import Look, Reading, Verdict
from tickpath.core.state import Lifecycle, State

MS = 1_000_000


@dataclass
class Feed:
    published: int = 0
    newest_ns: int | None = None
    gaps: int | None = 0
    repeats: int | None = 0
    reordered: int | None = 0
    withheld: int = 0
    held: bool = False
    done: bool = False


@dataclass
class Stage:
    processed: int = 0
    executed: int | None = 0
    lost: int = 0
    shed: int = 0
    cursor: int = 0
    backlog: int = 0
    over_limit: int | None = None
    epoch_seen: int | None = 0


@dataclass
class Sink:
    shown: int = 0
    dropped: int = 0


def look(at_ns: int, *, state: State = State.READY, feed: Any = None, **other: Any) -> Look:
    """Return a look; what is not given is unremarkable. ``executor`` is its stage."""
    executor = other.pop("executor", Stage())
    stages = other.pop("stages", {"executor": executor})
    return Look(
        at_ns=at_ns,
        state=state,
        epoch=other.pop("epoch", 2),
        capacity_slots=other.pop("capacity_slots", 1000),
        feed=Feed() if feed is None else feed,
        stages=stages,
        **other,
    )


def lifecycle_in(state: State) -> Lifecycle:
    """Return a lifecycle that was led to ``state``."""
    routes: dict[State, list[State]] = {
        State.INIT: [],
        State.WARMUP: [State.WARMUP],
        State.READY: [State.WARMUP, State.READY],
        State.DEGRADED: [State.WARMUP, State.DEGRADED],
    }
    lifecycle = Lifecycle(lambda: 0)
    for step in routes[state]:
        lifecycle.transition_to(step)
    return lifecycle


@dataclass
class Told:
    """A probe that says what it is told, once each; an exception is raised."""

    verdicts: list[Verdict | Exception]
    name: str = "told"
    cause: str = "told so"

    def read(self, look: Look) -> Reading:
        said = self.verdicts.pop(0)
        if isinstance(said, Exception):
            raise said
        return Reading(said, None if said == "unknown" else 3, 2, "things")


NEUTRAL: dict[str, Any] = {
    **dict.fromkeys(("feed_outage", "feed_freeze", "feed_stale", "sink_stall"), False),
    **dict.fromkeys(("feed_gap", "feed_burst", "feed_duplicate", "feed_reorder", "clock_step"), 0),
}


@dataclass
class Knobs:
    """The knobs of an engine and of its sink: where each stands, every call, and which of them raise."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)
    at: dict[Any, Any] = field(default_factory=lambda: dict(NEUTRAL))
    raising: dict[str, list[BaseException]] = field(default_factory=dict)

    def _turn(self, name: str, key: Any, value: Any) -> None:
        self.calls.append((*key, value) if isinstance(key, tuple) else (key, value))
        if self.raising.get(name):
            raise self.raising[name].pop(0)
        self.at[key] = value

    def feed_outage(self, on: bool) -> None:
        self._turn("feed_outage", "feed_outage", on)

    def feed_freeze(self, on: bool) -> None:
        self._turn("feed_freeze", "feed_freeze", on)

    def feed_stale(self, on: bool) -> None:
        self._turn("feed_stale", "feed_stale", on)

    def feed_gap(self, events: int) -> None:
        self._turn("feed_gap", "feed_gap", events)

    def feed_burst(self, events: int) -> None:
        self._turn("feed_burst", "feed_burst", events)

    def feed_duplicate(self, every: int) -> None:
        self._turn("feed_duplicate", "feed_duplicate", every)

    def feed_reorder(self, every: int) -> None:
        self._turn("feed_reorder", "feed_reorder", every)

    def stage_slow(self, stage: str, factor: float, extra_ns: int) -> None:
        self._turn("stage_slow", ("stage_slow", stage), (factor, extra_ns))

    def stage_stall(self, stage: str, on: bool) -> None:
        self._turn("stage_stall", ("stage_stall", stage), on)

    def clock_step(self, offset_ns: int) -> None:
        self._turn("clock_step", "clock_step", offset_ns)

    def sink_stall(self, on: bool) -> None:
        self._turn("sink_stall", "sink_stall", on)

    @property
    def turned(self) -> dict[Any, Any]:
        """What is not where it belongs."""
        neutral = {"stage_slow": (1.0, 0), "stage_stall": False, **NEUTRAL}
        return {
            key: value
            for key, value in self.at.items()
            if value != neutral[key[0] if isinstance(key, tuple) else key]
        }


@contextmanager
def reported() -> Iterator[list[BaseException]]:
    """Catch what goes to ``sys.unraisablehook``."""
    errors: list[BaseException] = []
    hook = sys.unraisablehook
    sys.unraisablehook = lambda args: errors.append(args.exc_value or RuntimeError())
    try:
        yield errors
    finally:
        sys.unraisablehook = hook

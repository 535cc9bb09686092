"""The runs that tell what the control plane costs: with it and without, live and in virtual time.

Without it is the engine alone, on a lifecycle that is READY from the start. With it is a session, as
``tickpath run SCENARIO`` makes one, with the standard probes and runbooks. A run that is interrupted counts
for nothing and raises ``Cut``.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tickpath.config.engine import ConsumerSettings, ServiceTime
from tickpath.config.scenario import FeedSettings, Scenario, WarmupSettings
from tickpath.config.scenario.surroundings import EngineRest
from tickpath.control.failure import Cause, hold
from tickpath.control.metrics import LatencyHistogram
from tickpath.core.engine import VirtualEngine
from tickpath.core.ingest import MarketDataSource
from tickpath.core.state import Lifecycle, State
from tickpath.lab.bench.engine_run import EngineCase, EngineRuns
from tickpath.lab.bench.exchange import Cut
from tickpath.runtime.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from tickpath.control.health import Look
    from tickpath.lab.bench.part import Sizes
    from tickpath.runtime.control_plane import ControlPlane

__all__ = ["LIVE_RATE_HZ", "VIRTUAL_RATE_HZ", "ControlRuns", "LiveRun", "simulated", "watched"]

LIVE_RATE_HZ = 100_000
VIRTUAL_RATE_HZ = 1_000_000
#: What the executor works on an event in virtual time.
SERVICE_NS = 700
#: Events until READY.
_WARMUP_EVENTS = 100
#: What the runbook ``market-data-outage`` answers.
_CAUSE = Cause("market data outage", "bench")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRun:
    """What is kept of a live run."""

    latency: LatencyHistogram
    """The executor's, from publication to completion, in READY."""
    steps_ns: tuple[int, ...] = ()
    """What each control step took that found the feed under way in READY; empty without a control plane."""
    answering_ns: tuple[int, ...] = ()
    """What each took that found the feed and a runbook under way."""
    longest_ns: int | None = None
    """The longest of all, those of warm-up and of every change included."""


def watched(events: int) -> Scenario:
    """A live run with the standard control plane, in which nothing goes wrong."""
    return Scenario(
        feed=FeedSettings(model="constant", rate_hz=LIVE_RATE_HZ, events=events, pace="constant"),
        # Ratios are of runs in the same round: the machine is not watched beside them.
        engine=EngineRest(floor_window_ns=0),
        warmup=WarmupSettings(kind="count", events=_WARMUP_EVENTS),
    )


def simulated(events: int) -> Scenario:
    """A run in virtual time with the standard control plane at its default interval."""
    return Scenario(
        feed=FeedSettings(model="constant", rate_hz=VIRTUAL_RATE_HZ, events=events),
        executor=ConsumerSettings(name="executor", service=ServiceTime.constant(SERVICE_NS)),
        warmup=WarmupSettings(kind="count", events=_WARMUP_EVENTS),
    )


class ControlRuns:
    """Makes the runs; the events of each kind are made once."""

    def __init__(self, sizes: Sizes, should_stop: Callable[[], bool]) -> None:
        self._should_stop = should_stop
        self._watched = watched(sizes.engine_paced_events)
        self._simulated = simulated(sizes.engine_events)
        self._watched_source = _source(self._watched)
        self._virtual_source = _source(self._simulated)
        self._engine_runs = EngineRuns(sizes.engine_paced_events, should_stop)

    def alone(self, *, faults: bool) -> LiveRun:
        """Live, the engine alone, which nobody looks at; with ``faults`` it could take the same orders."""
        settings = dataclasses.replace(self._watched.run_settings(), faults=faults)
        run = self._engine_runs.run(EngineCase(name="alone", settings=settings))
        return LiveRun(latency=run.ways["published_to_completed"])

    def watched(self) -> LiveRun:
        """Live, nothing goes wrong."""
        return self._live(None)

    def answering(self) -> LiveRun:
        """Live, with a runbook under way: it degrades, and waits for a cause that is never released."""
        return self._live(_CAUSE)

    def _live(self, cause: Cause | None) -> LiveRun:
        """A run; ``cause`` is held from the first step on that finds it READY."""
        session = Session(self._watched_source, scenario=self._watched)
        board = session.board
        steps_ns: list[int] = []
        answering_ns: list[int] = []
        before, was_answering = board.control, False

        def after_step(look: Look, plane: ControlPlane, _digest: str) -> None:
            nonlocal before, was_answering
            cost = board.control
            if cost.steps == before.steps:
                return
            step_ns = cost.total_ns - before.total_ns
            before = cost
            if look.feed.done:
                return
            if look.state is State.READY:
                steps_ns.append(step_ns)
                if cause is not None:
                    hold(session.lifecycle, cause)
            if was_answering:
                answering_ns.append(step_ns)
            was_answering = bool(plane.automation.under_way)

        result = session.run(should_stop=self._should_stop, trace=after_step)
        if self._should_stop() or result.record is None:
            raise Cut
        in_ready = result.record.stages[0].histograms(State.READY)
        # A run that never came to READY has none.
        latency = in_ready.get("published_to_completed") or LatencyHistogram()
        return LiveRun(
            latency=latency,
            steps_ns=tuple(steps_ns),
            answering_ns=tuple(answering_ns),
            longest_ns=board.control.max_ns,
        )

    def stepped(self) -> float:
        """In virtual time with the control plane; nanoseconds of the machine per event."""
        session = Session(self._virtual_source, scenario=self._simulated, mode="virtual")
        began_ns = 0

        def begin() -> None:
            nonlocal began_ns
            began_ns = time.perf_counter_ns()

        session.run(on_start=begin, should_stop=self._should_stop)
        return self._per_event(time.perf_counter_ns() - began_ns)

    def unstepped(self) -> float:
        """The same engine in virtual time, which nobody looks at from its first event to its last."""
        lifecycle = Lifecycle()
        lifecycle.transition_to(State.WARMUP)
        lifecycle.transition_to(State.READY)
        engine = VirtualEngine(self._virtual_source, lifecycle, self._simulated.run_settings())
        engine.start()
        began_ns = time.perf_counter_ns()
        engine.finish()
        return self._per_event(time.perf_counter_ns() - began_ns)

    def _per_event(self, wall_ns: int) -> float:
        if self._should_stop():
            raise Cut
        return wall_ns / len(self._virtual_source)


def _source(scenario: Scenario) -> MarketDataSource:
    feed = scenario.feed
    return MarketDataSource.synthetic(
        model=feed.model_or_default, rate_hz=feed.model_rate_hz, events=feed.model_events
    )

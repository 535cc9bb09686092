"""The composition root: source, scenario, lifecycle, engine and control plane, run to an end, accounted for.

The lifecycle goes INIT → WARMUP → READY. In the first warm-up the feed is held at the end of each round (or
of the counted events) until the control side has judged it; at READY it waits until the executor has seen
that epoch (the fence) and lets the feed go on, with the plan shifted by the time it was held. So a first
warm-up is never late and never short, whatever the control interval. Nothing else ever holds a feed.

Live, the stages run on native threads and the control plane on the thread that called; in virtual time both
are simulated on that thread, and the control plane steps at exact virtual times.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from time import thread_time_ns
from typing import TYPE_CHECKING, NoReturn

from tickpath.config.acks import with_acks
from tickpath.config.checks import instance, one_of, shown
from tickpath.config.run import RunSettings, warmup_default
from tickpath.config.scenario import Scenario, WarmupSettings
from tickpath.control.automation import AuditTrail, Automation
from tickpath.control.automation.runbooks import build_all
from tickpath.control.failure import Injector
from tickpath.control.health import HealthMonitor
from tickpath.core.engine import Engine, EngineRecord, EngineSnapshot, VirtualEngine
from tickpath.core.engine.engine import SINK_PATIENCE_MS
from tickpath.core.state import Lifecycle
from tickpath.core.time import now
from tickpath.errors import ArgumentTypeError, EngineFailed
from tickpath.runtime.control_plane import ControlPlane
from tickpath.runtime.drivers import Driver, LiveDriver, Mode, VirtualDriver
from tickpath.runtime.flight_recorder.recorder import Unrecorded
from tickpath.runtime.lag import Lag, lags_of
from tickpath.runtime.operator import Operator
from tickpath.runtime.readiness import Readiness
from tickpath.runtime.result import RunResult
from tickpath.runtime.shutdown import Shutdown
from tickpath.runtime.standstill import Standstill
from tickpath.runtime.status import StatusBoard
from tickpath.runtime.steering import Steering
from tickpath.runtime.verdict import executed_outside_ready, judge
from tickpath.runtime.warmup import WarmUp

if TYPE_CHECKING:
    from typing import TextIO

    from tickpath.control.health import Look
    from tickpath.core.engine import AckReader, AckSlices, AckWindow
    from tickpath.core.execution.observability import ObservabilitySink
    from tickpath.core.ingest import MarketDataSource
    from tickpath.runtime.flight_recorder import FlightRecorder

__all__ = ["RunResult", "Session", "plain_scenario"]

Observer = Callable[[EngineSnapshot], object]
#: Medians of a live warm-up that differ by no more are the same: a few stamps of the clock.
_RESOLUTION_NS = 100


def _terms(scenario: Scenario, events: int) -> WarmupSettings:
    """The warm-up of a run of so many ``events``."""
    terms = scenario.warmup
    if terms.kind == "count" and terms.events is None:
        terms = dataclasses.replace(terms, events=warmup_default(events))
    if scenario.lifecycle.start_after_ns:
        # The market does not wait for a process that starts late.
        terms = dataclasses.replace(terms, hold_feed=False)
    return terms


def plain_scenario(settings: RunSettings, events: int) -> Scenario:
    """A run of ``events`` without faults, probes and runbooks: READY after a count of events."""
    asked = settings.warmup_events
    warmup = warmup_default(events) if asked is None else min(asked, events)
    return Scenario(warmup=WarmupSettings(kind="count", events=warmup), probes=(), runbooks=())


def _refuse_what_is_none(**given: object) -> None:
    """A mode that is none would be taken for virtual time, and the rest be noticed far from here."""
    one_of("mode", given["mode"], Mode)
    for name, kind in {"settings": RunSettings, "scenario": Scenario}.items():
        if given[name] is not None:
            instance(name, given[name], kind)
    recorder = given["recorder"]
    if recorder is not None and not hasattr(recorder, "fit"):
        raise ArgumentTypeError(f"recorder must be a FlightRecorder, got {shown(recorder)}")


class Session:
    """One run of ``source`` under ``settings`` and ``scenario``, live or in virtual time.

    Without ``scenario`` nothing goes wrong and nobody watches: :func:`plain_scenario`. With one, ``settings``
    are its :meth:`~tickpath.config.scenario.Scenario.run_settings`, or those changed. ``audit_file`` is given
    a line of JSON for each thing a runbook does. A ``sink`` that is busy ``sink_patience_ms`` after a live
    run is left behind, and the run has failed; in virtual time it blocks the run as long as it likes.

    Raises ``ArgumentValueError`` for a mode or settings that make no sense, ``ArgumentTypeError`` for what is
    no source, settings, scenario or recorder, and ``MemoryError``.
    """

    def __init__(
        self,
        source: MarketDataSource,
        settings: RunSettings | None = None,
        *,
        scenario: Scenario | None = None,
        mode: Mode = "live",
        sink: ObservabilitySink | None = None,
        audit_file: TextIO | None = None,
        sink_patience_ms: int = SINK_PATIENCE_MS,
        recorder: FlightRecorder | None = None,
    ) -> None:
        _refuse_what_is_none(mode=mode, settings=settings, scenario=scenario, recorder=recorder)
        self._sink_patience_ms = sink_patience_ms
        self._recorder = recorder or Unrecorded()
        settings = self._recorder.fit(settings or (scenario.run_settings() if scenario else RunSettings()))
        events = len(source) if settings.events_max is None else min(len(source), settings.events_max)
        self._asked = scenario
        scenario = scenario or plain_scenario(settings, events)
        terms = _terms(scenario, events)
        if terms.kind == "evidence":
            settings = with_acks(settings)
        self._settings, self._scenario = settings, scenario
        # Evidence has none: its settings would have been refused.
        self._warmup_events = terms.events
        self._warmup = WarmUp(terms, resolution_ns=_RESOLUTION_NS if mode == "live" else 0)
        driver = self._driver = self._drive(source, mode, sink)
        self._has_run = False
        self._shutdown = Shutdown(scenario.control.drain_ns)
        monitor = HealthMonitor.of(scenario.probes, self.lifecycle)
        steering = Steering(
            self.lifecycle,
            self._engine,
            self._warmup,
            monitor,
            start_after_ns=scenario.lifecycle.start_after_ns,
            fence_timeout_ns=scenario.control.fence_timeout_ns,
        )
        readiness = Readiness(
            self.lifecycle,
            interval_ns=settings.control_interval_ns,
            warmup=self._warmup,
            shutdown=self._shutdown,
            monitor=monitor,
            clock=now if mode == "live" else driver.now_ns,
        )
        self.board = StatusBoard(
            self.lifecycle, readiness, monitor=monitor, warmup=self._warmup, shutdown=self._shutdown
        )
        automation = Automation(
            build_all(scenario.runbooks), steering, self.lifecycle, audit=AuditTrail(audit_file)
        )
        self._plane = ControlPlane(
            interval_ns=settings.control_interval_ns,
            steering=steering,
            injector=Injector.of(
                scenario.injections,
                self._engine.faults,
                self.lifecycle,
                # Nothing would come of stalling a sink that is not there: better said than done.
                sink=None if sink is None else self._engine,
            ),
            monitor=monitor,
            automation=automation,
            operator=Operator(scenario.operator, automation.acknowledge, self.lifecycle, self._shutdown),
            standstill=Standstill(self._engine.plan_length_ns or 0, scenario.control.drain_ns),
        )

    def _drive(self, source: MarketDataSource, mode: Mode, sink: ObservabilitySink | None) -> Driver:
        settings, hold_at = self._settings, self._warmup.hold_at
        names = ("executor", *(consumer.name for consumer in settings.consumers))
        limit = self._scenario.lifecycle.history_limit
        self._engine: Engine | VirtualEngine
        if mode == "live":
            self.lifecycle = Lifecycle(history_limit=limit)
            live = self._engine = Engine(source, self.lifecycle, settings, sink=sink, hold_at=hold_at)
            return LiveDriver(live, self.lifecycle, names, self._sink_patience_ms)
        # The engine needs the lifecycle's gate, and the lifecycle the engine's clock.
        self.lifecycle = Lifecycle(lambda: self._engine.now_ns(), history_limit=limit)  # noqa: PLW0108
        virtual = self._engine = VirtualEngine(source, self.lifecycle, settings, sink=sink, hold_at=hold_at)
        return VirtualDriver(virtual, self.lifecycle, names)

    def __reduce__(self) -> NoReturn:
        raise ArgumentTypeError(
            "a Session can be neither copied nor pickled: send settings and scenario, and make it there"
        )

    @property
    def events_planned(self) -> int:
        """Events the feed is going to publish."""
        return self._engine.events_planned

    @property
    def plan_length_ns(self) -> int | None:
        """When the last event is due, after the first, in nanoseconds; ``None`` without a plan."""
        return self._engine.plan_length_ns

    @property
    def shutdown(self) -> Shutdown:
        """Where an orderly end is asked for; from any thread, and from a signal handler."""
        return self._shutdown

    def acks(self) -> AckReader | None:
        """A reader of the run's acks, if it has a ring for them; none where stamps are shared.

        Of a live run it begins with the first ack: what is gone by now counts as dropped.
        """
        if self._settings.stamp_per == "batch":
            return None
        return self._engine.every_ack() if isinstance(self._engine, Engine) else self._engine.acks()

    def ack_window(self) -> AckWindow | None:
        """A window over the run's acks, whose figures need no memory; ``None`` if it has no ring for them."""
        return self._engine.ack_window()

    def ack_slices(self, *, begin_ns: int, slice_ns: int, slices_max: int) -> AckSlices | None:
        """The acks folded by run time, if the run has a ring for them; see the engine's ``ack_slices``."""
        return self._engine.ack_slices(begin_ns=begin_ns, slice_ns=slice_ns, slices_max=slices_max)

    def lags(self) -> dict[str, Lag]:
        """How far each reading stage is behind as of now; for any thread, and empty before the start."""
        seen = self._engine.snapshot()
        names = ("executor", *(consumer.name for consumer in self._settings.consumers))
        now_ns = now() if self._driver.mode == "live" else self._driver.now_ns()
        return lags_of(seen, names, self._engine.ring, now_ns)

    def run(
        self,
        *,
        should_stop: Callable[[], bool] = lambda: False,
        on_start: Callable[[], object] = lambda: None,
        on_look: Observer = lambda _seen: None,
        trace: Callable[[Look, ControlPlane, str], object] | None = None,
    ) -> RunResult:
        """Runs to the end and accounts for it; once per session.

        ``on_start`` is called once the stages have their memory and run. At every control step ``on_look`` is
        given the counters of the moment, and the run is ended in order if ``should_stop`` says so, or
        :attr:`shutdown` was asked: the intake stops, what is there is drained for at most ``drain_ns``. Both
        are asked before the feed begins, too, while a live engine watches the machine.
        ``trace`` is given each look, the control plane after its step, and the digest of the acks so far, in
        virtual time. Whatever they raise ends the run and comes through. Raises ``EngineFailed`` if a stage
        ended by a bug or the session was run before.
        """
        plane, driver, engine, recorder = self._plane, self._driver, self._engine, self._recorder
        live = driver.mode == "live"
        if self._has_run:
            raise EngineFailed("this session was run before: make another for another run")
        self._has_run = True
        with contextlib.ExitStack() as around:
            around.enter_context(self.board)
            if live:
                around.enter_context(self._warmup.prepare())
            plane.steering.begin()
            try:
                driver.begin(lambda: self._stop_if_asked(should_stop, driver.look()))
                recorder.begin(engine, self.lifecycle, self._settings, driver.mode)
                with plane.injector:
                    on_start()
                    # What is planned for the very beginning does not wait for the first control step.
                    due, over = plane.due(-1), False
                    while not over:
                        over = driver.advance(*due)
                        began_ns = thread_time_ns() if live else 0
                        look = driver.look()
                        is_step = plane.step(look)
                        if is_step:
                            self.board.step(look)
                            self._stop_if_asked(should_stop, look)
                        due = plane.due(look.at_ns)
                        recorder.step(look, plane)
                        if is_step:
                            if live:
                                self.board.took(thread_time_ns() - began_ns)
                            if driver.seen is not None:
                                on_look(driver.seen)
                        if trace is not None:
                            trace(look, plane, driver.acks_digest())
            except BaseException:
                engine.stop()
                raise
            # Over between two steps: what was asked for has come true, and nobody needs to be stopped.
            self._shutdown.step(look)
            plane.steering.end(look)
            recorder.end(look, plane)
            # From here on nobody steps, and that is no sign of a fault.
            self.board.close()
            return self._result(driver.finish())

    def _stop_if_asked(self, should_stop: Callable[[], bool], look: Look) -> None:
        if not self._shutdown.is_requested and should_stop():
            self._shutdown.request("caller")
        action = self._shutdown.step(look)
        if action == "stop_intake":
            self._engine.stop_intake()
        elif action == "stop":
            self._engine.stop()

    def _result(self, record: EngineRecord) -> RunResult:
        history = self.lifecycle.history
        outside_ready = executed_outside_ready(
            record.epochs,
            history,
            complete=record.epochs_overflow == 0 and self.lifecycle.history_dropped == 0,
            executed=record.stages[0].ledger.executed,
            gated=sum(record.stages[0].ledger.gated),
        )
        unread = {stage.name: stage.ledger.unread for stage in record.stages}
        shutdown = self._shutdown.account(self._driver.now_ns(), unread)
        engine = self._engine
        sink = engine.sink_account
        verdict, reasons = judge(
            balanced=record.balanced,
            outside_ready=outside_ready,
            overruns=_overruns(record),
            # A stop that came after the last event interrupted nothing.
            interrupted=shutdown is not None and (record.stopped or record.intake_stopped),
            sink_failure=None if sink is None else sink.failure,
        )
        return RunResult(
            settings=self._settings,
            scenario=self._asked,
            mode=self._driver.mode,
            warmup_events=self._warmup_events,
            verdict=verdict,
            reasons=reasons,
            record=record,
            history=history,
            executed_outside_ready=outside_ready,
            events_planned=engine.events_planned,
            plan_length_ns=engine.plan_length_ns,
            gaps_capped=engine.gaps_capped,
            left_out_ns=engine.left_out_ns,
            sink=sink,
            control=self._plane.account(),
            control_cost=self.board.read().control if self._driver.mode == "live" else None,
            shutdown=shutdown,
            flight=self._recorder.account,
        )


def _overruns(record: EngineRecord) -> dict[str, int]:
    """The stages whose policy was to raise, and that lost events: how many were gone."""
    return {
        stage.name: stage.ended_by[1]
        for stage in record.stages
        if stage.overrun == "raise" and stage.ended_by is not None
    }

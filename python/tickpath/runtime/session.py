"""The composition root: a source, a lifecycle and an engine, run to an end and accounted for.

The lifecycle goes INIT → WARMUP → READY. The feed publishes the warm-up events by its plan and is then
held until the control side has seen them processed; it moves the lifecycle to READY, waits until the
executor has seen that epoch (the fence), and lets the feed go on, with the plan shifted by the time it
was held. So the warm-up is never late and never short: the events before are gated, those after are
executed, whatever the control interval. Nothing else ever holds a feed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tickpath.config.run import RunSettings, warmup_default
from tickpath.core.engine import Engine, EngineRecord, EngineSnapshot, SinkAccount
from tickpath.core.state import Lifecycle, State, Transition
from tickpath.runtime.verdict import Verdict, executed_outside_ready, judge

if TYPE_CHECKING:
    from tickpath.core.execution.observability import ObservabilitySink
    from tickpath.core.ingest import MarketDataSource

__all__ = ["RunResult", "Session"]

Observer = Callable[[EngineSnapshot], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """A run that has ended; ``record`` is ``None`` if it left none (see :meth:`without_record`)."""

    settings: RunSettings
    """What was asked for."""
    warmup_events: int | None
    """How many events the warm-up was to have; ``None`` if it never came to that."""
    verdict: Verdict
    """``pass``, ``fail`` or ``interrupted``."""
    reasons: tuple[str, ...]
    """Why it failed."""
    record: EngineRecord | None
    """What the engine left behind."""
    history: tuple[Transition, ...]
    """The lifecycle's transitions."""
    executed_outside_ready: int | None
    """Events executed under another state than READY; ``None`` if that cannot be proved."""
    events_planned: int | None
    """Events the feed was to publish."""
    plan_length_ns: int | None
    """When the last of them was due, after the first; ``None`` without a plan."""
    gaps_capped: int | None
    """Idle gaps that were cut short."""
    left_out_ns: int | None
    """Idle time left out, in nanoseconds of the run."""
    sink: SinkAccount | None = None
    """What the sink was shown and what not; ``None`` without one."""

    @classmethod
    def without_record(cls, settings: RunSettings, verdict: Verdict, *reasons: str) -> RunResult:
        """A run that left nothing to account for: interrupted before it began, or ended by a bug."""
        return cls(
            settings=settings,
            warmup_events=None,
            verdict=verdict,
            reasons=reasons,
            record=None,
            history=(),
            executed_outside_ready=0 if verdict == "interrupted" else None,
            events_planned=None,
            plan_length_ns=None,
            gaps_capped=None,
            left_out_ns=None,
        )


class Session:
    """One live run of ``source`` under ``settings``.

    Raises ``ArgumentValueError`` for settings that make no sense and ``MemoryError``.
    """

    def __init__(
        self, source: MarketDataSource, settings: RunSettings, *, sink: ObservabilitySink | None = None
    ) -> None:
        self._settings = settings
        self.lifecycle = Lifecycle()
        events = len(source) if settings.events_max is None else min(len(source), settings.events_max)
        asked = settings.warmup_events
        self._warmup_events = warmup_default(events) if asked is None else min(asked, events)
        self._engine = Engine(
            source, self.lifecycle, settings, sink=sink, hold_at=self._warmup_events or None
        )

    @property
    def events_planned(self) -> int:
        """Events the feed is going to publish."""
        return self._engine.events_planned

    @property
    def plan_length_ns(self) -> int | None:
        """When the last event is due, after the first, in nanoseconds; ``None`` without a plan."""
        return self._engine.plan_length_ns

    def run(
        self,
        *,
        should_stop: Callable[[], bool] = lambda: False,
        on_start: Callable[[], object] = lambda: None,
        on_look: Observer = lambda _seen: None,
    ) -> RunResult:
        """Runs to the end and accounts for it; once per session.

        ``on_start`` is called once the stages have their memory and run. At every control interval
        ``on_look`` is given the counters of the moment, and the run is ended if ``should_stop`` says so.
        Whatever they raise ends the run and comes through. Raises ``EngineFailed`` if a stage ended by a bug
        or the session was run before.
        """
        engine = self._engine
        self.lifecycle.transition_to(State.WARMUP, "run started")
        if not self._warmup_events:
            self._open("no warm-up asked for")
        engine.start()
        interrupted = False
        try:
            on_start()
            while not engine.wait(max(1, self._settings.control_interval_ns // 1_000_000)):
                seen = engine.snapshot()
                if not interrupted and should_stop():
                    interrupted = True
                    engine.stop()
                self._steer(seen)
                on_look(seen)
        except BaseException:
            engine.stop()
            raise
        return self._result(engine.finish(), interrupted)

    def _steer(self, seen: EngineSnapshot) -> None:
        """One turn of the control side: from WARMUP to READY, and then on with the feed.

        The fence is the executor's alone, for it alone is gated: a slow consumer holds nobody up. An executor
        that its overrun policy has ended will never be READY, and the feed goes on without it.
        """
        executor = seen.stages[0]
        epoch_seen = executor.epoch_seen
        if self.lifecycle.state is State.WARMUP and epoch_seen is not None:
            if executor.cursor >= self._warmup_events:
                self._open(f"{self._warmup_events} warm-up events processed")
        elif seen.held and (epoch_seen is None or epoch_seen >= self.lifecycle.epoch):
            self._engine.release()

    def _open(self, cause: str) -> None:
        self.lifecycle.transition_to(State.READY, cause)

    def _result(self, record: EngineRecord, interrupted: bool) -> RunResult:
        outside_ready = executed_outside_ready(
            record.epochs,
            self.lifecycle.history,
            complete=record.epochs_overflow == 0 and self.lifecycle.history_dropped == 0,
            executed=record.stages[0].ledger.executed,
            gated=sum(record.stages[0].ledger.gated),
        )
        verdict, reasons = judge(
            balanced=record.balanced,
            outside_ready=outside_ready,
            overruns=_overruns(record),
            # A stop that came after the last event interrupted nothing.
            interrupted=interrupted and record.stopped,
        )
        engine = self._engine
        return RunResult(
            settings=self._settings,
            warmup_events=self._warmup_events,
            verdict=verdict,
            reasons=reasons,
            record=record,
            history=self.lifecycle.history,
            executed_outside_ready=outside_ready,
            events_planned=engine.events_planned,
            plan_length_ns=engine.plan_length_ns,
            gaps_capped=engine.gaps_capped,
            left_out_ns=engine.left_out_ns,
            sink=engine.sink_account,
        )


def _overruns(record: EngineRecord) -> dict[str, int]:
    """The stages whose policy was to raise, and that lost events: how many were gone."""
    return {
        stage.name: stage.ended_by[1]
        for stage in record.stages
        if stage.overrun == "raise" and stage.ended_by is not None
    }

"""A scenario, run: the session that does it, and what a drill has to know of it.

The causes are taken from the lifecycle's own set after each control step, whoever holds them: probes, a
warm-up that failed, an injection that signals from outside.

Blocks until the run is over: live as long as its plan takes, in virtual time as long as it takes to
simulate.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from tickpath.config.acks import with_acks
from tickpath.config.checks import instance
from tickpath.config.scenario import Scenario
from tickpath.config.scenario.explain import table_of
from tickpath.control.failure.causes import Cause, held
from tickpath.control.metrics import LatencySink, Metrics
from tickpath.core.state import Lifecycle, State
from tickpath.errors import EngineFailed
from tickpath.lab.digest import run_digest
from tickpath.lab.facts import Books, DrillFacts, HealthEvent, InjectionSpan, Move
from tickpath.lab.feed_account import account_of
from tickpath.lab.latency_over_time import LatencyOverTime
from tickpath.lab.losses import pauses_in_run
from tickpath.lab.report import run_report
from tickpath.lab.scenario_source import load_source
from tickpath.runtime.result import RunResult
from tickpath.runtime.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tickpath.control.failure.injector import InjectionEvent
    from tickpath.control.health.look import Look
    from tickpath.core.engine import EngineRecord, EngineSnapshot
    from tickpath.core.ingest import MarketDataSource
    from tickpath.lab.facts import Mode
    from tickpath.lab.recording import Recording
    from tickpath.lab.report import Report
    from tickpath.runtime.control_plane import ControlPlane

__all__ = ["Observer", "run_scenario", "run_source"]

Observer = Callable[["Look", "ControlPlane", tuple[Cause, ...], str], object]
"""Called after each turn of the control side: its look, the control plane, the causes held, and the digest of
the acks so far."""


def run_scenario(
    scenario: Scenario,
    mode: Mode,
    *,
    seed: int | None = None,
    recording: Recording | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    observe: Observer | None = None,
    report_to: Callable[[Report], object] | None = None,
) -> DrillFacts:
    """Runs ``scenario`` and says what happened.

    ``seed`` stands in the place of the scenario's own, ``recording`` in that of its feed. A run
    that a bug ends is one that failed, and says why. ``report_to`` is given the run's object, as
    :func:`run_source` says. Raises ``SourceError`` and its like, ``ArgumentValueError`` for a
    scenario that this machine or its own feed cannot run, and ``ArgumentTypeError`` for what is no scenario.
    """
    instance("scenario", scenario, Scenario)
    if seed is not None:
        scenario = dataclasses.replace(scenario, seed=seed)
    if recording is not None:
        scenario = recording.fit(scenario)
    source = load_source(scenario) if recording is None else recording.source
    facts, _ = run_source(
        scenario, source, mode, should_stop=should_stop, observe=observe, report_to=report_to
    )
    return facts


def run_source(
    scenario: Scenario,
    source: MarketDataSource,
    mode: Mode,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    observe: Observer | None = None,
    before: Callable[[Session], object] = lambda _session: None,
    report_to: Callable[[Report], object] | None = None,
) -> tuple[DrillFacts, RunResult | None]:
    """Runs ``scenario`` on events that were loaded before: what happened, and what the run left behind.

    That is ``None`` of a run that a bug ended. ``before`` is given the session before it runs, to tell
    somebody of its shutdown. ``report_to`` is given the run's object (``tickpath/run/1``), latencies over
    time included: such a run has a ring of acks. Raises ``ArgumentValueError`` as :func:`run_scenario`.
    """
    sink = LatencySink(Metrics()) if scenario.engine.sink else None
    settings = scenario.run_settings()
    if report_to is not None:
        settings = with_acks(settings)
    session = Session(source, settings, scenario=scenario, mode=mode, sink=sink)
    before(session)
    watch = _CauseWatch(session.lifecycle, observe)
    watched = None if report_to is None else LatencyOverTime(session)

    def on_look(seen: EngineSnapshot) -> None:
        if watched is not None:
            watched.look(seen)

    def report(result: RunResult) -> None:
        if watched is not None and report_to is not None:
            config = {"scenario": table_of(scenario), "sink": scenario.engine.sink}
            feed = account_of(source, settings.events_max)
            told = watched.account(result)
            report_to(run_report(result, feed, seed=scenario.seed, config=config, over_time=told))

    try:
        result = session.run(should_stop=should_stop, trace=watch.look, on_look=on_look)
    except EngineFailed as error:
        report(RunResult.without_record(settings, "fail", str(error), scenario=scenario, mode=mode))
        failed = DrillFacts(
            scenario=scenario.name,
            mode=mode,
            seed=scenario.seed,
            verdict="fail",
            reasons=(str(error),),
            ended_ns=None,
            balanced=None,
            executed_outside_ready=None,
        )
        return failed, None
    report(result)
    return _facts(scenario, mode, result, watch), result


class _CauseWatch:
    """Which causes came and went, and the last look there was."""

    def __init__(self, lifecycle: Lifecycle, observe: Observer | None) -> None:
        self._lifecycle = lifecycle
        self._observe = observe
        self._held: tuple[Cause, ...] = ()
        self.events: list[HealthEvent] = []
        self.last: Look | None = None

    def look(self, look: Look, plane: ControlPlane, digest: str) -> None:
        """After a turn of the control plane."""
        now, before = held(self._lifecycle), self._held
        if now != before:
            for raised, ones, others in ((False, before, now), (True, now, before)):
                self.events += [
                    HealthEvent(look.at_ns, cause.words, raised, cause.owner)
                    for cause in ones
                    if not any(cause.is_same(other) for other in others)
                ]
            self._held = now
        self.last = look
        if self._observe is not None:
            self._observe(look, plane, now, digest)


def _facts(scenario: Scenario, mode: Mode, result: RunResult, watch: _CauseWatch) -> DrillFacts:
    record, last = result.record, watch.last
    zero_ns = (record.begin_ns or 0) if record is not None else 0
    return DrillFacts(
        scenario=scenario.name,
        mode=mode,
        seed=scenario.seed,
        verdict=result.verdict,
        reasons=result.reasons,
        ended_ns=None if last is None else last.at_ns,
        moves=tuple(
            Move(move.at_ns - zero_ns, move.source, move.target, move.cause) for move in result.history
        ),
        injections=_spans(scenario, result.control.injections),
        health=tuple(watch.events),
        audit=result.control.audit,
        books=_books(record),
        balanced=None if record is None else record.balanced,
        executed_outside_ready=result.executed_outside_ready,
        p99_ns=_p99_in_ready(record),
        withheld=None if last is None else last.feed.withheld,
        sink_dropped=None if result.sink is None else result.sink.dropped,
        longest_pause_ns=_longest_pause(record) if mode == "live" and record is not None else None,
        digest=run_digest(result),
    )


def _spans(scenario: Scenario, log: Iterable[InjectionEvent]) -> tuple[InjectionSpan, ...]:
    begins: dict[str, int] = {}
    ends: dict[str, int] = {}
    for entry in log:
        (begins if entry.event == "start" else ends)[entry.name] = entry.at_ns
    return tuple(
        InjectionSpan(each.name, each.kind, begins.get(each.name), ends.get(each.name))
        for each in scenario.injections
    )


def _books(record: EngineRecord | None) -> Mapping[str, Books]:
    books = {}
    for stage in record.stages if record is not None else ():
        ledger = stage.ledger
        plain = stage.name != "executor"
        books[stage.name] = Books(
            published=ledger.published,
            executed=0 if plain else ledger.executed,
            gated=0 if plain else sum(ledger.gated),
            read=ledger.read if plain else 0,
            lost=ledger.lost,
            shed=ledger.shed,
            unread=ledger.unread,
        )
    return books


def _longest_pause(record: EngineRecord) -> int | None:
    return max((length_ns for _, length_ns in pauses_in_run(record)), default=None)


def _p99_in_ready(record: EngineRecord | None) -> int | None:
    for figures in record.latency_by_state if record is not None else ():
        if figures.state == State.READY and figures.stage == "published_to_completed":
            return figures.p99_ns
    return None

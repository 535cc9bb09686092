"""What a session makes of what it was given, and what it says in the end; in virtual time, to the event."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import pickle
from typing import Any

import numpy as np
import pytest

from tests.runtime.test_session_virtual import FEED, MS, STEP_NS, Traced, scenario
from tickpath.config.engine import ACK_CAPACITY, ConsumerSettings, ServiceTime, ThreadSettings
from tickpath.config.run import RunSettings
from tickpath.config.scenario import (
    ControlSettings,
    EngineRest,
    LifecycleSettings,
    RingSettings,
    RunbookSettings,
    Scenario,
    WarmupSettings,
)
from tickpath.config.scenario.injections import (
    FeedOutageSettings,
    SinkStallSettings,
    StallSettings,
    StateCorruptionSettings,
)
from tickpath.config.scenario.operator import OperatorSettings
from tickpath.config.scenario.probes import FeedStalenessSettings, RefusedMovesSettings
from tickpath.control.metrics import LatencySink, Metrics
from tickpath.core.execution import ACK_DTYPE
from tickpath.core.ingest import MarketDataSource
from tickpath.core.state import Lifecycle, State
from tickpath.core.time import now
from tickpath.errors import ArgumentTypeError, EngineFailed
from tickpath.lab.scenario_source import load_source
from tickpath.runtime import session as runtime_session
from tickpath.runtime.session import Session, plain_scenario

#: Warmed up in the second control step.
TWO_STEPS = WarmupSettings(kind="count", events=20)


def source(events: int = 500, rate_hz: float = 1_000.0) -> MarketDataSource:
    return MarketDataSource.synthetic(model="constant", rate_hz=rate_hz, events=events)


def virtual(settings: RunSettings | None = None, events: int = 500) -> Session:
    """A session that nobody has given a scenario."""
    return Session(source(events), settings, mode="virtual")


def session(given: Scenario, **how: Any) -> Session:
    return Session(load_source(given), scenario=given, mode="virtual", **how)


def books(run: Traced) -> Any:
    """The executor's ledger."""
    assert run.result.record is not None
    return run.result.record.stages[0].ledger


def test_the_result_has_what_was_asked_and_what_came_of_it() -> None:
    run = Traced(scenario())
    result, lifecycle = run.result, run.session.lifecycle
    assert (result.verdict, result.reasons, result.mode) == ("pass", (), "virtual")
    assert (result.scenario, result.settings) == (scenario(), scenario().run_settings())
    assert (result.events_planned, result.plan_length_ns) == (500, 499 * MS)
    assert (run.session.events_planned, run.session.plan_length_ns) == (500, 499 * MS)
    assert (result.gaps_capped, result.left_out_ns, result.warmup_events) == (0, 0, 10)
    assert (result.history, result.executed_outside_ready) == (lifecycle.history, 0)
    assert (result.sink, result.shutdown, result.control_cost) == (None, None, None)
    assert result.control.steps == len(run.step_times)
    [certificate] = result.control.certificates
    assert (certificate.verdict, certificate.held_feed, certificate.gc_frozen_objects) == (
        "passed",
        True,
        None,
    )


def test_gaps_that_were_cut_are_in_the_result() -> None:
    session = Session(source(11, rate_hz=1.0), RunSettings(max_gap_ns=MS), mode="virtual")
    result = session.run()
    assert (result.gaps_capped, result.plan_length_ns, result.left_out_ns) == (10, 10 * MS, 9_990 * MS)


def test_without_a_scenario_nobody_watches_and_a_tenth_is_warm_up() -> None:
    plain = plain_scenario(RunSettings(), 500)
    assert (plain.warmup.kind, plain.warmup.events) == ("count", 50)
    assert (plain.probes, plain.runbooks) == ((), ())
    assert plain_scenario(RunSettings(warmup_events=700), 500).warmup.events == 500
    assert plain_scenario(RunSettings(warmup_events=7), 500).warmup.events == 7
    result = virtual().run()
    assert (result.scenario, result.settings, result.warmup_events) == (None, RunSettings(), 50)
    assert result.control.steps > 0
    assert result.record is not None
    assert result.record.stages[0].ledger.executed == 450


@pytest.mark.parametrize(("events_max", "expected"), [(None, 50), (70, 7), (600, 50)])
def test_a_count_that_was_not_said_is_a_tenth_of_what_comes(events_max: int | None, expected: int) -> None:
    assert virtual(RunSettings(events_max=events_max)).run().warmup_events == expected
    given = scenario(feed=dataclasses.replace(FEED, events=500), warmup=WarmupSettings(kind="count"))
    settings = dataclasses.replace(given.run_settings(), events_max=events_max)
    made = Session(load_source(given), settings, scenario=given, mode="virtual").run()
    assert (made.warmup_events, made.settings.events_max, made.scenario) == (expected, events_max, given)


def test_evidence_needs_acks_and_a_count_does_not() -> None:
    evidence = WarmupSettings(round_events=20, rounds_min=2, flat_rounds=2)
    result = Traced(scenario(warmup=evidence)).result
    assert (result.settings.ack_capacity, result.warmup_events) == (ACK_CAPACITY, None)
    few = EngineRest(ack_capacity_slots=64)
    assert Traced(scenario(warmup=evidence, engine=few)).result.settings.ack_capacity == 64
    assert Traced(scenario()).result.settings.ack_capacity is None


def test_in_virtual_time_there_is_no_clock_that_could_not_tell_medians_apart() -> None:
    drawn = ConsumerSettings(name="executor", service=ServiceTime.lognormal(50, 0.5))
    evidence = WarmupSettings(round_events=25, rounds_min=2, rounds_max=4, flat_rounds=2, tolerance=0.0)
    [certificate] = Traced(scenario(warmup=evidence, executor=drawn)).result.control.certificates
    # A few nanoseconds, and no two are the same.
    assert certificate.verdict == "failed"
    assert 0 < (certificate.spread or 0) < 1


def test_a_feed_that_is_not_waited_for_is_not_held_either() -> None:
    late = scenario(lifecycle=LifecycleSettings(start_after_ns=40 * MS))
    run = Traced(late)
    [certificate] = run.result.control.certificates
    assert (certificate.held_feed, certificate.began_ns, run.moves[0]) == (
        False,
        40 * MS,
        (40 * MS, State.WARMUP),
    )
    assert run.result.scenario == late


@pytest.mark.parametrize("fence_timeout_ns", [30 * MS, 70 * MS])
def test_an_executor_that_does_not_look_up_holds_the_feed_for_the_fence(fence_timeout_ns: int) -> None:
    stalled = StallSettings(at_ns=STEP_NS, duration_ns=400 * MS)
    control = ControlSettings(fence_timeout_ns=fence_timeout_ns)
    record = Traced(scenario(injections=(stalled,), control=control)).result.record
    assert record is not None
    # The plan is later by what the warm-up held, to a step, and then by the fence.
    held_ns = (record.wall_ns or 0) - 499 * MS
    assert fence_timeout_ns <= held_ns <= fence_timeout_ns + 2 * STEP_NS


def test_everybody_is_called_when_and_as_often_as_it_is_said() -> None:
    called: list[str] = []
    published: list[int] = []
    digests: list[str] = []
    given = session(scenario())

    def trace(look: Any, plane: Any, digest: str) -> None:
        assert plane is given._plane
        assert plane.steps in (len(published), len(published) + 1)
        assert look.feed.published >= published[-1]
        assert digest == given._driver.acks_digest()
        called.append("trace")
        digests.append(digest)

    def on_look(seen: Any) -> None:
        called.append("look")
        published.append(seen.published)

    given.run(on_start=lambda: called.append("start"), on_look=on_look, trace=trace)
    # The last turn is the end of the run, and no step.
    steps = given._plane.steps
    assert called == ["start", *["look", "trace"] * steps, "trace"]
    assert (published, published[0] > 0, published[-1] < 500) == (sorted(published), True, True)
    assert len(set(digests)) > steps // 2


@pytest.mark.parametrize("which", ["on_start", "on_look", "trace", "should_stop"])
def test_what_a_callback_raises_ends_the_run_and_comes_through(which: str) -> None:
    class Enough(Exception):
        pass

    def fails(*_: object) -> None:
        raise Enough

    given = session(scenario(injections=(FeedOutageSettings(at_ns=0),)))
    callbacks: dict[str, Any] = {which: fails}
    with pytest.raises(Enough):
        given.run(**callbacks)
    assert given._engine.wait(0)
    assert given.board.read().phase == "stopped"
    assert given._plane.injector.active == ()
    with pytest.raises(EngineFailed, match="this session was run before"):
        given.run()


def test_a_session_is_neither_copied_nor_pickled() -> None:
    with pytest.raises(ArgumentTypeError, match="neither copied nor pickled"):
        pickle.dumps(virtual())


def test_acks_can_be_read_where_each_has_its_own_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    given = session(scenario(engine=EngineRest(ack_capacity_slots=64)))
    given.run()
    assert given.acks() is not None
    assert session(scenario()).acks() is None
    shared = session(scenario(engine=EngineRest(ack_capacity_slots=64, stamp_per="batch")))
    monkeypatch.setattr(shared._engine, "acks", lambda: "a reader")
    assert shared.acks() is None


def test_acks_of_a_live_run_that_are_gone_are_dropped_and_not_forgotten() -> None:
    given = Session(source(rate_hz=1e6), RunSettings(floor_window_ns=0, ack_capacity=16))
    given.run()
    reader = given.acks()
    assert reader is not None
    assert reader.read_into(np.zeros(16, ACK_DTYPE)) + reader.dropped == 500


def test_a_history_that_was_cut_proves_nothing() -> None:
    moves: list[Any] = ["DEGRADED", "READY"] * 3
    operator = tuple(
        OperatorSettings(at_ns=at * 50 * MS, moves_to=state) for at, state in enumerate(moves, start=1)
    )
    run = Traced(scenario(operator=operator, lifecycle=LifecycleSettings(history_limit=2)))
    assert run.session.lifecycle.history_dropped > 0
    assert (run.result.verdict, run.result.executed_outside_ready) == ("fail", None)
    whole = Traced(scenario(operator=operator))
    assert (whole.result.verdict, whole.result.executed_outside_ready) == ("pass", 0)
    assert books(whole).gated[State.DEGRADED] > 0


class Overflown:
    """A record whose table of epochs had no room for another."""

    epochs_overflow = 1

    def __init__(self, record: Any) -> None:
        self._record = record

    def __getattr__(self, name: str) -> Any:
        return getattr(self._record, name)


@pytest.mark.parametrize("which", ["table", "history"])
def test_what_adds_up_is_no_proof_all_the_same_where_something_is_missing(
    which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = session(scenario())
    finish = given._driver.finish
    if which == "table":
        monkeypatch.setattr(given._driver, "finish", lambda: Overflown(finish()))
    else:
        monkeypatch.setattr(Lifecycle, "history_dropped", 1)
    result = given.run()
    assert (result.verdict, result.executed_outside_ready) == ("fail", None)
    assert result.reasons == ("there is no proof that nothing was executed outside READY",)


@pytest.mark.parametrize(("overrun", "verdict"), [("raise", "fail"), ("detach", "pass"), ("head", "pass")])
def test_only_who_was_to_lose_nothing_fails_the_run_by_an_overrun(overrun: Any, verdict: str) -> None:
    slow = ConsumerSettings(name="risk", overrun=overrun, service=ServiceTime.constant(20 * MS))
    run = Traced(scenario(consumers=(slow,), ring=RingSettings(capacity_slots=8)))
    assert run.result.verdict == verdict
    assert run.result.record is not None
    [executor, risk] = run.result.record.stages
    assert (executor.name, executor.ended_by, risk.name) == ("executor", None, "risk")
    if verdict == "fail":
        assert risk.ended_by is not None
        lost = risk.ended_by[1]
        assert run.result.reasons == (f"risk was overrun by {lost} events, and its policy is to raise",)


def test_a_line_of_json_for_each_thing_that_a_runbook_does() -> None:
    audit = io.StringIO()
    given = scenario(
        injections=(FeedOutageSettings(at_ns=200 * MS, duration_ns=100 * MS),),
        probes=(FeedStalenessSettings(staleness_ns_max=20 * MS),),
        runbooks=(RunbookSettings(name="market-data-outage"),),
    )
    result = session(given, audit_file=audit).run()
    lines = [json.loads(line) for line in audit.getvalue().splitlines()]
    assert [line["event"] for line in lines] == [entry.event for entry in result.control.audit] != []
    assert State.DEGRADED in {move.target for move in result.history}


def test_nobody_answers_an_outage_but_the_scenario_s_own_runbooks() -> None:
    given = scenario(
        injections=(FeedOutageSettings(at_ns=200 * MS, duration_ns=100 * MS),),
        probes=(FeedStalenessSettings(staleness_ns_max=20 * MS),),
    )
    result = Traced(given).result
    assert (result.control.audit, result.control.escalations) == ((), 0)
    assert [change.raised for change in result.control.health] == [True, False]
    assert [move.target for move in result.history] == [State.WARMUP, State.READY]


@pytest.mark.parametrize("acknowledged", [False, True])
def test_an_operator_s_word_comes_to_the_monitor(acknowledged: bool) -> None:
    word = OperatorSettings(at_ns=300 * MS, cause="state corruption")
    given = scenario(
        injections=(StateCorruptionSettings(at_ns=100 * MS),),
        probes=(RefusedMovesSettings(),),
        operator=(word,) if acknowledged else (),
    )
    changes = [(change.raised, change.cause.words) for change in Traced(given).result.control.health]
    corruption = [(True, "state corruption"), (False, "state corruption")]
    assert changes == (corruption if acknowledged else corruption[:1])


def test_a_sink_that_is_there_can_be_stalled() -> None:
    given = scenario(injections=(SinkStallSettings(at_ns=100 * MS, duration_ns=100 * MS),))
    result = session(given, sink=LatencySink(Metrics())).run()
    assert [line.event for line in result.control.injections] == ["start", "end"]
    assert result.control.errors.injections == 0


def test_a_sink_is_shown_what_was_executed() -> None:
    metrics = Metrics()
    result = session(scenario(), sink=LatencySink(metrics)).run()
    assert result.sink is not None
    assert (result.sink.shown, result.sink.dropped, metrics.snapshot().count) == (500, 0, 500)


def test_the_board_is_told_by_all_parts() -> None:
    # Between two events, so that the newest one is never quite new.
    control = ControlSettings(interval_ns=STEP_NS + MS // 2)
    probes = (FeedStalenessSettings(staleness_ns_max=1, raise_after=1_000),)
    given = session(scenario(probes=probes, warmup=TWO_STEPS, control=control))
    seen: list[Any] = []

    def on_look(_seen: Any) -> None:
        seen.append(given.board.read())
        if len(seen) == 10:
            given.shutdown.request("me")
            seen.append(given.board.read())

    given.run(on_look=on_look)
    first, asked = seen[0], seen[10]
    assert [condition.name for condition in first.unmet] == ["state", "warmup", "probe:feed-staleness"]
    assert (first.warmup.events, first.phase, first.at_ns) == (11, "running", STEP_NS + MS // 2)
    assert [probe.name for probe in first.probes] == ["feed-staleness"]
    assert {status.not_alive for status in seen} == {()}
    assert [condition.name for condition in asked.unmet][:1] == ["shutdown"]
    assert (seen[11].phase != "running", seen[11].certificate.verdict) == (True, "passed")
    assert given.board.read().phase == "stopped"
    assert given.board.readiness.look is not None


@pytest.mark.parametrize(("mode", "resolution_ns"), [("live", 100), ("virtual", 0)])
def test_each_driver_has_its_clock(mode: Any, resolution_ns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {}
    for name in ("LiveDriver", "Readiness", "WarmUp"):
        real = getattr(runtime_session, name)

        def made(*args: Any, _name: str = name, _real: Any = real, **given: Any) -> Any:
            told[_name] = (args, given)
            return _real(*args, **given)

        monkeypatch.setattr(runtime_session, name, made)
    settings = RunSettings(control_interval_ns=2 * MS, consumers=(ConsumerSettings(name="log"),))
    given = Session(source(), settings, mode=mode, sink_patience_ms=7)
    assert told["WarmUp"][1]["resolution_ns"] == resolution_ns
    readiness = told["Readiness"][1]
    assert readiness["interval_ns"] == 2 * MS
    assert readiness["clock"] == (now if mode == "live" else given._driver.now_ns)
    if mode == "live":
        assert told["LiveDriver"][0][2:] == (("executor", "log"), 7)


def test_live_it_is_the_same_and_what_the_machine_had_to_do_with_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Each reading of the processor's clock is 7 ns after the one before.
    monkeypatch.setattr(runtime_session, "thread_time_ns", itertools.count(7_000, 7).__next__)
    log = ConsumerSettings(name="log", thread=ThreadSettings(wait="park"))
    settings = RunSettings(floor_window_ns=100_000, consumers=(log,), warmup_events=3)
    result = Session(source(30, rate_hz=1e6), settings).run()
    assert (result.mode, result.verdict, result.settings) == ("live", "pass", settings)
    assert result.record is not None
    # The feed was held until READY, so the warm-up is what was asked for, to the event.
    assert result.record.epochs == [(1, 0, 2, 0, 3), (2, 3, 29, 27, 0)]
    assert [stage.name for stage in result.record.stages] == ["executor", "log"]
    assert result.control_cost is not None
    steps = result.control.steps
    assert (result.control_cost.steps, result.control_cost.max_ns) == (steps, 7 if steps else None)
    assert (steps > 0, result.control_cost.total_ns) == (True, 7 * steps)
    [certificate] = result.control.certificates
    assert certificate.gc_frozen_objects is not None

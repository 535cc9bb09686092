"""A session on real threads under a scenario: an outage is seen and survived, and every way to end it."""

from __future__ import annotations

import dataclasses
import io
import json
import threading
from typing import Any

import pytest

from tickpath.config.engine import ConsumerSettings, ServiceTime, ThreadSettings
from tickpath.config.scenario import (
    ControlSettings,
    EngineRest,
    FeedSettings,
    RunbookSettings,
    Scenario,
    WarmupSettings,
)
from tickpath.config.scenario.injections import FeedOutageSettings, StallSettings
from tickpath.config.scenario.probes import FeedStalenessSettings
from tickpath.core.engine import EngineSnapshot
from tickpath.core.state import State
from tickpath.lab.scenario_source import load_source
from tickpath.runtime.session import RunResult, Session

MS = 1_000_000
PARK = ThreadSettings(wait="park")


def scenario(**given: Any) -> Scenario:
    """A feed of 0.6 s, and nobody who watches it."""
    defaults: dict[str, Any] = {
        "feed": FeedSettings(model="constant", rate_hz=5_000.0, events=3_000, thread=PARK),
        "executor": ConsumerSettings(name="executor", thread=PARK),
        "engine": EngineRest(floor_window_ns=100_000),
        "warmup": WarmupSettings(kind="count", events=20),
        "probes": (),
        "runbooks": (),
    }
    return Scenario(**{**defaults, **given})


def session(given: Scenario, **how: Any) -> Session:
    return Session(load_source(given), scenario=given, **how)


def targets(result: RunResult) -> list[State]:
    return [move.target for move in result.history]


@pytest.mark.slow
def test_an_outage_degrades_is_answered_and_recovered_from() -> None:
    audit = io.StringIO()
    outage = scenario(
        injections=(FeedOutageSettings(at_ns=200 * MS, duration_ns=150 * MS),),
        probes=(FeedStalenessSettings(staleness_ns_max=60 * MS),),
        runbooks=(RunbookSettings(name="market-data-outage"),),
    )
    result = session(outage, audit_file=audit).run()
    record, account = result.record, result.control
    assert record is not None
    assert (result.verdict, record.balanced, result.executed_outside_ready) == ("pass", True, 0)
    assert [(line.name, line.event) for line in account.injections] == [
        ("feed-outage", "start"),
        ("feed-outage", "end"),
    ]
    start, end = account.injections
    # A machine that stands still may look like another outage, before the one that is made or after it.
    begin_ns = record.begin_ns or 0
    assert State.DEGRADED in targets(result)
    assert [move.target for move in result.history if move.at_ns - begin_ns >= end.at_ns][:1] == [State.READY]
    assert start.at_ns >= 200 * MS
    assert end.at_ns - start.at_ns >= 150 * MS
    changes = [change.raised for change in account.health]
    assert changes == [index % 2 == 0 for index in range(len(changes))]
    # Raised while it lasted, or held since before.
    raised = [
        change.at_ns for change in account.health if change.raised and change.at_ns <= end.at_ns + 60 * MS
    ]
    assert raised
    cleared = [change.at_ns for change in account.health if not change.raised]
    assert cleared[-1] >= end.at_ns
    lines = [json.loads(line) for line in audit.getvalue().splitlines()]
    assert [line["event"] for line in lines] == [entry.event for entry in account.audit]
    assert {line["schema"] for line in lines} == {"tickpath/audit/1"}
    assert (lines[0]["event"], lines[0]["runbook"]) == ("triggered", "market-data-outage")
    assert "finished" in [line["event"] for line in lines]
    assert result.control_cost is not None
    assert result.control_cost.steps == account.steps
    # What was due in the outage was never published.
    assert record.stages[0].ledger.published < 3_000


@pytest.mark.slow
def test_a_shutdown_stops_the_intake_drains_and_leaves_nothing_unread() -> None:
    # The logger is a hundred events behind when it is asked.
    slow = ConsumerSettings(name="log", thread=PARK, service=ServiceTime.constant(1_000_000))
    live = session(scenario(consumers=(slow,), control=ControlSettings(drain_ns=30_000 * MS)))

    asked: list[int] = []

    def once(seen: EngineSnapshot) -> None:
        if not asked and seen.stages[1].backlog > 100:
            asked.append(seen.stages[1].backlog)
            live.shutdown.request("the test")

    result = live.run(on_look=once)
    record, shutdown = result.record, result.shutdown
    assert record is not None
    assert shutdown is not None
    assert (shutdown.drained, shutdown.hurried, shutdown.by) == (True, False, ("the test",))
    assert dict(shutdown.unread) == {"executor": 0, "log": 0}
    # It may be drained by the next step, which then sees both at once.
    phases = [phase for phase, _ in shutdown.phases if phase != "draining"]
    assert phases == ["stopping_intake", "accounting", "done"]
    assert (result.verdict, record.balanced, record.intake_stopped) == ("interrupted", True, True)
    log = record.stages[1].ledger
    assert log.read == log.published < 3_000


@pytest.mark.slow
@pytest.mark.parametrize("how", ["twice", "deadline"])
def test_what_cannot_be_drained_is_ended_and_accounted_for(how: str) -> None:
    # The executor takes no turn any more: only an end that does not wait for it is one.
    stalled = scenario(
        injections=(StallSettings(at_ns=50 * MS),),
        control=ControlSettings(drain_ns=1 if how == "deadline" else 3_600_000 * MS),
    )
    live = session(stalled)

    def on_look(seen: EngineSnapshot) -> None:
        stalled = live._plane.injector.active and seen.stages[0].backlog
        if stalled and not live.shutdown.is_requested:
            live.shutdown.request("first")
            if how == "twice":
                live.shutdown.request("second")

    result = live.run(on_look=on_look)
    record, shutdown = result.record, result.shutdown
    assert record is not None
    assert shutdown is not None
    assert (shutdown.drained, shutdown.hurried) == (False, how == "twice")
    unread = record.stages[0].ledger.unread
    assert unread > 0
    assert dict(shutdown.unread) == {"executor": unread}
    assert (result.verdict, record.balanced) == ("interrupted", True)
    assert ("second asked again" in shutdown.reason) == (how == "twice")
    assert [line.event for line in result.control.injections] == ["start", "rollback"]


@pytest.mark.parametrize("requests", [1, 2])
def test_a_run_can_be_ended_before_its_feed_begins(requests: int) -> None:
    # It was asked for before the machine was even watched.
    patient = scenario(engine=EngineRest(floor_window_ns=50 * MS))
    live = session(patient)
    for _ in range(requests):
        live.shutdown.request("the test")
    result = live.run()
    record = result.record
    assert record is not None
    assert (record.stages[0].ledger.published, record.balanced) == (0, True)
    assert result.verdict == "interrupted"
    assert result.shutdown is not None
    assert (result.shutdown.drained, result.shutdown.hurried) == (requests == 1, requests == 2)


def test_a_session_whose_body_raises_rolls_its_faults_back() -> None:
    class Enough(Exception):
        pass

    outage = scenario(injections=(FeedOutageSettings(at_ns=0),))
    live = session(outage)

    def raise_at_once(_seen: EngineSnapshot) -> None:
        raise Enough

    with pytest.raises(Enough):
        live.run(on_look=raise_at_once)
    injector = live._plane.injector
    assert [line.event for line in injector.log] == ["start", "rollback"]
    assert injector.active == ()


def test_settings_that_were_changed_beside_the_scenario_are_those_of_the_run() -> None:
    given = scenario()
    settings = dataclasses.replace(given.run_settings(), events_max=50)
    result = Session(load_source(given), settings, scenario=given).run()
    assert result.record is not None
    assert result.record.stages[0].ledger.published == 50
    assert result.scenario == given


class Deaf:
    """A sink that does not come back until a test lets it go, or ends its thread."""

    def __init__(self, *, leaves: bool = False) -> None:
        self.go_on = threading.Event()
        self.leaves = leaves

    def observe(self, _event: object, _ack: object) -> None:
        if self.leaves:
            raise SystemExit
        self.go_on.wait()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("leaves", "words"), [(False, "was left behind after"), (True, "ended its thread by SystemExit")]
)
def test_a_sink_that_does_not_see_the_run_to_its_end_fails_it_and_is_named(leaves: bool, words: str) -> None:
    sink = Deaf(leaves=leaves)
    short = scenario(feed=FeedSettings(model="constant", rate_hz=50_000.0, events=1_000, thread=PARK))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.unraisablehook", lambda _report: None)
        result = session(short, sink=sink, sink_patience_ms=1).run()
    sink.go_on.set()
    # Everything else is as it should be.
    assert result.record is not None
    assert (result.record.balanced, result.executed_outside_ready) == (True, 0)
    assert result.verdict == "fail"
    (reason,) = result.reasons
    assert reason.startswith(f"the sink Deaf {words}")
    assert reason.endswith("1 acks were shown to it, and 999 were not")

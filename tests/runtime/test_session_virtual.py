"""A session in virtual time: the same twice, steps on the grid, causes raised exactly when they must be."""

from __future__ import annotations

import itertools
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.scenario_text import toml_of
from tickpath.config.engine import ConsumerSettings, ServiceTime
from tickpath.config.scenario import (
    ControlSettings,
    FeedSettings,
    LifecycleSettings,
    RingSettings,
    Scenario,
    WarmupSettings,
    load_scenario,
)
from tickpath.config.scenario.injections import (
    FeedFreezeSettings,
    FeedOutageSettings,
    FeedStaleSettings,
    SinkStallSettings,
    StallSettings,
)
from tickpath.config.scenario.probes import BacklogSettings, FeedStalenessSettings
from tickpath.core.state import State
from tickpath.errors import ArgumentValueError
from tickpath.lab.digest import run_digest
from tickpath.lab.drill import load_drill
from tickpath.lab.feed_account import account_of
from tickpath.lab.report import run_report
from tickpath.lab.scenario_source import load_source
from tickpath.runtime.session import RunResult, Session
from tickpath.runtime.signals import StopSignals

MS = 1_000_000
#: The control interval of these runs.
STEP_NS = 10 * MS
COUNT = WarmupSettings(kind="count", events=10)
#: An event each millisecond, for half a second, none of which takes any time.
FEED = FeedSettings(model="constant", rate_hz=1_000.0, events=500)


def scenario(**given: Any) -> Scenario:
    defaults: dict[str, Any] = {"feed": FEED, "warmup": COUNT, "probes": (), "runbooks": ()}
    return Scenario(**{**defaults, **given})


class Traced:
    """A run in virtual time, and every turn of its control plane."""

    def __init__(self, given: Scenario, **how: Any) -> None:
        self.session = Session(load_source(given), scenario=given, mode="virtual")
        self.turns: list[tuple[int, bool]] = []
        steps = itertools.count()
        before = [0]

        def trace(look: Any, plane: Any, _digest: str) -> None:
            self.turns.append((look.at_ns, plane.steps > before[0]))
            before[0] = plane.steps
            next(steps)

        self.result: RunResult = self.session.run(trace=trace, **how)

    @property
    def step_times(self) -> list[int]:
        """Of the whole control steps."""
        return [at_ns for at_ns, is_step in self.turns if is_step]

    @property
    def moves(self) -> list[tuple[int, State]]:
        return [(move.at_ns, move.target) for move in self.result.history]


@pytest.mark.parametrize("name", ["overlapping-outages", "cold-restart"])
def test_a_scenario_runs_twice_to_the_same_report_byte_for_byte(name: str) -> None:
    reports = []
    for _ in range(2):
        drill = load_drill(name)
        source = load_source(drill)
        result = Session(source, scenario=drill, mode="virtual").run()
        reports.append(json.dumps(run_report(result, account_of(source, None), seed=drill.seed, config={})))
    assert json.loads(reports[0])["digest"] is not None
    assert reports[0] == reports[1]


def test_another_seed_is_another_run() -> None:
    drawn = ConsumerSettings(name="executor", service=ServiceTime.lognormal(500_000, 0.5))
    digests = {run_digest(Traced(scenario(seed=seed, executor=drawn)).result) for seed in (1, 2, 3)}
    assert len(digests) == 3


def test_steps_are_on_the_grid_to_the_nanosecond_and_injections_between_them() -> None:
    fault = FeedOutageSettings(at_ns=123_456_789, duration_ns=111)
    run = Traced(scenario(injections=(fault,)))
    assert run.step_times == [STEP_NS * n for n in range(1, len(run.step_times) + 1)]
    between = [at_ns for at_ns, is_step in run.turns[:-1] if not is_step]
    assert between == [123_456_789, 123_456_900]
    log = [(line.at_ns, line.event) for line in run.result.control.injections]
    assert log == [(123_456_789, "start"), (123_456_900, "end")]


@pytest.mark.parametrize("start_after_ns", [STEP_NS, 12_345_678, 100 * MS])
def test_init_lasts_to_the_nanosecond_and_the_market_does_not_wait(start_after_ns: int) -> None:
    evidence = WarmupSettings(round_events=20, rounds_min=2, flat_rounds=2)
    late = scenario(
        lifecycle=LifecycleSettings(start_after_ns=start_after_ns),
        ring=RingSettings(capacity_slots=64),
        warmup=evidence,
    )
    run = Traced(late)
    assert run.moves[0] == (start_after_ns, State.WARMUP)
    assert [target for _, target in run.moves] == [State.WARMUP, State.READY]
    [certificate] = run.result.control.certificates
    assert (certificate.verdict, certificate.held_feed) == ("passed", False)
    record = run.result.record
    assert record is not None
    assert record.balanced
    # The last event is published when it was due: nobody has held it.
    assert record.wall_ns == 499 * MS
    # A ring of 64 holds what came in the first 64 ms.
    assert record.stages[0].ledger.lost + record.stages[0].ledger.shed >= start_after_ns // MS - 64
    assert all(at_ns % STEP_NS == 0 for at_ns in run.step_times if at_ns != start_after_ns)


def test_a_first_warm_up_holds_the_feed_and_ready_is_at_its_first_event() -> None:
    result = Traced(scenario(warmup=WarmupSettings(kind="count", events=7))).result
    record = result.record
    assert record is not None
    assert record.epochs == [(1, 0, 6, 0, 7), (2, 7, 499, 493, 0)]


@pytest.mark.parametrize("raise_after", [1, 2, 5])
@pytest.mark.parametrize("at_ns", [200 * MS, 203 * MS, 204 * MS + 1, 209_999_999])
def test_a_cause_is_raised_at_exactly_the_step_it_must_be(raise_after: int, at_ns: int) -> None:
    limit_ns = 30 * MS
    probe = FeedStalenessSettings(staleness_ns_max=limit_ns, raise_after=raise_after)
    fault = FeedOutageSettings(at_ns=at_ns, duration_ns=100 * MS)
    run = Traced(scenario(injections=(fault,), probes=(probe,)))
    raised = run.result.control.health[0]
    newest_ns = raised.at_ns - int(raised.reading.value or 0)
    # From here on it is stale; with a feed of one a millisecond that is within one of the outage.
    crossed_ns = newest_ns + limit_ns
    assert at_ns - MS <= newest_ns <= at_ns
    first_failing_ns = (crossed_ns // STEP_NS + 1) * STEP_NS
    assert raised.at_ns == first_failing_ns + (raise_after - 1) * STEP_NS
    assert raised.at_ns - crossed_ns <= (raise_after + 1) * STEP_NS
    assert (raised.raised, raised.cause.words) == (True, "market data outage")


@pytest.mark.parametrize("raise_after", [1, 3])
@pytest.mark.parametrize("at_ns", [100 * MS, 104_999_999])
def test_a_backlog_is_seen_at_exactly_the_step_it_must_be(raise_after: int, at_ns: int) -> None:
    # A stalled executor is behind by an event a millisecond: over half of 64 from the 33rd on.
    run = Traced(
        scenario(
            ring=RingSettings(capacity_slots=64),
            injections=(StallSettings(at_ns=at_ns, duration_ns=200 * MS),),
            probes=(BacklogSettings(raise_after=raise_after),),
        )
    )
    raised = run.result.control.health[0]
    first_failing_ns = next(at for at in run.step_times if at >= at_ns and _came_since(run, at_ns, at) > 32)
    assert raised.at_ns == first_failing_ns + (raise_after - 1) * STEP_NS


def _came_since(run: Traced, from_ns: int, to_ns: int) -> int:
    """Events that were published after ``from_ns`` and up to ``to_ns``."""
    # The plan was shifted by the time that the warm-up held the feed.
    record = run.result.record
    assert record is not None
    shift_ns = (record.wall_ns or 0) - 499 * MS
    return (to_ns - shift_ns) // MS - (from_ns - shift_ns) // MS


def test_what_is_broken_from_the_very_beginning_is_broken_then() -> None:
    run = Traced(scenario(injections=(FeedOutageSettings(at_ns=0, duration_ns=5 * MS),)))
    log = [(line.at_ns, line.event) for line in run.result.control.injections]
    assert log == [(0, "start"), (5 * MS, "end")]


def test_an_outage_of_a_number_of_events_withholds_exactly_these() -> None:
    outage = FeedOutageSettings(name="outage", at_event=103, duration_events=5)
    # Within it: what is gone does not come again.
    other = FeedStaleSettings(name="stale", at_event=103, duration_events=3)
    run = Traced(scenario(injections=(outage, other)))
    begin_ns = run.result.control.injections[0].at_ns
    log = [(line.name, line.at_ns - begin_ns, line.event) for line in run.result.control.injections]
    assert log == [
        ("outage", 0, "start"),
        ("stale", 0, "start"),
        ("stale", 3 * MS, "end"),
        ("outage", 5 * MS, "end"),
    ]
    record = run.result.record
    assert record is not None
    assert (record.feed.published, record.feed.withheld) == (495, 5)


@pytest.mark.parametrize("fault", [StallSettings(at_ns=100 * MS), FeedFreezeSettings(at_ns=100 * MS)])
def test_a_fault_without_an_end_does_not_run_for_ever(fault: Any) -> None:
    control = ControlSettings(drain_ns=200 * MS)
    run = Traced(scenario(injections=(fault,), control=control))
    assert run.result.verdict == "pass"
    log = [line.event for line in run.result.control.injections]
    assert log == ["start", "rollback"]
    record = run.result.record
    assert record is not None
    assert record.stages[0].ledger.published == 500
    assert record.stages[0].ledger.unread == 0


def test_a_stall_of_a_sink_that_is_not_there_is_refused() -> None:
    stalled = scenario(injections=(SinkStallSettings(at_ns=0),))
    with pytest.raises(ArgumentValueError, match="needs a sink"):
        Session(load_source(stalled), scenario=stalled, mode="virtual")


def test_a_shutdown_in_virtual_time_drains_and_says_so() -> None:
    asked = itertools.count()
    run = Traced(scenario(), should_stop=lambda: next(asked) == 20)
    shutdown = run.result.shutdown
    assert shutdown is not None
    assert (shutdown.drained, shutdown.reason) == (True, "everything published was read")
    assert (shutdown.requested_at_ns, run.result.verdict) == (21 * STEP_NS, "interrupted")
    assert dict(shutdown.unread) == {"executor": 0}


def test_a_scenario_is_printed_as_the_file_that_replays_it(tmp_path: Path) -> None:
    path = tmp_path / "printed.toml"
    for name in ("overlapping-outages", "slow-logger"):
        drill = load_drill(name)
        path.write_text(toml_of(drill), encoding="utf-8")
        assert load_scenario(str(path)) == drill


def test_a_second_ctrl_c_ends_a_sink_that_blocks() -> None:
    class Blocks:
        def observe(self, _event: object, _ack: object) -> None:
            # As a person would while it blocks.
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    given = scenario()
    session = Session(load_source(given), scenario=given, mode="virtual", sink=Blocks())
    with StopSignals() as signals:
        signals.defer(session.shutdown.request)
        with pytest.raises(KeyboardInterrupt):
            session.run()
    assert session.board.read().phase == "stopped"

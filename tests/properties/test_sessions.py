"""Sessions in virtual time, whatever goes wrong in them: what must hold in every run.

The books balance, nothing is executed outside READY, READY is never entered while a cause is held or without
a warm-up that passed, every fault is rolled back, steps are on the grid, and the same seed gives the same
run. An example that fails is printed as the scenario file that replays it.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from tests.runtime.scenario_text import toml_of
from tickpath.config.engine import ConsumerSettings, ServiceTime
from tickpath.config.scenario import (
    ControlSettings,
    EngineRest,
    FeedSettings,
    LifecycleSettings,
    OperatorSettings,
    RingSettings,
    RunbookSettings,
    Scenario,
    WarmupSettings,
)
from tickpath.config.scenario.injections import (
    ClockStepSettings,
    ColdStartSettings,
    FeedBurstSettings,
    FeedDuplicateSettings,
    FeedFreezeSettings,
    FeedGapSettings,
    FeedOutageSettings,
    FeedReorderSettings,
    FeedStaleSettings,
    SinkStallSettings,
    SlowConsumerSettings,
    StallSettings,
    StateCorruptionSettings,
)
from tickpath.config.scenario.probes import (
    BacklogSettings,
    ClockSkewSettings,
    CursorProgressSettings,
    FeedIntegritySettings,
    FeedStalenessSettings,
    LatencySettings,
    OverrunRateSettings,
    RefusedMovesSettings,
    SinkLossSettings,
)
from tickpath.config.scenario.responses import STANDARD_RUNBOOKS
from tickpath.control.failure import held, held_causes
from tickpath.control.metrics import LatencySink, Metrics
from tickpath.core.state import State, Transition
from tickpath.lab.digest import run_digest
from tickpath.lab.scenario_source import load_source
from tickpath.runtime.session import RunResult, Session

MS = 1_000_000
STEP_NS = MS
#: 400 events in 40 ms, and as long again until everything has been answered.
EVENTS, RATE_HZ = 400, 10_000.0
STAGES = st.sampled_from(["executor", "log"])
TIMES = st.integers(0, 45 * MS)
LENGTHS = st.integers(1, 30 * MS)
COUNTS = st.integers(1, 200)

LASTING: list[tuple[Any, dict[str, Any]]] = [
    (FeedOutageSettings, {}),
    (FeedFreezeSettings, {}),
    (FeedStaleSettings, {}),
    (FeedDuplicateSettings, {"every": st.integers(1, 9)}),
    (FeedReorderSettings, {"every": st.integers(2, 9)}),
    (SlowConsumerSettings, {"stage": STAGES, "factor": st.sampled_from([2.0, 50.0])}),
    (StallSettings, {"stage": STAGES}),
    (SinkStallSettings, {}),
    (ClockStepSettings, {"offset_ns": st.sampled_from([-5 * MS, 3, 5 * MS])}),
]
MOMENTARY: list[tuple[Any, dict[str, Any]]] = [
    (FeedGapSettings, {"events": COUNTS}),
    (FeedBurstSettings, {"events": COUNTS}),
    (ColdStartSettings, {"events": COUNTS}),
    (StateCorruptionSettings, {}),
]
PROBES: list[tuple[Any, dict[str, Any]]] = [
    (FeedStalenessSettings, {"staleness_ns_max": st.sampled_from([MS, 3 * MS])}),
    (CursorProgressSettings, {"stage": STAGES, "standstill_ns_max": st.just(2 * MS)}),
    (BacklogSettings, {"stage": STAGES, "backlog_share_max": st.sampled_from([0.0, 0.5])}),
    (OverrunRateSettings, {"stage": STAGES, "window_ns": st.just(5 * MS)}),
    (LatencySettings, {"samples_min": st.just(10), "window_ns": st.just(5 * MS)}),
    (SinkLossSettings, {"window_ns": st.just(5 * MS)}),
    (FeedIntegritySettings, {"window_ns": st.just(5 * MS)}),
    (ClockSkewSettings, {}),
    (RefusedMovesSettings, {}),
]


@st.composite
def triggers(draw: st.DrawFn) -> dict[str, Any]:
    """When something happens."""
    kind = draw(st.sampled_from(["at_ns", "at_event", "in_state"]))
    if kind == "at_ns":
        return {"at_ns": draw(TIMES)}
    if kind == "at_event":
        return {"at_event": draw(st.integers(0, EVENTS))}
    state = draw(st.sampled_from(["INIT", "WARMUP", "READY", "DEGRADED"]))
    return {"in_state": state, "after_ns": draw(st.none() | LENGTHS)}


def drawn(draw: st.DrawFn, params: dict[str, Any]) -> dict[str, Any]:
    return {name: draw(value) for name, value in params.items()}


@st.composite
def injections(draw: st.DrawFn, number: int) -> Any:
    settings, params = draw(st.sampled_from(LASTING + MOMENTARY))
    fields = {**drawn(draw, params), **draw(triggers())}
    if (settings, params) in LASTING:
        ends = ["duration_ns"] if settings is FeedFreezeSettings else ["duration_ns", "duration_events"]
        end = draw(st.sampled_from(["", *ends]))
        if end:
            fields[end] = draw(LENGTHS if end == "duration_ns" else COUNTS)
    return settings(name=f"fault-{number}", **fields)


@st.composite
def probes(draw: st.DrawFn, number: int) -> Any:
    settings, params = draw(st.sampled_from(PROBES))
    patience = {name: draw(st.integers(1, 3)) for name in ("raise_after", "clear_after")}
    return settings(name=f"probe-{number}", **patience, **drawn(draw, params))


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    executor = ConsumerSettings(
        name="executor",
        service=draw(st.sampled_from([ServiceTime.constant(2_000), ServiceTime.lognormal(20_000, 1.0)])),
        overrun=draw(st.sampled_from(["oldest", "head", "detach"])),
        latency_limit_ns=100_000,
    )
    warmup = draw(
        st.sampled_from(
            [
                WarmupSettings(kind="count", events=0),
                WarmupSettings(kind="count", events=50),
                WarmupSettings(kind="count", events=50, hold_feed=False),
                WarmupSettings(round_events=30, rounds_min=2, flat_rounds=2, rounds_max=3),
                WarmupSettings(round_events=30, rounds_min=2, flat_rounds=2, tolerance=1.0),
            ]
        )
    )
    books = draw(st.lists(st.sampled_from(STANDARD_RUNBOOKS), unique=True, max_size=12))
    causes = st.sampled_from(["state corruption", "cold start", "market data outage", "nobody's"])
    return Scenario(
        name="found",
        seed=draw(st.integers(0, 3)),
        feed=FeedSettings(
            model=draw(st.sampled_from(["constant", "poisson"])), rate_hz=RATE_HZ, events=EVENTS
        ),
        ring=RingSettings(capacity_slots=draw(st.sampled_from([16, 64, 1_024]))),
        engine=EngineRest(sink=True, ack_capacity_slots=draw(st.sampled_from([16, 1_024]))),
        executor=executor,
        consumers=(ConsumerSettings(name="log", after=("executor",), service=ServiceTime.constant(5_000)),),
        lifecycle=LifecycleSettings(start_after_ns=draw(st.sampled_from([0, 0, 2_500_000, 20 * MS]))),
        warmup=warmup,
        control=ControlSettings(interval_ns=STEP_NS, drain_ns=10 * MS, fence_timeout_ns=5 * MS),
        injections=tuple(draw(injections(n)) for n in range(draw(st.integers(0, 5)))),
        probes=tuple(draw(probes(n)) for n in range(draw(st.integers(0, 5)))),
        runbooks=tuple(RunbookSettings(name=name, timeout_ns=5 * MS) for name in books),
        operator=tuple(
            OperatorSettings(cause=draw(causes), **draw(triggers())) for _ in range(draw(st.integers(0, 1)))
        ),
    )


class Watched:
    """A run, with what was held whenever READY was entered, and when the steps were."""

    def __init__(self, scenario: Scenario) -> None:
        session = Session(
            load_source(scenario), scenario=scenario, mode="virtual", sink=LatencySink(Metrics())
        )
        self.lifecycle = session.lifecycle
        self.held_at_ready: list[tuple[str, ...]] = []
        self.passed_at_ready: list[str | None] = []
        self.steps: list[int] = []
        self._session, self._steps = session, 0
        self.lifecycle.subscribe(self._moved)
        self.result: RunResult = session.run(trace=self._turn)

    def _moved(self, made: Transition) -> None:
        if made.target is State.READY:
            self.held_at_ready.append(held_causes(self.lifecycle))
            certificate = self._session.board.read().certificate
            self.passed_at_ready.append(None if certificate is None else certificate.verdict)

    def _turn(self, look: Any, plane: Any, _digest: str) -> None:
        if plane.steps == self._steps:
            return
        self._steps = plane.steps
        self.steps.append(look.at_ns)
        # What a probe says and what is held is the same thing after each step.
        raised = {(probe.cause, f"probe:{probe.name}") for probe in plane.monitor.readings if probe.raised}
        owned = {(one.words, one.owner) for one in held(self.lifecycle) if one.owner.startswith("probe:")}
        assert owned == raised


def check(scenario: Scenario, run: Watched) -> None:
    result, record = run.result, run.result.record
    assert record is not None
    assert record.balanced
    assert result.executed_outside_ready == 0
    assert (result.verdict, result.reasons) == ("pass", ())
    assert set(run.held_at_ready) <= {()}
    assert set(run.passed_at_ready) <= {"passed"}
    off_grid = [at_ns for at_ns in run.steps if at_ns % STEP_NS]
    assert set(off_grid) <= {scenario.lifecycle.start_after_ns}
    # Every fault that began has ended, by its plan or with the run, and holds nothing any more.
    account = result.control
    for fault in scenario.injections:
        events = [line.event for line in account.injections if line.name == fault.name]
        assert events in ([], ["start", "end"], ["start", "rollback"])
    assert not [cause for cause in held(run.lifecycle) if cause.owner.startswith("injection:")]
    assert (account.errors.probes, account.errors.audit_lines) == (0, 0)
    # A cause is raised before it is cleared, and cleared before it is raised again.
    for probe in scenario.probes:
        changes = [change.raised for change in account.health if change.probe == probe.name]
        assert changes == [index % 2 == 0 for index in range(len(changes))]
    # Without anybody who answers nothing but a warm-up degrades.
    if not scenario.runbooks:
        failed = any(certificate.verdict == "failed" for certificate in account.certificates)
        assert failed or State.DEGRADED not in [move.target for move in result.history]
    assert [certificate.attempt for certificate in account.certificates] == [
        *range(1, len(account.certificates) + 1)
    ]


@pytest.mark.slow
@pytest.mark.timeout(300)
@given(scenarios())
def test_whatever_goes_wrong_the_promises_hold_and_the_same_seed_is_the_same_run(scenario: Scenario) -> None:
    note(f"replay with: tickpath run found.toml --mode virtual\n{toml_of(scenario)}")
    first = Watched(scenario)
    check(scenario, first)
    again = Watched(dataclasses.replace(scenario))
    assert run_digest(first.result) == run_digest(again.result) is not None
    assert first.result.control == again.result.control
    assert first.steps == again.steps

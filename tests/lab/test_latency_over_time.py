"""Latencies over time: slices that hold every ack once, in its state, and change nothing of the run."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tickpath.config.engine import ConsumerSettings, EngineSettings, ServiceTime
from tickpath.config.run import RunSettings
from tickpath.core.engine import VirtualEngine
from tickpath.core.ingest import MarketDataSource
from tickpath.core.state import Lifecycle, State
from tickpath.errors import ArgumentValueError
from tickpath.lab.drill import load_drill
from tickpath.lab.facts import DrillFacts
from tickpath.lab.latency_over_time import LatencyOverTime
from tickpath.lab.report import STAGES
from tickpath.lab.scenario_run import run_scenario
from tickpath.runtime.session import Session


def watched(name: str) -> tuple[DrillFacts, dict[str, Any]]:
    told: list[dict[str, Any]] = []
    facts = run_scenario(load_drill(name), "virtual", report_to=told.append)
    return facts, told[0]


def test_every_event_is_in_one_slice_and_in_the_state_that_it_was_processed_in() -> None:
    facts, report = watched("overlapping-outages")
    told = report["latency_over_time"]
    assert told["dropped"] == 0
    by_state: Counter[str] = Counter()
    for each in told["slices"]:
        by_state[each["state"]] += each["count"]
        assert each["executed"] == (each["count"] if each["state"] == "READY" else 0)
    assert by_state == {
        state: stages["published_to_completed"]["count"]
        for state, stages in report["latency_by_state"].items()
    }
    assert set(by_state) == {"WARMUP", "READY", "DEGRADED"}
    # A ring of acks that is read is no part of what happens.
    assert facts.digest == run_scenario(load_drill("overlapping-outages"), "virtual").digest


def test_the_extremes_of_the_slices_are_those_of_the_run() -> None:
    _, report = watched("slow-consumer")
    slices = report["latency_over_time"]["slices"]
    for stage in STAGES:
        longest = max(each["latency"][stage]["max_ns"] for each in slices)
        assert longest == report["latency"][stage]["max_ns"]
    starts = [each["start_ns"] for each in slices]
    assert starts == sorted(starts)
    assert all(start % report["latency_over_time"]["slice_ns"] == 0 for start in starts)


def test_acks_that_are_gone_at_the_first_look_are_dropped_and_not_forgotten() -> None:
    source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
    # All of it is over before the first control step.
    session = Session(source, RunSettings(ack_capacity=16, warmup_events=0), mode="virtual")
    over_time = LatencyOverTime(session)
    told = over_time.account(session.run(on_look=over_time.look))
    assert told is not None
    assert [(each["count"], each["dropped"]) for each in told["slices"]] == [(8, 992)]
    assert told["dropped"] == 992


def test_a_live_run_is_watched_without_a_look_as_well() -> None:
    source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=2_000)
    session = Session(source, RunSettings(floor_window_ns=100_000, ack_capacity=4_096))
    over_time = LatencyOverTime(session)
    result = session.run()
    told = over_time.account(result)
    assert told is not None
    assert sum(each["count"] for each in told["slices"]) == 2_000
    assert Session(source, RunSettings()).ack_slices(begin_ns=0, slice_ns=1, slices_max=1) is None


def test_without_a_plan_or_with_shared_stamps_less_is_known() -> None:
    source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=2_000)
    settings = RunSettings(floor_window_ns=100_000, ack_capacity=4_096, pace="max", stamp_per="batch")
    session = Session(source, settings)
    over_time = LatencyOverTime(session)
    told = over_time.account(session.run())
    assert told is not None
    known = {
        stage for each in told["slices"] for stage, figures in each["latency"].items() if figures["count"]
    }
    assert known == {"published_to_completed"}


def test_slices_are_of_run_time_and_double_where_there_are_too_many() -> None:
    source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
    lifecycle = Lifecycle()
    executor = ConsumerSettings(name="executor", service=ServiceTime.constant(100))
    settings = EngineSettings(ack_capacity=1_024, executor=executor)
    engine = VirtualEngine(source, lifecycle, settings)
    assert engine.ack_slices(begin_ns=0, slice_ns=1, slices_max=1) is None  # before the start
    lifecycle.transition_to(State.WARMUP)
    lifecycle.transition_to(State.READY)
    engine.start()
    slices = engine.ack_slices(begin_ns=0, slice_ns=100_000, slices_max=4)
    assert slices is not None
    assert engine.advance()
    slices.fold()
    assert slices.slice_ns == 400_000
    taken = slices.take([0, 1, 2])
    assert [(each.start_ns, each.state, each.count) for each in taken] == [
        (0, State.READY, 400),
        (400_000, State.READY, 400),
        (800_000, State.READY, 200),
    ]
    assert taken[0].latency[STAGES.index("polled_to_completed")].p50_ns == 100
    assert slices.take([0]) == []
    with pytest.raises(ArgumentValueError, match="at least 1"):
        engine.ack_slices(begin_ns=0, slice_ns=0, slices_max=4)

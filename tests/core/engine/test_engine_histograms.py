"""The histograms of a run, as the stages recorded them."""

from __future__ import annotations

import pytest

from tests.core.engine.runs import consumer, finished, lifecycle, run, settings, source
from tickpath.core.engine import Engine
from tickpath.core.state import State
from tickpath.errors import CorrectionRefused

STAGES = [
    "intended_to_published",
    "published_to_polled",
    "polled_to_completed",
    "published_to_completed",
    "intended_to_completed",
]


def test_a_stage_hands_over_a_histogram_of_each_part_of_the_way() -> None:
    record = run(500, consumer("log"), pace="recorded")
    for stage in record.stages:
        histograms = stage.histograms()
        assert list(histograms) == STAGES
        for figures in stage.latency:
            histogram = histograms[figures.stage]
            assert (histogram.count, histogram.min_ns, histogram.max_ns) == (
                500,
                figures.min_ns,
                figures.max_ns,
            )
            assert histogram.percentile(0.5) == figures.p50_ns


def test_they_are_handed_over_once_and_not_copied() -> None:
    [executor] = run(20).stages
    first, second = executor.histograms(), executor.histograms()
    assert all(first[stage] is second[stage] for stage in STAGES)
    ready = executor.histograms(State.READY)
    assert all(ready[stage] is executor.histograms(State.READY)[stage] for stage in STAGES)


def test_what_was_counted_against_the_plan_cannot_be_corrected() -> None:
    [executor] = run(100, pace="recorded").stages
    for stage, histogram in executor.histograms().items():
        assert histogram.by_plan == stage.startswith("intended")
        if histogram.by_plan:
            with pytest.raises(CorrectionRefused):
                histogram.corrected(1_000)
        else:
            assert histogram.corrected(1_000_000_000).count == 100


def test_without_a_plan_there_is_nothing_to_be_late_against() -> None:
    histograms = run(100).stages[0].histograms()
    assert [histograms[stage].count for stage in STAGES] == [0, 100, 100, 100, 0]


def test_the_executor_tells_states_apart_and_a_plain_consumer_does_not() -> None:
    moved = lifecycle(State.WARMUP)
    engine = Engine(source(50), moved, settings(consumer("log")), hold_at=20)
    engine.start()
    while not engine.snapshot().held or engine.snapshot().stages[0].cursor < 20:
        engine.wait(1)
    moved.transition_to(State.READY)
    while not engine.has_seen(moved.epoch):
        engine.wait(1)
    engine.release()
    executor, log = finished(engine).stages
    for stage in STAGES[1:4]:
        counts = {state: executor.histograms(state)[stage].count for state in (State.WARMUP, State.READY)}
        assert counts == {State.WARMUP: 20, State.READY: 30}
        assert executor.histograms()[stage].count == log.histograms()[stage].count == 50
    assert executor.histograms(State.DEGRADED) == log.histograms(State.READY) == {}


def test_what_is_missing_in_the_latencies_is_counted() -> None:
    record = run(5_000, consumer("slow", overrun="detach"), capacity=4)
    for stage in record.stages:
        missing = stage.ledger.lost + stage.ledger.shed + stage.ledger.unread
        assert {figures.dropped for figures in stage.latency} == {missing}
        assert sum(skipped for _, skipped in stage.overruns) + stage.ledger.unread >= min(missing, 1)
    assert {figures.dropped for figures in record.latency_by_state} == {None}


def test_a_run_says_when_it_was_on_the_clock_of_its_pauses() -> None:
    record = run(100, floor_window_ns=1_000_000)
    assert record.begin_ns is not None
    assert record.wall_ns == record.end_ns - record.begin_ns
    assert record.floor_pauses == sorted(record.floor_pauses)
    assert all(length_ns > 1_000 for _, length_ns in record.floor_pauses)

"""The control plane's part: every row and promise from scripted runs, and the real runs once, small."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from tests.lab.bench.scripted import TINY, budget
from tickpath.control.metrics import LatencyHistogram
from tickpath.errors import ArgumentValueError
from tickpath.lab.bench.control import ControlBench
from tickpath.lab.bench.control_run import ControlRuns, LiveRun
from tickpath.lab.bench.exchange import Cut
from tickpath.lab.bench.figures import Spread
from tickpath.lab.bench.part import PartResult, Promise

SAMPLES = 2_000


def flat(ns: int) -> LatencyHistogram:
    """So many times the same latency."""
    return LatencyHistogram([ns] * SAMPLES)


class Scripted:
    """Runs that keep every promise, but for what they are told; each figure once a turn, over and over."""

    def __init__(self, **told: list[Any]) -> None:
        self.ran: list[str] = []
        within: dict[str, list[Any]] = {
            "alone_ns": [180],
            "without_ns": [200],
            "watched_ns": [210],
            "steps_ns": [(10_000, 20_000)],
            "answering_ns": [(20_000, 22_000)],
            "stepped": [60.0],
            "unstepped": [40.0],
        }
        self._next: dict[str, Iterator[Any]] = {
            name: itertools.cycle(values) for name, values in {**within, **told}.items()
        }

    def _take(self, name: str) -> Any:
        return next(self._next[name])

    def alone(self, *, faults: bool) -> LiveRun:
        self.ran.append("without" if faults else "alone")
        return LiveRun(latency=flat(self._take("without_ns" if faults else "alone_ns")))

    def watched(self) -> LiveRun:
        self.ran.append("watched")
        steps_ns = self._take("steps_ns")
        latency = flat(self._take("watched_ns"))
        # The step of the warm-up takes longer, and is no part of the average.
        return LiveRun(latency=latency, steps_ns=steps_ns, longest_ns=90_000)

    def answering(self) -> LiveRun:
        self.ran.append("answering")
        steps_ns = self._take("answering_ns")
        # Steps before the fault are no part of it.
        return LiveRun(latency=flat(999), steps_ns=(1,), answering_ns=steps_ns, longest_ns=95_000)

    def stepped(self) -> float:
        self.ran.append("stepped")
        return float(self._take("stepped"))

    def unstepped(self) -> float:
        self.ran.append("unstepped")
        return float(self._take("unstepped"))


def measured(rounds: int = 2, **told: list[Any]) -> PartResult:
    runs = Scripted(**told)
    return ControlBench(lambda _budget: runs).run(budget(rounds))


def missed(result: PartResult) -> list[Promise]:
    return [promise for promise in result.promises if promise.kept is False]


def test_everything_is_kept_by_runs_that_are_within() -> None:
    result = measured()
    assert result.rounds == 2
    assert {promise.kept for promise in result.promises} == {True}
    assert [figure.contender for figure in result.figures if figure.ns is None] == []


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ({"steps_ns": [(30_000, 30_010)]}, "nothing wrong: 0.3% of 10 ms"),
        ({"answering_ns": [(40_001,)]}, "a runbook under way: 0.4% of 10 ms"),
        ({"watched_ns": [222]}, "p50, with the control plane / without"),
        ({"stepped": [100.1]}, "1 M events/s"),
    ],
)
def test_each_promise_is_missed_by_the_run_that_breaks_it(told: dict[str, Any], what: str) -> None:
    promises = missed(measured(**told))
    assert promises
    assert what in promises[0].what


def test_a_tail_that_grew_is_shown_and_no_promise() -> None:
    runs = Scripted()
    tail = LatencyHistogram([200] * (SAMPLES - 40) + [2_000] * 40)
    runs.watched = lambda: LiveRun(latency=tail, steps_ns=(10_000,))  # type: ignore[method-assign]
    result = ControlBench(lambda _budget: runs).run(budget(2))
    assert missed(result) == []
    [row] = [row for row in result.figures if row.contender == "with the control plane" and "p99" in row.what]
    assert row.times_base is not None
    assert row.times_base.median == pytest.approx(10, rel=0.02)


def test_a_step_is_judged_by_its_mean_and_the_longest_stands_beside_it() -> None:
    rows = {(row.what, row.contender): row.ns for row in measured().figures}
    assert rows["a control step, live, on average", "nothing wrong"] == Spread(15_000, 15_000, 15_000, 2)
    assert rows["a control step, live, on average", "a runbook under way"] == Spread(
        21_000, 21_000, 21_000, 2
    )
    assert rows["the longest control step of a run", "nothing wrong"] == Spread(90_000, 90_000, 90_000, 2)


def test_runs_without_that_differ_as_much_say_that_nothing_finer_can_be_told() -> None:
    # Of the two turns of a round one is twice as slow as the other.
    [promise] = missed(measured(watched_ns=[260], without_ns=[150, 300]))
    assert promise.at_floor
    assert promise.floor is not None
    assert promise.floor.median == pytest.approx(2, rel=0.02)


def test_ratios_are_formed_within_a_round() -> None:
    # The second round is twice as slow on both sides.
    result = measured(without_ns=[200] * 2 + [400] * 2, watched_ns=[210] * 3 + [420] * 3)
    [row] = [row for row in result.figures if row.contender == "with the control plane" and row.latency]
    assert row.times_base is not None
    assert row.times_base.low == pytest.approx(1.05, rel=0.01)
    assert row.times_base.high == pytest.approx(1.05, rel=0.01)


def test_the_runs_take_turns_in_an_order_that_rotates() -> None:
    runs = Scripted()
    ControlBench(lambda _budget: runs).run(budget(2))
    order = ["alone", "without", "watched", "answering", "unstepped", "stepped"]
    assert runs.ran[:6] == order
    # What has a second turn in the first round, and a third.
    assert runs.ran[6:12] == ["without", "watched", "answering", "alone", "watched", "answering"]
    second = runs.ran[12:]
    assert second[:6] == order[1:] + order[:1]
    assert sorted(second) == sorted(runs.ran[:12])


def test_a_round_that_was_cut_short_counts_for_nothing() -> None:
    runs = Scripted()

    def cut() -> float:
        if len(runs.ran) > 11:
            raise Cut
        return 40.0

    runs.unstepped = cut  # type: ignore[method-assign]
    result = ControlBench(lambda _budget: runs).run(budget(9))
    assert result.rounds == 1
    assert {figure.ns.rounds for figure in result.figures if figure.ns} == {1}


def test_interrupted_before_the_first_round_is_over_nothing_is_known() -> None:
    result = ControlBench(lambda _budget: Scripted()).run(budget(2, should_stop=lambda: True))
    assert {figure.ns for figure in result.figures} == {None}
    assert {promise.kept for promise in result.promises} == {None}


def test_a_machine_that_cannot_run_it_is_told_from_one_that_was_interrupted() -> None:
    def one_core(_budget: object) -> Any:
        raise ArgumentValueError("more spinning threads than cores")

    [figure] = ControlBench(one_core).run(budget(2)).figures
    assert figure.missing == "more spinning threads than cores"


@pytest.mark.slow
def test_every_kind_of_run_runs() -> None:
    # Long enough for a few steps after the one that a runbook answers.
    sizes = replace(TINY, engine_paced_events=6_000)
    runs = ControlRuns(sizes, lambda: False)
    assert (
        runs.alone(faults=False).latency.count
        == runs.alone(faults=True).latency.count
        == sizes.engine_paced_events
    )
    calm = runs.watched()
    assert calm.steps_ns
    assert calm.answering_ns == ()
    assert 0 < calm.latency.count < sizes.engine_paced_events
    answering = runs.answering()
    assert answering.answering_ns
    assert answering.longest_ns is not None
    assert answering.longest_ns >= max(answering.answering_ns)
    assert runs.stepped() > 0
    assert runs.unstepped() > 0


@pytest.mark.slow
def test_an_interrupted_run_counts_for_nothing() -> None:
    runs = ControlRuns(TINY, lambda: True)
    alone = partial(runs.alone, faults=False)
    for run in (alone, runs.watched, runs.answering, runs.stepped, runs.unstepped):
        with pytest.raises(Cut):
            run()

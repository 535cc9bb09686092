"""The engine's part: every row and promise from scripted runs, and the real runs once, small."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tests.lab.bench.scripted import TINY, budget
from tickpath.control.metrics import LatencyHistogram
from tickpath.errors import ArgumentValueError
from tickpath.lab.bench.engine import EngineBench
from tickpath.lab.bench.engine_cases import (
    ALONE,
    ONE_STAMP,
    PACED,
    PACED_FAST,
    READERS,
    SINKS,
    SPIN_PAUSES,
    TWO_STAMPS,
    groups,
)
from tickpath.lab.bench.engine_run import EngineCase, EngineRun, EngineRuns
from tickpath.lab.bench.exchange import Cut
from tickpath.lab.bench.figures import Spread
from tickpath.lab.bench.part import PartResult, Promise

CASES = {case.name: case for group in groups(TINY) for case in group}
SAMPLES = 2_000


def flat(ns: int) -> LatencyHistogram:
    """So many times the same latency."""
    return LatencyHistogram([ns] * SAMPLES)


#: A run that keeps every promise, just.
WITHIN = EngineRun(
    events=1_000,
    wall_ns=20_000,
    feed_ns=10_000,
    ways={"published_to_completed": flat(600), "intended_to_completed": flat(800)},
    floor_p99_ns=500,
    floor_path=flat(400),
    read=900,
    lost=0,
    unaccounted=0,
)


class Scripted:
    """Runs that are what they are told to be; ``changes`` are fields by case."""

    def __init__(self, changes: dict[str, dict[str, Any]] | None = None, ping_pong_ns: int = 200) -> None:
        self.ran: list[str] = []
        self._changes = changes or {}
        self._ping_pong_ns = ping_pong_ns

    def ping_pong(self, trips: int, spin_pauses: int) -> Any:
        """The same for any number of PAUSEs."""
        assert trips == TINY.engine_paced_events
        self.ran.append(f"ping-pong {spin_pauses}")
        return SimpleNamespace(trips=flat(self._ping_pong_ns))

    def run(self, case: EngineCase) -> EngineRun:
        """As told."""
        self.ran.append(case.name)
        wall_ns = 10_000 if case.name == ONE_STAMP else WITHIN.wall_ns
        return replace(WITHIN, **{"wall_ns": wall_ns, **self._changes.get(case.name, {})})


def measured(rounds: int = 3, **changes: Any) -> PartResult:
    runs = Scripted(**changes)
    return EngineBench(lambda _budget: runs).run(budget(rounds))


def missed(result: PartResult) -> list[Promise]:
    return [promise for promise in result.promises if promise.kept is False]


def test_everything_is_kept_by_runs_that_are_within() -> None:
    result = measured()
    assert result.rounds == 3
    assert {promise.kept for promise in result.promises} == {True}
    assert [figure.what for figure in result.figures if figure.ns is None] == []


@pytest.mark.parametrize(
    ("case", "change", "what"),
    [
        (PACED, {"published_to_completed": 1_510}, "published → completed, p99"),
        (PACED, {"published_to_completed": 1_210}, "p99 / ping-pong"),
        (PACED, {"intended_to_completed": 50_100}, "intended → completed, p99"),
        (PACED, {"intended_to_completed": 1_910}, "p99 beyond the floor's"),
        (PACED_FAST, {"published_to_completed": 3_010}, "1,000,000 events/s"),
        (TWO_STAMPS, {"wall_ns": 67_000}, TWO_STAMPS),
        (ONE_STAMP, {"wall_ns": 25_100}, ONE_STAMP),
        (READERS[1], {"feed_ns": 10_210}, READERS[1]),
        (READERS[2], {"feed_ns": 10_210}, READERS[2]),
        (READERS[3], {"feed_ns": 10_210}, READERS[3]),
        (SINKS[3], {"lost": 1}, "held back"),
        (READERS[2], {"unaccounted": 1}, "unaccounted for"),
    ],
)
def test_each_promise_is_missed_by_the_run_that_breaks_it(
    case: str, change: dict[str, int], what: str
) -> None:
    fields: dict[str, Any] = {name: ns for name, ns in change.items() if name not in WITHIN.ways}
    ways = {name: flat(change[name]) if name in change else way for name, way in WITHIN.ways.items()}
    result = measured(changes={case: {**fields, "ways": ways}})
    assert any(what in promise.what for promise in missed(result))


def test_an_active_reader_is_measured_and_nothing_is_promised_of_it() -> None:
    result = measured(changes={READERS[4]: {"feed_ns": 40_000}})
    [row] = [figure for figure in result.figures if figure.contender == READERS[4]]
    assert row.times_base == Spread(4.0, 4.0, 4.0, 3)
    assert missed(result) == []


def test_one_event_lost_in_one_round_is_enough() -> None:
    runs = Scripted()
    losses = itertools.chain([1], itertools.repeat(0))
    run = runs.run

    def lossy(case: EngineCase) -> EngineRun:
        ran = run(case)
        return replace(ran, lost=next(losses)) if case.name == TWO_STAMPS else ran

    runs.run = lossy  # type: ignore[method-assign]
    result = EngineBench(lambda _budget: runs).run(budget(9))
    [promise] = missed(result)
    assert promise.value == Spread(1.0, 1.0, 1.0, 9)


def test_a_bound_beyond_the_machines_own_pauses_says_so_and_is_missed_all_the_same() -> None:
    ways = {**WITHIN.ways, "published_to_completed": flat(9_000)}
    result = measured(changes={PACED: {"ways": ways, "floor_p99_ns": 8_000}})
    [promise] = [promise for promise in missed(result) if promise.unit == "ns"]
    assert promise.at_floor
    assert promise.floor == Spread(8_000.0, 8_000.0, 8_000.0, 3)
    calm = measured(changes={PACED: {"ways": ways}})
    assert [promise.at_floor for promise in missed(calm) if promise.unit == "ns"] == [False]


def test_a_distance_from_a_floor_that_moves_further_cannot_be_told() -> None:
    ways = {**WITHIN.ways, "intended_to_completed": flat(9_000)}
    runs = Scripted(changes={PACED: {"ways": ways}})
    run = runs.run
    floors = itertools.cycle([400, 2_400, 400])

    def moving(case: EngineCase) -> EngineRun:
        ran = run(case)
        return replace(ran, floor_path=flat(next(floors))) if case.name == PACED else ran

    runs.run = moving  # type: ignore[method-assign]
    [promise] = missed(EngineBench(lambda _budget: runs).run(budget(3)))
    assert "beyond the floor's" in promise.what
    assert promise.at_floor
    assert promise.floor is not None
    assert promise.floor.median == pytest.approx(2_000, rel=0.01)


def test_what_readers_and_sinks_missed_stands_in_their_rows() -> None:
    result = measured(
        rounds=2,
        changes={
            READERS[1]: {"read": 1, "lost": 999},
            SINKS[2]: {"shown": 600, "dropped": 400},
        },
    )
    rows = {figure.contender: figure for figure in result.figures if figure.what.startswith("the producer")}
    # Three turns a round.
    assert (rows[READERS[1]].read, rows[READERS[1]].lost) == (6, 5_994)
    assert (rows[ALONE].read, rows[ALONE].lost) == (None, None)
    sinks = {figure.contender: figure for figure in result.figures if "full speed" in figure.what}
    assert (sinks[SINKS[2]].read, sinks[SINKS[2]].lost) == (1_200, 800)
    assert sinks[SINKS[0]].lost is None


def test_cases_of_a_group_take_turns_in_an_order_that_rotates() -> None:
    runs = Scripted()
    EngineBench(lambda _budget: runs).run(budget(2))
    half = len(runs.ran) // 2
    first, second = runs.ran[:half], runs.ran[half:]
    assert sorted(first) == sorted(second)
    assert first[:2] == second[:2] == ["ping-pong 0", f"ping-pong {SPIN_PAUSES}"]
    alone, stopped, slow, *once = READERS
    turns = [alone, stopped, slow, *once, stopped, slow, alone, slow, alone, stopped]
    assert [name for name in first if name in READERS] == turns
    assert [name for name in second if name in (TWO_STAMPS, ONE_STAMP)] == [ONE_STAMP, TWO_STAMPS]


def test_a_round_that_was_cut_short_counts_for_nothing() -> None:
    runs = Scripted(changes={PACED: {"lost": 0}})
    run = runs.run

    def cut(case: EngineCase) -> EngineRun:
        if len(runs.ran) > 35:
            raise Cut
        return run(case)

    runs.run = cut  # type: ignore[method-assign]
    result = EngineBench(lambda _budget: runs).run(budget(9))
    assert result.rounds == 1
    assert {figure.ns.rounds for figure in result.figures if figure.ns} == {1}


def test_interrupted_before_the_first_round_is_over_nothing_is_known() -> None:
    def cut(_budget: object) -> Any:
        raise Cut

    result = EngineBench(cut).run(budget(2))
    assert result.rounds == 0
    assert {figure.ns for figure in result.figures} == {None}
    assert {promise.kept for promise in result.promises} == {None}


def test_a_machine_that_cannot_run_it_is_told_from_one_that_was_interrupted() -> None:
    def one_core(_budget: object) -> Any:
        raise ArgumentValueError("a ping-pong is between two cores: there are 1")

    [figure] = EngineBench(one_core).run(budget(2)).figures
    assert figure.missing == "a ping-pong is between two cores: there are 1"


@pytest.fixture(scope="module")
def real() -> Callable[[str], EngineRun]:
    """Makes a small run of a case."""
    runs = EngineRuns(5 * TINY.engine_paced_events, lambda: False)
    return lambda name: runs.run(CASES[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_every_case_runs_and_its_ledgers_balance(name: str, real: Callable[[str], EngineRun]) -> None:
    run = real(name)
    assert run.events == CASES[name].settings.events_max
    assert run.unaccounted == 0
    assert run.wall_ns > 0
    assert run.feed_ns > 0
    if CASES[name].settings.hold_back:
        assert run.lost == 0


@pytest.mark.slow
def test_what_a_stopped_reader_lost_is_exact() -> None:
    case = CASES[READERS[3]]
    runs = EngineRuns(200_000, lambda: False)
    run = runs.run(replace(case, settings=replace(case.settings, events_max=200_000)))
    assert run.read + run.lost == run.events == 200_000
    assert run.lost >= 200_000 - case.settings.capacity


@pytest.mark.slow
def test_an_interrupted_run_ends_and_counts_for_nothing() -> None:
    runs = EngineRuns(TINY.engine_events, lambda: True)
    with pytest.raises(Cut):
        runs.run(CASES[ALONE])

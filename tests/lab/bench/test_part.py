"""The budget of a part, and when a promise is kept."""

from __future__ import annotations

import itertools

import pytest

from tests.lab.bench.scripted import budget
from tickpath.lab.bench.figures import Spread
from tickpath.lab.bench.part import Promise


def test_every_round_is_announced_and_made() -> None:
    announced: list[int] = []
    assert list(budget(3, on_round=announced.append).each_round()) == [0, 1, 2]
    assert announced == [0, 1, 2]


def test_no_round_begins_after_the_time_but_the_first_always_does() -> None:
    ticking = itertools.count(0, 4)
    made = list(budget(9, seconds_max=10, clock_s=lambda: float(next(ticking))).each_round())
    assert made == [0, 1]
    late = itertools.count(0, 100)
    assert list(budget(9, seconds_max=10, clock_s=lambda: float(next(late))).each_round()) == [0]


def test_without_a_limit_time_ends_nothing() -> None:
    late = itertools.count(0, 1_000_000)
    assert len(list(budget(9, clock_s=lambda: float(next(late))).each_round())) == 9


def test_an_interruption_ends_the_rounds() -> None:
    stops = iter([False, False, True])
    assert list(budget(9, should_stop=lambda: next(stops)).each_round()) == [0, 1]


@pytest.mark.parametrize(
    ("median", "at_least", "at_most", "kept"),
    [
        (3.2, 3.2, None, True),
        (3.19, 3.2, None, False),
        (1.15, None, 1.15, True),
        (1.16, None, 1.15, False),
        (2.0, None, None, True),
    ],
)
def test_a_promise_is_judged_by_its_median(
    median: float, at_least: float | None, at_most: float | None, kept: bool
) -> None:
    value = Spread(median, 0.0, 100.0, 9)
    assert Promise(what="x", unit="times", value=value, at_least=at_least, at_most=at_most).kept is kept


@pytest.mark.parametrize(("floor", "at_floor"), [(None, False), (1_500.0, False), (1_501.0, True)])
def test_a_bound_is_at_the_floor_where_the_machines_own_pauses_are_beyond_it(
    floor: float | None, at_floor: bool
) -> None:
    pauses = None if floor is None else Spread(floor, 0.0, 1e9, 9)
    value = Spread(2_000.0, 0.0, 1e9, 9)
    promise = Promise(what="x", unit="ns", value=value, at_most=1_500, floor=pauses)
    assert (promise.at_floor, promise.kept) == (at_floor, False)


def test_a_promise_that_nothing_was_measured_of_is_neither_kept_nor_missed() -> None:
    assert Promise(what="x", unit="times", value=None, at_least=1).kept is None

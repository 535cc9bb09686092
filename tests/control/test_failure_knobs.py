"""Knobs by themselves: what several want of one, and what is known of it when turning it failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.control.looks import Knobs
from tickpath.control.failure.engine_knobs import EngineKnobs
from tickpath.control.failure.knobs import CountdownKnob, Knob
from tickpath.errors import ArgumentValueError


def test_a_reset_forgets_every_wish() -> None:
    turned: list[bool] = []
    knob = Knob(turned.append, False, any)
    knob.want("a", True)
    knob.reset()
    assert turned == [True, False]
    knob.want("b", False)
    assert turned == [True, False]


def test_it_is_turned_only_where_that_changes_something() -> None:
    turned: list[int] = []
    knob = Knob(turned.append, 0, min)
    knob.reset()
    knob.let_go("nobody")
    knob.want("a", 3)
    knob.want("b", 3)
    knob.want("b", 5)
    knob.let_go("b")
    knob.let_go("a")
    assert turned == [3, 0]


def test_one_that_could_not_be_turned_is_set_by_the_next_change_in_any_case() -> None:
    calls: list[int] = []

    def turn(value: int) -> None:
        calls.append(value)
        if len(calls) == 1:
            raise OSError

    knob = Knob(turn, 0, min)
    with pytest.raises(OSError):  # noqa: PT011  the one above
        knob.want("a", 3)
    knob.want("a", 3)
    knob.want("a", 3)
    assert calls == [3, 3]


def test_a_countdown_that_was_never_told_is_never_reset() -> None:
    told: list[int] = []
    knob = CountdownKnob(told.append)
    knob.reset()
    assert told == []
    knob.turn(5)
    knob.reset()
    knob.reset()
    assert told == [5, 0]


def test_knobs_of_a_kind_are_one_and_knobs_of_two_kinds_are_two() -> None:
    knobs = EngineKnobs(Knobs(), Knobs(), None)
    asks: list[Callable[[], Any]] = [
        *(lambda kind=kind: knobs.switch(kind) for kind in ("feed_outage", "feed_freeze", "feed_stale")),
        *(lambda kind=kind: knobs.every(kind) for kind in ("feed_duplicate", "feed_reorder")),
        *(lambda stage=stage: knobs.stage_stall("stall", stage) for stage in ("executor", "risk")),
        *(lambda stage=stage: knobs.stage_slow("slow_consumer", stage) for stage in ("executor", "risk")),
        lambda: knobs.clock_step("clock_step"),
        lambda: knobs.sink_stall("sink_stall"),
        *(lambda kind=kind: knobs.countdown(kind) for kind in ("feed_gap", "feed_burst")),
    ]
    first = [ask() for ask in asks]
    assert len({id(knob) for knob in first}) == len(asks)
    assert [ask() is knob for ask, knob in zip(asks, first, strict=True)] == [True] * len(asks)
    assert knobs.all() == tuple(first)


ENGINE = "an engine with faults: set EngineSettings(faults=True)"


@pytest.mark.parametrize(
    ("ask", "kind", "what"),
    [
        (lambda none: none.switch("feed_outage"), "feed_outage", ENGINE),
        (lambda none: none.every("feed_duplicate"), "feed_duplicate", ENGINE),
        (lambda none: none.countdown("feed_gap"), "feed_gap", ENGINE),
        (lambda none: none.stage_stall("stall", "risk"), "stall", ENGINE),
        (lambda none: none.stage_slow("cold_start", "risk"), "cold_start", ENGINE),
        (lambda none: none.clock_step("clock_step"), "clock_step", ENGINE),
        (lambda none: none.sink_stall("sink_stall"), "sink_stall", "a sink"),
        (lambda none: none.lifecycle("state_corruption"), "state_corruption", "the lifecycle of the run"),
    ],
)
def test_what_has_nothing_behind_it_is_refused_by_the_name_of_its_injection(
    ask: Callable[[EngineKnobs], object], kind: str, what: str
) -> None:
    with pytest.raises(ArgumentValueError) as raised:
        ask(EngineKnobs(None, None, None))
    assert str(raised.value) == f"the injection {kind} needs {what}, and there is none"

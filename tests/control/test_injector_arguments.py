"""What an injector refuses, and what it shows that nobody can change."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from tests.control.looks import Knobs, lifecycle_in, look
from tests.control.test_injector import LASTING
from tickpath.config.scenario.injections import (
    ColdStartSettings,
    FeedBurstSettings,
    FeedGapSettings,
    FeedOutageSettings,
    SinkStallSettings,
    StateCorruptionSettings,
)
from tickpath.control.failure import InjectionEvent, Injector, Planned
from tickpath.control.failure.engine_knobs import EngineKnobs
from tickpath.control.failure.injection import KINDS, injection_of
from tickpath.control.failure.schedule import Schedule
from tickpath.core.state import State
from tickpath.errors import ArgumentTypeError, ArgumentValueError


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (SinkStallSettings(at_ns=0), "a sink"),
        (ColdStartSettings(at_ns=0), "the lifecycle"),
        (StateCorruptionSettings(at_ns=0), "the lifecycle"),
    ],
)
def test_what_has_nothing_to_break_is_refused(settings: Any, words: str) -> None:
    with pytest.raises(ArgumentValueError, match=f"{settings.kind} needs {words}"):
        Injector.of([settings], Knobs())


@pytest.mark.parametrize(
    "one",
    [
        *(settings(at_ns=0, **params) for settings, params, *_ in LASTING if settings != SinkStallSettings),
        *(
            FeedGapSettings(at_ns=0, events=1),
            FeedBurstSettings(at_ns=0, events=1),
            ColdStartSettings(at_ns=0),
        ),
    ],
    ids=lambda one: one.kind,
)
def test_an_engine_without_faults_cannot_be_broken(one: Any) -> None:
    with pytest.raises(ArgumentValueError, match=f"the injection {one.kind} needs an engine with faults"):
        Injector.of([one], None)


def test_what_is_no_injection_is_refused() -> None:
    class Strange(FeedOutageSettings):
        kind: ClassVar[str] = "earthquake"

    with pytest.raises(ArgumentTypeError, match=r"feed_outage.*got Strange$"):
        Injector.of([Strange(at_ns=0)], Knobs())
    nothing: Any = object()
    with pytest.raises(ArgumentTypeError, match=r"feed_outage.*got object$"):
        Injector.of([nothing], Knobs())


def test_what_is_planned_and_what_happened_cannot_be_changed() -> None:
    knobs = EngineKnobs(Knobs(), None, None)
    settings = FeedOutageSettings(at_ns=0)
    parts: Any = ("one", "feed_outage", Schedule(settings), injection_of(settings, knobs))
    planned: Any = Planned(*parts)
    assert planned != Planned(*parts), "two of the same parts are two"
    with pytest.raises(AttributeError):
        planned.name = "two"
    line: Any = InjectionEvent(0, "one", "feed_outage", "start")
    assert line == InjectionEvent(0, "one", "feed_outage", "start")
    with pytest.raises(AttributeError):
        line.name = "two"


def test_an_injection_says_itself_whether_it_is_over() -> None:
    lifecycle, knobs = lifecycle_in(State.READY), Knobs()
    settings = (
        FeedOutageSettings(at_ns=0),
        FeedGapSettings(at_ns=0, events=1),
        StateCorruptionSettings(at_ns=0),
    )
    made = [injection_of(each, EngineKnobs(knobs, None, lifecycle)) for each in settings]
    assert [each.is_over(look(0)) for each in made] == [False, True, True]


def test_every_kind_of_a_scenario_is_built() -> None:
    kinds = [settings.kind for settings, *_ in LASTING]
    kinds += ["feed_gap", "feed_burst", "cold_start", "state_corruption"]
    assert sorted(set(kinds)) == sorted(KINDS)

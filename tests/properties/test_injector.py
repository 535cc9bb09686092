"""Injections: whatever the schedule, the looks, and wherever something raises, everything is mended."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.control.looks import Feed, Knobs, Stage, lifecycle_in, look, reported
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
from tickpath.control.failure import Injector, held
from tickpath.core.state import State

STEPS_MAX = 12
SMALL = st.integers(1, 40)
STAGES = st.sampled_from(["executor", "risk"])
LASTING: list[tuple[Any, dict[str, st.SearchStrategy[Any]]]] = [
    (FeedOutageSettings, {}),
    (FeedFreezeSettings, {}),
    (FeedStaleSettings, {}),
    (FeedDuplicateSettings, {"every": st.integers(1, 9)}),
    (FeedReorderSettings, {"every": st.integers(2, 9)}),
    (SlowConsumerSettings, {"stage": STAGES, "factor": st.sampled_from([1.5, 2.0]), "extra_ns": SMALL}),
    (StallSettings, {"stage": STAGES}),
    (SinkStallSettings, {}),
    (ClockStepSettings, {"offset_ns": st.integers(1, 9) | st.integers(-9, -1)}),
]
MOMENTARY: list[tuple[Any, dict[str, st.SearchStrategy[Any]]]] = [
    (FeedGapSettings, {"events": SMALL}),
    (FeedBurstSettings, {"events": SMALL}),
    (ColdStartSettings, {"events": SMALL}),
    (StateCorruptionSettings, {}),
]
STATES = st.sampled_from(["WARMUP", "READY", "DEGRADED"])
KNOBS = st.sampled_from(
    [name for name in dir(Knobs) if name.startswith(("feed_", "stage_", "clock_", "sink_"))]
)
ERRORS = st.sampled_from([OSError, KeyboardInterrupt])


class BodyError(Exception):
    """What the body of the ``with`` raises."""


@st.composite
def injections(draw: st.DrawFn) -> list[Any]:
    made = []
    for number in range(draw(st.integers(1, 6))):
        settings, params = draw(st.sampled_from(LASTING + MOMENTARY))
        fields: dict[str, Any] = {name: draw(value) for name, value in params.items()}
        trigger = draw(st.sampled_from(["at_ns", "at_event", "in_state"]))
        fields[trigger] = draw(STATES if trigger == "in_state" else st.integers(0, 60))
        if trigger == "in_state":
            fields["after_ns"] = draw(st.none() | SMALL)
        if (settings, params) in LASTING:
            ends = ["duration_ns"] if settings is FeedFreezeSettings else ["duration_ns", "duration_events"]
            if end := draw(st.sampled_from(["", *ends])):
                fields[end] = draw(SMALL)
        made.append(settings(name=f"fault-{number}", **fields))
    return made


@st.composite
def looks(draw: st.DrawFn) -> list[Any]:
    at_ns = published = withheld = processed = epoch = 0
    made = []
    for _ in range(draw(st.integers(0, STEPS_MAX))):
        at_ns += draw(st.integers(1, 20))
        published += draw(st.integers(0, 20))
        withheld += draw(st.integers(0, 5))
        processed += draw(st.integers(0, 20))
        epoch += draw(st.integers(0, 1))
        state = State[draw(STATES)]
        feed = Feed(published=published, withheld=withheld)
        made.append(look(at_ns, state=state, epoch=epoch, feed=feed, executor=Stage(processed=processed)))
    return made


def check_books(injector: Injector, planned: list[Any]) -> None:
    log = injector.log
    assert [line.at_ns for line in log] == sorted(line.at_ns for line in log)
    for settings in planned:
        events = [line.event for line in log if line.name == settings.name]
        assert events in ([], ["start", "end"], ["start", "rollback"])
        assert {line.kind for line in log if line.name == settings.name} <= {settings.kind}
    assert (injector.active, injector.is_over) == ((), True)


@pytest.mark.slow
@given(injections(), looks(), st.integers(0, STEPS_MAX), st.booleans())
def test_every_knob_is_back_wherever_the_body_raises(
    planned: list[Any], seen: list[Any], raise_at: int, raises: bool
) -> None:
    knobs, lifecycle = Knobs(), lifecycle_in(State.READY)
    injector = Injector.of(planned, knobs, lifecycle, sink=knobs)

    def body() -> None:
        for step, each in enumerate(seen):
            if raises and step == raise_at:
                raise BodyError
            injector.step(each)
            due_ns = injector.next_due_ns(each.at_ns)
            assert due_ns is None or due_ns > each.at_ns

    with contextlib.suppress(BodyError), injector:
        body()
    assert (knobs.turned, held(lifecycle), injector.errors) == ({}, (), 0)
    check_books(injector, planned)
    assert (lifecycle.state, lifecycle.epoch) == (State.READY, 2)


@pytest.mark.slow
@given(injections(), looks(), st.lists(st.tuples(KNOBS, ERRORS), max_size=4))
def test_and_wherever_a_knob_raises(
    planned: list[Any], seen: list[Any], broken: list[tuple[str, type[BaseException]]]
) -> None:
    knobs, lifecycle = Knobs(), lifecycle_in(State.READY)
    for knob, error in broken:
        knobs.raising.setdefault(knob, []).append(error())
    given_errors = sum(len(errors) for errors in knobs.raising.values())
    injector = Injector.of(planned, knobs, lifecycle, sink=knobs)
    interrupts = 0
    with reported() as errors:
        try:
            with injector:
                for each in seen:
                    injector.step(each)
        except KeyboardInterrupt:
            interrupts += 1
        # A knob that raises as often as it is set stays where it is; once it does not, it goes back.
        while knobs.turned or any(knobs.raising.values()):
            left = sum(len(each) for each in knobs.raising.values())
            try:
                injector.roll_back()
            except KeyboardInterrupt:
                interrupts += 1
            if sum(len(each) for each in knobs.raising.values()) == left:
                break
    assert (knobs.turned, held(lifecycle)) == ({}, ())
    assert injector.errors == len(errors) <= given_errors
    check_books(injector, planned)


@pytest.mark.slow
@given(injections(), looks())
def test_the_same_looks_make_the_same_log_and_calls(planned: list[Any], seen: list[Any]) -> None:
    runs = []
    for _ in range(2):
        knobs = Knobs()
        with Injector.of(planned, knobs, lifecycle_in(State.READY), sink=knobs) as injector:
            for each in seen:
                injector.step(each)
        runs.append((injector.log, knobs.calls))
    assert runs[0] == runs[1]


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), min_size=1, max_size=6))
def test_a_switch_is_on_exactly_while_one_of_its_injections_lasts(spans: list[tuple[int, int]]) -> None:
    knobs = Knobs()
    planned = [
        FeedOutageSettings(name=f"f{number}", at_ns=start, duration_ns=length)
        for number, (start, length) in enumerate(spans)
    ]
    injector = Injector.of(planned, knobs)
    for at_ns in range(42):
        injector.step(look(at_ns))
        wanted = any(start <= at_ns < start + length for start, length in spans)
        assert knobs.at["feed_outage"] is wanted
    assert injector.is_over

"""Whatever the body, a knob or an interrupt does: every knob goes back, and the log says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.control.looks import Knobs, lifecycle_in, look, reported
from tickpath.config.scenario.injections import (
    ColdStartSettings,
    FeedBurstSettings,
    FeedFreezeSettings,
    FeedGapSettings,
    FeedOutageSettings,
    SlowConsumerSettings,
    StallSettings,
)
from tickpath.control.failure import Injector, Planned, held
from tickpath.control.failure.engine_knobs import EngineKnobs
from tickpath.control.failure.injection import Turned
from tickpath.control.failure.schedule import Schedule
from tickpath.core.state import State

THREE = [
    FeedOutageSettings(name="outage", at_ns=0),
    SlowConsumerSettings(name="slow", at_ns=0, factor=2),
    StallSettings(name="stall", at_ns=0),
]


def books(injector: Injector) -> list[tuple[str, str]]:
    return [(line.name, line.event) for line in injector.log]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_it_rolls_back_whatever_the_body_raises_last_started_first(error: type[BaseException]) -> None:
    knobs = Knobs()
    injector = Injector.of(THREE, knobs)
    injector.step(look(0))
    with pytest.raises(error), injector:
        raise error
    assert (knobs.turned, injector.active, injector.is_over) == ({}, (), True)
    assert books(injector)[3:] == [("stall", "rollback"), ("slow", "rollback"), ("outage", "rollback")]


def test_what_has_not_started_does_not_start_after_the_rollback() -> None:
    knobs = Knobs()
    injector = Injector.of([FeedOutageSettings(at_ns=10)], knobs)
    injector.roll_back()
    injector.step(look(20))
    assert (knobs.calls, injector.log, injector.next_due_ns(0)) == ([], (), None)


def test_rolling_back_twice_is_once() -> None:
    knobs = Knobs()
    injector = Injector.of(THREE, knobs)
    injector.step(look(0))
    injector.roll_back()
    calls = len(knobs.calls)
    injector.roll_back()
    assert (len(knobs.calls), len(injector.log)) == (calls, 6)


def test_one_that_cannot_be_stopped_is_counted_and_the_others_are_rolled_back() -> None:
    knobs = Knobs()
    with reported() as errors, Injector.of(THREE, knobs) as injector:
        injector.step(look(0))
        knobs.raising["stage_slow"] = [OSError("stuck")]
    assert knobs.turned == {}, "it is tried once more when all are reset"
    assert (injector.errors, [str(error) for error in errors]) == (1, ["stuck"])
    assert len(injector.log) == 6


def test_one_that_never_can_does_not_keep_the_others_broken() -> None:
    knobs = Knobs()
    with reported() as errors, Injector.of(THREE, knobs) as injector:
        injector.step(look(0))
        knobs.raising["stage_slow"] = [OSError("stuck")] * 9
    assert list(knobs.turned) == [("stage_slow", "executor")]
    assert injector.errors == len(errors) == 2


def test_an_end_that_fails_is_made_up_for_at_the_rollback() -> None:
    knobs = Knobs()
    outage = FeedOutageSettings(at_ns=0, duration_ns=5)
    with reported(), Injector.of([outage], knobs) as injector:
        injector.step(look(0))
        knobs.raising["feed_outage"] = [OSError()]
        injector.step(look(5))
        assert (knobs.turned, injector.active) == ({"feed_outage": True}, ())
    assert knobs.turned == {}
    assert [line.event for line in injector.log] == ["start", "end"]


def test_one_that_cannot_start_is_rolled_back_at_once_and_the_others_go_on() -> None:
    knobs = Knobs(raising={"stage_slow": [OSError("no such stage")]})
    injector = Injector.of(THREE, knobs)
    with reported() as errors:
        injector.step(look(0))
    assert injector.active == ("outage", "stall")
    assert tuple(books(injector)[1:3]) == (("slow", "start"), ("slow", "rollback"))
    assert (injector.errors, len(errors)) == (1, 1)
    assert list(knobs.turned) == ["feed_outage", ("stage_stall", "executor")]


class TestInterrupts:
    def test_one_while_it_starts(self) -> None:
        knobs = Knobs(raising={"feed_freeze": [KeyboardInterrupt()]})
        injector = Injector.of([FeedFreezeSettings(at_ns=0)], knobs)
        with pytest.raises(KeyboardInterrupt), injector:
            injector.step(look(0))
        assert knobs.calls[-1] == ("feed_freeze", False), "nobody knows whether it had been turned"
        assert [line.event for line in injector.log] == ["start", "rollback"]

    def test_one_while_it_ends(self) -> None:
        knobs = Knobs()
        injector = Injector.of([FeedFreezeSettings(at_ns=0, duration_ns=5)], knobs)
        injector.step(look(0))
        knobs.raising["feed_freeze"] = [KeyboardInterrupt()]
        with pytest.raises(KeyboardInterrupt), injector:
            injector.step(look(5))
        assert knobs.turned == {}
        assert [line.event for line in injector.log] == ["start", "rollback"]

    @pytest.mark.parametrize("where", ["feed_outage", "stage_slow", "stage_stall"])
    def test_one_while_everything_is_rolled_back(self, where: str) -> None:
        knobs = Knobs()
        injector = Injector.of(THREE, knobs)
        injector.step(look(0))
        knobs.raising[where] = [KeyboardInterrupt()]
        with pytest.raises(KeyboardInterrupt), injector:
            pass
        assert (knobs.turned, injector.active, len(injector.log)) == ({}, (), 6)

    def test_one_while_the_last_knobs_are_reset(self) -> None:
        knobs = Knobs()
        injector = Injector.of([FeedGapSettings(at_ns=0, events=5), THREE[0]], knobs)
        injector.step(look(0))
        # The outage fails first and is reset last, the gap is interrupted after it.
        knobs.raising = {"feed_outage": [OSError()], "feed_gap": [KeyboardInterrupt()]}
        with reported(), pytest.raises(KeyboardInterrupt):
            injector.roll_back()
        assert list(knobs.turned) == ["feed_gap"]
        injector.roll_back()
        assert knobs.turned == {}


def test_an_interrupt_at_a_knob_does_not_keep_those_after_it_from_being_reset() -> None:
    knobs = Knobs()
    faults = [
        FeedGapSettings(name="gap", at_ns=0, events=5),
        FeedBurstSettings(name="burst", at_ns=0, events=5),
    ]
    injector = Injector.of(faults, knobs)
    injector.step(look(0))
    knobs.raising = {"feed_gap": [KeyboardInterrupt()]}
    with pytest.raises(KeyboardInterrupt):
        injector.roll_back()
    assert knobs.calls[-2:] == [("feed_gap", 0), ("feed_burst", 0)]


def test_an_error_is_reported_with_what_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr("sys.unraisablehook", lambda args: seen.append(args.object))
    knobs = Knobs(raising={"feed_outage": [OSError()] * 3})
    planned = EngineKnobs(knobs, None, None)
    outage = Turned(planned.switch("feed_outage"), True)
    one = Planned("one", "feed_outage", Schedule(FeedOutageSettings(at_ns=0)), outage)
    Injector([one], planned).step(look(0))
    assert seen == [outage, outage], "it could not be started, nor stopped"
    injector = Injector([], planned)
    injector.roll_back()
    assert seen[2:] == [planned.switch("feed_outage")]
    assert injector.errors == 1


def test_a_cold_start_whose_knob_is_stuck_holds_no_cause() -> None:
    knobs, lifecycle = Knobs(), lifecycle_in(State.READY)
    with reported(), Injector.of([ColdStartSettings(at_ns=0)], knobs, lifecycle) as injector:
        injector.step(look(0))
        knobs.raising["stage_slow"] = [OSError()] * 9
    assert held(lifecycle) == ()
    assert knobs.turned


def test_the_log_is_a_copy() -> None:
    injector = Injector.of(THREE, Knobs())
    before: Any = injector.log
    injector.step(look(0))
    assert (before, len(injector.log)) == ((), 3)

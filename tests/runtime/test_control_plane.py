"""The control plane's turn: the order of its parts, the grid of its steps, and injections between them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.control.looks import Knobs
from tests.runtime.looks import Feed, look
from tickpath.config.fields import NS_MAX
from tickpath.config.scenario.injections import (
    FeedFreezeSettings,
    FeedGapSettings,
    FeedOutageSettings,
    SlowConsumerSettings,
    StallSettings,
)
from tickpath.control.failure import Injector
from tickpath.core.state import State
from tickpath.runtime.control_plane import ControlErrors, ControlPlane
from tickpath.runtime.standstill import Standstill

INTERVAL_NS = 100


class Part:
    """A part that says when it is stepped."""

    def __init__(self, name: str, called: list[str], answer: Any = ()) -> None:
        self._name, self._called, self._answer = name, called, answer
        self.start_due_ns: int | None = None
        self.errors = 0
        self.seen: Any = None

    def step(self, look: Any) -> Any:
        self.seen = look
        self._called.append(self._name)
        return self._answer


class Plane(ControlPlane):
    """A control plane of such parts, and of a real injector."""

    def __init__(self, *injections: Any, patience_ns: int = 1_000_000) -> None:
        called: list[str] = []
        knobs = Knobs()
        parts: dict[str, Any] = {
            name: Part(name, called, ("a change",) if name == "monitor" else ())
            for name in ("steering", "monitor", "automation", "operator")
        }
        super().__init__(
            interval_ns=INTERVAL_NS,
            injector=Injector.of(injections, knobs),
            standstill=Standstill(500, patience_ns),
            **parts,
        )
        self.called, self.knobs = called, knobs

    def at(self, at_ns: int, published: int = 0) -> bool:
        """A turn at that time; whether it was a control step."""
        self.called.clear()
        return self.step(look(at_ns, feed=Feed(published=published)))


def drive(plane: Plane, until_ns: int, late_ns: int = 0) -> list[tuple[int, bool]]:
    """Turns as a driver makes them that comes ``late_ns`` late: when, and whether it was a control step."""
    turns: list[tuple[int, bool]] = []
    due_ns, *_ = plane.due(-1)
    while due_ns <= until_ns:
        turns.append((due_ns + late_ns, plane.at(due_ns + late_ns)))
        due_ns, *_ = plane.due(due_ns + late_ns)
    return turns


def test_a_step_goes_from_the_fault_over_what_sees_it_to_what_answers_it() -> None:
    plane = Plane(FeedOutageSettings(name="outage", at_ns=INTERVAL_NS))
    seen_by_steering: list[bool] = []
    steering: Any = plane.steering
    now = look(INTERVAL_NS)
    steering.step = lambda look: seen_by_steering.append(plane.knobs.at["feed_outage"] and look is now)
    assert plane.step(now)
    assert seen_by_steering == [True]
    assert plane.called == ["monitor", "operator", "automation"]
    parts: Any = plane
    assert parts.monitor.seen is parts.operator.seen is parts.automation.seen is now
    changes: list[Any] = plane.health
    assert (plane.steps, changes) == (1, ["a change"])


def test_steps_are_on_the_grid() -> None:
    plane = Plane()
    assert drive(plane, 300) == [(100, True), (200, True), (300, True)]
    assert plane.steps == 3


def test_a_step_that_comes_late_does_not_shift_the_others() -> None:
    plane = Plane()
    assert plane.at(130)
    assert plane.due(130) == (200, None, None)
    assert plane.at(200)
    # One that was missed is not made up for.
    assert plane.at(455)
    assert plane.due(455) == (500, None, None)
    assert not plane.at(499)
    assert plane.at(500)


def test_injections_begin_and_end_at_their_own_moments_between_steps() -> None:
    plane = Plane(FeedOutageSettings(name="outage", at_ns=130, duration_ns=45))
    assert drive(plane, 300) == [(100, True), (130, False), (175, False), (200, True), (300, True)]
    assert [(line.at_ns, line.event) for line in plane.injector.log] == [(130, "start"), (175, "end")]


def test_between_steps_nobody_but_the_injector_is_called() -> None:
    plane = Plane(FeedOutageSettings(name="outage", at_ns=30))
    assert not plane.at(30)
    assert (plane.called, plane.knobs.at["feed_outage"]) == ([], True)


def test_what_is_planned_for_the_very_beginning_does_not_wait_for_a_step() -> None:
    plane = Plane(FeedOutageSettings(name="outage", at_ns=0, duration_ns=30))
    assert drive(plane, 100) == [(0, False), (30, False), (100, True)]
    assert [(line.at_ns, line.event) for line in plane.injector.log] == [(0, "start"), (30, "end")]


def test_an_injection_that_becomes_due_while_a_step_is_made_is_not_left_for_the_next() -> None:
    plane = Plane(FeedOutageSettings(name="outage", at_ns=103))
    plane.at(101)
    # The clock is at 105 by now; what counts is what the look has seen.
    assert plane.due(101) == (103, None, None)


def test_a_count_of_events_is_waited_for_beside_the_clock() -> None:
    plane = Plane(FeedGapSettings(name="gap", at_event=40, events=3))
    assert plane.due(-1) == (100, 40, None)
    assert not plane.at(55, published=40)
    assert plane.injector.is_over
    assert plane.due(55) == (100, None, None)


def test_an_end_that_counts_events_is_waited_for_by_what_was_due() -> None:
    plane = Plane(FeedOutageSettings(name="outage", at_event=40, duration_events=5))
    assert plane.due(-1) == (100, 40, None)
    plane.at(55, published=40)
    assert plane.due(55) == (100, None, 45)


@pytest.mark.parametrize("late_ns", [0, 7])
def test_init_ends_when_it_is_due_on_the_grid_or_not(late_ns: int) -> None:
    plane = Plane()
    steering: Any = plane.steering
    steering.start_due_ns = 130
    plane.at(100)
    assert plane.due(100) == (130, None, None)
    # Somebody is on his way there already.
    assert plane.due(130) == (200, None, None)
    assert not plane.at(129)
    assert plane.at(130 + late_ns)
    assert plane.called[0] == "steering"
    steering.start_due_ns = None
    assert plane.due(130 + late_ns) == (200, None, None)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_whatever_the_body_raises_everything_is_rolled_back(error: type[BaseException]) -> None:
    plane = Plane(FeedOutageSettings(name="outage", at_ns=30))

    def body() -> None:
        plane.at(30)
        assert plane.knobs.turned == {"feed_outage": True}
        raise error

    with pytest.raises(error), plane.injector:
        body()
    assert plane.knobs.turned == {}
    assert [line.event for line in plane.injector.log] == ["start", "rollback"]


def test_a_fault_without_an_end_does_not_keep_a_run_from_ending() -> None:
    plane = Plane(FeedFreezeSettings(name="freeze", at_ns=30), patience_ns=200)
    # The plan lasts 500 ns; what moves after it is waited for.
    turns = [(at_ns, 7 if at_ns < 600 else 8) for at_ns in range(100, 900, 100)]
    active = []
    plane.at(30)
    for at_ns, published in turns:
        plane.at(at_ns, published)
        active.append(plane.injector.active)
    assert active == [("freeze",)] * 7 + [()]
    assert [(line.at_ns, line.event) for line in plane.injector.log] == [(30, "start"), (800, "rollback")]
    assert plane.knobs.turned == {}


def test_what_moves_at_a_step_is_no_standstill_without_patience_either() -> None:
    plane = Plane(StallSettings(name="stall", at_ns=30), patience_ns=0)
    plane.at(30)
    for at_ns, published in ((500, 7), (600, 8), (700, 9)):
        plane.at(at_ns, published)
        assert plane.injector.active == ("stall",)
    plane.at(800, 9)
    assert plane.injector.active == ()


@pytest.mark.parametrize(
    "fault",
    [SlowConsumerSettings(name="fault", at_ns=30, factor=9), FeedOutageSettings(name="fault", at_ns=30)],
    ids=lambda fault: fault.kind,
)
def test_a_fault_that_keeps_no_run_from_ending_lasts_to_its_end(fault: Any) -> None:
    """A slow stage may be at one event for longer than the patience."""
    plane = Plane(fault, patience_ns=200)
    plane.at(30)
    for at_ns in range(100, 2_000, 100):
        plane.at(at_ns)
    assert plane.injector.active == ("fault",)


def test_a_fault_that_has_an_end_is_waited_for_however_long() -> None:
    plane = Plane(FeedFreezeSettings(name="freeze", at_ns=30, duration_ns=5_000), patience_ns=200)
    plane.at(30)
    for at_ns in range(100, 5_000, 100):
        plane.at(at_ns)
    assert plane.injector.active == ("freeze",)


@pytest.mark.parametrize(
    "pending",
    [{"at_ns": NS_MAX}, {"in_state": "WARMUP", "after_ns": NS_MAX}, {"at_event": NS_MAX}],
    ids=["long after the feed", "long after WARMUP", "at an event that never comes"],
)
def test_a_fault_that_is_still_to_come_keeps_no_run_from_ending(pending: dict[str, Any]) -> None:
    later = FeedOutageSettings(name="later", **pending)
    plane = Plane(FeedFreezeSettings(name="freeze", at_ns=30), later, patience_ns=200)
    plane.at(30)
    for at_ns in range(100, 900, 100):
        plane.at(at_ns)
    assert [(line.name, line.event) for line in plane.injector.log] == [
        ("freeze", "start"),
        ("freeze", "rollback"),
    ]
    assert plane.knobs.turned == {}


def test_the_account_has_everything_and_counts_what_its_own_parts_could_not_do() -> None:
    plane = Plane(FeedOutageSettings(name="outage", at_ns=30))
    parts: Any = plane
    parts.automation.audit = SimpleNamespace(entries=("an entry",), unwritten=2)
    parts.automation.escalations = 1
    parts.steering.certificates = ("a certificate",)
    parts.monitor.errors = 3
    plane.at(30)
    plane.at(100)
    account: Any = plane.account()
    assert (account.steps, account.health, account.audit) == (1, ("a change",), ("an entry",))
    assert (account.escalations, account.certificates) == (1, ("a certificate",))
    assert [line.event for line in account.injections] == ["start"]
    assert account.errors == ControlErrors(injections=0, probes=3, audit_lines=2)


def test_the_state_that_parts_see_is_that_of_the_look() -> None:
    plane = Plane(FeedOutageSettings(name="outage", in_state="READY", after_ns=20))
    assert not plane.step(look(10, state=State.READY, epoch=2))
    # Known from the look that found READY: 20 ns later, to the nanosecond.
    assert plane.due(10) == (30, None, None)

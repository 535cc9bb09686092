"""Readiness: empty exactly when ready, and else every condition with its number."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tests.runtime.looks import Stage, Window, look, seen
from tickpath.config.scenario.surroundings import WarmupSettings
from tickpath.control.failure.causes import Cause, hold, release
from tickpath.control.health.monitor import ProbeStatus
from tickpath.core.state import Lifecycle, State
from tickpath.errors import ArgumentValueError
from tickpath.runtime.readiness import Readiness, UnmetCondition
from tickpath.runtime.shutdown import Shutdown
from tickpath.runtime.warmup import WarmUp


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at_ns = 1_000

    def __call__(self) -> int:
        return self.at_ns


class Monitor:
    """Probes whose verdicts a test sets."""

    def __init__(self, *readings: ProbeStatus) -> None:
        self.readings = readings


def lifecycle_in(*states: State) -> Lifecycle:
    lifecycle = Lifecycle()
    for state in states:
        lifecycle.transition_to(state)
    return lifecycle


def of(lifecycle: Lifecycle, clock: Clock | None = None, **given: Any) -> Readiness:
    return Readiness(lifecycle, interval_ns=10, clock=clock or Clock(), **given)


def names(unmet: tuple[UnmetCondition, ...]) -> list[str]:
    return [condition.name for condition in unmet]


def test_a_run_that_is_ready_has_nothing_unmet() -> None:
    readiness = of(lifecycle_in(State.WARMUP, State.READY))
    readiness.saw(look(executor=Stage(epoch_seen=2), state=State.READY, epoch=2))
    assert readiness.why_not_ready() == ()
    assert (readiness.is_ready, readiness.is_alive, readiness.has_started) == (True, True, True)


def test_before_its_first_step_it_is_not_ready_and_not_dead() -> None:
    readiness = of(lifecycle_in())
    assert names(readiness.why_not_ready()) == ["state", "control"]
    assert (readiness.is_ready, readiness.is_alive, readiness.has_started) == (False, True, False)
    assert str(readiness.why_not_started()[0]) == "state is INIT, expected READY"


def test_the_fence_is_a_condition_with_both_epochs() -> None:
    readiness = of(lifecycle_in(State.WARMUP, State.READY))
    readiness.saw(look(executor=Stage(epoch_seen=1), state=State.READY, epoch=2))
    (fence,) = readiness.why_not_ready()
    assert (fence.name, fence.value, fence.expected) == ("fence:executor", 1, 2)
    # A consumer that is slow to look at the gate executes nothing: nobody waits for it.
    slow = Stage(epoch_seen=0)
    readiness.saw(look(executor=Stage(epoch_seen=2), state=State.READY, epoch=2, slow=slow))
    assert readiness.is_ready


def test_an_executor_that_was_ended_is_never_ready() -> None:
    readiness = of(lifecycle_in(State.WARMUP, State.READY))
    ended = look(executor=Stage(epoch_seen=None), state=State.READY, epoch=2)
    readiness.saw(ended)
    # Nobody knows epochs here: an object tier.
    assert readiness.is_ready
    readiness.saw(look(executor=Stage(epoch_seen=2), state=State.READY, epoch=2))
    readiness.saw(ended)
    assert names(readiness.why_not_ready()) == ["executor"]


def test_a_held_cause_is_named_with_owner_evidence_and_since() -> None:
    lifecycle = lifecycle_in(State.WARMUP, State.READY)
    readiness = of(lifecycle)
    readiness.saw(look(executor=Stage(epoch_seen=2), state=State.READY, epoch=2))
    outage = Cause("market data outage", "probe:feed", "staleness is 12", 7_000)
    bare = Cause("operator says so")
    hold(lifecycle, outage)
    hold(lifecycle, bare)
    unmet = readiness.why_not_ready()
    assert names(unmet) == ["cause:market data outage", "cause:operator says so"]
    assert str(unmet[0]) == (
        "cause:market data outage is held since 7,000 ns, expected not held "
        "(held by probe:feed, staleness is 12)"
    )
    release(lifecycle, outage)
    release(lifecycle, bare)
    assert readiness.is_ready


def test_the_warm_up_says_how_far_it_is() -> None:
    settings = WarmupSettings(round_events=1_000, rounds_min=2, rounds_max=30, flat_rounds=2, tolerance=0.05)
    warmup = WarmUp(settings)
    readiness = of(lifecycle_in(State.WARMUP), warmup=warmup)
    warmup.begin()
    window = Window(200, 300)
    for cursor in (1_000, 2_000, 2_412):
        warmup.step(seen(cursor), window)
    readiness.saw(seen(2_412))
    (state, unmet) = readiness.why_not_ready()
    assert state.name == "state"
    assert unmet.value == "round 3 of at most 30, 412 of 1,000 events; spread 50.0%"
    assert unmet.expected == "latency flat within 5.0%"
    warmup.interrupt(9, "stop")
    (_, failed) = readiness.why_not_ready()
    assert (failed.value, failed.expected) == ("interrupted", "passed")
    assert failed.detail.startswith("stop, 412 of 1000 events into warm-up round 3")


def test_a_count_says_how_many_are_missing() -> None:
    warmup = WarmUp(WarmupSettings(kind="count"), events=1_000)
    readiness = of(lifecycle_in(State.WARMUP), warmup=warmup)
    warmup.begin()
    warmup.step(seen(40))
    readiness.saw(seen(40))
    assert readiness.why_not_ready()[1] == UnmetCondition("warmup", "40 of 1,000 events", "1,000 events")


def test_probes_are_named_where_they_keep_the_run_from_being_ready() -> None:
    failing = ProbeStatus("feed", "outage", "failing", 12.0, 5.0, "ms old", 300, raised=False)
    unknown = ProbeStatus("latency", "slow", "unknown", None, None, "share", None, raised=False)
    fine = ProbeStatus("backlog", "backlog", "ok", 0.0, 0.5, "share", 0, raised=False)
    lifecycle = lifecycle_in(State.WARMUP, State.READY)
    readiness = of(lifecycle, monitor=Monitor(failing, unknown, fine))
    readiness.saw(look(executor=Stage(epoch_seen=2)))
    # Not raised yet, or quiet: hysteresis decides, and until then the run is ready.
    assert readiness.is_ready
    assert readiness.why_not_ready() == ()
    lifecycle.transition_to(State.DEGRADED)
    readiness.saw(look(executor=Stage(epoch_seen=3)))
    assert readiness.why_not_ready()[1:] == (
        UnmetCondition("probe:feed", 12.0, 5.0, "ms old: failing since 300 ns"),
        UnmetCondition("probe:latency", None, "known", "share: unknown"),
    )


@pytest.mark.parametrize(("silent_ns", "is_alive"), [(50, True), (51, False)])
def test_a_control_plane_that_is_silent_too_long_is_dead(silent_ns: int, is_alive: bool) -> None:
    clock = Clock()
    lifecycle = lifecycle_in(State.WARMUP, State.READY)
    readiness = of(lifecycle, clock, intervals_max=5)
    readiness.saw(look(executor=Stage(epoch_seen=2)))
    clock.at_ns += silent_ns
    assert (readiness.is_alive, readiness.is_ready) == (is_alive, is_alive)
    if not is_alive:
        (silence,) = readiness.why_not_alive()
        assert (silence.name, silence.value, silence.expected) == ("control", 51, 50)


def test_a_run_that_was_ready_has_started_for_good() -> None:
    lifecycle = lifecycle_in(State.WARMUP, State.READY, State.DEGRADED)
    readiness = of(lifecycle)
    assert (readiness.is_ready, readiness.has_started, readiness.why_not_started()) == (False, True, ())


def test_whoever_asked_for_the_end_is_not_ready_any_more() -> None:
    shutdown, clock = Shutdown(1_000), Clock()
    lifecycle = lifecycle_in(State.WARMUP, State.READY)
    readiness = of(lifecycle, clock, shutdown=shutdown)
    last = look(executor=Stage(epoch_seen=2, backlog=3))
    readiness.saw(last)
    shutdown.request("SIGTERM")
    assert str(readiness.why_not_ready()[0]) == "shutdown is requested, expected running"
    shutdown.step(last)
    assert readiness.why_not_ready()[0].value == "stopping_intake"
    shutdown.request("SIGTERM")
    shutdown.step(last)
    # Nobody steps while the account is made, and that is no death.
    clock.at_ns += 10**9
    assert readiness.is_alive
    readiness.end()
    assert str(readiness.why_not_ready()[0]) == "run is over, expected running"


def test_a_condition_is_an_object_of_json() -> None:
    condition = UnmetCondition("probe:latency", None, 0.01, "unknown")
    assert json.loads(json.dumps(condition.as_json())) == {
        "name": "probe:latency",
        "value": None,
        "expected": 0.01,
        "detail": "unknown",
    }
    assert str(condition) == "probe:latency is unknown, expected 0.01 (unknown)"


def test_it_can_be_asked_from_another_thread() -> None:
    readiness = of(lifecycle_in(State.WARMUP))
    readiness.saw(look())
    answers: list[tuple[UnmetCondition, ...]] = []
    thread = threading.Thread(target=lambda: answers.append(readiness.why_not_ready()))
    thread.start()
    thread.join()
    assert answers == [readiness.why_not_ready()]


def test_a_condition_cannot_be_changed_and_needs_no_detail() -> None:
    condition: Any = UnmetCondition("state", "INIT", "READY")
    assert condition.detail == ""
    with pytest.raises(AttributeError):
        condition.value = "READY"


def test_it_shows_what_was_seen_last() -> None:
    readiness = of(Lifecycle())
    assert readiness.look is None
    last = look()
    readiness.saw(last)
    assert readiness.look is last


def test_a_hundred_intervals_without_a_step_are_not_too_many() -> None:
    clock = Clock()
    readiness = of(lifecycle_in(State.WARMUP), clock)
    readiness.saw(look())
    clock.at_ns += 1000
    assert readiness.is_alive
    clock.at_ns += 1
    (silence,) = readiness.why_not_alive()
    assert (silence.value, silence.expected) == (1001, 1000)


@pytest.mark.parametrize("which", ["interval_ns", "intervals_max"])
def test_an_interval_is_a_positive_number(which: str) -> None:
    given: dict[str, Any] = {"interval_ns": 1}
    for good in (1, 2**63 - 1):
        Readiness(Lifecycle(), **(given | {which: good}))
    for bad in (0, 2**63):
        words = f"^{which} must be an integer from 1 to 9,223,372,036,854,775,807, got {bad}$"
        with pytest.raises(ArgumentValueError, match=words):
            Readiness(Lifecycle(), **(given | {which: bad}))


def test_what_was_seen_ready_has_started_whatever_the_history_still_has() -> None:
    lifecycle = Lifecycle(history_limit=1)
    for state in (State.WARMUP, State.READY, State.DEGRADED):
        lifecycle.transition_to(state)
    readiness = of(lifecycle)
    readiness.saw(look(state=State.DEGRADED, epoch=3))
    assert not readiness.has_started
    readiness.saw(look(state=State.READY, epoch=2))
    assert (readiness.has_started, readiness.why_not_started()) == (True, ())
    assert not of(lifecycle_in(State.WARMUP, State.DEGRADED)).has_started


class Forgetful(Lifecycle):
    """A lifecycle that has just become READY, and whose history was read before that."""

    @property
    def history(self) -> tuple[()]:
        return ()


def test_one_that_becomes_ready_while_it_is_asked_has_not_started_for_want_of_a_look() -> None:
    lifecycle = Forgetful()
    for state in (State.WARMUP, State.READY):
        lifecycle.transition_to(state)
    readiness = of(lifecycle)
    readiness.saw(look(executor=Stage(epoch_seen=2)))
    assert readiness.why_not_ready() == ()
    assert readiness.why_not_started() == (UnmetCondition("state", "READY", "READY once"),)


def test_an_account_that_is_made_is_no_silence() -> None:
    shutdown, clock = Shutdown(0), Clock()
    readiness = of(lifecycle_in(State.WARMUP), clock, shutdown=shutdown)
    readiness.saw(look())
    clock.at_ns += 10**9
    assert not readiness.is_alive
    shutdown.request("me")
    assert not readiness.is_alive
    shutdown.account(9, {})
    assert (shutdown.phase, readiness.is_alive) == ("done", True)


def test_every_condition_says_what_was_found_and_what_would_meet_it() -> None:
    clock, lifecycle = Clock(), lifecycle_in(State.WARMUP, State.READY)
    readiness = of(lifecycle, clock, intervals_max=1)
    assert readiness.why_not_ready() == (UnmetCondition("control", "not stepped yet", "at least one step"),)
    readiness.saw(look(executor=Stage(epoch_seen=1)))
    clock.at_ns += 11
    hold(lifecycle, Cause("somebody says so"))
    assert readiness.why_not_ready() == (
        UnmetCondition("cause:somebody says so", "held", "not held", ""),
        UnmetCondition("fence:executor", 1, 2, "the last epoch it has seen"),
        UnmetCondition(
            "control", 11, 10, "nanoseconds since the control plane's last step, and how many there may be"
        ),
    )
    readiness.saw(look(executor=Stage(epoch_seen=None, backlog=1)))
    assert readiness.why_not_ready()[1:] == (
        UnmetCondition("executor", "ended by its overrun policy", "reading"),
    )
    readiness.saw(look(executor=Stage(epoch_seen=None, backlog=0)))
    assert readiness.why_not_ready()[1:] == (UnmetCondition("executor", "has read everything", "reading"),)


def test_a_warm_up_is_no_condition_before_it_begins_nor_once_it_has_passed() -> None:
    warmup = WarmUp(WarmupSettings(round_events=100, rounds_min=2, rounds_max=3, flat_rounds=2))
    readiness = of(lifecycle_in(), warmup=warmup)
    assert names(readiness.why_not_ready()) == ["state", "control"]
    warmup.begin()
    assert readiness.why_not_ready()[2] == UnmetCondition(
        "warmup", "round 1 of at most 3, 0 of 100 events; spread unknown", "latency flat within 10.0%"
    )
    for cursor, median_ns in ((100, 5), (200, 50), (300, 500)):
        warmup.step(seen(cursor), Window(median_ns))
    assert warmup.certificate is not None
    assert readiness.why_not_ready()[2] == UnmetCondition(
        "warmup", "failed", "passed", warmup.certificate.reason
    )
    warmup.begin(look=seen(300))
    for cursor in (400, 500):
        warmup.step(seen(cursor), Window(5))
    assert warmup.certificate.verdict == "passed"
    assert names(readiness.why_not_ready()) == ["state", "control"]

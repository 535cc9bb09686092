"""The injector: each kind turns its knob and turns it back, when its schedule says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.control.looks import Feed, Knobs, Stage, lifecycle_in, look
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
from tickpath.control.failure import Cause, Injector, held
from tickpath.core.state import Lifecycle, State

LASTING: list[tuple[Any, dict[str, Any], Any, Any]] = [
    (FeedOutageSettings, {}, "feed_outage", True),
    (FeedFreezeSettings, {}, "feed_freeze", True),
    (FeedStaleSettings, {}, "feed_stale", True),
    (FeedDuplicateSettings, {"every": 5}, "feed_duplicate", 5),
    (FeedReorderSettings, {"every": 7}, "feed_reorder", 7),
    (SlowConsumerSettings, {"factor": 3.0, "extra_ns": 9}, ("stage_slow", "executor"), (3.0, 9)),
    (SlowConsumerSettings, {"stage": "risk", "extra_ns": 9}, ("stage_slow", "risk"), (1.0, 9)),
    (StallSettings, {}, ("stage_stall", "executor"), True),
    (StallSettings, {"stage": "risk"}, ("stage_stall", "risk"), True),
    (SinkStallSettings, {}, "sink_stall", True),
    (ClockStepSettings, {"offset_ns": -400}, "clock_step", -400),
]


def run(injector: Injector, *looks: Any) -> list[tuple[int, str]]:
    """Time and event of everything that happened."""
    for each in looks:
        injector.step(each)
    return [(line.at_ns, line.event) for line in injector.log]


@pytest.mark.parametrize(("settings", "params", "knob", "value"), LASTING)
def test_it_turns_its_knob_for_as_long_as_it_lasts(settings: Any, params: Any, knob: Any, value: Any) -> None:
    knobs = Knobs()
    one = settings(name="one", at_ns=100, duration_ns=50, **params)
    with Injector.of([one], knobs, sink=knobs) as injector:
        injector.step(look(99))
        assert (knobs.calls, injector.active, injector.is_over) == ([], (), False)
        injector.step(look(100))
        assert (knobs.turned, injector.active) == ({knob: value}, ("one",))
        injector.step(look(149))
        assert len(knobs.calls) == 1
        injector.step(look(150))
        assert (knobs.turned, injector.active, injector.is_over) == ({}, (), True)
    assert [(line.at_ns, line.name, line.kind, line.event) for line in injector.log] == [
        (100, "one", one.kind, "start"),
        (150, "one", one.kind, "end"),
    ]
    assert len(knobs.calls) == 2
    assert injector.errors == 0


@pytest.mark.parametrize(
    ("settings", "knob"), [(FeedGapSettings, "feed_gap"), (FeedBurstSettings, "feed_burst")]
)
def test_the_next_events_are_told_once_and_called_off_at_the_end(settings: Any, knob: str) -> None:
    knobs = Knobs()
    with Injector.of([settings(at_ns=5, events=30)], knobs) as injector:
        assert run(injector, look(5), look(6)) == [(5, "start"), (5, "end")]
        assert knobs.calls == [(knob, 30)]
    assert knobs.calls == [(knob, 30), (knob, 0)]


def test_the_same_number_told_twice_is_told_twice() -> None:
    knobs = Knobs()
    gaps = [FeedGapSettings(name=f"g{at_ns}", at_ns=at_ns, events=30) for at_ns in (1, 2)]
    run(Injector.of(gaps, knobs), look(1), look(2))
    assert knobs.calls == [("feed_gap", 30)] * 2


class TestColdStart:
    SETTINGS = ColdStartSettings(name="restart", at_ns=10, factor=4.0, events=100)

    def test_it_slows_the_executor_for_its_next_events_and_signals(self) -> None:
        knobs, lifecycle = Knobs(), lifecycle_in(State.READY)
        injector = Injector.of([self.SETTINGS], knobs, lifecycle)
        injector.step(look(10, executor=Stage(processed=1000)))
        assert knobs.turned == {("stage_slow", "executor"): (4.0, 0)}
        evidence = "caches are cold for 100 events at 4 times the service time"
        assert held(lifecycle) == (Cause("cold start", "injection:restart", evidence, 10),)
        injector.step(look(20, executor=Stage(processed=1099)))
        assert injector.active == ("restart",)
        injector.step(look(30, executor=Stage(processed=1100)))
        assert (knobs.turned, held(lifecycle), injector.is_over) == ({}, (), True)
        assert (lifecycle.state, lifecycle.epoch) == (State.READY, 2)

    def test_an_executor_that_is_not_there_yet_has_processed_nothing(self) -> None:
        knobs, lifecycle = Knobs(), lifecycle_in(State.READY)
        injector = Injector.of([self.SETTINGS], knobs, lifecycle)
        looks = [
            look(10, stages={}),
            look(20, executor=Stage(processed=99)),
            look(30, executor=Stage(processed=100)),
        ]
        assert run(injector, *looks) == [(10, "start"), (30, "end")]
        assert injector.errors == 0

    def test_it_is_rolled_back_with_its_signal(self) -> None:
        knobs, lifecycle = Knobs(), lifecycle_in(State.READY)
        with Injector.of([self.SETTINGS], knobs, lifecycle) as injector:
            injector.step(look(10))
        assert (knobs.turned, held(lifecycle)) == ({}, ())
        assert [line.event for line in injector.log] == ["start", "rollback"]


class TestStateCorruption:
    def test_the_move_is_refused_and_counted_and_the_lifecycle_stays(self) -> None:
        for state in State:
            lifecycle = lifecycle_in(state)
            epoch = lifecycle.epoch
            injector = Injector.of([StateCorruptionSettings(at_ns=1)], None, lifecycle)
            assert run(injector, look(1, state=state)) == [(1, "start"), (1, "end")]
            assert (lifecycle.state, lifecycle.epoch) == (state, epoch)
            assert (lifecycle.refused_moves, injector.errors) == (1, 0)

    def test_a_legal_move_is_not_attempted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        errors: list[Any] = []
        monkeypatch.setattr("sys.unraisablehook", lambda args: errors.append(args.exc_value))
        lifecycle = lifecycle_in(State.READY)
        injector = Injector.of([StateCorruptionSettings(at_ns=1, target="DEGRADED")], None, lifecycle)
        assert run(injector, look(1)) == [(1, "start"), (1, "rollback")]
        assert (lifecycle.state, lifecycle.refused_moves, injector.errors) == (State.READY, 0, 1)
        assert "READY -> DEGRADED is a legal move" in str(errors[0])

    def test_nor_one_that_becomes_legal_meanwhile(self) -> None:
        class Moved(Lifecycle):
            def can_transition_to(self, state: State) -> bool:
                can = super().can_transition_to(state)
                self.transition_to(State.DEGRADED)
                return can

        lifecycle = Moved()
        lifecycle.transition_to(State.WARMUP)
        injector = Injector.of([StateCorruptionSettings(at_ns=1, target="WARMUP")], None, lifecycle)
        injector.step(look(1))
        assert (lifecycle.state, lifecycle.epoch) == (State.DEGRADED, 2)


class TestStart:
    def test_by_time_it_is_the_first_look_at_or_after(self) -> None:
        injector = Injector.of([FeedOutageSettings(at_ns=100)], Knobs())
        assert run(injector, look(60), look(120)) == [(120, "start")]

    def test_by_count_it_is_the_first_look_that_found_so_many(self) -> None:
        injector = Injector.of([FeedOutageSettings(at_event=500)], Knobs())
        looks = [look(n, feed=Feed(published=count)) for n, count in enumerate((499, 500, 501))]
        assert run(injector, *looks) == [(1, "start")]

    def test_by_state_it_is_at_once(self) -> None:
        injector = Injector.of([FeedOutageSettings(in_state="READY")], Knobs())
        looks = [look(n * 10, state=state, epoch=n) for n, state in enumerate((State.WARMUP, State.READY))]
        assert run(injector, *looks) == [(10, "start")]

    def test_or_so_long_after_the_look_that_found_it_first(self) -> None:
        injector = Injector.of([FeedOutageSettings(in_state="READY", after_ns=25)], Knobs())
        injector.step(look(0, state=State.WARMUP, epoch=1))
        assert injector.next_due_ns(0) is None
        injector.step(look(10))
        assert injector.next_due_ns(10) == 35
        assert run(injector, look(20), look(34), look(35)) == [(35, "start")]

    def test_which_counts_anew_if_it_was_left_meanwhile(self) -> None:
        injector = Injector.of([FeedOutageSettings(in_state="READY", after_ns=25)], Knobs())
        states = [(0, State.READY, 2), (25, State.DEGRADED, 3), (30, State.READY, 4), (54, State.READY, 4)]
        assert run(injector, *(look(at, state=state, epoch=epoch) for at, state, epoch in states)) == []
        assert run(injector, look(55, epoch=4)) == [(55, "start")]

    def test_also_where_no_look_saw_it_away(self) -> None:
        injector = Injector.of([FeedOutageSettings(in_state="READY", after_ns=25)], Knobs())
        assert run(injector, look(0), look(20, epoch=4), look(30, epoch=4)) == []
        assert run(injector, look(45, epoch=4)) == [(45, "start")]

    def test_each_starts_once(self) -> None:
        injector = Injector.of([FeedOutageSettings(in_state="READY", duration_ns=5)], Knobs())
        looks = [look(at_ns, epoch=at_ns) for at_ns in (0, 10, 20, 30)]
        assert run(injector, *looks) == [(0, "start"), (10, "end")]


class TestEnd:
    def test_by_time_it_counts_from_the_look_it_started_at(self) -> None:
        injector = Injector.of([FeedOutageSettings(at_ns=100, duration_ns=50)], Knobs())
        assert run(injector, look(130), look(179), look(180)) == [(130, "start"), (180, "end")]

    def test_by_count_it_counts_events_that_became_due(self) -> None:
        """Those that came and those withheld; a repeat is no event more."""
        injector = Injector.of([FeedStaleSettings(at_ns=0, duration_events=100)], Knobs())
        injector.step(look(0, feed=Feed(published=50)))
        injector.step(look(1, feed=Feed(published=149, withheld=99, repeats=99)))
        assert injector.active
        injector.step(look(2, feed=Feed(published=150, withheld=100, repeats=100)))
        assert not injector.active

    def test_an_outage_may_last_a_number_of_events(self) -> None:
        injector = Injector.of([FeedOutageSettings(at_event=10, duration_events=5)], Knobs())
        counts = [(10, 0), (10, 4), (10, 5)]
        looks = [look(n, feed=Feed(published=p, withheld=w)) for n, (p, w) in enumerate(counts)]
        assert run(injector, *looks) == [(0, "start"), (2, "end")]

    def test_without_a_duration_it_lasts_until_the_rollback(self) -> None:
        knobs = Knobs()
        with Injector.of([FeedOutageSettings(at_ns=0)], knobs) as injector:
            run(injector, look(0), look(10**12))
            assert knobs.turned
        assert [line.event for line in injector.log] == ["start", "rollback"]
        assert (injector.log[-1].at_ns, knobs.turned) == (10**12, {})


class TestDue:
    def test_a_driver_is_told_the_next_moment(self) -> None:
        faults = [
            FeedOutageSettings(name="a", at_ns=100, duration_ns=50),
            StallSettings(name="b", at_ns=120, duration_ns=10),
        ]
        injector = Injector.of(faults, Knobs())
        dues, at_ns = [], 0
        while (due_ns := injector.next_due_ns(at_ns)) is not None:
            dues.append(due_ns)
            injector.step(look(due_ns))
            at_ns = due_ns
        assert dues == [100, 120, 130, 150]
        assert [(line.at_ns, line.name, line.event) for line in injector.log] == [
            (100, "a", "start"),
            (120, "b", "start"),
            (130, "b", "end"),
            (150, "a", "end"),
        ]

    def test_what_is_past_is_due_no_more(self) -> None:
        injector = Injector.of([FeedOutageSettings(at_ns=100)], Knobs())
        assert [injector.next_due_ns(at_ns) for at_ns in (99, 100)] == [100, None]

    def test_an_end_is_waited_for_only_while_it_is_under_way_and_still_to_come(self) -> None:
        faults = [
            FeedOutageSettings(name="a", at_ns=100, duration_ns=50),
            StallSettings(name="b", at_ns=120, duration_ns=10),
        ]
        injector = Injector.of(faults, Knobs())
        ends = [injector.next_end_ns(0)]
        for at_ns in (100, 120, 130, 150):
            injector.step(look(at_ns))
            ends.append(injector.next_end_ns(at_ns))
        assert ends == [None, 150, 130, 150, None]

    def test_an_end_that_is_past_is_waited_for_no_more(self) -> None:
        injector = Injector.of([FeedOutageSettings(at_ns=100, duration_ns=50)], Knobs())
        injector.step(look(100))
        assert [injector.next_end_ns(at_ns) for at_ns in (149, 150)] == [150, None]

    def test_and_the_next_count(self) -> None:
        injector = Injector.of([FeedDuplicateSettings(at_event=100, every=2, duration_events=50)], Knobs())
        counts = [(injector.next_due_event(), injector.next_end_due())]
        for at_ns, (published, repeats) in enumerate([(10, 0), (100, 0), (150, 16), (180, 30)]):
            injector.step(look(at_ns, feed=Feed(published=published, repeats=repeats)))
            counts.append((injector.next_due_event(), injector.next_end_due()))
        assert counts == [(100, None), (100, None), (None, 150), (None, 150), (None, None)]

    def test_of_several_ends_that_count_the_next_one_counts(self) -> None:
        faults = [FeedStaleSettings(name=str(n), at_ns=0, duration_events=n) for n in (7, 3, 5)]
        injector = Injector.of([*faults, FeedOutageSettings(at_ns=0)], Knobs())
        injector.step(look(0, feed=Feed(published=10, withheld=4, repeats=1)))
        assert injector.next_end_due() == 16

    def test_before_the_first_look_every_count_is_still_to_come(self) -> None:
        faults = [FeedOutageSettings(name=str(count), at_event=count) for count in (7, 1)]
        assert Injector.of(faults, Knobs()).next_due_event() == 1

    def test_one_that_started_by_count_and_ends_by_time_is_due_at_no_count(self) -> None:
        injector = Injector.of([FeedOutageSettings(at_event=5, duration_ns=10)], Knobs())
        injector.step(look(3, feed=Feed(published=5)))
        assert (injector.next_due_event(), injector.next_due_ns(3)) == (None, 13)

    def test_nothing_is_due_where_nothing_is_planned(self) -> None:
        injector = Injector.of([], None)
        injector.step(look(0))
        assert (injector.next_due_ns(0), injector.next_due_event(), injector.is_over) == (None, None, True)


@pytest.mark.parametrize(
    ("fault", "holds_up"),
    [
        (FeedFreezeSettings, True),
        (StallSettings, True),
        (FeedOutageSettings, False),
        (SinkStallSettings, False),
    ],
)
def test_without_the_end_of_a_freeze_or_a_stall_a_run_has_none(fault: Any, holds_up: bool) -> None:
    knobs = Knobs()
    injector = Injector.of([fault(at_ns=10, duration_ns=10)], knobs, sink=knobs)
    seen = []
    for at_ns in (0, 10, 20):
        injector.step(look(at_ns))
        seen.append(injector.holds_up)
    assert seen == [False, holds_up, False]


class TestOverlap:
    def test_a_switch_stays_on_until_the_last_one_ends(self) -> None:
        knobs = Knobs()
        faults = [
            FeedOutageSettings(name="a", at_ns=0, duration_ns=20),
            FeedOutageSettings(name="b", at_ns=10, duration_ns=20),
        ]
        run(Injector.of(faults, knobs), *(look(at_ns) for at_ns in range(0, 50, 10)))
        assert knobs.calls == [("feed_outage", True), ("feed_outage", False)]

    def test_two_in_a_row_leave_no_gap(self) -> None:
        knobs = Knobs()
        faults = [StallSettings(name=str(at_ns), at_ns=at_ns, duration_ns=10) for at_ns in (0, 10)]
        run(Injector.of(faults, knobs), look(0), look(10), look(20))
        assert [on for *_, on in knobs.calls] == [True, False]

    def test_of_every_n_th_the_most_often_counts(self) -> None:
        knobs = Knobs()
        faults = [
            FeedDuplicateSettings(name="rare", at_ns=0, every=9, duration_ns=30),
            FeedDuplicateSettings(name="often", at_ns=10, every=3, duration_ns=10),
        ]
        run(Injector.of(faults, knobs), *(look(at_ns) for at_ns in range(0, 40, 10)))
        assert [every for _, every in knobs.calls] == [9, 3, 9, 0]

    def test_of_two_slow_downs_the_larger_factor_and_the_larger_addition_count(self) -> None:
        knobs, lifecycle = Knobs(), lifecycle_in(State.READY)
        faults = [
            SlowConsumerSettings(name="a", at_ns=0, factor=2, extra_ns=500, duration_ns=30),
            ColdStartSettings(name="b", at_ns=10, factor=8, events=5),
        ]
        looks = [look(n * 10, executor=Stage(processed=n * 5)) for n in range(4)]
        run(Injector.of(faults, knobs, lifecycle), *looks)
        assert [slow for *_, slow in knobs.calls] == [(2, 500), (8, 500), (2, 500), (1.0, 0)]

    def test_stages_are_slowed_down_by_themselves(self) -> None:
        knobs = Knobs()
        faults = [SlowConsumerSettings(name=stage, stage=stage, at_ns=0, factor=2) for stage in ("a", "b")]
        run(Injector.of(faults, knobs), look(0))
        assert list(knobs.turned) == [("stage_slow", "a"), ("stage_slow", "b")]

    def test_clock_steps_add_up(self) -> None:
        knobs = Knobs()
        faults = [
            ClockStepSettings(name="a", at_ns=0, offset_ns=100, duration_ns=20),
            ClockStepSettings(name="b", at_ns=10, offset_ns=-30, duration_ns=20),
        ]
        run(Injector.of(faults, knobs), *(look(at_ns) for at_ns in range(0, 40, 10)))
        assert [offset for _, offset in knobs.calls] == [100, 70, -30, 0]

"""What the hands of the control plane write down: causes, reasons and times, each to the word."""

from __future__ import annotations

from typing import Any

import pytest

from tests.runtime.looks import Stage, look
from tests.runtime.test_steering import COUNT, EVIDENCE, FENCE_NS, OUTAGE, ROUND, Run
from tickpath.config.scenario.surroundings import WarmupSettings
from tickpath.control.failure import held, held_causes, hold
from tickpath.core.state import Lifecycle, State
from tickpath.errors import EngineFailed
from tickpath.runtime.steering import WARMUP_CAUSE, Steering
from tickpath.runtime.warmup import WarmUp


def causes(run: Run) -> list[tuple[str, str]]:
    return [(move.target.name, move.cause) for move in run.lifecycle.history]


def test_every_move_says_why() -> None:
    run = Run().warmed_up()
    assert causes(run) == [("WARMUP", "run started"), ("READY", "100 warm-up events processed")]
    [certificate] = run.steering.certificates
    assert (certificate.began_ns, certificate.ended_ns, certificate.events) == (0, 10, ROUND)
    run.steering.degrade("an outage")
    assert run.steering.restart_warmup("once more")
    assert causes(run)[2:] == [("DEGRADED", "an outage"), ("WARMUP", "once more")]


def test_a_warm_up_that_is_left_says_when_and_where_to() -> None:
    run = Run(EVIDENCE)
    run.steering.begin()
    run.step(30)
    run.lifecycle.transition_to(State.DEGRADED, "by hand")
    assert run.step(10) == [("release", None)]
    [left] = run.steering.certificates
    assert (left.verdict, left.ended_ns, left.events) == ("interrupted", 20, 40)
    assert left.reason == (
        "the lifecycle was moved to DEGRADED, 30 of 100 events into warm-up round 1 of at most 4"
    )
    # Once; and nobody held the feed since.
    assert (run.step(), run.verdicts) == ([], [(1, "interrupted")])


def test_a_warm_up_that_somebody_else_has_ended_in_ready_lets_the_fence_decide() -> None:
    run = Run(EVIDENCE)
    run.steering.begin()
    run.step(30, held=True)
    run.lifecycle.transition_to(State.READY, "by hand")
    assert run.step(sees=False) == []
    assert run.step() == [("release", None)]
    assert run.verdicts == [(1, "interrupted")]


def test_degrading_in_a_warm_up_counts_what_was_seen_last() -> None:
    run = Run(EVIDENCE)
    run.steering.begin()
    run.step(30)
    run.executor.processed += 5
    run.steering.degrade("an outage")
    [left] = run.steering.certificates
    assert (left.ended_ns, left.events, left.attempt) == (10, 35, 1)
    # Before anybody has looked there is nothing to count, and no time.
    early = Run(EVIDENCE)
    early.steering.begin()
    early.steering.degrade("an outage")
    [left] = early.steering.certificates
    assert (left.ended_ns, left.events, early.engine.asked) == (0, 0, [("release", None)])


@pytest.mark.parametrize("states", [(), (State.WARMUP, State.DEGRADED)])
def test_there_is_nothing_to_degrade_in_init_and_in_degraded(states: tuple[State, ...]) -> None:
    run = Run()
    for state in states:
        run.lifecycle.transition_to(state)
    before = run.lifecycle.epoch
    run.steering.degrade("an outage")
    assert (run.lifecycle.epoch, run.engine.asked, run.lifecycle.refused_moves) == (before, [], 0)


def test_a_warm_up_that_ends_in_ready_has_no_hold_to_let_go() -> None:
    run = Run(EVIDENCE, 700, 700)
    run.steering.begin()
    run.step(ROUND, held=True)
    run.step(ROUND, held=True)
    run.engine.asked.clear()
    run.steering.degrade("an outage")
    assert (run.engine.asked, run.verdicts) == ([], [(1, "passed")])
    assert run.step(held=True) == [("release", None)]


def test_nothing_is_recovered_that_was_never_warm() -> None:
    run = Run()
    run.lifecycle.transition_to(State.WARMUP)
    run.lifecycle.transition_to(State.DEGRADED)
    assert not run.steering.recover("no warm-up yet")
    assert run.is_in(State.DEGRADED)
    assert not Run().steering.recover("not even begun")


def test_a_restart_begins_at_the_last_look() -> None:
    run = Run().warmed_up()
    run.steering.degrade("cold start")
    run.step(7)
    assert run.steering.restart_warmup("cold start")
    # Seven more were looked at before it: ten times ten nanoseconds, and it is theirs no more.
    run.step(ROUND)
    assert run.is_in(State.READY)
    second = run.steering.certificates[1]
    assert (second.began_ns, second.ended_ns, second.events) == (20, 30, ROUND)
    assert run.engine._window.takes == 1


def test_the_end_of_the_run_is_when_it_was_looked_at() -> None:
    run = Run()
    run.steering.begin()
    run.step(40)
    run.at_ns = 99
    run.steering.end(run.look())
    [left] = run.steering.certificates
    assert (left.ended_ns, left.events) == (99, 40)
    assert left.reason == "the run is over, 40 of 100 warm-up events processed"


def test_one_that_somebody_else_has_begun_again_is_another() -> None:
    run = Run()
    run.steering.begin()
    run.step(40)
    for state in (State.DEGRADED, State.WARMUP):
        run.lifecycle.transition_to(state, "by hand")
    run.step(10)
    [left] = run.steering.certificates
    assert (left.ended_ns, left.events, left.reason) == (
        *(20, 50),
        "begun again, 40 of 100 warm-up events processed",
    )


def test_a_failed_warm_up_is_let_go_by_the_next_that_passes_and_the_cause_has_its_time() -> None:
    run = Run(WarmupSettings(round_events=ROUND, rounds_min=2, flat_rounds=2, rounds_max=2), 1, 9)
    run.steering.begin()
    run.step(ROUND, held=True)
    run.step(ROUND, held=True)
    [cause] = held(run.lifecycle)
    reason = run.steering.certificates[0].reason
    assert (cause.words, cause.owner, cause.evidence, cause.since_ns) == (
        *("warm-up incomplete", "warm-up", reason),
        20,
    )
    assert WARMUP_CAUSE == "warm-up incomplete"
    assert run.lifecycle.history[-1].cause == reason


def test_ready_that_waited_for_a_cause_has_the_warm_up_s_own_reason() -> None:
    run = Run()
    run.steering.begin()
    hold(run.lifecycle, OUTAGE)
    run.step(ROUND, held=True)
    # The feed goes on at each step that it is found held.
    assert run.step() == [("release", None)]
    assert held_causes(run.lifecycle) == ("market data outage",)


def test_a_held_feed_waits_for_a_second_unless_told_otherwise() -> None:
    lifecycle = Lifecycle()
    for state in (State.WARMUP, State.READY):
        lifecycle.transition_to(state)
    run = Run()
    engine: Any = run.engine
    steering = Steering(lifecycle, engine, WarmUp(COUNT))
    run.feed.held = True
    for at_ns, asked in ((5, []), (1_000_000_004, []), (1_000_000_005, [("release", None)])):
        steering.step(look(at_ns, feed=run.feed, executor=Stage(epoch_seen=1), state=State.READY, epoch=2))
        assert run.engine.asked == asked


def test_each_epoch_has_a_fence_of_its_own() -> None:
    run = Run().warmed_up()
    run.executor.epoch_seen = 1
    for _ in range(FENCE_NS // 10):
        assert run.step(held=True, sees=False) == []
    run.lifecycle.transition_to(State.DEGRADED)
    for _ in range(FENCE_NS // 10):
        assert run.step(held=True, sees=False) == []
    assert run.step(held=True, sees=False) == [("release", None)]


def test_without_a_word_init_is_over_before_the_feed_begins() -> None:
    run = Run()
    engine: Any = run.engine
    steering = Steering(run.lifecycle, engine, WarmUp(COUNT))
    steering.begin()
    assert run.is_in(State.WARMUP)


def test_what_an_engine_without_knobs_cannot_do_is_named() -> None:
    run = Run(faults=False)
    words = "^this engine cannot {}: it was built without faults=True$"
    with pytest.raises(EngineFailed, match=words.format("skip to the head")):
        run.steering.skip_to_head("log")
    with pytest.raises(EngineFailed, match=words.format("set a clock back")):
        run.steering.reset_clock()


def test_an_acknowledgement_is_the_monitor_s_to_answer() -> None:
    class Monitor:
        def acknowledge(self, cause: str) -> bool:
            return cause == "state corruption"

    run = Run(monitor=Monitor())
    assert run.steering.acknowledge("state corruption") is True
    assert run.steering.acknowledge("another") is False


def test_one_window_over_the_acks_is_enough() -> None:
    run = Run(EVIDENCE, 1, 2, 3, 4)
    asked: list[int] = []
    engine: Any = run.engine
    window = run.engine.ack_window()

    def ack_window() -> Any:
        asked.append(1)
        return window

    engine.ack_window = ack_window
    run.steering.begin()
    for _ in range(3):
        run.step(ROUND, held=True)
    assert asked == [1]

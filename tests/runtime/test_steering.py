"""The hands of the control plane: when INIT and WARMUP end, what READY takes, and who holds the feed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.runtime.looks import Feed, Stage, Window, look
from tickpath.config.scenario.surroundings import WarmupSettings
from tickpath.control.failure import Cause, MarketDataOutage, held, held_causes, hold, release
from tickpath.control.health.look import Look
from tickpath.core.state import Lifecycle, State
from tickpath.errors import EngineFailed
from tickpath.runtime.steering import WARMUP_CAUSE, Steering
from tickpath.runtime.warmup import WarmUp

ROUND = 100
FENCE_NS = 1_000
OUTAGE = Cause("market data outage", "test")
EVIDENCE = WarmupSettings(round_events=ROUND, rounds_min=2, flat_rounds=2, rounds_max=4)
COUNT = WarmupSettings(kind="count", events=ROUND)


class FakeEngine:
    """An engine that writes down what it was asked."""

    def __init__(self, window: Window | None = None, *, faults: bool = True) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.faults = self if faults else None
        self._window = window or Window()

    def ack_window(self) -> Window:
        return self._window

    def release(self, hold_at: int | None = None) -> None:
        self.asked.append(("release", hold_at))

    def stop_intake(self) -> None:
        self.asked.append(("stop_intake",))

    def stage_skip_to_head(self, stage: str) -> None:
        self.asked.append(("skip", stage))

    def clock_step(self, offset_ns: int) -> None:
        self.asked.append(("clock", offset_ns))


class Run:
    """A steering over a fake engine, and the counters that a test sets."""

    def __init__(self, settings: WarmupSettings = COUNT, *medians_ns: int, **given: Any) -> None:
        self.lifecycle = Lifecycle(lambda: self.at_ns)
        self.engine = FakeEngine(Window(*medians_ns), faults=given.pop("faults", True))
        self.at_ns = 0
        self.feed, self.executor = Feed(), Stage()
        engine: Any = self.engine
        self.steering = Steering(self.lifecycle, engine, WarmUp(settings), fence_timeout_ns=FENCE_NS, **given)

    def look(self) -> Look:
        lifecycle = self.lifecycle
        return look(
            self.at_ns, feed=self.feed, executor=self.executor, state=lifecycle.state, epoch=lifecycle.epoch
        )

    def step(
        self, processed: int = 0, *, held: bool | None = None, sees: bool = True
    ) -> list[tuple[Any, ...]]:
        """A step 10 ns later that finds ``processed`` more; what the engine was asked in it."""
        self.at_ns += 10
        self.executor.processed += processed
        self.executor.cursor += processed
        self.feed.published += processed
        self.feed.held = self.feed.held if held is None else held
        if sees:
            self.executor.epoch_seen = self.lifecycle.epoch
        self.engine.asked.clear()
        self.steering.step(self.look())
        return self.engine.asked

    @property
    def state(self) -> State:
        return self.lifecycle.state

    def is_in(self, state: State) -> bool:
        """Whether the lifecycle is in ``state`` now."""
        return self.lifecycle.state is state

    @property
    def verdicts(self) -> list[tuple[int, str]]:
        return [(each.attempt, each.verdict) for each in self.steering.certificates]

    def warmed_up(self) -> Run:
        """Led to READY."""
        self.steering.begin()
        self.step(ROUND)
        assert self.is_in(State.READY)
        return self


def test_init_lasts_until_its_time_and_not_a_nanosecond_longer() -> None:
    run = Run(start_after_ns=30)
    run.steering.begin()
    assert run.is_in(State.INIT)
    assert run.steering.start_due_ns == 30
    for _ in range(2):
        run.step()
    run.at_ns = 29
    run.steering.step(run.look())
    assert run.is_in(State.INIT)
    run.at_ns = 30
    run.steering.step(run.look())
    assert run.is_in(State.WARMUP)
    assert run.steering.start_due_ns is None
    assert run.lifecycle.history[0].at_ns == 30


def test_without_a_wait_init_is_over_before_the_feed_begins() -> None:
    run = Run()
    assert run.steering.start_due_ns == 0
    run.steering.begin()
    assert run.is_in(State.WARMUP)
    assert run.steering.start_due_ns is None


def test_no_warm_up_asked_for_is_ready_at_once() -> None:
    run = Run(WarmupSettings(kind="count", events=0))
    run.steering.begin()
    assert run.is_in(State.READY)
    assert run.verdicts == [(1, "passed")]


def test_a_warm_up_goes_from_hold_to_hold_and_ready_waits_for_the_fence() -> None:
    run = Run(EVIDENCE, 700, 700)
    run.steering.begin()
    assert run.step(ROUND - 1) == []
    assert run.step(1, held=True) == [("release", 2 * ROUND)]
    assert run.step(ROUND, held=True) == []
    assert run.is_in(State.READY)
    # The executor still works under the epoch before.
    run.executor.epoch_seen = run.lifecycle.epoch - 1
    assert run.step(sees=False) == []
    assert run.step(sees=True) == [("release", None)]
    assert run.step(held=False) == []
    assert run.verdicts == [(1, "passed")]


@pytest.mark.parametrize(("epoch_seen", "is_released"), [(1, False), (2, True), (3, True), (None, True)])
def test_the_feed_goes_on_when_the_executor_has_seen_ready(epoch_seen: int | None, is_released: bool) -> None:
    run = Run().warmed_up()
    run.executor.epoch_seen = epoch_seen
    assert bool(run.step(held=True, sees=False)) is is_released


def test_an_executor_that_does_not_look_up_holds_the_feed_for_no_longer_than_the_fence() -> None:
    run = Run().warmed_up()
    run.executor.epoch_seen = 1
    steps = [bool(run.step(held=True, sees=False)) for _ in range(FENCE_NS // 10 + 1)]
    assert steps == [False] * (FENCE_NS // 10) + [True]


def test_ready_is_not_earned_while_a_cause_is_held_and_the_feed_does_not_wait_for_that() -> None:
    run = Run()
    run.steering.begin()
    hold(run.lifecycle, OUTAGE)
    assert run.step(ROUND, held=True) == [("release", None)]
    assert run.is_in(State.WARMUP)
    run.step()
    assert run.is_in(State.WARMUP)
    release(run.lifecycle, OUTAGE)
    run.step()
    assert run.is_in(State.READY)
    assert "100 warm-up events" in run.lifecycle.history[-1].cause
    assert run.verdicts == [(1, "passed")]


def test_a_warm_up_that_failed_is_a_cause_until_one_has_passed() -> None:
    # The restart throws away what came before it, and that is the fifth.
    run = Run(EVIDENCE, 100, 200, 400, 800, 9, 700, 700)
    run.steering.begin()
    for _ in range(3):
        run.step(ROUND, held=True)
    # The feed is not held any longer than it takes to say so.
    assert run.step(ROUND, held=True) == [("release", None)]
    assert (run.state, held_causes(run.lifecycle)) == (State.DEGRADED, (WARMUP_CAUSE,))
    [cause] = held(run.lifecycle)
    assert (cause.owner, cause.since_ns) == ("warm-up", 40)
    assert cause.evidence == run.lifecycle.history[-1].cause
    assert "not flat after 4 rounds" in cause.evidence
    assert not run.steering.recover("too soon")
    assert run.steering.restart_warmup("once more")
    assert (run.state, held_causes(run.lifecycle)) == (State.WARMUP, (WARMUP_CAUSE,))
    run.step(ROUND, held=False)
    # A restart holds no feed, and so lets none go.
    assert run.step(ROUND) == []
    assert (run.state, held_causes(run.lifecycle)) == (State.READY, ())
    assert run.verdicts == [(1, "failed"), (2, "passed")]


def test_degrading_in_a_warm_up_interrupts_it_and_lets_its_hold_go() -> None:
    run = Run(EVIDENCE)
    run.steering.begin()
    run.step(ROUND // 2)
    run.engine.asked.clear()
    run.steering.degrade("market data outage")
    assert (run.state, run.engine.asked) == (State.DEGRADED, [("release", None)])
    assert run.verdicts == [(1, "interrupted")]
    assert "degraded: market data outage" in run.steering.certificates[0].reason
    # Nothing is held, and READY is not to be had without a whole warm-up all the same.
    assert not run.steering.recover("it is back")
    assert run.is_in(State.DEGRADED)


def test_degrading_twice_is_degrading_once() -> None:
    run = Run().warmed_up()
    run.steering.degrade("first")
    run.steering.degrade("second")
    assert run.lifecycle.history[-1].cause == "first"
    assert run.engine.asked == []


def test_recovery_takes_a_warm_up_that_passed_and_no_cause() -> None:
    run = Run().warmed_up()
    assert not run.steering.recover("from READY there is nothing to recover")
    hold(run.lifecycle, OUTAGE)
    run.steering.degrade("market data outage")
    assert not run.steering.recover("it is held")
    release(run.lifecycle, OUTAGE)
    assert run.steering.recover("market data is back")
    assert (run.state, run.lifecycle.history[-1].cause) == (State.READY, "market data is back")


def test_a_restart_goes_the_whole_way_and_only_from_degraded() -> None:
    run = Run().warmed_up()
    assert not run.steering.restart_warmup("from READY")
    run.steering.degrade("cold start")
    assert run.steering.restart_warmup("cold start")
    run.step(ROUND - 1)
    assert run.is_in(State.WARMUP)
    run.step(1)
    assert run.is_in(State.READY)
    assert run.verdicts == [(1, "passed"), (2, "passed")]


def test_a_scenario_of_the_seed_may_degrade_the_run_and_skips_no_warm_up() -> None:
    run = Run(EVIDENCE, 700, 700, 700)
    run.steering.begin()
    outage = MarketDataOutage(run.lifecycle)
    outage.activate()
    assert run.step(10) == [("release", None)]
    assert run.verdicts == [(1, "interrupted")]
    outage.deactivate()
    assert run.is_in(State.WARMUP)
    # It is gone through anew, from here on.
    run.step()
    for _ in range(2):
        assert run.is_in(State.WARMUP)
        run.step(ROUND)
    assert run.is_in(State.READY)
    assert run.verdicts == [(1, "interrupted"), (2, "passed")]


def test_somebody_else_s_restart_is_no_short_cut() -> None:
    run = Run().warmed_up()
    run.lifecycle.transition_to(State.DEGRADED, "by hand")
    run.lifecycle.transition_to(State.WARMUP, "by hand")
    run.step()
    assert run.is_in(State.WARMUP)
    run.step(ROUND)
    assert run.is_in(State.READY)
    assert run.verdicts == [(1, "passed"), (2, "passed")]


def test_the_end_of_the_run_ends_a_warm_up_without_a_verdict() -> None:
    run = Run()
    run.steering.begin()
    run.step(ROUND - 1)
    run.steering.end(run.look())
    run.steering.end(run.look())
    assert run.verdicts == [(1, "interrupted")]


def test_what_runbooks_ask_of_stages_clock_and_feed_is_passed_on() -> None:
    run = Run()
    run.steering.skip_to_head("log")
    run.steering.reset_clock()
    run.steering.stop_intake()
    assert run.engine.asked == [("skip", "log"), ("clock", 0), ("stop_intake",)]


def test_an_engine_without_knobs_says_so_and_nothing_is_dropped_unsaid() -> None:
    run = Run(faults=False)
    with pytest.raises(EngineFailed, match="faults=True"):
        run.steering.skip_to_head("log")
    with pytest.raises(EngineFailed, match="faults=True"):
        run.steering.reset_clock()


def test_nobody_listens_to_an_acknowledgement_without_a_monitor() -> None:
    assert Run().steering.acknowledge("state corruption") is False

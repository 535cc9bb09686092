"""Failure scenarios: degrade on purpose, restore only what is theirs to restore."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from typing import Any

import pytest

from tests.forks import WELL, WITH_FORKS, code_of_fork, held_by_another
from tickpath.control.failure import ExecutionFailure, FailureScenario, MarketDataOutage, held_causes
from tickpath.core.state import InvalidTransition, Lifecycle, State, Transition
from tickpath.errors import ArgumentTypeError

INIT, WARMUP, READY, DEGRADED = State.INIT, State.WARMUP, State.READY, State.DEGRADED
ROUTES = {INIT: [], WARMUP: [WARMUP], READY: [WARMUP, READY], DEGRADED: [WARMUP, DEGRADED]}
KINDS = [MarketDataOutage, ExecutionFailure]


class CustomFault(FailureScenario):
    """A user's own, without a line of code."""


def lifecycle_in(state: State, **options: Any) -> Lifecycle:
    lifecycle = Lifecycle(**options)
    for step in ROUTES[state]:
        lifecycle.transition_to(step)
    return lifecycle


@pytest.mark.parametrize("kind", [*KINDS, FailureScenario, CustomFault])
@pytest.mark.parametrize("state", [WARMUP, READY])
def test_it_degrades_and_restores_the_state_it_found(kind: type[FailureScenario], state: State) -> None:
    lifecycle = lifecycle_in(state)
    epoch = lifecycle.epoch
    scenario = kind(lifecycle)
    assert not scenario.is_active()
    scenario.activate()
    assert (scenario.is_active(), lifecycle.state, lifecycle.epoch) == (True, DEGRADED, epoch + 1)
    assert held_causes(lifecycle) == (kind.cause,)
    scenario.deactivate()
    assert (scenario.is_active(), lifecycle.state, lifecycle.epoch) == (False, state, epoch + 2)
    assert held_causes(lifecycle) == ()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", [INIT, DEGRADED])
def test_it_cannot_begin_in_init_or_degraded(kind: type[FailureScenario], state: State) -> None:
    lifecycle = lifecycle_in(state)
    scenario = kind(lifecycle)
    epoch = lifecycle.epoch
    with pytest.raises(InvalidTransition) as raised:
        scenario.activate()
    assert (raised.value.source, raised.value.target) == (state.name, "DEGRADED")
    assert (scenario.is_active(), lifecycle.epoch, held_causes(lifecycle)) == (False, epoch, ())
    scenario.deactivate()
    assert lifecycle.epoch == epoch


@pytest.mark.parametrize("kind", KINDS)
def test_twice_is_once(kind: type[FailureScenario]) -> None:
    lifecycle = lifecycle_in(READY)
    scenario = kind(lifecycle)
    scenario.activate()
    scenario.activate()
    assert lifecycle.epoch == 3
    scenario.deactivate()
    scenario.deactivate()
    assert (lifecycle.epoch, lifecycle.state) == (4, READY)


def test_it_can_be_used_again_and_remembers_the_state_of_its_last_activation() -> None:
    lifecycle = lifecycle_in(WARMUP)
    scenario = MarketDataOutage(lifecycle)
    for state in (WARMUP, READY):
        if lifecycle.state is not state:
            lifecycle.transition_to(state)
        with scenario:
            assert lifecycle.state is DEGRADED
        assert lifecycle.state is state


def test_the_history_says_why() -> None:
    lifecycle = lifecycle_in(READY)
    with MarketDataOutage(lifecycle):
        pass
    assert [made.cause for made in lifecycle.history[2:]] == ["market data outage", "market data outage over"]
    causes = (FailureScenario.cause, MarketDataOutage.cause, ExecutionFailure.cause)
    assert causes == ("failure scenario", "market data outage", "execution failure")


@pytest.mark.parametrize("bad", [None, "lifecycle", object(), Lifecycle])
def test_only_a_lifecycle_is_a_lifecycle(bad: Any) -> None:
    with pytest.raises(ArgumentTypeError, match=f"lifecycle must be a Lifecycle, not {type(bad).__name__}$"):
        MarketDataOutage(bad)


class TestContextManager:
    def test_it_gives_the_scenario(self) -> None:
        scenario = ExecutionFailure(lifecycle_in(READY))
        with scenario as given:
            assert given is scenario
            assert scenario.is_active()
        assert not scenario.is_active()

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_it_restores_whatever_the_body_does(self, error: type[BaseException]) -> None:
        lifecycle = lifecycle_in(READY)
        scenario = MarketDataOutage(lifecycle)
        with pytest.raises(error), scenario:
            raise error
        assert (scenario.is_active(), lifecycle.state) == (False, READY)

    def test_a_body_that_ended_it_itself_is_fine(self) -> None:
        lifecycle = lifecycle_in(READY)
        with MarketDataOutage(lifecycle) as scenario:
            scenario.deactivate()
            assert lifecycle.state is READY
        assert (lifecycle.state, lifecycle.epoch) == (READY, 4)

    def test_one_that_cannot_begin_does_not_run_the_body(self) -> None:
        with pytest.raises(InvalidTransition), MarketDataOutage(Lifecycle()):
            pytest.fail("the body ran")


class TestNotItsToRestore:
    @pytest.mark.parametrize(
        "moves",
        [[WARMUP], [READY], [WARMUP, READY], [READY, DEGRADED], [WARMUP, DEGRADED]],
        ids=lambda moves: "-".join(state.name for state in moves),
    )
    def test_a_lifecycle_that_was_moved_stays_where_it_is(self, moves: list[State]) -> None:
        lifecycle = lifecycle_in(READY)
        scenario = MarketDataOutage(lifecycle)
        scenario.activate()
        for state in moves:
            lifecycle.transition_to(state, "operator")
        epoch = lifecycle.epoch
        assert scenario.is_active(), "the fault is still on, whatever the operator did"
        scenario.deactivate()
        assert not scenario.is_active()
        assert (lifecycle.state, lifecycle.epoch) == (moves[-1], epoch)

    def test_scenarios_exclude_each_other(self) -> None:
        lifecycle = lifecycle_in(READY)
        first, second = MarketDataOutage(lifecycle), ExecutionFailure(lifecycle)
        with first:
            with pytest.raises(InvalidTransition):
                second.activate()
            second.deactivate()
            assert lifecycle.state is DEGRADED
        assert lifecycle.state is READY

    def test_a_fault_that_outlived_a_restart_keeps_the_next_one_from_restoring(self) -> None:
        lifecycle = lifecycle_in(READY)
        first, second = MarketDataOutage(lifecycle), ExecutionFailure(lifecycle)
        first.activate()
        lifecycle.transition_to(WARMUP, "operator")
        lifecycle.transition_to(READY, "operator")
        second.activate()
        assert held_causes(lifecycle) == ("market data outage", "execution failure")
        second.deactivate()
        assert lifecycle.state is DEGRADED, "READY would be a lie: the feed is still gone"
        first.deactivate()
        assert lifecycle.state is DEGRADED, "not its epoch any more: the way out is the operator's"
        assert held_causes(lifecycle) == ()

    def test_scenarios_of_other_lifecycles_do_not_count(self) -> None:
        ours, other = lifecycle_in(READY), lifecycle_in(READY)
        with MarketDataOutage(other):
            with MarketDataOutage(ours):
                pass
            assert ours.state is READY

    def test_a_move_in_the_middle_of_deactivation_does_not_skip_a_warm_up(self) -> None:
        # The clock is asked between the scenario's decision and the move: the operator gets in there.
        restart: list[State] = []

        def clock() -> int:
            while restart:
                lifecycle.transition_to(restart.pop(0), "operator")
            return 0

        lifecycle = Lifecycle(clock)
        lifecycle.transition_to(WARMUP)
        lifecycle.transition_to(READY)
        scenario = MarketDataOutage(lifecycle)
        scenario.activate()
        restart.append(WARMUP)
        scenario.deactivate()
        assert (scenario.is_active(), lifecycle.state) == (False, WARMUP)


class TestWhenThingsGoWrong:
    def test_a_clock_that_raises_leaves_it_inactive_or_active_and_can_be_tried_again(self) -> None:
        broken: list[bool] = []

        def clock() -> int:
            if broken:
                raise OSError("no time")
            return 0

        lifecycle = lifecycle_in(READY, clock=clock)
        scenario = MarketDataOutage(lifecycle)
        broken.append(True)
        with pytest.raises(OSError, match="no time"):
            scenario.activate()
        assert (scenario.is_active(), lifecycle.state, held_causes(lifecycle)) == (False, READY, ())
        broken.clear()
        scenario.activate()
        broken.append(True)
        with pytest.raises(OSError, match="no time"):
            scenario.deactivate()
        assert (scenario.is_active(), lifecycle.state) == (True, DEGRADED)
        assert held_causes(lifecycle) == (scenario.cause,)
        broken.clear()
        scenario.deactivate()
        assert (scenario.is_active(), lifecycle.state, held_causes(lifecycle)) == (False, READY, ())

    def test_an_interrupted_activation_is_active_and_can_be_ended(self) -> None:
        lifecycle = lifecycle_in(READY)
        scenario = MarketDataOutage(lifecycle)
        stop = lifecycle.subscribe(_interrupt)
        with pytest.raises(KeyboardInterrupt):
            scenario.activate()
        assert (scenario.is_active(), lifecycle.state) == (True, DEGRADED)
        assert held_causes(lifecycle) == (scenario.cause,)
        stop()
        scenario.deactivate()
        assert (scenario.is_active(), lifecycle.state, held_causes(lifecycle)) == (False, READY, ())

    def test_an_interrupted_with_statement_is_rolled_back(self) -> None:
        lifecycle = lifecycle_in(READY)
        scenario = MarketDataOutage(lifecycle)
        lifecycle.subscribe(lambda made: _interrupt(made) if made.target is DEGRADED else None)
        with pytest.raises(KeyboardInterrupt), scenario:
            pytest.fail("the body ran")
        assert (scenario.is_active(), lifecycle.state, held_causes(lifecycle)) == (False, READY, ())

    def test_an_interrupted_deactivation_has_ended(self) -> None:
        lifecycle = lifecycle_in(READY)
        scenario = MarketDataOutage(lifecycle)
        scenario.activate()
        lifecycle.subscribe(_interrupt)
        with pytest.raises(KeyboardInterrupt):
            scenario.deactivate()
        assert (scenario.is_active(), lifecycle.state, held_causes(lifecycle)) == (False, READY, ())

    def test_a_listener_may_end_it_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        errors: list[Any] = []
        monkeypatch.setattr(sys, "unraisablehook", lambda args: errors.append(args.exc_value))
        lifecycle = lifecycle_in(READY)
        scenario = MarketDataOutage(lifecycle)
        seen: list[bool] = []

        def recover(made: Transition) -> None:
            if made.target is DEGRADED:
                seen.append(scenario.is_active())
                scenario.deactivate()

        lifecycle.subscribe(recover)
        for times in (1, 2, 3):
            scenario.activate()
            assert (seen, errors) == ([True] * times, [])
            assert (scenario.is_active(), lifecycle.state, held_causes(lifecycle)) == (False, READY, ())

    def test_one_whose_end_was_interrupted_may_be_ended_by_a_listener_the_next_time(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        errors: list[Any] = []
        monkeypatch.setattr(sys, "unraisablehook", lambda args: errors.append(args.exc_value))
        lifecycle = lifecycle_in(READY)
        scenario = MarketDataOutage(lifecycle)
        scenario.activate()
        stop = lifecycle.subscribe(_interrupt)
        with pytest.raises(KeyboardInterrupt):
            scenario.deactivate()
        stop()
        lifecycle.subscribe(lambda made: scenario.deactivate())
        scenario.activate()
        assert (scenario.is_active(), lifecycle.state, errors) == (False, READY, [])

    def test_an_activation_interrupted_before_the_move_holds_nothing(self) -> None:
        """By the clock; an earlier move of the same scenario is not mistaken for this one."""
        interrupts: list[BaseException] = []

        def clock() -> int:
            if interrupts:
                raise interrupts.pop()
            return 0

        lifecycle = lifecycle_in(READY, clock=clock)
        scenario = MarketDataOutage(lifecycle)
        with scenario:
            pass
        interrupts.append(KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            scenario.activate()
        assert (scenario.is_active(), lifecycle.state, held_causes(lifecycle)) == (False, READY, ())

    def test_one_that_lost_a_race_against_its_like_is_not_active(self) -> None:
        """The clock is asked between the decision and the move: the other one gets in there."""
        others: list[FailureScenario] = []

        def clock() -> int:
            while others:
                others.pop().activate()
            return 0

        lifecycle = lifecycle_in(READY, clock=clock)
        loser, winner = MarketDataOutage(lifecycle), MarketDataOutage(lifecycle)
        others.append(winner)
        with pytest.raises(InvalidTransition, match="someone else moved it first"):
            loser.activate()
        assert (loser.is_active(), winner.is_active()) == (False, True)
        assert held_causes(lifecycle) == (winner.cause,)


def test_one_of_many_threads_activates_and_one_restores() -> None:
    lifecycle = lifecycle_in(READY)
    scenario = MarketDataOutage(lifecycle)
    barrier = threading.Barrier(4)

    def both() -> None:
        barrier.wait()
        scenario.activate()
        barrier.wait()
        scenario.deactivate()

    threads = [threading.Thread(target=both) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (lifecycle.state, lifecycle.epoch, scenario.is_active()) == (READY, 4, False)


def test_a_lifecycle_is_not_kept_alive_by_its_scenarios_cause() -> None:
    lifecycle = lifecycle_in(READY)
    scenario = MarketDataOutage(lifecycle)
    scenario.activate()
    gone = weakref.ref(lifecycle)
    del lifecycle, scenario
    gc.collect()
    assert gone() is None


def test_repr_says_whether_it_is_active() -> None:
    scenario = MarketDataOutage(lifecycle_in(READY))
    assert repr(scenario) == "<MarketDataOutage inactive on <Lifecycle READY at epoch 2>>"
    with scenario:
        assert "MarketDataOutage active" in repr(scenario)


def _interrupt(made: Transition) -> None:
    raise KeyboardInterrupt


@WITH_FORKS
def test_a_fork_does_not_wait_for_a_thread_that_was_at_the_scenario() -> None:
    scenario = MarketDataOutage(lifecycle_in(READY))

    def degrades() -> bool:
        scenario.activate()
        return scenario.is_active()

    with held_by_another(scenario._lock):
        assert code_of_fork(degrades) == WELL
    assert not scenario.is_active()

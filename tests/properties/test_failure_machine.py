"""Failure scenarios on one lifecycle: an operator, causes of others, bodies that raise, clocks that fail.

The model is the page in words: which scenario may begin, who holds a cause, and what is restored when.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.properties.depth import machine
from tests.properties.users import Stop
from tickpath.control.failure import (
    Cause,
    ExecutionFailure,
    ExternalSignal,
    FailureScenario,
    MarketDataOutage,
    held,
    held_causes,
    hold,
    release,
)
from tickpath.core.state import InvalidTransition, Lifecycle, State, Transition
from tickpath.core.state.states import LEGAL_MOVES

STATES = st.sampled_from(State)
NUMBERS = st.integers(0, 3)
KINDS: list[type[FailureScenario]] = [MarketDataOutage, ExecutionFailure, MarketDataOutage, FailureScenario]
SIGNALS = ["feed handler", "venue"]


class Broken(Exception):
    """What a body, a clock or a listener raises."""


class FailureModel:
    """State and epoch, and of each scenario the move it made while it is active."""

    def __init__(self) -> None:
        self.state, self.epoch = State.INIT, 0
        self.made: dict[int, tuple[int, State]] = {}
        self.causes: list[Any] = []

    def move(self, state: State) -> bool:
        if state not in LEGAL_MOVES[self.state]:
            return False
        self.state, self.epoch = state, self.epoch + 1
        return True

    def activate(self, number: int) -> bool:
        if number in self.made:
            return True
        found = self.state
        if found not in (State.WARMUP, State.READY):
            return False
        self.move(State.DEGRADED)
        self.made[number] = (self.epoch, found)
        self.causes.append(number)
        return True

    def deactivate(self, number: int) -> None:
        if number not in self.made:
            return
        epoch, found = self.made.pop(number)
        self.causes.remove(number)
        if not self.causes and epoch == self.epoch:
            self.move(found)


class FailureMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.breaks: BaseException | None = None
        self.lifecycle = Lifecycle(self.clock)
        self.model = FailureModel()
        self.scenarios = [kind(self.lifecycle) for kind in KINDS]
        self.signals = [ExternalSignal(self.lifecycle, "halt", owner=owner) for owner in SIGNALS]
        self.own = [Cause(f"cause {number}") for number in range(2)]
        self.in_listener: Any = None
        self.lifecycle.subscribe(self._told)

    def clock(self) -> int:
        error, self.breaks = self.breaks, None
        if error is not None:
            raise error
        return 0

    def _told(self, made: Transition) -> None:
        act, self.in_listener = self.in_listener, None
        if act is not None:
            act()

    @initialize(route=st.sampled_from([[], [State.WARMUP], [State.WARMUP, State.READY]]))
    def begin(self, route: list[State]) -> None:
        for state in route:
            self.move(state)

    @rule(state=STATES)
    def move(self, state: State) -> None:
        """The operator, who knows nothing of any fault."""
        try:
            self.lifecycle.transition_to(state, "operator")
        except InvalidTransition:
            assert not self.model.move(state)
        else:
            assert self.model.move(state)

    def activate(self, number: int) -> bool:
        try:
            self.scenarios[number].activate()
        except InvalidTransition:
            return False
        return True

    @rule(number=NUMBERS)
    def begin_fault(self, number: int) -> None:
        assert self.activate(number) == self.model.activate(number)

    @rule(number=NUMBERS)
    def end_fault(self, number: int) -> None:
        self.scenarios[number].deactivate()
        self.model.deactivate(number)

    @rule(
        number=NUMBERS,
        inner=st.one_of(st.none(), NUMBERS),
        states=st.lists(STATES, max_size=3),
        raises=st.sampled_from([None, Broken, Stop, KeyboardInterrupt]),
        ends=st.booleans(),
    )
    def body(self, number: int, inner: int | None, states: list[State], raises: Any, ends: bool) -> None:
        """A ``with``: whatever the body does, it is over afterwards."""
        if not self.model.activate(number):
            with pytest.raises(InvalidTransition), self.scenarios[number]:
                raise AssertionError("the body of a fault that could not begin")
            return
        try:
            with self.scenarios[number]:
                self.agree()
                for state in states:
                    self.move(state)
                if inner is not None:
                    self.begin_fault(inner)
                if ends:
                    self.end_fault(number)
                if raises is not None:
                    raise raises
        except (Broken, Stop, KeyboardInterrupt) as error:
            assert type(error) is raises  # noqa: PT017  what passes through is what the body raised
        self.model.deactivate(number)

    @rule(number=NUMBERS, raises=st.sampled_from([Broken, Stop]), begins=st.booleans())
    def by_a_broken_clock(self, number: int, raises: type[BaseException], begins: bool) -> None:
        """Nothing is changed then, and it can be tried again."""
        model, scenario = self.model, self.scenarios[number]
        if begins:
            if number in model.made or model.state not in (State.WARMUP, State.READY):
                return
        else:
            others = [cause for cause in model.causes if cause != number]
            if number not in model.made or others or model.made[number][0] != model.epoch:
                return
        self.breaks = raises()
        with pytest.raises(raises):
            scenario.activate() if begins else scenario.deactivate()
        if not begins:
            # Held again: behind those that came meanwhile, of which there are none.
            assert scenario.is_active()

    @rule(number=NUMBERS, what=st.sampled_from(["ends", "stops", "moves to WARMUP", "moves to READY"]))
    def begin_and_a_listener_acts(self, number: int, what: str) -> None:
        """Somebody acts while he is told that the fault has begun."""
        model, scenario = self.model, self.scenarios[number]
        if number in model.made or model.state not in (State.WARMUP, State.READY):
            return

        def stops() -> None:
            raise Stop

        def moves() -> None:
            self.lifecycle.transition_to(State[what.rpartition(" ")[2]])

        self.in_listener = {"ends": scenario.deactivate, "stops": stops}.get(what, moves)
        model.activate(number)
        if what == "stops":
            # Interrupted after the move: it is active, and can be ended.
            with pytest.raises(Stop):
                scenario.activate()
            return
        scenario.activate()
        if what == "ends":
            model.deactivate(number)
        else:
            model.move(State[what.rpartition(" ")[2]])

    @rule(index=st.integers(0, 1), on=st.booleans())
    def signal(self, index: int, on: bool) -> None:
        key = f"signal {index}"
        if on:
            self.signals[index].hold("seen")
            if key not in self.model.causes:
                self.model.causes.append(key)
        else:
            self.signals[index].clear()
            if key in self.model.causes:
                self.model.causes.remove(key)

    @rule(index=st.integers(0, 1), on=st.booleans())
    def somebodys_cause(self, index: int, on: bool) -> None:
        key = f"own {index}"
        was = key in self.model.causes
        if on:
            assert hold(self.lifecycle, self.own[index]) == (not was)
        else:
            assert release(self.lifecycle, self.own[index]) == was
        if on and not was:
            self.model.causes.append(key)
        elif was and not on:
            self.model.causes.remove(key)

    @invariant()
    def agree(self) -> None:
        model = self.model
        assert (self.lifecycle.state, self.lifecycle.epoch) == (model.state, model.epoch)
        active = [number for number, one in enumerate(self.scenarios) if one.is_active()]
        assert active == sorted(model.made)
        words = {number: kind.cause for number, kind in enumerate(KINDS)}
        words_of = [
            words[key] if isinstance(key, int) else {"s": "halt", "o": f"cause {key[-1]}"}[key[0]]
            for key in model.causes
        ]
        assert list(held_causes(self.lifecycle)) == words_of

    @invariant()
    def ready_is_never_restored_over_a_cause(self) -> None:
        last = self.lifecycle.history[-1:]
        if last and last[0].cause.endswith(" over"):
            assert last[0].source is State.DEGRADED
            assert last[0].target in (State.WARMUP, State.READY)

    @precondition(lambda self: self.model.made)
    @rule()
    def end_all(self) -> None:
        for number in sorted(self.model.made):
            self.end_fault(number)
        assert not [cause for cause in held(self.lifecycle) if not cause.owner and cause not in self.own]


TestFailureScenarios = machine(FailureMachine, examples=50)

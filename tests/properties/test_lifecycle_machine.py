"""The lifecycle under moves legal and not, from listeners, clocks and threads, against a model in words.

Of two that saw the same state one wins; listeners are told of every move once, in the order of the epochs,
whatever they do in their turn; the history keeps the last moves and counts the others; nothing else changes.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.properties.depth import machine
from tests.properties.users import Stop
from tickpath.core.state import InvalidTransition, Lifecycle, State, Transition
from tickpath.errors import ArgumentTypeError

#: Written out once more: the product's table may be wrong.
LEGAL = {
    State.INIT: [State.WARMUP],
    State.WARMUP: [State.READY, State.DEGRADED],
    State.READY: [State.DEGRADED],
    State.DEGRADED: [State.READY, State.WARMUP],
}
STATES = st.sampled_from(State)
#: What a listener does when it is told, and a figure.
DOINGS = st.one_of(
    st.sampled_from([("nothing", 0), ("raises", 0), ("stops", 0), ("leaves", 0), ("brings another", 0)]),
    st.tuples(st.just("moves"), st.integers(0, 3)),
)


class Broken(Exception):
    """A user's fault."""


class Listener:
    """Told for real: does what it was told to do."""

    def __init__(self, world: LifecycleMachine, doings: list[tuple[str, int]]) -> None:
        self.world, self.doings = world, list(doings)
        self.told: list[Transition] = []
        self.leave: Any = world.lifecycle.subscribe(self)

    def __call__(self, made: Transition) -> None:
        self.told.append(made)
        if self.doings:
            doing, figure = self.doings.pop(0)
            match doing:
                case "raises":
                    raise Broken
                case "stops":
                    raise Stop
                case "leaves":
                    self.leave()
                case "brings another":
                    self.world.real.append(Listener(self.world, []))
                case "moves":
                    self.world.lifecycle.transition_to(State(figure), "a listener")


class ListenerModel:
    def __init__(self, doings: list[tuple[str, int]]) -> None:
        self.doings = list(doings)
        self.told: list[int] = []


class LifecycleModel:
    """The lifecycle in words."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.state, self.epoch, self.refused, self.reported = State.INIT, 0, 0, 0
        self.moves: list[tuple[int, State, State, str]] = []
        self.all: list[ListenerModel] = []
        self.listening: list[ListenerModel] = []
        self.pending: list[int] = []
        self.is_telling = False

    def subscribe(self, doings: list[tuple[str, int]]) -> None:
        self.all.append(ListenerModel(doings))
        self.listening.append(self.all[-1])

    def move(self, target: State, cause: str) -> str:
        """``moved``, ``refused``, or ``stopped`` by a listener after the move."""
        if target not in LEGAL[self.state]:
            self.refused += 1
            return "refused"
        self.commit(target, cause)
        return "stopped" if self.tell() else "moved"

    def commit(self, target: State, cause: str) -> None:
        self.epoch += 1
        self.moves.append((self.epoch, self.state, target, cause))
        self.state = target
        self.pending.append(self.epoch)

    def tell(self) -> bool:
        """Whether a listener's interrupt passes through."""
        if self.is_telling:
            return False
        self.is_telling, passing = True, False
        while self.pending:
            epoch = self.pending.pop(0)
            for listener in [*self.listening]:
                listener.told.append(epoch)
                if listener.doings and self.do(listener, *listener.doings.pop(0)):
                    # The first passes, and what comes after it is reported.
                    self.reported += passing
                    passing = True
        self.is_telling = False
        return passing

    def do(self, listener: ListenerModel, doing: str, figure: int) -> bool:
        if doing == "raises" or (doing == "moves" and self.move(State(figure), "a listener") == "refused"):
            self.reported += 1
        elif doing == "leaves" and listener in self.listening:
            self.listening.remove(listener)
        elif doing == "brings another":
            self.subscribe([])
        return doing == "stops"


class LifecycleMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.ticks = 0
        self.in_clock: Any = None
        self.lifecycle = Lifecycle(self.clock)
        self.model = LifecycleModel(4096)
        self.real: list[Listener] = []
        self.reported = 0
        self._hook = sys.unraisablehook
        sys.unraisablehook = self._report

    def _report(self, _args: Any) -> None:
        self.reported += 1

    def teardown(self) -> None:
        sys.unraisablehook = self._hook

    def clock(self) -> int:
        self.ticks += 1
        act, self.in_clock = self.in_clock, None
        return self.ticks if act is None else act()

    @initialize(limit=st.sampled_from([1, 2, 5, 4096]))
    def begin(self, limit: int) -> None:
        self.lifecycle, self.model = Lifecycle(self.clock, history_limit=limit), LifecycleModel(limit)

    def attempt(self, target: State, cause: str = "", **given: Any) -> str:
        try:
            made = self.lifecycle.transition_to(target, cause, **given)
        except InvalidTransition:
            return "refused"
        except Stop:
            return "stopped"
        except (Broken, ArgumentTypeError) as error:
            return type(error).__name__
        assert (made.target, made.cause) == (target, cause)
        return "moved"

    @rule(state=STATES, cause=st.sampled_from(["", "why", "\0\U0001f600"]))
    def move(self, state: State, cause: str) -> None:
        assert self.lifecycle.can_transition_to(state) == (state in LEGAL[self.model.state])
        assert self.attempt(state, cause) == self.model.move(state, cause)

    @rule(state=STATES, off=st.sampled_from([-(2**70), -1, 0, 1, 2**64]))
    def move_if_nobody_else_did(self, state: State, off: int) -> None:
        expected = "refused" if off else self.model.move(state, "")
        assert self.attempt(state, expected_epoch=self.lifecycle.epoch + off) == expected

    @rule(state=STATES, what=st.sampled_from(["raises", "no integer"]))
    def move_by_a_broken_clock(self, state: State, what: str) -> None:
        def breaks() -> Any:
            if what == "raises":
                raise Broken
            return "now"

        if state not in LEGAL[self.model.state]:
            assert self.attempt(state) == self.model.move(state, "") == "refused"
            return
        self.in_clock = breaks
        assert self.attempt(state) == {"raises": "Broken", "no integer": "ArgumentTypeError"}[what]

    @rule(state=STATES, other=STATES, in_thread=st.booleans())
    def race(self, state: State, other: State, in_thread: bool) -> None:
        """Somebody else moves between the decision and the move."""
        if state not in LEGAL[self.model.state]:
            return
        results: list[str] = []

        def move_first() -> int:
            def first() -> None:
                results.append(self.attempt(other, "first"))

            if in_thread:
                thread = threading.Thread(target=first)
                thread.start()
                thread.join()
            else:
                first()
            return 0

        self.in_clock = move_first
        mine = self.attempt(state)
        assert results == [self.model.move(other, "first")]
        # A move that was lost to somebody is refused, whatever the rules say by now, and not counted.
        assert mine == (self.model.move(state, "") if results == ["refused"] else "refused")

    @precondition(lambda self: len(self.real) < 4)
    @rule(doings=st.lists(DOINGS, max_size=6))
    def subscribe(self, doings: list[tuple[str, int]]) -> None:
        self.real.append(Listener(self, doings))
        self.model.subscribe(doings)

    @precondition(lambda self: self.real)
    @rule(index=st.integers(0, 9))
    def unsubscribe(self, index: int) -> None:
        index %= len(self.real)
        self.real[index].leave()
        if self.model.all[index] in self.model.listening:
            self.model.listening.remove(self.model.all[index])

    @rule(plans=st.lists(st.lists(STATES, min_size=1, max_size=8), min_size=2, max_size=4))
    def crowd(self, plans: list[list[State]]) -> None:
        """Threads move as they like: the order is theirs, and what was made of it must be a legal story."""
        before, told = self.lifecycle.epoch, [len(listener.told) for listener in self.real]
        for doings in [one.doings for one in self.real] + [one.doings for one in self.model.all]:
            doings.clear()
        watch = Listener(self, [])
        barrier, moved = threading.Barrier(len(plans)), [0] * len(plans)

        def run(number: int) -> None:
            barrier.wait()
            moved[number] = [self.attempt(state, "crowd") for state in plans[number]].count("moved")

        threads = [threading.Thread(target=run, args=(number,)) for number in range(len(plans))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        watch.leave()
        made = watch.told
        assert [move.epoch for move in made] == list(range(before + 1, before + 1 + sum(moved)))
        for move in made:
            # Each from where the one before led, by the rules.
            assert move.source is self.model.state
            assert move.target in LEGAL[move.source]
            self.model.commit(move.target, move.cause)
        self.model.tell()
        assert [len(one.told) - was for one, was in zip(self.real, told, strict=True)] == [
            len(made) * (one in self.model.listening) for one in self.model.all
        ]
        self.model.refused = self.lifecycle.refused_moves

    @invariant()
    def agree(self) -> None:
        lifecycle, model = self.lifecycle, self.model
        assert (lifecycle.state, lifecycle.epoch) == (model.state, model.epoch)
        assert (lifecycle.gate.state_code, lifecycle.gate.epoch) == (model.state, model.epoch)
        kept = [(move.epoch, move.source, move.target, move.cause) for move in lifecycle.history]
        assert kept == model.moves[-model.limit :]
        assert lifecycle.history_dropped == len(model.moves) - len(kept)
        assert lifecycle.refused_moves == model.refused
        assert [[move.epoch for move in one.told] for one in self.real] == [one.told for one in model.all]
        assert self.reported == model.reported

    @invariant()
    def can_go_where_the_table_says(self) -> None:
        legal = [state for state in State if self.lifecycle.can_transition_to(state)]
        assert sorted(legal) == sorted(LEGAL[self.model.state])


TestLifecycle = machine(LifecycleMachine, examples=40)

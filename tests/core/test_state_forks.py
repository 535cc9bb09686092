"""A lifecycle in a fork: it works there, whatever threads that the fork lacks were doing with it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.forks import WELL, WITH_FORKS, code_of_fork, held_by_another
from tickpath.core.state import Lifecycle, State, Transition

pytestmark = WITH_FORKS


def moves_and_tells(lifecycle: Lifecycle) -> bool:
    """Whether a listener is told of the next two moves when they are made, and both are on record."""
    told: list[Transition] = []
    lifecycle.subscribe(told.append)
    made = [lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)]
    return told[-2:] == made and lifecycle.history[-2:] == tuple(made)


class Halted:
    """A thread that has begun something and goes on when this ends; ``here`` is where it stops."""

    def __init__(self, begin: Callable[[], object]) -> None:
        self._thread = threading.Thread(target=begin)
        self._is_there, self._over = threading.Event(), threading.Event()

    def here(self, *_given: object) -> None:
        """Stops the thread that comes by; in others it does nothing."""
        if threading.current_thread() is self._thread:
            self._is_there.set()
            assert self._over.wait(30)

    def __enter__(self) -> None:
        self._thread.start()
        assert self._is_there.wait(30)

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()


def test_a_lock_of_another_thread_is_not_waited_for() -> None:
    lifecycle = Lifecycle()
    with held_by_another(lifecycle._lock):
        assert code_of_fork(lambda: moves_and_tells(lifecycle)) == WELL
    assert lifecycle.epoch == 0, "a fork's lifecycle is its own"


def test_a_move_that_another_thread_is_about_to_make_holds_nobody_up() -> None:
    lifecycle = Lifecycle()
    gate = lifecycle._gate
    halted = Halted(lambda: lifecycle.transition_to(State.WARMUP))

    class Gate:
        def __getattr__(self, name: str) -> object:
            if name == "compare_exchange":
                halted.here()
            return getattr(gate, name)

    lifecycle._gate = Gate()  # type: ignore[assignment]  # a gate that is slow to answer one thread
    with halted:
        assert code_of_fork(lambda: moves_and_tells(lifecycle)) == WELL
    assert [made.epoch for made in lifecycle.history] == [1]


def test_who_tells_the_listeners_in_another_thread_is_not_waited_for() -> None:
    lifecycle = Lifecycle()
    halted = Halted(lambda: lifecycle.transition_to(State.WARMUP))
    lifecycle.subscribe(halted.here)
    with halted:
        lifecycle.transition_to(State.DEGRADED)
        assert code_of_fork(lambda: moves_and_tells(lifecycle)) == WELL


def test_a_listener_that_forks_goes_on_telling_in_both() -> None:
    lifecycle = Lifecycle()
    order: list[str] = []
    codes: list[int] = []

    def goes_on() -> bool:
        lifecycle.transition_to(State.READY)
        # It is told when this listener has returned, not from within.
        return order == ["WARMUP"]

    def forks(made: Transition) -> None:
        order.append(made.target.name)
        if made.target is State.WARMUP:
            codes.append(code_of_fork(goes_on))

    lifecycle.subscribe(forks)
    lifecycle.transition_to(State.WARMUP)
    lifecycle.transition_to(State.DEGRADED)
    assert (codes, order) == ([WELL], ["WARMUP", "DEGRADED"])

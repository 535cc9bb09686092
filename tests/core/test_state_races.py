"""Racing control threads: of two that saw the same state one wins.

Most races are staged through the clock, which is called between the decision and the move; two use
real threads and barriers, and assert only what every interleaving must give.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from itertools import pairwise

import pytest

from tickpath.core.state import InvalidTransition, Lifecycle, State, Transition

INIT, WARMUP, READY, DEGRADED = State.INIT, State.WARMUP, State.READY, State.DEGRADED


class StagedClock:
    """Runs an action once, in the middle of the next move."""

    def __init__(self) -> None:
        self.action: Callable[[], object] | None = None
        self.ticks = 0

    def __call__(self) -> int:
        self.ticks += 1
        action, self.action = self.action, None
        if action is not None:
            action()
        return self.ticks


@pytest.fixture
def clock() -> StagedClock:
    return StagedClock()


def in_thread(action: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        thread = threading.Thread(target=action)
        thread.start()
        thread.join()

    return run


@pytest.mark.parametrize("wrap", [in_thread, lambda action: action], ids=["other thread", "the clock itself"])
@pytest.mark.parametrize(
    ("asked", "other"),
    [(READY, READY), (READY, DEGRADED), (DEGRADED, READY)],
    ids=["same move", "would be legal from the new state", "the other way round"],
)
def test_whoever_comes_second_is_refused(
    clock: StagedClock,
    asked: State,
    other: State,
    wrap: Callable[[Callable[[], object]], Callable[[], object]],
) -> None:
    lifecycle = Lifecycle(clock)
    lifecycle.transition_to(WARMUP)
    clock.action = wrap(lambda: lifecycle.transition_to(other, "winner"))
    with pytest.raises(InvalidTransition, match="moved it first") as raised:
        lifecycle.transition_to(asked, "loser")
    assert (raised.value.source, raised.value.target) == (other.name, asked.name)
    assert "WARMUP at epoch 1" in raised.value.reason
    assert lifecycle.state is other
    assert [made.cause for made in lifecycle.history] == ["", "winner"]


def test_the_same_state_at_a_later_epoch_is_not_the_state_that_was_seen(clock: StagedClock) -> None:
    lifecycle = Lifecycle(clock)
    for state in (WARMUP, READY):
        lifecycle.transition_to(state)

    def there_and_back() -> None:
        lifecycle.transition_to(DEGRADED)
        lifecycle.transition_to(READY)

    clock.action = there_and_back
    with pytest.raises(InvalidTransition, match="moved it first"):
        lifecycle.transition_to(DEGRADED, "decided two epochs ago")
    assert (lifecycle.state, lifecycle.epoch) == (READY, 4)


def test_the_loser_tells_no_listener(clock: StagedClock) -> None:
    lifecycle = Lifecycle(clock)
    told: list[Transition] = []
    lifecycle.subscribe(told.append)
    clock.action = lambda: lifecycle.transition_to(WARMUP, "winner")
    with pytest.raises(InvalidTransition):
        lifecycle.transition_to(WARMUP, "loser")
    assert [made.cause for made in told] == ["winner"]


@pytest.mark.parametrize("threads", [2, 8])
def test_real_threads_one_wins_each_round(threads: int) -> None:
    lifecycle = Lifecycle()
    told: list[int] = []
    lifecycle.subscribe(lambda made: told.append(made.epoch))
    lifecycle.transition_to(WARMUP)
    rounds = [READY, DEGRADED] * 10
    wins: list[str] = []
    barrier = threading.Barrier(threads)

    def contend(name: str) -> None:
        for target in rounds:
            barrier.wait()
            try:
                lifecycle.transition_to(target, name)
            except InvalidTransition:
                pass
            else:
                wins.append(name)
            barrier.wait()

    workers = [threading.Thread(target=contend, args=(f"t{n}",)) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(wins) == len(rounds)
    assert lifecycle.epoch == 1 + len(rounds)
    assert [made.cause for made in lifecycle.history[1:]] == wins
    assert sorted(told) == told == list(range(1, lifecycle.epoch + 1))


def test_real_threads_history_is_a_chain_with_stamps_that_never_run_backwards() -> None:
    lifecycle = Lifecycle(history_limit=100_000)
    lifecycle.transition_to(WARMUP)
    barrier = threading.Barrier(4)

    def roam() -> None:
        barrier.wait()
        for _ in range(200):
            for target in (READY, DEGRADED, WARMUP):
                try:
                    lifecycle.transition_to(target)
                except InvalidTransition:
                    continue

    workers = [threading.Thread(target=roam) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    history = lifecycle.history
    assert len(history) == lifecycle.epoch
    for before, after in pairwise(history):
        assert after.epoch == before.epoch + 1
        assert after.source is before.target
        assert after.at_ns >= before.at_ns


def test_a_move_during_a_listeners_call_in_another_thread_is_told_by_that_thread() -> None:
    lifecycle = Lifecycle()
    told: list[tuple[int, str]] = []
    inside, go_on = threading.Event(), threading.Event()

    def listener(made: Transition) -> None:
        told.append((made.epoch, threading.current_thread().name))
        if made.epoch == 1:
            inside.set()
            assert go_on.wait(30)

    lifecycle.subscribe(listener)
    slow = threading.Thread(target=lambda: lifecycle.transition_to(WARMUP), name="slow")
    slow.start()
    assert inside.wait(30)
    lifecycle.transition_to(READY)  # does not wait for the listener
    assert told == [(1, "slow")]
    go_on.set()
    slow.join()
    assert told == [(1, "slow"), (2, "slow")]


def test_a_signal_handler_may_move_the_lifecycle_while_its_lock_is_held() -> None:
    lifecycle = Lifecycle()
    lifecycle.transition_to(WARMUP)
    moved: list[Transition] = []
    previous = signal.signal(
        signal.SIGUSR1, lambda *_: moved.append(lifecycle.transition_to(DEGRADED, "signal"))
    )
    try:
        with lifecycle._lock:  # where the signal hurts most
            signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, previous)
    assert moved[0] is lifecycle.history[-1]
    assert lifecycle.state is DEGRADED

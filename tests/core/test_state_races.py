"""Racing control threads: of two that saw the same state one wins.

Most races are staged through the clock, which is called between the decision and the move; two use
real threads and barriers, and assert only what every interleaving must give.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

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


class Gate:
    """A gate whose next exchange is followed, or preceded, by an action: where a signal may come, too."""

    def __init__(
        self, gate: Any, before: Callable[[], object] | None, after: Callable[[], object] | None
    ) -> None:
        self._gate, self._before, self._after = gate, before, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gate, name)

    def compare_exchange(self, word: int, state: int) -> bool:
        before, self._before = self._before, None
        if before is not None:
            before()
        made: bool = self._gate.compare_exchange(word, state)
        after, self._after = self._after, None
        if after is not None:
            after()
        return made


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


class TestASignalInTheMiddleOfAMove:
    """A handler moves the lifecycle within a move of its own thread, which holds the lock."""

    def test_after_the_exchange_and_before_the_record_all_is_told_and_kept_in_order(self) -> None:
        lifecycle = Lifecycle(lambda: 0)
        told: list[int] = []
        lifecycle.subscribe(lambda made: told.append(made.epoch))

        def handler() -> None:
            lifecycle.transition_to(READY)
            lifecycle.transition_to(DEGRADED)
            assert told == [], "epoch 1 comes first, and is not recorded yet"

        gate: Any = Gate(lifecycle.gate, None, handler)
        lifecycle._gate = gate
        lifecycle.transition_to(WARMUP)
        assert told == [1, 2, 3]
        assert [(made.epoch, made.target) for made in lifecycle.history] == [
            (1, WARMUP),
            (2, READY),
            (3, DEGRADED),
        ]
        lifecycle.transition_to(READY)
        assert told == [1, 2, 3, 4]

    def test_before_the_exchange_the_move_is_refused_and_the_handlers_is_told(self) -> None:
        lifecycle = Lifecycle(lambda: 0)
        told: list[int] = []
        lifecycle.subscribe(lambda made: told.append(made.epoch))
        lifecycle.transition_to(WARMUP)
        gate: Any = Gate(lifecycle.gate, lambda: lifecycle.transition_to(DEGRADED), None)
        lifecycle._gate = gate
        with pytest.raises(InvalidTransition, match=r"was WARMUP at epoch 1 when .* is DEGRADED at epoch 2;"):
            lifecycle.transition_to(READY)
        assert told == [1, 2]

    @pytest.mark.parametrize("limit", [1, 2, 3])
    def test_of_a_short_history_it_is_the_oldest_that_falls_out(self, limit: int) -> None:
        lifecycle = Lifecycle(lambda: 0, history_limit=limit)

        def handler() -> None:
            lifecycle.transition_to(READY)
            lifecycle.transition_to(DEGRADED)

        gate: Any = Gate(lifecycle.gate, None, handler)
        lifecycle._gate = gate
        lifecycle.transition_to(WARMUP)
        assert [made.epoch for made in lifecycle.history] == [1, 2, 3][-limit:]
        assert lifecycle.history_dropped == 3 - limit


def test_listeners_interrupted_between_two_of_them_are_told_with_the_next_move(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Here by the hook that a raising listener is reported to; Ctrl-C may come at any line."""
    reports: list[object] = []

    def report(error: BaseException, listener: object) -> None:
        reports.append(listener)
        if len(reports) == 1:
            raise KeyboardInterrupt

    def bad(made: Transition) -> None:
        raise ValueError

    told: list[int] = []
    monkeypatch.setattr("tickpath.core.state.lifecycle.report_unraisable", report)
    lifecycle = Lifecycle()
    lifecycle.subscribe(bad)
    lifecycle.subscribe(lambda made: told.append(made.epoch))
    with pytest.raises(KeyboardInterrupt):
        lifecycle.transition_to(WARMUP)
    lifecycle.transition_to(READY)
    assert (lifecycle.state, told, reports) == (READY, [2], [bad, bad])

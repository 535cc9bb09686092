"""The lifecycle: which moves there are, what is recorded, and who is told."""

from __future__ import annotations

import itertools
import pickle
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tickpath import errors
from tickpath.core.state import InvalidTransition, Lifecycle, State, Transition
from tickpath.core.state.states import LEGAL_MOVES
from tickpath.core.time import now
from tickpath.errors import ArgumentTypeError, ArgumentValueError

INIT, WARMUP, READY, DEGRADED = State.INIT, State.WARMUP, State.READY, State.DEGRADED
# Written out once more, on purpose: the table of the package is what is tested.
LEGAL = {
    (INIT, WARMUP),
    (WARMUP, READY),
    (WARMUP, DEGRADED),
    (READY, DEGRADED),
    (DEGRADED, READY),
    (DEGRADED, WARMUP),
}
ROUTES = {INIT: [], WARMUP: [WARMUP], READY: [WARMUP, READY], DEGRADED: [WARMUP, DEGRADED]}
PAIRS = list(itertools.product(State, State))


def lifecycle_in(state: State, **options: Any) -> Lifecycle:
    lifecycle = Lifecycle(**options)
    for step in ROUTES[state]:
        lifecycle.transition_to(step)
    return lifecycle


class Stop(BaseException):
    """As KeyboardInterrupt is: no Exception."""


@pytest.fixture
def unraisable(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was handed to sys.unraisablehook: pairs of error and the object it came from."""
    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: seen.append((args.exc_value, args.object)))
    return seen


def test_a_lifecycle_begins_in_init_at_epoch_0_with_no_history() -> None:
    lifecycle = Lifecycle()
    assert lifecycle.state is INIT
    assert (lifecycle.epoch, lifecycle.history, lifecycle.history_dropped) == (0, (), 0)


def test_the_table_has_exactly_six_moves() -> None:
    assert {(source, target) for source, targets in LEGAL_MOVES.items() for target in targets} == LEGAL


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        LEGAL_MOVES[READY] = (INIT,)  # type: ignore[index]


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_each_pair_of_states_is_a_move_or_refused(source: State, target: State) -> None:
    lifecycle = lifecycle_in(source)
    before = (lifecycle.epoch, lifecycle.history)
    assert lifecycle.can_transition_to(target) is ((source, target) in LEGAL)
    if (source, target) in LEGAL:
        made = lifecycle.transition_to(target)
        assert lifecycle.state is target
        assert lifecycle.epoch == before[0] + 1
        assert lifecycle.history == (*before[1], made)
        assert (made.epoch, made.source, made.target) == (lifecycle.epoch, source, target)
    else:
        with pytest.raises(InvalidTransition) as raised:
            lifecycle.transition_to(target)
        error = raised.value
        assert (error.source, error.target) == (source.name, target.name)
        assert set(error.legal) == {t.name for s, t in LEGAL if s is source}
        for name in (source.name, target.name, *error.legal):
            assert name in str(error)
        assert (lifecycle.state, lifecycle.epoch, lifecycle.history) == (source, *before)


def test_invalid_transition_is_the_class_of_the_hierarchy_and_can_be_pickled() -> None:
    assert InvalidTransition is errors.InvalidTransition
    with pytest.raises(ValueError, match="INIT -> READY") as raised:
        Lifecycle().transition_to(READY)
    copy = pickle.loads(pickle.dumps(raised.value))
    assert (str(copy), copy.legal) == (str(raised.value), ("WARMUP",))


@pytest.mark.parametrize("name", ["state", "epoch", "history", "history_dropped", "gate"])
def test_what_it_says_of_itself_cannot_be_set(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(Lifecycle(), name, READY)


@pytest.mark.parametrize("bad", [1, "READY", None, 2.0, object(), True])
def test_only_a_state_is_a_state(bad: Any) -> None:
    lifecycle = Lifecycle()
    with pytest.raises(ArgumentTypeError, match="must be a State"):
        lifecycle.transition_to(bad)
    with pytest.raises(ArgumentTypeError, match="must be a State"):
        lifecycle.can_transition_to(bad)
    assert lifecycle.epoch == 0


def test_a_cause_is_text() -> None:
    lifecycle = Lifecycle()
    with pytest.raises(ArgumentTypeError, match="cause"):
        lifecycle.transition_to(WARMUP, 5)  # type: ignore[arg-type]
    assert lifecycle.transition_to(WARMUP, "start of day").cause == "start of day"
    assert lifecycle.transition_to(READY).cause == ""


def test_moves_that_the_rules_refuse_are_counted_and_lost_races_are_not() -> None:
    lifecycle = Lifecycle()
    assert lifecycle.refused_moves == 0
    for target in (State.INIT, State.READY, State.DEGRADED):
        with pytest.raises(InvalidTransition):
            lifecycle.transition_to(target)
    assert lifecycle.refused_moves == 3
    lifecycle.transition_to(State.WARMUP)
    with pytest.raises(InvalidTransition):
        lifecycle.transition_to(State.READY, expected_epoch=0)
    assert lifecycle.can_transition_to(State.INIT) is False
    assert lifecycle.refused_moves == 3


class TestHistory:
    def test_records_are_immutable_and_picklable(self) -> None:
        made = Lifecycle().transition_to(WARMUP, "x")
        with pytest.raises(AttributeError):
            made.cause = "y"  # type: ignore[misc]
        assert pickle.loads(pickle.dumps(made)) == made
        assert isinstance(made, Transition)

    def test_stamps_come_from_the_clock_one_per_move(self) -> None:
        ticks = iter([5, 5, 9])
        lifecycle = Lifecycle(lambda: next(ticks))
        for state in (WARMUP, READY, DEGRADED):
            lifecycle.transition_to(state)
        assert [made.at_ns for made in lifecycle.history] == [5, 5, 9]

    def test_the_clock_is_now_unless_told_otherwise(self) -> None:
        before = now()
        made = Lifecycle().transition_to(WARMUP)
        assert before <= made.at_ns <= now()

    def test_no_stamp_is_taken_for_a_move_that_is_refused(self) -> None:
        lifecycle = Lifecycle(lambda: pytest.fail("the clock was asked"))
        with pytest.raises(InvalidTransition):
            lifecycle.transition_to(READY)

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
    def test_it_is_bounded_and_counts_what_fell_out(self, limit: int) -> None:
        lifecycle = Lifecycle(history_limit=limit)
        lifecycle.transition_to(WARMUP)
        for state in (READY, DEGRADED) * 3:
            lifecycle.transition_to(state)
        kept = lifecycle.history
        assert len(kept) == min(limit, 7)
        assert lifecycle.history_dropped == 7 - len(kept)
        assert [made.epoch for made in kept] == list(range(8 - len(kept), 8))

    @pytest.mark.parametrize(
        ("limit", "error"),
        [
            (0, ArgumentValueError),
            (-1, ArgumentValueError),
            (1.5, ArgumentTypeError),
            ("3", ArgumentTypeError),
        ],
    )
    def test_a_limit_that_makes_no_sense_is_refused(self, limit: Any, error: type[Exception]) -> None:
        with pytest.raises(error, match="history_limit"):
            Lifecycle(history_limit=limit)


class TestClock:
    @pytest.mark.parametrize("bad", [None, 5, "now"])
    def test_it_must_be_callable(self, bad: Any) -> None:
        with pytest.raises(ArgumentTypeError, match="clock"):
            Lifecycle(bad)

    @pytest.mark.parametrize("bad", [1.5, None, "12"])
    def test_one_that_returns_no_integer_changes_nothing(self, bad: Any) -> None:
        lifecycle = Lifecycle(lambda: bad)
        with pytest.raises(ArgumentTypeError, match="clock"):
            lifecycle.transition_to(WARMUP)
        assert (lifecycle.state, lifecycle.epoch, lifecycle.history) == (INIT, 0, ())

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_one_that_raises_changes_nothing(self, error: type[BaseException]) -> None:
        told: list[Transition] = []

        def clock() -> int:
            raise error("broken")

        lifecycle = Lifecycle(clock)
        lifecycle.subscribe(told.append)
        with pytest.raises(error, match="broken"):
            lifecycle.transition_to(WARMUP)
        assert (lifecycle.state, lifecycle.epoch, lifecycle.history, told) == (INIT, 0, (), [])


class TestListeners:
    def test_they_are_told_after_the_change_in_the_order_they_came(self) -> None:
        lifecycle = Lifecycle()
        told: list[tuple[str, State, int]] = []
        lifecycle.subscribe(lambda made: told.append(("first", lifecycle.state, made.epoch)))
        lifecycle.subscribe(lambda made: told.append(("second", lifecycle.state, made.epoch)))
        lifecycle.transition_to(WARMUP)
        assert told == [("first", WARMUP, 1), ("second", WARMUP, 1)]

    def test_they_get_the_record_of_the_history(self) -> None:
        lifecycle = Lifecycle()
        told: list[Transition] = []
        lifecycle.subscribe(told.append)
        made = lifecycle.transition_to(WARMUP, "go")
        assert told[0] is made
        assert lifecycle.history[0] is made

    def test_a_refused_move_is_told_to_nobody(self) -> None:
        lifecycle = Lifecycle()
        lifecycle.subscribe(lambda made: pytest.fail(f"told of {made}"))
        with pytest.raises(InvalidTransition):
            lifecycle.transition_to(DEGRADED)

    def test_a_subscription_ends_once_and_alone(self) -> None:
        lifecycle = Lifecycle()
        told: list[Transition] = []
        first, _second = lifecycle.subscribe(told.append), lifecycle.subscribe(told.append)
        first()
        first()
        lifecycle.transition_to(WARMUP)
        assert len(told) == 1

    def test_one_may_unsubscribe_itself_or_subscribe_another_while_told(self) -> None:
        lifecycle = Lifecycle()
        told: list[str] = []
        stops: list[Callable[[], None]] = []

        def once(made: Transition) -> None:
            told.append(f"once {made.epoch}")
            stops[0]()
            lifecycle.subscribe(lambda later: told.append(f"late {later.epoch}"))

        stops.append(lifecycle.subscribe(once))
        lifecycle.transition_to(WARMUP)
        lifecycle.transition_to(READY)
        assert told == ["once 1", "late 2"]

    def test_one_that_raises_stops_neither_the_move_nor_the_others(self, unraisable: list[Any]) -> None:
        lifecycle = Lifecycle()
        told: list[Transition] = []
        error = ValueError("mine")

        def bad(made: Transition) -> None:
            raise error

        lifecycle.subscribe(bad)
        lifecycle.subscribe(told.append)
        made = lifecycle.transition_to(WARMUP)
        assert (lifecycle.state, told) == (WARMUP, [made])
        assert unraisable == [(error, bad)]
        lifecycle.transition_to(READY)
        assert len(unraisable) == 2, "every error is reported, not the first only"

    def test_an_interrupt_passes_when_the_others_were_told(self, unraisable: list[Any]) -> None:
        lifecycle = Lifecycle()
        told: list[Transition] = []
        second = Stop("second")

        def stop(error: BaseException) -> Callable[[Transition], None]:
            def listener(made: Transition) -> None:
                told.append(made)
                raise error

            return listener

        listeners = [stop(Stop("first")), stop(second)]
        for listener in listeners:
            lifecycle.subscribe(listener)
        lifecycle.subscribe(told.append)
        with pytest.raises(Stop, match="first"):
            lifecycle.transition_to(WARMUP)
        assert (lifecycle.state, len(told)) == (WARMUP, 3)
        assert unraisable == [(second, listeners[1])], "no error is lost unsaid"
        with pytest.raises(Stop, match="first"):
            lifecycle.transition_to(READY)
        assert len(told) == 6, "an interrupt must not silence the moves after it"

    def test_one_that_moves_the_lifecycle_is_told_of_it_next_and_all_in_order(self) -> None:
        lifecycle = Lifecycle()
        first: list[int] = []
        last: list[int] = []

        def warm(made: Transition) -> None:
            if made.target is WARMUP:
                lifecycle.transition_to(READY)
            first.append(made.epoch)

        lifecycle.subscribe(warm)
        lifecycle.subscribe(lambda made: last.append(made.epoch))
        lifecycle.transition_to(WARMUP)
        assert lifecycle.state is READY
        assert (first, last) == ([1, 2], [1, 2])

    @pytest.mark.parametrize("bad", [None, 3, "print"])
    def test_one_must_be_callable(self, bad: Any) -> None:
        with pytest.raises(ArgumentTypeError, match="listener"):
            Lifecycle().subscribe(bad)


class TestExpectedEpoch:
    def test_the_move_is_made_while_the_epoch_lasts(self) -> None:
        lifecycle = lifecycle_in(READY)
        assert lifecycle.transition_to(DEGRADED, expected_epoch=2).epoch == 3

    def test_it_is_refused_when_the_epoch_is_over_though_the_rules_allow_it(self) -> None:
        lifecycle = lifecycle_in(READY)
        with pytest.raises(InvalidTransition, match="epoch 1 was expected and it is 2"):
            lifecycle.transition_to(DEGRADED, expected_epoch=1)
        assert lifecycle.state is READY

    def test_it_is_an_integer(self) -> None:
        with pytest.raises(ArgumentTypeError, match="expected_epoch"):
            Lifecycle().transition_to(WARMUP, expected_epoch="0")  # type: ignore[arg-type]


def test_repr_says_state_and_epoch() -> None:
    assert repr(lifecycle_in(READY)) == "<Lifecycle READY at epoch 2>"


@pytest.mark.parametrize("state", State)
def test_a_state_reads_as_its_name_and_counts_as_its_code(state: State) -> None:
    assert str(state) == f"{state}" == state.name
    assert f"{state:>9}" == state.name.rjust(9)
    assert State(int(state)) is state

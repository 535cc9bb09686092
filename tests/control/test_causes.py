"""The set of causes: who is the same cause, who may take it away, and whose lifecycle it is."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.control.looks import lifecycle_in
from tests.forks import WELL, WITH_FORKS, code_of_fork, held_by_another
from tickpath.control.failure import (
    Cause,
    ExternalSignal,
    MarketDataOutage,
    causes,
    held,
    held_causes,
    hold,
    release,
)
from tickpath.core.state import State
from tickpath.errors import ArgumentTypeError, ArgumentValueError


def test_the_same_owner_and_words_are_one_cause() -> None:
    lifecycle = lifecycle_in(State.READY)
    first = Cause("feed stale", "probe:feed", "60 ns", 7)
    assert hold(lifecycle, first)
    assert not hold(lifecycle, Cause("feed stale", "probe:feed", "99 ns", 9))
    assert held(lifecycle) == (first,), "evidence and since are those it was raised on"
    assert release(lifecycle, Cause("feed stale", "probe:feed"))
    assert not release(lifecycle, first)
    assert held(lifecycle) == ()


def test_a_cause_is_immutable_and_says_nothing_that_it_was_not_told() -> None:
    cause: Any = Cause("outage")
    assert (cause.owner, cause.evidence, cause.since_ns) == ("", "", None)
    with pytest.raises(AttributeError):
        cause.words = "backlog"
    assert not hasattr(cause, "__dict__")


@pytest.mark.parametrize("other", [Cause("feed stale", "operator"), Cause("backlog", "probe:feed")])
def test_another_owner_or_other_words_are_another_cause(other: Cause) -> None:
    lifecycle = lifecycle_in(State.READY)
    ours = Cause("feed stale", "probe:feed")
    assert hold(lifecycle, ours)
    assert hold(lifecycle, other)
    assert release(lifecycle, other)
    assert held(lifecycle) == (ours,)


def test_causes_without_an_owner_are_told_apart_by_identity() -> None:
    lifecycle = lifecycle_in(State.READY)
    one, two = Cause("outage"), Cause("outage")
    assert hold(lifecycle, one)
    assert not hold(lifecycle, one)
    assert hold(lifecycle, two)
    assert held_causes(lifecycle) == ("outage", "outage")
    assert release(lifecycle, one)
    assert [cause is two for cause in held(lifecycle)] == [True]


def test_they_stand_in_the_order_they_came() -> None:
    lifecycle = lifecycle_in(State.READY)
    for owner in ("b", "a", "c"):
        hold(lifecycle, Cause("words", owner))
    release(lifecycle, Cause("words", "a"))
    hold(lifecycle, Cause("words", "a"))
    assert [cause.owner for cause in held(lifecycle)] == ["b", "c", "a"]


def test_every_lifecycle_has_its_own() -> None:
    one, other = lifecycle_in(State.READY), lifecycle_in(State.READY)
    hold(one, Cause("words", "me"))
    assert (held(other), release(other, Cause("words", "me"))) == ((), False)


def test_a_probes_cause_keeps_a_scenario_from_restoring_ready() -> None:
    lifecycle = lifecycle_in(State.READY)
    with MarketDataOutage(lifecycle):
        hold(lifecycle, Cause("execution backlog", "probe:backlog"))
    assert lifecycle.state is State.DEGRADED
    assert held_causes(lifecycle) == ("execution backlog",)


def test_of_many_threads_that_hold_one_cause_one_is_the_first() -> None:
    lifecycle = lifecycle_in(State.READY)
    barrier = threading.Barrier(4)
    first: list[bool] = []

    def both() -> None:
        barrier.wait()
        first.append(hold(lifecycle, Cause("words", "me")))

    threads = [threading.Thread(target=both) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(first) == [False, False, False, True]
    assert len(held(lifecycle)) == 1


class TestExternalSignal:
    def test_it_holds_and_clears_and_moves_nothing(self) -> None:
        lifecycle = lifecycle_in(State.READY)
        signal = ExternalSignal(lifecycle, "market data outage", owner="feed handler")
        assert (signal.is_held, signal.clear()) == (False, False)
        assert signal.hold("line A is dead", 12)
        assert not signal.hold("still dead", 13)
        assert held(lifecycle) == (Cause("market data outage", "feed handler", "line A is dead", 12),)
        assert (signal.is_held, lifecycle.state, lifecycle.epoch) == (True, State.READY, 2)
        assert signal.clear()
        assert (signal.is_held, held(lifecycle)) == (False, ())

    def test_another_signal_of_the_same_owner_may_clear_it(self) -> None:
        lifecycle = lifecycle_in(State.READY)
        ExternalSignal(lifecycle, "outage").hold()
        assert held(lifecycle) == (Cause("outage", "operator", "", None),)
        assert ExternalSignal(lifecycle, "outage").clear()

    def test_it_is_not_held_by_what_others_hold(self) -> None:
        lifecycle = lifecycle_in(State.READY)
        signal = ExternalSignal(lifecycle, "outage", owner="me")
        ExternalSignal(lifecycle, "outage", owner="you").hold()
        ExternalSignal(lifecycle, "backlog", owner="me").hold()
        assert signal.is_held is False
        signal.hold()
        assert signal.is_held is True

    @pytest.mark.parametrize("which", ["words", "owner"])
    def test_it_has_words_and_an_owner(self, which: str) -> None:
        arguments: dict[str, Any] = {"words": "outage", "owner": "me", which: ""}
        with pytest.raises(ArgumentValueError, match=f"^{which} must say something"):
            ExternalSignal(lifecycle_in(State.READY), **arguments)

    def test_only_a_lifecycle_is_a_lifecycle(self) -> None:
        bad: Any = 1.5
        with pytest.raises(ArgumentTypeError, match="lifecycle must be a Lifecycle, not float"):
            ExternalSignal(bad, "outage")


@WITH_FORKS
def test_a_fork_does_not_wait_for_a_thread_that_was_at_the_causes() -> None:
    lifecycle = lifecycle_in(State.READY)
    with held_by_another(causes._guard.lock):
        assert code_of_fork(lambda: hold(lifecycle, Cause("outage"))) == WELL
    assert held(lifecycle) == ()


@pytest.mark.parametrize("change", [hold, release])
def test_what_is_no_cause_is_refused_before_it_is_held(change: Any) -> None:
    lifecycle = lifecycle_in(State.READY)
    with pytest.raises(ArgumentTypeError, match=r"^cause must be a Cause, not str$"):
        change(lifecycle, "halt")
    with pytest.raises(ArgumentTypeError, match=r"^lifecycle must be a Lifecycle, not State$"):
        change(State.READY, Cause("halt"))
    assert held_causes(lifecycle) == ()

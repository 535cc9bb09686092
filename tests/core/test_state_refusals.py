"""What the lifecycle says when it refuses: what was given, what was expected, where it is."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from tickpath.core.state import InvalidTransition, Lifecycle, State
from tickpath.errors import ArgumentTypeError, ArgumentValueError, TickpathError

BAD: Any = 1.5
IN_WARMUP = Lifecycle()
IN_WARMUP.transition_to(State.WARMUP)


@pytest.mark.parametrize(
    ("attempt", "error", "words"),
    [
        (
            lambda: Lifecycle(BAD),
            ArgumentTypeError,
            "clock must be callable and return integer nanoseconds, not float",
        ),
        (lambda: Lifecycle(history_limit=BAD), ArgumentTypeError, "history_limit must be an int, not float"),
        (lambda: Lifecycle(history_limit=0), ArgumentValueError, "history_limit must be at least 1, not 0"),
        (
            lambda: Lifecycle(history_limit=-(2**256)),
            ArgumentValueError,
            "history_limit must be at least 1, not a negative integer of 257 bits",
        ),
        (
            lambda: Lifecycle(history_limit=1 - 2**256),
            ArgumentValueError,
            f"history_limit must be at least 1, not {1 - 2**256}",
        ),
        (
            lambda: Lifecycle().transition_to(BAD),
            ArgumentTypeError,
            "state must be a State, such as State.READY, not float",
        ),
        (
            lambda: Lifecycle().transition_to(State.WARMUP, BAD),
            ArgumentTypeError,
            "cause must be a str, not float",
        ),
        (
            lambda: Lifecycle().transition_to(State.WARMUP, expected_epoch=BAD),
            ArgumentTypeError,
            "expected_epoch must be an int, not float",
        ),
        (
            lambda: Lifecycle(lambda: BAD).transition_to(State.WARMUP),
            ArgumentTypeError,
            "clock() must be an int, not float",
        ),
        (lambda: Lifecycle().subscribe(BAD), ArgumentTypeError, "listener must be callable, not float"),
        (
            lambda: IN_WARMUP.transition_to(State.INIT),
            InvalidTransition,
            "WARMUP -> INIT is not allowed: from WARMUP it may go to READY, DEGRADED only",
        ),
        (
            lambda: IN_WARMUP.transition_to(State.READY, expected_epoch=7),
            InvalidTransition,
            (
                "WARMUP -> READY was not made: epoch 7 was expected and it is 1; "
                "from WARMUP it may go to READY, DEGRADED"
            ),
        ),
        (
            lambda: IN_WARMUP.transition_to(State.READY, expected_epoch=10**5000),
            InvalidTransition,
            (
                "WARMUP -> READY was not made: epoch a positive integer of 16610 bits was expected and it "
                "is 1; from WARMUP it may go to READY, DEGRADED"
            ),
        ),
    ],
)
def test_a_refusal_says_what_was_given_and_what_was_expected(
    attempt: Callable[[], object], error: type[TickpathError], words: str
) -> None:
    with pytest.raises(error) as raised:
        attempt()
    assert str(raised.value) == words
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_a_history_may_be_as_long_as_one_likes() -> None:
    lifecycle = Lifecycle(history_limit=2**64)
    lifecycle.transition_to(State.WARMUP)
    assert (len(lifecycle.history), lifecycle.history_dropped) == (1, 0)


def test_the_history_keeps_4096_moves_unless_told_otherwise() -> None:
    lifecycle = Lifecycle(lambda: 0)
    lifecycle.transition_to(State.WARMUP)
    for _ in range(2048):
        lifecycle.transition_to(State.READY)
        lifecycle.transition_to(State.DEGRADED)
    assert (lifecycle.epoch, len(lifecycle.history), lifecycle.history_dropped) == (4097, 4096, 1)


@pytest.mark.parametrize("attempt", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_lifecycle_can_be_neither_copied_nor_pickled(attempt: Callable[[Lifecycle], object]) -> None:
    words = "^a Lifecycle can be neither copied nor pickled: .*; make another for another process"
    with pytest.raises(ArgumentTypeError, match=words):
        attempt(IN_WARMUP)

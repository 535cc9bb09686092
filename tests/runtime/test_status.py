"""The status: one moment of a run, the same for everybody who asks."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest

from tests.runtime.boards import Board, ready_board
from tickpath.control.failure.causes import Cause, hold
from tickpath.core.state import State
from tickpath.runtime.status import ControlCost


def test_it_holds_what_the_last_step_saw() -> None:
    status = ready_board().read()
    assert (status.state, status.epoch, status.phase, status.at_ns) == (
        *(State.READY, 2, "running"),
        2_000_000_000,
    )
    assert status.is_ready
    assert status.line() == "READY, ready, 78 events published"
    with pytest.raises(FrozenInstanceError):
        status.epoch = 3  # type: ignore[misc]


def test_before_the_first_step_nothing_is_known() -> None:
    status = Board().read()
    assert (status.at_ns, status.look, status.is_ready) == (None, None, False)
    assert status.line() == "INIT, not ready: state is INIT, expected READY"
    assert status.as_json()["published"] is None


def test_moves_are_counted_and_not_only_remembered() -> None:
    board = Board(State.WARMUP, State.READY, State.DEGRADED, State.READY, State.DEGRADED)
    counts = {(source.name, target.name): count for source, target, count in board.read().transitions}
    assert counts == {
        ("INIT", "WARMUP"): 1,
        ("WARMUP", "READY"): 1,
        ("WARMUP", "DEGRADED"): 0,
        ("READY", "DEGRADED"): 2,
        ("DEGRADED", "READY"): 1,
        ("DEGRADED", "WARMUP"): 0,
    }
    board.close()
    board.move(State.READY)
    assert ("DEGRADED", "READY", 1) in [(s.name, t.name, n) for s, t, n in board.read().transitions]


def test_the_cost_of_control_steps_is_added_up() -> None:
    board = ready_board()
    for step_ns in (5, 9, 7):
        board.took(step_ns)
    assert board.control == board.read().control == ControlCost(3, 21, 9)


def test_a_closed_board_says_so() -> None:
    with ready_board() as board:
        assert board.is_ready
    status = board.read()
    assert (status.phase, status.is_ready, board.is_ready) == ("stopped", False, False)


def test_as_json_it_is_the_same_every_time() -> None:
    board = ready_board()
    hold(board.lifecycle, Cause("outage", "probe:feed", "12 ms", 7))
    first, second = board.read().as_json(), board.read().as_json()
    assert json.dumps(first) == json.dumps(second)
    assert first["schema"] == "tickpath/status/1"
    assert first["causes"] == [{"words": "outage", "owner": "probe:feed", "evidence": "12 ms", "since_ns": 7}]
    assert first["stages"] == {
        "executor": {"processed": 70, "executed": 60, "lost": 2, "shed": 1, "unread": 5}
    }
    assert [condition["name"] for condition in first["unmet"]] == ["cause:outage"]

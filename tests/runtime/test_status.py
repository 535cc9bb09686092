"""The status: one moment of a run, the same for everybody who asks."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from tests.runtime.boards import Board, ready_board
from tests.runtime.looks import Books, Stage, StageWithBooks, seen
from tests.runtime.test_latency_buckets import Acks
from tests.runtime.test_readiness import Monitor
from tickpath.config.scenario.surroundings import WarmupSettings
from tickpath.control.failure.causes import Cause, hold
from tickpath.control.health.monitor import ProbeStatus
from tickpath.core.state import State
from tickpath.runtime.latency_buckets import AckLatency
from tickpath.runtime.shutdown import Shutdown
from tickpath.runtime.status import ControlCost, gated_by_state
from tickpath.runtime.warmup import WarmUp


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
    assert Board().control == ControlCost(0, 0, None)
    shortest = Board()
    shortest.took(0)
    assert shortest.control == ControlCost(1, 0, 0)


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


def test_as_json_it_says_all_of_it_in_so_many_keys() -> None:
    board = ready_board()
    board.took(5)
    assert board.read().as_json() == {
        "schema": "tickpath/status/1",
        "at_ns": 2_000_000_000,
        "phase": "running",
        "state": "READY",
        "epoch": 2,
        "ready": True,
        "started": True,
        "unmet": [],
        "causes": [],
        "published": 78,
        "stages": {"executor": {"processed": 70, "executed": 60, "lost": 2, "shed": 1, "unread": 5}},
        "control_steps": 1,
    }
    before = Board().read().as_json()
    assert (before["at_ns"], before["stages"], before["ready"], before["started"]) == (None, {}, False, False)


def test_it_asks_every_part_that_it_was_given() -> None:
    probe = ProbeStatus("feed", "outage", "ok", 1.0, 5.0, "ms", 300, raised=False)
    warmup, shutdown = WarmUp(WarmupSettings(kind="count"), events=10), Shutdown(1_000)
    board = Board(State.WARMUP, monitor=Monitor(probe), warmup=warmup, shutdown=shutdown)
    board.see()
    bare = Board(State.WARMUP).read()
    assert (bare.probes, bare.warmup, bare.certificate, bare.latency) == ((), None, None, None)
    assert (bare.phase, bare.not_alive) == ("running", ())
    assert [condition.name for condition in bare.not_started] == ["state", "control"]
    warmup.begin()
    status = board.read()
    assert (status.probes, status.warmup, status.certificate) == ((probe,), warmup.progress, None)
    warmup.step(seen(10))
    assert board.read().certificate is warmup.certificate is not None
    shutdown.request("me")
    shutdown.step(seen(10))
    assert (board.phase, board.read().phase) == ("stopping_intake", "stopping_intake")
    board.clock.at_ns += 10**9
    assert [condition.name for condition in board.read().not_alive] == ["control"]


def test_what_stands_behind_it_can_be_asked_as_well() -> None:
    board = ready_board()
    assert board.readiness.is_ready
    assert board.readiness.look is board.read().look


def test_latencies_are_counted_at_each_step_from_when_it_is_asked_for() -> None:
    board = ready_board()
    assert board.read().latency is None
    board.count_latency(AckLatency(Acks(60, 70)))
    board.see()
    latency = board.read().latency
    assert latency is not None
    assert (latency.count, latency.sum_ns) == (2, 130)


def test_what_was_gated_is_known_by_state_where_the_ledger_knows() -> None:
    assert gated_by_state(StageWithBooks(ledger=Books([0, 7, 0, 3]))) == (0, 7, 0, 3)
    # A stage that keeps no books, and one whose books have a sum and no states.
    assert gated_by_state(Stage()) is None
    sums: Any = StageWithBooks()
    sums.ledger = object()
    assert gated_by_state(sums) is None

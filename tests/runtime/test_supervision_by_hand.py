"""Supervision, stepped by hand: whom it tells what, when, and in which order it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

import pytest

from tests.runtime.boards import Board, ready_board
from tests.runtime.looks import Feed, Stage, look
from tests.runtime.test_latency_buckets import Acks
from tickpath.core.state import State
from tickpath.runtime import supervision
from tickpath.runtime.endpoints import HttpAddress
from tickpath.runtime.shutdown import Shutdown
from tickpath.runtime.supervision import Supervision

ANY_PORT = HttpAddress("127.0.0.1", 0)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a notifier and the endpoints were told, in order."""
    made: list[str] = []

    class Notifier:
        def step(self, board: Board) -> None:
            made.append(f"step {board.phase}")

        def stopping(self) -> None:
            made.append("stopping")

    class Server:
        url = "http://somewhere"

        def __init__(self, board: Board, address: HttpAddress) -> None:
            self._board = board
            made.append(f"server at {address} over {type(board).__name__}")

        def __enter__(self) -> Self:
            made.append("server up")
            return self

        def __exit__(self, *_exception: object) -> None:
            made.append(f"server down {self._board.phase}")

    monkeypatch.setattr(supervision, "SystemdNotifier", Notifier)
    monkeypatch.setattr(supervision, "Endpoints", Server)
    return made


def phase_in(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))["phase"]


def test_the_manager_is_told_once_when_the_end_begins_and_not_again(told: list[str]) -> None:
    shutdown = Shutdown(1_000)
    board = ready_board(shutdown=shutdown)
    with Supervision(board) as outside:
        assert outside.url is None
        outside.step()
        shutdown.request("me")
        shutdown.step(look(feed=Feed(), executor=Stage(backlog=3)))
        outside.step()
        outside.step()
        assert told == ["step running", "stopping", *["step stopping_intake"] * 2]
    assert told[-1] == "step stopping_intake"
    assert board.phase == "stopped"


def test_an_end_without_a_beginning_is_told_as_well(told: list[str]) -> None:
    board = Board(State.WARMUP)
    with Supervision(board):
        assert told == []
    assert (told, board.phase) == (["stopping"], "stopped")


def test_the_endpoints_go_after_the_word_and_before_the_board(told: list[str]) -> None:
    board = ready_board()
    outside = Supervision(board, http=ANY_PORT)
    assert (told, outside.url) == ([], None)
    with outside:
        assert outside.url == "http://somewhere"
    assert told == ["server at 127.0.0.1:0 over Board", "server up", "stopping", "server down running"]


def test_the_probe_file_has_each_step_and_the_last_word(told: list[str], tmp_path: Path) -> None:
    path, board = tmp_path / "probe.json", ready_board()
    with Supervision(board, probe_file=path) as outside:
        assert not path.exists()
        outside.step()
        assert phase_in(path) == "running"
    assert (phase_in(path), told) == ("stopped", ["step running", "stopping"])


@pytest.mark.usefixtures("told")
def test_latencies_are_counted_where_somebody_may_ask_for_them() -> None:
    for http, acks, counts in ((ANY_PORT, Acks(7), True), (None, Acks(7), False), (ANY_PORT, None, False)):
        board, given = ready_board(), acks
        with Supervision(board, http=http) as outside:
            ring: Any = given
            outside.begin(ring)
            board.see()
            latency = board.read().latency
            assert (latency is not None and latency.count == 1) is counts


def test_a_probe_file_that_cannot_be_written_is_counted(told: list[str], tmp_path: Path) -> None:
    assert Supervision(ready_board()).probe_file_failures == 0
    folder = tmp_path / "gone"
    folder.mkdir()
    with Supervision(ready_board(), probe_file=folder / "probe.json") as outside:
        assert outside.probe_file_failures == 0
        folder.rmdir()
        outside.step()
        assert outside.probe_file_failures == 1
    assert told

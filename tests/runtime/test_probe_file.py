"""The probe file: always one whole object, up to date, and marked at the end."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.boards import Board, ready_board
from tickpath.core.state import State
from tickpath.errors import ArgumentValueError
from tickpath.runtime.probe_file import ProbeFile


def read(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_it_is_written_on_each_change_of_readiness(tmp_path: Path) -> None:
    path, board = tmp_path / "probe.json", Board(State.WARMUP)
    file = ProbeFile(path, every_steps=1_000)
    file.step(board)
    assert (read(path)["ready"], read(path)["pid"]) == (False, os.getpid())
    file.step(board)
    board.move(State.READY)
    board.see()
    file.step(board)
    assert read(path)["ready"] is True
    board.move(State.DEGRADED)
    file.step(board)
    assert (read(path)["ready"], read(path)["state"]) == (False, "DEGRADED")


def test_it_is_written_again_at_every_so_many_steps(tmp_path: Path) -> None:
    path, board = tmp_path / "probe.json", ready_board()
    file = ProbeFile(path, every_steps=3)
    written = []
    for _ in range(7):
        file.step(board)
        written.append(path.exists())
        path.unlink(missing_ok=True)
    assert written == [True, False, False, True, False, False, True]


def test_at_the_end_it_says_stopped(tmp_path: Path) -> None:
    path = tmp_path / "probe.json"
    file = ProbeFile(path)
    with ready_board() as board:
        file.step(board)
    file.close(board)
    assert (read(path)["phase"], read(path)["ready"]) == ("stopped", False)


def test_a_reader_never_sees_half_of_it(tmp_path: Path) -> None:
    path, board = tmp_path / "probe.json", ready_board()
    file = ProbeFile(path, every_steps=1)
    file.step(board)
    with path.open(encoding="utf-8") as before:
        board.move(State.DEGRADED)
        file.step(board)
        # The file that was there is not the one that is written.
        assert json.load(before)["state"] == "READY"
    assert [entry.name for entry in tmp_path.iterdir()] == ["probe.json"]


def test_a_folder_that_is_gone_fails_no_run(tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    file = ProbeFile(folder / "probe.json")
    folder.rmdir()
    file.step(ready_board())
    assert file.failures == 1


@pytest.mark.parametrize(("path", "why"), [("", "is a folder"), ("none/probe.json", "no folder")])
def test_what_cannot_be_a_file_is_refused_before_the_run(tmp_path: Path, path: str, why: str) -> None:
    with pytest.raises(ArgumentValueError, match=why):
        ProbeFile(tmp_path / path)


def test_the_number_of_steps_is_checked(tmp_path: Path) -> None:
    with pytest.raises(ArgumentValueError, match="every_steps"):
        ProbeFile(tmp_path / "probe.json", every_steps=0)

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


@pytest.mark.parametrize(("settings", "every"), [({"every_steps": 4}, 4), ({}, 100)])
def test_which_are_100_unless_told_otherwise(tmp_path: Path, settings: Any, every: int) -> None:
    path, board = tmp_path / "probe.json", ready_board()
    file = ProbeFile(path, **settings)
    written = []
    for step in range(2 * every):
        file.step(board)
        if path.exists():
            written.append(step)
            path.unlink()
    assert written == [0, every]


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
    board = ready_board()
    file.step(board)
    file.close(board)
    assert file.failures == 2


def test_what_could_not_be_renamed_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError

    file = ProbeFile(tmp_path / "probe.json", every_steps=1)
    monkeypatch.setattr(Path, "replace", fails)
    file.step(ready_board())
    assert ([*tmp_path.iterdir()], file.failures) == ([], 1)
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: fails())
    file.step(ready_board())
    assert file.failures == 2


def test_a_fork_writes_nothing_and_counts_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, board = ProbeFile(tmp_path / "probe.json"), ready_board()
    with monkeypatch.context() as forked:
        forked.setattr(os, "getpid", lambda: -1)
        file.step(board)
        file.close(board)
    assert ([*tmp_path.iterdir()], file.failures) == ([], 2)
    file.close(board)
    assert (read(tmp_path / "probe.json")["ready"], file.failures) == (True, 2)


def test_a_folder_that_may_not_be_written_into_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK | os.X_OK)
    with pytest.raises(ArgumentValueError, match="may not write into"):
        ProbeFile(tmp_path / "probe.json")


@pytest.mark.parametrize(("path", "why"), [("", "is a folder"), ("none/probe.json", "no folder")])
def test_what_cannot_be_a_file_is_refused_before_the_run(tmp_path: Path, path: str, why: str) -> None:
    with pytest.raises(ArgumentValueError, match=why):
        ProbeFile(tmp_path / path)


def test_the_number_of_steps_is_checked(tmp_path: Path) -> None:
    for bad in (0, 1_000_000_001):
        words = f"^every_steps must be an integer from 1 to 1,000,000,000, got {bad}$"
        with pytest.raises(ArgumentValueError, match=words):
            ProbeFile(tmp_path / "probe.json", every_steps=bad)


def test_what_is_no_regular_file_is_refused() -> None:
    with pytest.raises(ArgumentValueError, match="the probe file /dev/null is a device or a pipe: name a"):
        ProbeFile("/dev/null")

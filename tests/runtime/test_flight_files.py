"""Where a recorder writes its dumps: which files, and what it says if they cannot be written."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.flight_worlds import World, recorder_of
from tickpath.errors import ArgumentValueError
from tickpath.runtime.flight_recorder import FlightRecorder, FlightSettings
from tickpath.runtime.flight_recorder import recorder as module


def written(world: World) -> list[tuple[tuple[str, ...], str | None]]:
    """Of each dump its files and its failure."""
    world.step(10, "now")
    return [(note.files, note.failure) for note in world.recorder.account.dumps]


def test_without_a_folder_dumps_are_kept_and_with_one_they_are_written(tmp_path: Path) -> None:
    kept = recorder_of()
    assert (kept.folder, kept.dumps, kept.account.folder) == (None, (), None)
    assert written(World(kept)) == [((), None)]
    assert len(kept.dumps) == 1
    folder = tmp_path / "one" / "two"
    recorder = recorder_of(folder=str(folder))
    assert (recorder.folder, recorder.account.folder) == (folder, str(folder))
    world = World(recorder)
    assert written(world) == [(("0001-request.trace.json",), None)]
    assert recorder.dumps == ()
    # The folder is there by now.
    assert written(world)[1:] == [(("0002-request.trace.json",), None)]
    assert sorted(file.name for file in folder.iterdir()) == [
        "0001-request.trace.json",
        "0002-request.trace.json",
    ]
    assert (folder / "0001-request.trace.json").read_bytes().startswith(b'{"traceEvents":[\n')


def test_a_fork_writes_nothing_into_its_parent_s_folder(tmp_path: Path) -> None:
    recorder = recorder_of(folder=tmp_path / "parent")
    recorder._home.pid = -1
    failure = "a fork writes nothing in the name of the process that it comes from"
    assert written(World(recorder)) == [((), failure)]
    assert recorder.account.failures == 1
    assert not (tmp_path / "parent").exists()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "there"), "No space left on device: there"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error: FOLDER"),
        (OSError("odd"), "odd: FOLDER"),
        (RuntimeError("of others"), "RuntimeError: of others"),
    ],
)
def test_what_cannot_be_written_is_said_with_what_was_written_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception, said: str
) -> None:
    put: list[tuple[str, bytes]] = []

    def put_first(path: Path, content: bytes) -> None:
        if put:
            raise error
        put.append((str(path), content))

    monkeypatch.setattr(module, "write_whole", put_first)
    monkeypatch.setattr(
        "tickpath.runtime.flight_recorder.dump.FlightDump.contents",
        lambda _dump, *, arrow: {f"arrow-{arrow}": lambda: b"one", "second": lambda: b"two"},
    )
    recorder = recorder_of(folder=tmp_path)
    assert written(World(recorder)) == [(("arrow-False",), said.replace("FOLDER", str(tmp_path)))]
    assert put == [(str(tmp_path / "arrow-False"), b"one")]


def test_arrow_is_asked_of_each_dump_and_checked_before_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[bool] = []

    def contents(_dump: object, *, arrow: bool) -> dict[str, Any]:
        asked.append(arrow)
        return {}

    monkeypatch.setattr("tickpath.runtime.flight_recorder.dump.FlightDump.contents", contents)
    settings = FlightSettings(dump_on=("signal",))
    assert written(World(FlightRecorder(tmp_path, settings, arrow=True))) == [((), None)]
    assert asked == [True]
    monkeypatch.setitem(sys.modules, "pyarrow.ipc", None)
    with pytest.raises(ArgumentValueError, match="pyarrow"):
        FlightRecorder(arrow=True)
    FlightRecorder()

"""A file is there whole or not at all, and what is no regular file stays what it is."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tickpath.core.whole_file import is_special, write_whole


def test_it_takes_the_place_of_what_was_there_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "report"
    for content in (b"first and longer", b"second", b""):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_moved_there_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report"
    write_whole(path, b"old")

    def refuse(_self: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_goes_on_pointing_where_it_does(tmp_path: Path) -> None:
    target, link = tmp_path / "there" / "report", tmp_path / "link"
    target.parent.mkdir()
    link.symlink_to(target)
    for content in (b"made", b"replaced"):
        write_whole(link, content)
        assert link.is_symlink()
        assert target.read_bytes() == content


def test_one_that_was_killed_half_way_and_had_our_number_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "report"
    (tmp_path / f".report.{os.getpid()}.tmp").write_bytes(b"half a rep")
    write_whole(path, b"whole")
    assert list(tmp_path.iterdir()) == [path]


def test_a_device_stays_a_device() -> None:
    assert is_special("/dev/null")
    write_whole("/dev/null", b"gone")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    with pytest.raises(OSError, match="No space left"):
        write_whole("/dev/full", b"nowhere to go")


def test_whoever_reads_a_pipe_gets_it_all(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, b"x" * 200_000)
    reader.join()
    assert read == [b"x" * 200_000]
    assert is_special(pipe)


@pytest.mark.parametrize("name", ["nothing", ".", "a\0b"])
def test_what_is_not_there_is_not_special(tmp_path: Path, name: str) -> None:
    try:
        assert not is_special(tmp_path / name)
    except ValueError:
        assert "\0" in name


WRITER = """
import sys
from tickpath.core.whole_file import write_whole
print("go", flush=True)
while True:
    for letter in (b"a", b"b"):
        write_whole(sys.argv[1], letter * 1_000_000)
"""


@pytest.mark.slow
def test_whoever_is_killed_leaves_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "report"
    for moment in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            # Killed when so many were written: anywhere in the next one.
            seen = 0
            while seen < moment or not path.exists():
                seen += 1
                path.stat() if path.exists() else None
            writer.kill()
        content = path.read_bytes()
        assert content in (b"a" * 1_000_000, b"b" * 1_000_000)

"""A file is there whole or not at all, and what is no regular file stays what it is."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tickpath.core import whole_file
from tickpath.core.whole_file import is_special, open_lines, why_not_written, write_whole


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
    path, number = tmp_path / "report", next(whole_file._drafts)
    left = [tmp_path / f".report.{os.getpid()}.{number + more}.tmp" for more in (1, 2)]
    for draft in left:
        draft.write_bytes(b"half a rep")
    write_whole(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert sorted(tmp_path.iterdir()) == [*left, path]


def test_a_file_that_is_replaced_keeps_its_mode_and_a_new_one_has_everybodys(tmp_path: Path) -> None:
    path = tmp_path / "report"
    before = os.umask(0o027)
    try:
        write_whole(path, b"new")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        for mode in (0o600, 0o664):
            path.chmod(mode)
            write_whole(path, b"again")
            assert stat.S_IMODE(path.stat().st_mode) == mode
    finally:
        os.umask(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_file_that_is_replaced_keeps_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_bytes(b"somebody's")
    os.chown(path, 65_534, 65_534)
    write_whole(path, b"root was here")
    assert (path.stat().st_uid, path.stat().st_gid) == (65_534, 65_534)


def test_several_threads_write_one_file_and_the_last_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "report"
    contents = [letter * 100_000 for letter in (b"a", b"b", b"c")]
    seen: list[bytes] = []

    def write(content: bytes) -> None:
        for _ in range(10):
            write_whole(path, content)
            seen.append(path.read_bytes())

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 30
    assert set(seen) <= set(contents)
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_as_long_as_a_name_may_be_is_written(tmp_path: Path) -> None:
    for name in ("x" * 255, "\N{GREEK SMALL LETTER ALPHA}" * 127, os.fsdecode(b"\xff" * 255)):
        assert why_not_written(tmp_path / name) is None
        write_whole(tmp_path / name, b"all of it")
        assert (tmp_path / name).read_bytes() == b"all of it"


def test_what_a_process_holds_open_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path, link = tmp_path / "out", tmp_path / "link"
    program = """
import sys
from tickpath.core.whole_file import why_not_written, write_whole
print("first", flush=True)
assert why_not_written(sys.argv[1]) is None
write_whole(sys.argv[1], b"second\\n")
print("third", flush=True)
"""
    link.symlink_to("/dev/stdout")
    for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", str(link)):
        # As `>>`: a shell's `>` writes at a position of its own.
        path.unlink(missing_ok=True)
        with path.open("ab") as out:
            subprocess.run([sys.executable, "-c", program, name], stdout=out, check=True)
        assert path.read_bytes() == b"first\nsecond\nthird\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("folder", "is a folder"),
        ("link to folder", "is a folder"),
        ("nothing/report", "there is no folder"),
        ("file/report", "there is no folder"),
        ("loop", "cannot be written: Too many levels of symbolic links"),
        ("x" * 256, "cannot be written: File name too long"),
    ],
)
def test_what_cannot_be_written_is_known_before(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "link to folder").symlink_to(tmp_path / "folder")
    before = sorted(tmp_path.iterdir())
    reason = why_not_written(tmp_path / name)
    assert reason is not None
    assert reason.startswith(str(tmp_path / name))
    assert words in reason
    with pytest.raises(OSError):  # noqa: PT011  each system has its words
        write_whole(tmp_path / name, b"nowhere to go")
    assert sorted(tmp_path.iterdir()) == before


NOBODY = """
import os, sys
from pathlib import Path
from tickpath.core.whole_file import why_not_written, write_whole
os.setgid(65_534)
os.setuid(65_534)
folder = Path(sys.argv[1])
for name in ("open/protected", "open/own", "closed/new", "closed/own", "locked/new"):
    before = why_not_written(folder / name)
    try:
        write_whole(folder / name, b"new")
        print(name, before)
    except OSError as error:
        assert before, name
        print(name, error.strerror, "|", before.removeprefix(str(folder)))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody who has no rights")
def test_what_a_user_may_not_write_to_is_not_replaced(tmp_path: Path) -> None:
    for folder, mode in (("open", 0o777), ("closed", 0o755), ("locked", 0o700)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder).chmod(mode)
    for name in ("open/protected", "open/own", "closed/own"):
        (tmp_path / name).write_bytes(b"old")
    for name in ("open/own", "closed/own"):
        os.chown(tmp_path / name, 65_534, 65_534)
    for above in (tmp_path, *tmp_path.parents[:2]):
        above.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", NOBODY, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "open/protected Permission denied | /open/protected cannot be written: Permission denied",
        "open/own None",
        f"closed/new Permission denied | /closed/new: this user may not write into {tmp_path}/closed",
        f"closed/own Permission denied | /closed/own: this user may not write into {tmp_path}/closed",
        "locked/new Permission denied | /locked/new cannot be written: Permission denied",
    ]
    assert (tmp_path / "open" / "own").read_bytes() == b"new"
    assert (tmp_path / "closed" / "own").read_bytes() == b"old"
    assert sorted(path.name for path in (tmp_path / "open").iterdir()) == ["own", "protected"]


LINES = """
import resource, sys
from tickpath.core.whole_file import open_lines
# No file of this process grows beyond that: what a disk without room does.
def room(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
room(250)
with open_lines(sys.argv[1]) as file:
    for letter in "abcdef":
        if letter == "e":
            room(400)
        try:
            file.write(letter * 99 + "\\n")
        except OSError as error:
            print(letter, error.strerror)
"""


def test_a_disk_without_room_leaves_no_half_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"what stood there")
    done = subprocess.run(
        [sys.executable, "-c", LINES, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["c File too large", "d File too large"]
    assert path.read_text() == "".join(letter * 99 + "\n" for letter in "abef")


def test_lines_go_to_a_pipe_one_by_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with open_lines(pipe) as file:
        for line in (b"first\n", b"second\n"):
            file.write(line.decode())
            assert os.read(reader, 100) == line
    os.close(reader)


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

"""A file that is there whole or not at all, whoever reads it and whatever ends the process meanwhile.

A file that grows (:func:`open_lines`) holds whole lines. Any other (:func:`write_whole`) is written beside
its place and moved there: what stood there before stands until then, and for good if the writing fails. A
process that is killed meanwhile leaves a ``.NAME.PID.N.tmp`` beside it. Nothing waits for the disk: a machine
that loses its power may lose what was written last.

Threads: any, also of several processes at once: the last one stays. Blocks as the file system does.
"""

from __future__ import annotations

import contextlib
import errno
import io
import itertools
import os
import stat
from pathlib import Path
from typing import IO, Any, TextIO

__all__ = ["is_special", "open_lines", "why_not_written", "write_whole"]

#: Of a name's characters, so many are in the name of its draft: no more than 255 bytes, whatever they are.
_NAME_CHARACTERS = 50
#: Links that a path may go through: what Linux follows.
_LINKS_MAX = 40
_drafts = itertools.count()


def is_special(path: str | os.PathLike[str]) -> bool:
    """Whether what is at ``path`` is neither a regular file nor a folder: a device, a pipe."""
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def why_not_written(path: str | os.PathLike[str]) -> str | None:
    """Why no file can be written to ``path``, in words that begin with it; ``None`` if nothing is against it.

    For who writes at the end of something long, and asks before.
    """
    try:
        if _is_written_as_it_is(path):
            return None if os.access(path, os.W_OK) else f"{path}: this user may not write there"
        target = _target(path)
        if target.is_dir():
            return f"{path} is a folder: name a file in it"
        if not target.parent.is_dir():
            return f"{path}: there is no folder {Path(path).parent}"
        _refuse_protected(target)
    except OSError as error:
        return f"{path} cannot be written: {error.strerror}"
    if not os.access(target.parent, os.W_OK | os.X_OK):
        return f"{path}: this user may not write into {Path(path).parent}"
    return None


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Puts a file of ``content`` at ``path``.

    A link there goes on pointing where it does. A file that is replaced keeps its mode and, as far as this
    user may give it away, its owner; its other names (hard links) keep what they had. A device, a pipe and an
    open file (``/dev/stdout``) are written to as they are. Raises ``OSError``, also where a file is that this
    user may not write to, and leaves nothing behind.
    """
    if _is_written_as_it_is(path):
        with open(path, "ab") as file:
            file.write(content)
        return
    target = _target(path)
    _refuse_protected(target)
    draft, opened = _made_beside(target)
    try:
        with opened:
            _take_after(target, opened.fileno())
            opened.write(content)
        draft.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def open_lines(path: str | os.PathLike[str]) -> TextIO:
    """A new, empty text file (ASCII) at ``path`` that has each line as soon as it is written.

    A line that the disk has no room for raises ``OSError``, and nothing of it stays; the next one may be
    taken. What :func:`write_whole` writes to as it is, is added to. Raises ``OSError``.
    """
    raw = _WholeWrites(path, "a" if _is_written_as_it_is(path) else "w")
    return io.TextIOWrapper(raw, encoding="ascii", line_buffering=True)


class _WholeWrites(io.FileIO):
    """A file that takes all of a piece or nothing."""

    def write(self, piece: Any, /) -> int:
        left, begin = memoryview(piece), self.tell() if self.seekable() else None
        try:
            while left:
                left = left[self._taken_of(left) :]
        except BaseException:
            if begin is not None:
                with contextlib.suppress(OSError):
                    self.seek(begin)
                    self.truncate()
            raise
        return len(memoryview(piece))

    def _taken_of(self, piece: memoryview) -> int:
        taken = super().write(piece)
        if taken is None:
            raise BlockingIOError(errno.EAGAIN, "it does not wait for its reader")
        return taken


def _target(path: str | os.PathLike[str]) -> Path:
    """Where ``path`` leads."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return target


def _refuse_protected(target: Path) -> None:
    """Who may write into its folder could replace a file; its own mode is heeded all the same."""
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))


def _made_beside(target: Path) -> tuple[Path, IO[bytes]]:
    """A new file in the same folder: only within one file system is a move atomic."""
    while True:
        draft = target.with_name(f".{target.name[:_NAME_CHARACTERS]}.{os.getpid()}.{next(_drafts)}.tmp")
        # There may be one, of a process that was killed and had our number.
        with contextlib.suppress(FileExistsError):
            return draft, draft.open("xb")


def _take_after(target: Path, file: int) -> None:
    """Gives ``file`` the owner and the mode of what it replaces, as far as that can be done."""
    # Windows has neither.
    if target.exists() and hasattr(os, "fchown"):
        old = target.stat()
        with contextlib.suppress(OSError):
            os.fchown(file, old.st_uid, old.st_gid)
        with contextlib.suppress(OSError):
            os.fchmod(file, old.st_mode & 0o777)


def _is_written_as_it_is(path: str | os.PathLike[str]) -> bool:
    """Whether it is no file of its own: a device, a pipe, what a process holds open (``/dev/stdout``)."""
    if is_special(path):
        return True
    at = Path(path).absolute()
    for _ in range(_LINKS_MAX):
        if not at.is_symlink():
            return False
        folder = Path(os.path.realpath(at.parent))
        if folder.parts[:2] == ("/", "proc"):
            return True
        at = folder / at.readlink()
    return False

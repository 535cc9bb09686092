"""A file that is there whole or not at all, whoever reads it and whatever ends the process meanwhile.

It is written beside its place and moved there. What stood there before stands until then, and for good if the
writing fails. Blocks as the file system does.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

__all__ = ["is_special", "why_not_written", "write_whole"]


def is_special(path: str | os.PathLike[str]) -> bool:
    """Whether what is at ``path`` is neither a regular file nor a folder: a device, a pipe."""
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def why_not_written(path: Path) -> str | None:
    """Why no file can be written to ``path``; ``None`` if nothing is known against it."""
    if not path.parent.is_dir():
        return f"{path}: there is no folder {path.parent}"
    if path.is_dir():
        return f"{path} is a folder: name a file in it"
    return None


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Puts a file of ``content`` at ``path``; a link there goes on pointing where it does.

    A device or a pipe is written to as it is: it has no half. Raises ``OSError``, and leaves nothing behind.
    """
    if is_special(path):
        with open(path, "wb") as file:
            file.write(content)
        return
    target = Path(os.path.realpath(path))
    # Beside it: only within one file system is a move atomic.
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    # One of an earlier process that was killed and had our number.
    draft.unlink(missing_ok=True)
    try:
        with draft.open("xb") as file:
            file.write(content)
        draft.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise

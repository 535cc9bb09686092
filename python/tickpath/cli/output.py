"""The result on stdout: one JSON object, or text made for the terminal's width."""

from __future__ import annotations

import io
import json
import shutil
import sys
from typing import TYPE_CHECKING

from tickpath.cli.interrupts import outside_a_run
from tickpath.cli.streams import settle
from tickpath.config.words import ASCII
from tickpath.runtime.signals import StopSignals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.console import Console

__all__ = ["print_result", "print_whole"]

#: Width of the text where there is no terminal to ask.
_PLAIN_WIDTH = 130


def print_result(report: Mapping[str, object], render: Callable[[Console], object], *, as_json: bool) -> None:
    """Writes ``report`` as JSON, or what ``render`` prints. A reader that has gone is no error."""
    if as_json:
        # ASCII: names of files may hold what no encoding has.
        print_whole(json.dumps(report) + "\n")
        return
    from rich.console import Console

    # Rendered first and written in one piece: Rich has its own idea of a closed pipe.
    text = _Rendered()
    at_terminal = sys.stdout.isatty()
    size = shutil.get_terminal_size()
    width = size.columns if at_terminal else _PLAIN_WIDTH
    # With a width alone Rich takes a terminal that can do little (TERM=dumb) for one of 80 columns.
    render(Console(file=text, force_terminal=at_terminal, width=width, height=size.lines))
    # Rich fills lines up with blanks, which are somebody's diff or ticket later.
    print_whole("\n".join(line.rstrip(" ") for line in text.getvalue().split("\n")))


class _Rendered(io.StringIO):
    """What Rich writes to; it draws the lines of a table with what stdout's encoding has."""

    encoding = "utf-8"

    def __init__(self) -> None:
        super().__init__()
        self.encoding = sys.stdout.encoding or "utf-8"


def print_whole(text: str) -> None:
    """Writes ``text`` to stdout. A signal meanwhile changes nothing, and the second one raises as ever."""
    with StopSignals() as signals:
        signals.defer()
        try:
            _write_all(text)
        except BrokenPipeError:
            # Whoever read it has seen enough; the verdict stands.
            settle()
        outside_a_run.is_said = True


def _write_all(text: str) -> None:
    """Every byte of it, in however many pieces.

    An unbuffered stdout (``python -u``, ``PYTHONUNBUFFERED``) takes as much as fits where a signal interrupts
    it, and Python drops the rest without a word.
    """
    sys.stdout.flush()
    out = getattr(sys.stdout, "buffer", None)
    if out is None:
        # Somebody has put a stream of his own there, a notebook for one.
        sys.stdout.write(text)
        return
    left = memoryview(_encoded(text, sys.stdout.encoding or "utf-8"))
    while left:
        taken = out.write(left)
        if taken is None:
            raise BlockingIOError("stdout does not wait for its reader")
        left = left[taken:]
    out.flush()


def _encoded(text: str, encoding: str) -> bytes:
    """``text`` in that encoding; where it lacks a character of ours, in plain letters, which say the same."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        # What is left are names of somebody's.
        return text.translate(ASCII).encode(encoding, "backslashreplace")

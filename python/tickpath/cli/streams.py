"""The process's own streams, which may be closed, full, or no longer read by anybody.

What goes to stderr is said if it can be said. What goes to stdout is the result: if it cannot be written
because nobody reads on (``| head``), that is nobody's error; any other reason is one.
"""

from __future__ import annotations

import atexit
import os
import sys
from typing import TextIO

import click

__all__ = ["open_missing", "say", "settle"]


def open_missing() -> None:
    """Gives the process the streams that it was started without (``>&-``): they lead nowhere."""
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()


def _nowhere() -> TextIO:
    stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - the process's
    atexit.register(stream.close)
    return stream


def say(line: str) -> None:
    """One line on stderr, lost if stderr does not take it: nothing is ended by that."""
    try:
        click.echo(line, err=True)
    except OSError:
        _lead_nowhere(sys.stderr)


def settle() -> OSError | None:
    """Writes what is left in the buffers, or drops it; the reason if stdout's cannot be written."""
    try:
        sys.stderr.flush()
    except OSError:
        _lead_nowhere(sys.stderr)
    try:
        sys.stdout.flush()
    except OSError as error:
        _lead_nowhere(sys.stdout)
        return None if isinstance(error, BrokenPipeError) else error
    return None


def _lead_nowhere(stream: TextIO) -> None:
    """Drops what is in its buffer: the interpreter flushes once more at exit, and would end with 120."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)

"""The process's own streams, which may be closed, full, or no longer read by anybody.

What goes to stderr is said if it can be said. What goes to stdout is the result: if it cannot be written
because nobody reads on (``| head``), that is nobody's error; any other reason is one.
"""

from __future__ import annotations

import atexit
import contextlib
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
    with contextlib.suppress(OSError):
        click.echo(line, err=True)


def settle() -> OSError | None:
    """Writes what is left in stdout's buffer; the reason if it cannot be written, and the rest is dropped."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # The interpreter flushes once more at exit, and would complain.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        return None if isinstance(error, BrokenPipeError) else error
    return None

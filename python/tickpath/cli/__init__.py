"""The command line: one file per command, loaded when it is called."""

from __future__ import annotations

import contextlib
import signal
import sys
from types import FrameType
from typing import NoReturn

__all__ = ["main"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_EXIT_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Runs ``tickpath`` with ``arguments`` (those of the process by default); the exit code.

    0 done and passed, 1 failed its objectives or its ledger, 2 bad input or usage, 130 interrupted.
    Without ``arguments`` the process is taken to be ours: its signals are looked after from here on, before
    anything that takes its time is imported, and have no effect any more once everything is said.
    """
    if arguments is None:
        _on_signals(_interrupt)
    try:
        from tickpath.cli.streams import open_missing

        open_missing()
        from tickpath.cli.app import run_command_line

        code = run_command_line(arguments)
    except KeyboardInterrupt:
        code = _EXIT_INTERRUPTED
        # Before there was anything to account for, or after the account. Nobody may have left a stderr open.
        if sys.stderr is not None:
            with contextlib.suppress(OSError):
                sys.stderr.write("tickpath: interrupted outside a run\n")
    finally:
        if arguments is None:
            _on_signals(signal.SIG_IGN)
    return code


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _on_signals(handler: signal._HANDLER) -> None:
    try:
        for number in _SIGNALS:
            signal.signal(number, handler)
    except ValueError:
        # Not the main thread: signals arrive elsewhere.
        pass

"""The command line: one file per command, loaded when it is called.

This file imports next to nothing: until it has taken the process's signals, Ctrl-C is Python's.
"""

from __future__ import annotations

import os
import signal
import sys

from tickpath.cli import interrupts
from tickpath.runtime import stop_signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Runs ``tickpath`` with ``arguments`` (those of the process by default); the exit code.

    0 done and passed, 1 failed its objectives or its ledger, 2 bad input or usage, 130 interrupted.
    Without ``arguments`` the process is taken to be ours: its signals are looked after from here on, before
    anything that takes its time is imported, and have no effect any more once everything is said. Then an
    interrupted process ends here, and does not return.
    """
    is_ours = arguments is None
    if is_ours:
        _on_signals(interrupts.outside_a_run)
        if hasattr(signal, "SIGUSR1") and any(word.startswith("--flight-recorder") for word in sys.argv):
            # It asks a run for a dump, and there is none before it begins nor after it has ended.
            _on_signal(signal.SIGUSR1, signal.SIG_IGN)
        # NumPy's algebra, which nobody here asks for, would start a thread for each core, and raises SIGINT
        # where the machine gives none: a command that is out of threads would say that it was interrupted.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        code = _run(arguments)
    finally:
        if is_ours:
            _on_signals(signal.SIG_IGN)
    if is_ours and code == interrupts.EXIT_INTERRUPTED:
        _leave()
    return code


def _run(arguments: list[str] | None) -> int:
    interrupts.outside_a_run.is_said = False
    try:
        from tickpath.cli.streams import open_missing

        open_missing()
        from tickpath.cli.app import run_command_line

        return run_command_line(arguments)
    except KeyboardInterrupt:
        # Before there was anything to account for, or after the account.
        interrupts.say_interrupted()
        return interrupts.EXIT_INTERRUPTED


def _leave() -> NoReturn:
    """Ends the process with the code of an interruption.

    Python itself would end it by SIGINT if ``KeyboardInterrupt`` had come up in code made from text, as that
    of a dataclass is, whatever became of it.
    """
    from tickpath.cli.streams import settle

    settle()
    os._exit(interrupts.EXIT_INTERRUPTED)


def _on_signals(handler: signal._HANDLER) -> None:
    for number in stop_signals.heeded():
        _on_signal(number, handler)


def _on_signal(number: int, handler: signal._HANDLER) -> None:
    try:  # noqa: SIM105  contextlib would be imported for it, before the signals are taken
        signal.signal(number, handler)
    except ValueError:
        # Not the main thread: signals arrive elsewhere.
        pass

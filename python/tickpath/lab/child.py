"""A process of our own with a pipe to it: it is started, spoken to, and ended, whatever it does.

Ctrl-C, SIGTERM and SIGHUP, which a terminal or a supervisor may send to all of a group, are for the parent:
the child never sees them. It ends when the parent is gone, ``kill -9`` included, however deep it sits in a
blocking call. Ending one blocks for at most two seconds.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from tickpath.errors import ThreadUnavailable
from tickpath.runtime.stop_signals import heeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Child", "be_a_child", "blocked"]

_END_MAX_S = 1.0


@contextlib.contextmanager
def blocked(*numbers: signal.Signals) -> Iterator[None]:
    """These signals come to this thread, and to a process that it starts, only afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        # Windows, which tells nobody of them but the parent.
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Child:
    """A process and the parent's end of its control pipe. Raises ``OSError`` if the machine gives none."""

    def __init__(self, context: Any, role: str, work: Callable[..., None], given: Any) -> None:
        self.role = role
        self.control, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(given, theirs), daemon=True)
        # They stay blocked there: it could ignore them only once it is imported. The first process would
        # start the tracker as well, which unblocks what is blocked here.
        if os.name == "posix":
            resource_tracker.ensure_running()
        with blocked(*heeded()):
            self._process.start()
        theirs.close()

    def end(self) -> None:
        """Lets it end by itself, so that it may clean up what it holds; ends it if it does not."""
        self.control.close()
        self._process.join(_END_MAX_S)
        self.kill()

    def kill(self) -> None:
        """Ends it, whatever it does."""
        if self._process.is_alive():
            self._process.kill()
            self._process.join(_END_MAX_S)

    def fate(self) -> str:
        """How it ended, for a message."""
        self._process.join(_END_MAX_S)
        code = self._process.exitcode
        return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


def be_a_child() -> None:
    """What a child does first: leave stdout to its parent, and end with it.

    Raises ``ThreadUnavailable`` if the machine gives none, which is for the parent to say.
    """
    # What is printed here is no part of the result.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        threading.Thread(target=_end_with_the_parent, daemon=True).start()
    except RuntimeError as error:
        raise ThreadUnavailable(f"the machine gave it no thread: {error}") from error


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)

"""A fork of the test's own process, at a moment when another thread is in the middle of something."""

from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol

import pytest

__all__ = ["WELL", "WITH_FORKS", "code_of_fork", "held_by_another"]

WITH_FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks on this machine")
#: What :func:`code_of_fork` returns if the action says that all is well.
WELL = 7


class Lock(Protocol):
    """What ``threading.Lock`` and ``threading.RLock`` make."""

    def __enter__(self) -> bool: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


def code_of_fork(action: Callable[[], bool]) -> int:
    """Run ``action`` in a fork; ``WELL`` if it returns true, a signal as a negative number if it hangs."""
    with warnings.catch_warnings():
        # Of a fork beside threads: that is what is tried.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        signal.alarm(10)
        code = 1
        try:
            code = WELL if action() else 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@contextmanager
def held_by_another(lock: Lock) -> Iterator[None]:
    """``lock`` is held by a thread that does nothing else; a fork does not have it."""
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            over.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(30)
        yield
    finally:
        over.set()
        thread.join()

"""The garbage collector's old objects, frozen for the length of a run.

What exists before the run (modules, settings, the feed) would be looked through again by every full
collection, with the interpreter's lock held. Frozen it is left alone.

Threads: any. The collector is the process's: the first of several contexts freezes, the last one thaws. What
somebody else has frozen stays so, and nothing is frozen on top of it: thawing would undo both.
"""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING, Self

from tickpath.core.fork import renew_in_forks

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["FrozenGarbage"]


class _Freezer:
    """Counts the contexts that are open in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = 0
        #: How many objects were frozen; 0 if none are, or not by us.
        self._frozen = 0
        renew_in_forks(self)

    def renew_in_fork(self) -> None:
        self._lock = threading.Lock()

    def enter(self) -> int:
        with self._lock:
            self._open += 1
            if self._open == 1 and not gc.get_freeze_count():
                gc.collect()
                gc.freeze()
                self._frozen = gc.get_freeze_count()
            return self._frozen

    def leave(self) -> None:
        with self._lock:
            self._open -= 1
            if not self._open and self._frozen:
                self._frozen = 0
                gc.unfreeze()


_freezer = _Freezer()


class FrozenGarbage:
    """A context in which the collector leaves alone what existed at its begin; may be entered once.

    Frees what is garbage by then. Whatever happens inside, the objects are thawed at the end.

    >>> with FrozenGarbage() as frozen:
    ...     frozen.objects is not None
    True
    """

    def __init__(self) -> None:
        self._objects: int | None = None

    @property
    def objects(self) -> int | None:
        """How many objects were frozen at the begin; 0 if somebody else's were already, ``None`` before."""
        return self._objects

    def __enter__(self) -> Self:
        self._objects = _freezer.enter()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        _freezer.leave()

"""What a fork must not inherit: a lock of a thread which it does not have, and what its parent says outside.

A fork has one thread, the one that called it, and a copy of everything else. A lock that another thread held
at that moment would be waited for in vain. So who keeps a lock over state that a fork may use is registered
here, and is told in every fork, before anything else runs in it.

Who speaks to somebody outside (writes a file, answers a socket) does so in one process: the copy of him in a
fork asks its :class:`HomeProcess`, and is silent.

Threads: any. Registering takes no reference; asking is a system call.
"""

from __future__ import annotations

import itertools
import os
from typing import Protocol
from weakref import WeakValueDictionary

__all__ = ["HomeProcess", "RenewsInForks", "renew_in_forks"]


class HomeProcess:
    """The process in which this was made."""

    __slots__ = ("pid",)

    def __init__(self) -> None:
        self.pid = os.getpid()

    def is_here(self) -> bool:
        """Whether this is that process, and no fork of it."""
        return os.getpid() == self.pid


class RenewsInForks(Protocol):
    """Somebody with a lock."""

    def renew_in_fork(self) -> None:
        """Called in a fork, by its only thread: replaces the lock."""


_registered: WeakValueDictionary[int, RenewsInForks] = WeakValueDictionary()
_numbers = itertools.count()


def renew_in_forks(owner: RenewsInForks) -> None:
    """Calls ``owner.renew_in_fork()`` in each fork of this process, as long as there is an ``owner``."""
    _registered[next(_numbers)] = owner


def _renew() -> None:
    for owner in list(_registered.values()):
        owner.renew_in_fork()


# Where there are no forks there is nothing to be told.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)

"""The causes of degradation held on a lifecycle: what, by whom, on what evidence, since when.

One set for everybody: scenarios, probes, injected signals and operators hold their causes here, and
READY is right only while there is none. The state alone cannot tell: an operator may restart a lifecycle
(DEGRADED -> WARMUP -> READY) while a fault is still there, and then READY would be a lie.

Threads: any. Nothing here moves a lifecycle. Entries go with their lifecycle.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from tickpath.core.fork import renew_in_forks
from tickpath.core.state import Lifecycle
from tickpath.errors import ArgumentTypeError

__all__ = ["Cause", "held", "held_causes", "hold", "release"]


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason to be degraded.

    Two of the same owner and words are the same cause. One without an owner is the object it is: two may
    have the same words.

    >>> stale = Cause("market data outage", "probe:feed-staleness", "age 150 ms, at most 50 ms is ok")
    >>> stale.words, stale.since_ns  # since when is unknown
    ('market data outage', None)
    """

    words: str
    """What it is, for people, and what runbooks are triggered by."""
    owner: str = ""
    """Who holds it: ``"probe:feed_staleness"``, ``"operator"``."""
    evidence: str = ""
    """The figures it was raised on."""
    since_ns: int | None = None
    """When it was raised, in the time of whoever holds it (run time for probes); ``None``: unknown."""

    def is_same(self, other: Cause) -> bool:
        """Whether it is the same cause, whatever the evidence and since when.

        >>> Cause("halt", "operator", "by phone").is_same(Cause("halt", "operator"))
        True
        >>> Cause("halt").is_same(Cause("halt"))  # without an owner: two
        False
        """
        if self is other:
            return True
        return self.owner != "" and self.owner == other.owner and self.words == other.words


class _Guard:
    """The lock over the causes of every lifecycle."""

    def __init__(self) -> None:
        self.renew_in_fork()
        renew_in_forks(self)

    def renew_in_fork(self) -> None:
        self.lock = threading.RLock()


_guard = _Guard()
_held: WeakKeyDictionary[Lifecycle, tuple[Cause, ...]] = WeakKeyDictionary()


def hold(lifecycle: Lifecycle, cause: Cause) -> bool:
    """Adds ``cause`` until it is released; whether it was not held before.

    One that is held already stays as it is, with its evidence and its since. Raises ``ArgumentTypeError`` for
    what is no cause: everybody who looks at those that are held would fail at it.

    >>> from tickpath.core.state import Lifecycle
    >>> lifecycle = Lifecycle()
    >>> hold(lifecycle, Cause("halt", "operator")), hold(lifecycle, Cause("halt", "operator"))
    (True, False)
    """
    _check(lifecycle, cause)
    with _guard.lock:
        causes = _held.get(lifecycle, ())
        if any(cause.is_same(other) for other in causes):
            return False
        _held[lifecycle] = (*causes, cause)
        return True


def release(lifecycle: Lifecycle, cause: Cause) -> bool:
    """Takes ``cause`` away; whether it was held.

    >>> from tickpath.core.state import Lifecycle
    >>> lifecycle, halt = Lifecycle(), Cause("halt", "operator")
    >>> hold(lifecycle, halt), release(lifecycle, halt), release(lifecycle, halt)
    (True, True, False)
    """
    _check(lifecycle, cause)
    with _guard.lock:
        causes = _held.get(lifecycle, ())
        left = tuple(other for other in causes if not cause.is_same(other))
        if len(left) == len(causes):
            return False
        _held[lifecycle] = left
        return True


def held(lifecycle: Lifecycle) -> tuple[Cause, ...]:
    """The causes held on ``lifecycle``, in the order they came; waits for nobody.

    >>> from tickpath.core.state import Lifecycle
    >>> lifecycle = Lifecycle()
    >>> _ = hold(lifecycle, Cause("halt", "operator"))
    >>> [cause.owner for cause in held(lifecycle)]
    ['operator']
    """
    # A tuple is exchanged whole: no lock is needed to read it.
    return _held.get(lifecycle, ())


def held_causes(lifecycle: Lifecycle) -> tuple[str, ...]:
    """The words of the causes held on ``lifecycle``, in the order they came.

    >>> from tickpath.core.state import Lifecycle
    >>> lifecycle = Lifecycle()
    >>> _ = hold(lifecycle, Cause("halt", "operator"))
    >>> held_causes(lifecycle)
    ('halt',)
    """
    return tuple(cause.words for cause in held(lifecycle))


def check_lifecycle(lifecycle: object) -> None:
    """Raises ``ArgumentTypeError`` for what is none; for whoever holds causes of one."""
    if not isinstance(lifecycle, Lifecycle):
        raise ArgumentTypeError(f"lifecycle must be a Lifecycle, not {type(lifecycle).__name__}")


def _check(lifecycle: object, cause: object) -> None:
    check_lifecycle(lifecycle)
    # One that is none would be found out by whoever asks for the words, and not by whoever held it.
    if not isinstance(cause, Cause):
        raise ArgumentTypeError(f"cause must be a Cause, not {type(cause).__name__}")

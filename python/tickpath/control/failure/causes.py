"""Which causes of degradation are held on a lifecycle, and by whom.

Scenarios exclude each other while their DEGRADED lasts. But an operator may restart a lifecycle
(DEGRADED -> WARMUP -> READY) while a scenario is still active, and a second one may then begin: when
that one ends, the first one's fault is still there, and restoring READY would be a lie. The state
alone cannot tell; this registry can.

Threads: any. Entries go with their lifecycle.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from tickpath.core.state import Lifecycle

__all__ = ["Cause", "held_causes", "hold", "release"]


@dataclass(frozen=True, eq=False, slots=True)
class Cause:
    """One reason to be degraded; told apart by identity, two may have the same words."""

    words: str
    """What it is, for people."""


_lock = threading.RLock()
_held: WeakKeyDictionary[Lifecycle, tuple[Cause, ...]] = WeakKeyDictionary()


def hold(lifecycle: Lifecycle, cause: Cause) -> None:
    """Adds ``cause`` until it is released."""
    with _lock:
        _held[lifecycle] = (*_held.get(lifecycle, ()), cause)


def release(lifecycle: Lifecycle, cause: Cause) -> None:
    """Takes ``cause`` away; does nothing if it is not held."""
    with _lock:
        _held[lifecycle] = tuple(held for held in _held.get(lifecycle, ()) if held is not cause)


def held_causes(lifecycle: Lifecycle) -> tuple[str, ...]:
    """The words of the causes held on ``lifecycle``, in the order they came."""
    with _lock:
        return tuple(cause.words for cause in _held.get(lifecycle, ()))

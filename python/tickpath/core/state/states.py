"""The four states, the six legal moves between them, and the record of one move."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LEGAL_MOVES", "State", "Transition"]


class State(IntEnum):
    """What the system may do now. The values are the codes in the gate's word.

    >>> f"{State.READY}", int(State.READY)
    ('READY', 2)
    """

    INIT = 0
    """Nothing may be processed."""
    WARMUP = 1
    """Events are processed and not executed; figures are not to be relied on."""
    READY = 2
    """Events are executed."""
    DEGRADED = 3
    """Events are processed and not executed: something is wrong, and said to be."""

    def __str__(self) -> str:
        """Return the name: what a person reads in a log is READY, not 2."""
        return self.name

    def __format__(self, spec: str) -> str:
        """Format the name; ``int(state)`` is the code."""
        return format(self.name, spec)


LEGAL_MOVES: Mapping[State, tuple[State, ...]] = MappingProxyType(
    {
        State.INIT: (State.WARMUP,),
        State.WARMUP: (State.READY, State.DEGRADED),
        State.READY: (State.DEGRADED,),
        State.DEGRADED: (State.READY, State.WARMUP),
    }
)
"""The one table of the rules: where each state may go. Nothing goes to itself or back to INIT."""


@dataclass(frozen=True, slots=True)
class Transition:
    """The record of one move; immutable and picklable.

    >>> from tickpath.core.state import Lifecycle
    >>> made = Lifecycle().transition_to(State.WARMUP, "started")
    >>> made.source.name, made.target.name, made.cause, made.epoch
    ('INIT', 'WARMUP', 'started', 1)
    """

    epoch: int
    """Number of this transition, from 1."""
    source: State
    """The state that was left."""
    target: State
    """The state that was entered."""
    at_ns: int
    """Stamp of the lifecycle's clock, taken just before the move was made."""
    cause: str
    """Why, in the words of whoever asked for it; may be empty."""

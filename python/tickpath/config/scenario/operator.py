"""What the operator of a scenario does, and when: the explicit actions that no runbook may take by itself.

Each happens once, by the same triggers as a fault, at the first control step that finds it due.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tickpath.config.scenario.injections import InjectionSettings, StateWord
from tickpath.config.scenario.probes import Cause
from tickpath.errors import ArgumentValueError

__all__ = ["OperatorSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSettings(InjectionSettings):
    """One action of the operator: exactly one of ``cause``, ``moves_to`` and ``stops``.

    >>> OperatorSettings(at_ns=200_000_000, moves_to="DEGRADED").moves_to
    'DEGRADED'
    """

    kind: ClassVar[str] = "operator"

    cause: Cause | None = None
    """Says that this cause has been seen to."""
    moves_to: StateWord | None = None
    """Moves the lifecycle by hand; a move that is not legal is refused, and counted."""
    stops: bool = False
    """Ends the run in order, as Ctrl-C does; a second one means now."""

    def __post_init__(self) -> None:
        InjectionSettings.__post_init__(self)
        named = {"cause": self.cause, "moves_to": self.moves_to, "stops": self.stops or None}
        given = [name for name, value in named.items() if value is not None]
        if len(given) != 1:
            raise ArgumentValueError(
                f"{self.name}: expected exactly one of cause, moves_to and stops, "
                f"got {' and '.join(given) or 'none'}"
            )

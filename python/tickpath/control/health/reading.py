"""What a probe says, and what a probe is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from tickpath.control.health.look import Look

__all__ = ["Acknowledged", "Probe", "Reading", "Verdict"]

Verdict = Literal["ok", "failing", "unknown"]


@dataclass(slots=True)
class Reading:
    """The verdict on one look, and the figures it was made from.

    Nobody changes one. It is not frozen because each probe makes one at every step, and freezing takes more
    time than most probes do.
    """

    verdict: Verdict
    """``"unknown"`` if the counters do not tell: it neither raises nor clears anything."""
    value: float | None
    """What was found; ``None``: unknown."""
    threshold: float
    """The largest value that is still ok."""
    what: str = ""
    """What both count, with the unit."""


class Probe(Protocol):
    """One question to the counters.

    A probe may remember earlier looks, so it belongs to one monitor. It reads counters only, does not
    block, and says ``"unknown"`` rather than guess.
    """

    @property
    def name(self) -> str:
        """What it is called; unique in its monitor."""

    @property
    def cause(self) -> str:
        """The words of the cause that is held while it fails."""

    def read(self, look: Look) -> Reading:
        """The verdict on ``look``, which is later than every look it was given before."""


@runtime_checkable
class Acknowledged(Protocol):
    """A probe that fails until somebody says that he has seen to it."""

    def acknowledge(self) -> None:
        """What was found so far is known, and does not count from now on."""

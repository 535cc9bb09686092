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

    >>> Reading("failing", 0.75, 0.5, "of the ring unread").verdict
    'failing'
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

    >>> class Quiet:
    ...     name, cause = "quiet", "market data outage"
    ...
    ...     def read(self, look: Look) -> Reading:
    ...         quiet_ns = look.at_ns - (look.feed.newest_ns or 0)
    ...         return Reading("failing" if quiet_ns > 1_000 else "ok", quiet_ns, 1_000, "ns of quiet")
    >>> quiet: Probe = Quiet()
    """

    @property
    def name(self) -> str:
        """What it is called; unique in its monitor."""

    @property
    def cause(self) -> str:
        """The words of the cause that is held while it fails."""

    def read(self, look: Look) -> Reading:
        """The verdict on ``look``, which is later than every look it was given before.

        >>> from tickpath.control.automation import look_at
        >>> from tickpath.core.state import State
        >>> class Degraded:
        ...     name, cause = "degraded", "left READY"
        ...
        ...     def read(self, look: Look) -> Reading:
        ...         return Reading("failing" if look.state is State.DEGRADED else "ok", None, 0)
        >>> Degraded().read(look_at(State.DEGRADED)).verdict
        'failing'
        """


@runtime_checkable
class Acknowledged(Protocol):
    """A probe that fails until somebody says that he has seen to it.

    >>> from tickpath.config.scenario.probes import RefusedMovesSettings
    >>> from tickpath.control.health.probes import RefusedMoves
    >>> isinstance(RefusedMoves(RefusedMovesSettings()), Acknowledged)
    True
    """

    def acknowledge(self) -> None:
        """What was found so far is known, and does not count from now on.

        >>> class Once:
        ...     seen_to = False
        ...
        ...     def acknowledge(self) -> None:
        ...         self.seen_to = True
        >>> probe = Once()
        >>> isinstance(probe, Acknowledged), probe.acknowledge(), probe.seen_to
        (True, None, True)
        """

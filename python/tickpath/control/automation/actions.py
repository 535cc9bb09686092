"""What a runbook may do to a running system, and nothing beyond it.

Whoever owns the run implements it (``runtime``'s session does). Threads: called on the control plane's
thread only, one call at a time. No call waits: each asks, and the runbook's postcondition says later
whether it came true.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Actions"]


class Actions(Protocol):
    """The responses there are. A call that raises fails its step, is audited, and harms nobody else.

    >>> class Printing:
    ...     def degrade(self, cause: str) -> object:
    ...         return print("degrade:", cause)
    >>> Printing().degrade("market data outage")
    degrade: market data outage
    """

    def degrade(self, cause: str) -> object:
        """Moves WARMUP or READY to DEGRADED, giving ``cause``; does nothing in DEGRADED."""

    def recover(self, cause: str) -> bool:
        """Moves DEGRADED to READY if no cause is held; ``False`` if it did not."""

    def restart_warmup(self, cause: str) -> object:
        """Moves DEGRADED to WARMUP, from where the warm-up goes its whole way."""

    def skip_to_head(self, stage: str) -> object:
        """Asks ``stage`` to go on with the newest event at its next turn; what is skipped is shed."""

    def acknowledge(self, cause: str) -> object:
        """Lets go of a cause that does not clear by itself: somebody has seen and answered it."""

    def reset_clock(self) -> object:
        """Sets the stages' clock back to the control plane's."""

    def stop_intake(self) -> object:
        """Ends the feed here; the stages drain what is there."""

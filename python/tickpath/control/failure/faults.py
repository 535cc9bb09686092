"""What can be broken: the knobs of an engine, and of a sink.

The engine's are native (``engine.faults``). Every call returns at once, may come from any thread, and sets
its knob to what it says: setting it twice is setting it once.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Faults", "SinkFaults"]


class Faults(Protocol):
    """The knobs of an engine: each says what it does while it is away from its neutral value.

    >>> from tickpath.core.engine import Engine
    >>> hasattr(Engine, "faults")  # natively; a test has its own
    True
    """

    def feed_outage(self, on: bool) -> None:
        """Due events are withheld: lost at the source, and counted."""

    def feed_freeze(self, on: bool) -> None:
        """Nothing arrives; when off again, everything that became due arrives at once, late."""

    def feed_gap(self, events: int) -> None:
        """The next ``events`` due events are withheld; 0: none."""

    def feed_burst(self, events: int) -> None:
        """The next ``events`` events are due now, ahead of their plan; 0: none."""

    def feed_duplicate(self, every: int) -> None:
        """Every n-th event comes twice; 0: none."""

    def feed_reorder(self, every: int) -> None:
        """Every n-th event changes place with its successor; 0: none."""

    def feed_stale(self, on: bool) -> None:
        """At each due time the last event comes again in place of the new one: connected, but stale."""

    def stage_slow(self, stage: str, factor: float, extra_ns: int) -> None:
        """The stage's service time is ``factor`` times its own, plus ``extra_ns``; ``(1.0, 0)``: neutral."""

    def stage_stall(self, stage: str, on: bool) -> None:
        """The stage takes no turn."""

    def clock_step(self, offset_ns: int) -> None:
        """The stages' clock reads so much more than it should; 0: neutral."""


class SinkFaults(Protocol):
    """The knob of a sink.

    >>> class Stalled:
    ...     on = False
    ...
    ...     def sink_stall(self, on: bool) -> None:
    ...         self.on = on
    >>> Stalled().sink_stall(True)
    """

    def sink_stall(self, on: bool) -> None:
        """The sink takes nothing; what it misses meanwhile is counted where it waits."""

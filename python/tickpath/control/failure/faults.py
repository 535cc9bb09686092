"""What can be broken: the knobs of an engine, and of a sink.

The engine's are native (``engine.faults``). Every call returns at once, may come from any thread, and sets
its knob to what it says: setting it twice is setting it once.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Faults", "SinkFaults"]


class Faults(Protocol):
    """The knobs of an engine: each says what it does while it is away from its neutral value.

    Who turns them is the injector, also those of a test:

    >>> from unittest.mock import Mock
    >>> from tickpath.config.scenario import scenario_from_table
    >>> from tickpath.control.automation import look_at
    >>> from tickpath.control.failure import Injector
    >>> from tickpath.core.state import State
    >>> faults = Mock(spec=Faults)
    >>> gap = {"kind": "feed_gap", "at_ns": 0, "events": 10}
    >>> with Injector.of(scenario_from_table({"injections": [gap]}).injections, faults) as injector:
    ...     injector.step(look_at(State.READY))
    >>> faults.feed_gap.mock_calls
    [call(10), call(0)]
    """

    def feed_outage(self, on: bool) -> None:
        """Due events are withheld: lost at the source, and counted.

        >>> class Feed:
        ...     def feed_outage(self, on: bool) -> None:
        ...         self.publishes = not on
        >>> feed = Feed()
        >>> feed.feed_outage(True)
        >>> feed.publishes
        False
        """

    def feed_freeze(self, on: bool) -> None:
        """Nothing arrives; when off again, everything that became due arrives at once, late.

        >>> class Feed:
        ...     def feed_freeze(self, on: bool) -> None:
        ...         print("hold what comes" if on else "let all of it go")
        >>> Feed().feed_freeze(False)
        let all of it go
        """

    def feed_gap(self, events: int) -> None:
        """The next ``events`` due events are withheld; 0: none.

        >>> class Feed:
        ...     def feed_gap(self, events: int) -> None:
        ...         self.to_withhold = events
        >>> feed = Feed()
        >>> feed.feed_gap(10), feed.feed_gap(3)  # the last word counts
        (None, None)
        >>> feed.to_withhold
        3
        """

    def feed_burst(self, events: int) -> None:
        """The next ``events`` events are due now, ahead of their plan; 0: none.

        >>> class Feed:
        ...     def feed_burst(self, events: int) -> None:
        ...         self.due_now = events
        >>> feed = Feed()
        >>> feed.feed_burst(1_000)
        >>> feed.due_now
        1000
        """

    def feed_duplicate(self, every: int) -> None:
        """Every n-th event comes twice; 0: none.

        >>> class Feed:
        ...     def feed_duplicate(self, every: int) -> None:
        ...         self.copies = lambda index: 2 if every and index % every == 0 else 1
        >>> feed = Feed()
        >>> feed.feed_duplicate(3)
        >>> [feed.copies(index) for index in range(1, 7)]
        [1, 1, 2, 1, 1, 2]
        """

    def feed_reorder(self, every: int) -> None:
        """Every n-th event changes place with its successor; 0: none.

        >>> class Feed:
        ...     def feed_reorder(self, every: int) -> None:
        ...         self.every = every
        >>> feed = Feed()
        >>> feed.feed_reorder(100)
        >>> feed.every
        100
        """

    def feed_stale(self, on: bool) -> None:
        """At each due time the last event comes again in place of the new one: connected, but stale.

        >>> class Feed:
        ...     def feed_stale(self, on: bool) -> None:
        ...         self.next = "the last event again" if on else "the next event"
        >>> feed = Feed()
        >>> feed.feed_stale(True)
        >>> feed.next
        'the last event again'
        """

    def stage_slow(self, stage: str, factor: float, extra_ns: int) -> None:
        """The stage's service time is ``factor`` times its own, plus ``extra_ns``; ``(1.0, 0)``: neutral.

        >>> class Stage:
        ...     def stage_slow(self, stage: str, factor: float, extra_ns: int) -> None:
        ...         self.service_ns = lambda own_ns: own_ns * factor + extra_ns
        >>> logger = Stage()
        >>> logger.stage_slow("logger", 3.0, 500)
        >>> logger.service_ns(1_000)
        3500.0
        """

    def stage_stall(self, stage: str, on: bool) -> None:
        """The stage takes no turn.

        >>> class Stages:
        ...     stalled: set[str] = set()
        ...
        ...     def stage_stall(self, stage: str, on: bool) -> None:
        ...         (self.stalled.add if on else self.stalled.discard)(stage)
        >>> stages = Stages()
        >>> stages.stage_stall("logger", True)
        >>> stages.stalled
        {'logger'}
        """

    def clock_step(self, offset_ns: int) -> None:
        """The stages' clock reads so much more than it should; 0: neutral.

        >>> class Clock:
        ...     def clock_step(self, offset_ns: int) -> None:
        ...         self.now_ns = lambda true_ns: true_ns + offset_ns
        >>> clock = Clock()
        >>> clock.clock_step(-5_000_000)
        >>> clock.now_ns(8_000_000)
        3000000
        """


class SinkFaults(Protocol):
    """The knob of a sink.

    An engine is that of its own sink:

    >>> from tickpath.core.engine import VirtualEngine
    >>> from tickpath.core.ingest import MarketDataSource
    >>> from tickpath.core.state import Lifecycle
    >>> sink: SinkFaults = VirtualEngine(MarketDataSource.synthetic(rate_hz=1e6, events=9), Lifecycle())
    >>> sink.sink_stall(True)
    """

    def sink_stall(self, on: bool) -> None:
        """The sink takes nothing; what it misses meanwhile is counted where it waits.

        >>> class Sink:
        ...     def sink_stall(self, on: bool) -> None:
        ...         self.takes = not on
        >>> sink = Sink()
        >>> sink.sink_stall(True)
        >>> sink.takes
        False
        """

"""What a probe sees: the counters of one moment, and nothing that it could hold up.

Both drivers make a look at each control step, and ``tickpath.control.health.objects`` makes them over the
object tier. Times are run time in nanoseconds: 0 is the moment the feed began. A look is immutable, and so
are the counters behind it: a later look has counters of its own. ``None`` is unknown, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from tickpath.core.state import State

__all__ = ["FeedCounters", "Look", "SinkCounters", "StageCounters"]


class FeedCounters(Protocol):
    """The feed's side of the ring, as its receiver could count it; ``EngineSnapshot.feed`` is one.

    >>> from tickpath.control.health.objects import ObjectFeed
    >>> feed: FeedCounters = ObjectFeed(published=5, newest_ns=1_000)
    >>> feed.gaps is None  # not known
    True
    """

    @property
    def published(self) -> int:
        """Events put into the ring so far, duplicates and heartbeats included."""

    @property
    def newest_ns(self) -> int | None:
        """Run time at which the last *new* event, not a repeat, was published; ``None`` before the first."""

    @property
    def gaps(self) -> int | None:
        """Transport sequences that the receiver missed; ``None`` where there are no such sequences."""

    @property
    def repeats(self) -> int | None:
        """Events whose transport sequence was not above the last one: duplicates, heartbeats."""

    @property
    def reordered(self) -> int | None:
        """Events that came late, after a gap that they fill; the gap is counted, too."""

    @property
    def withheld(self) -> int:
        """Due events that were never published (outage, gap): the feed's own account, not for probes."""

    @property
    def held(self) -> bool:
        """Whether the feed waits for its release: nothing is due."""

    @property
    def done(self) -> bool:
        """Whether the feed has ended: nothing more will come."""


class StageCounters(Protocol):
    """One reading stage; ``StageState`` of an engine's snapshot is one. Terms of its ledger, one tuple.

    >>> from tickpath.control.health.objects import ObjectStage
    >>> stage: StageCounters = ObjectStage(processed=5, lost=0, shed=0, cursor=5, backlog=2)
    >>> stage.backlog
    2
    """

    @property
    def processed(self) -> int:
        """Events it read to their end, executed or gated."""

    @property
    def executed(self) -> int | None:
        """Events it executed; ``None`` where nobody counts them."""

    @property
    def lost(self) -> int:
        """Events overwritten before it read them."""

    @property
    def shed(self) -> int:
        """Events it skipped on purpose while they were still readable."""

    @property
    def cursor(self) -> int:
        """The next sequence it expects."""

    @property
    def backlog(self) -> int:
        """Published events it has not come to."""

    @property
    def over_limit(self) -> int | None:
        """Events whose published-to-completed latency was above the stage's limit; ``None`` without one."""

    @property
    def epoch_seen(self) -> int | None:
        """The epoch of the last gate word it read; ``None`` once it has ended, or where nobody knows."""


class SinkCounters(Protocol):
    """The observability sink behind its lossy ring.

    >>> from tickpath.control.health.objects import ObjectSink
    >>> sink: SinkCounters = ObjectSink(shown=5, dropped=0)
    >>> sink.shown
    5
    """

    @property
    def shown(self) -> int:
        """Acks it was shown."""

    @property
    def dropped(self) -> int:
        """Acks it was not shown."""


class Look(NamedTuple):
    """The counters of one control step.

    A tuple, because one is made at every step: a frozen dataclass takes several times as long to make.

    >>> from tickpath.control.health.objects import ObjectFeed
    >>> from tickpath.core.state import State
    >>> Look(10_000_000, State.READY, 2, 1_024, ObjectFeed(5, 1_000), {}).feed.published
    5
    """

    at_ns: int
    """Run time of the look."""
    state: State
    """The lifecycle's state."""
    epoch: int
    """The lifecycle's epoch: transitions so far."""
    capacity_slots: int
    """Slots of the ring."""
    feed: FeedCounters
    """The feed."""
    stages: Mapping[str, StageCounters]
    """The reading stages by name, ``"executor"`` first."""
    sink: SinkCounters | None = None
    """The sink; ``None`` if there is none."""
    clock_skew_ns: int | None = None
    """What the engine's clock gained on the control plane's since the begin; ``None`` if nobody compares."""
    refused_moves: int = 0
    """Moves that the lifecycle refused so far because its rules do not allow them."""

"""Looks at the object tier: a ring, its executor and its consumers, while whoever owns them is busy.

Counters are read one after the other, a cursor together with what it skipped, and before the head: a backlog
is never below 0. Nothing is held up, and nothing is read that only its owner may read. What the object tier
does not count is ``None``: gaps and repeats of a feed, and how many events were executed.

Threads: one looks; the owners of what it looks at go on meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tickpath.control.health.look import Look
from tickpath.errors import ArgumentTypeError, ArgumentValueError

if TYPE_CHECKING:
    from tickpath.control.health.over_limit import OverLimitSink
    from tickpath.core.bus import Consumer, EventRing, RingBuffer
    from tickpath.core.execution import Executor
    from tickpath.core.state import Lifecycle

__all__ = ["ObjectFeed", "ObjectLooks", "ObjectSink", "ObjectStage"]

_EXECUTOR = "executor"


@dataclass(frozen=True, slots=True)
class ObjectFeed:
    """The head of a ring, and when it was last seen to move; see ``FeedCounters``."""

    published: int
    """The ring's head."""
    newest_ns: int | None
    """When a look first found this head; the event itself came at most an interval sooner."""
    gaps: int | None = None
    """Nobody counts them here."""
    repeats: int | None = None
    """Nobody counts them here."""
    reordered: int | None = None
    """Nobody counts them here."""
    withheld: int = 0
    """None that anybody knows of."""
    held: bool = False
    """Never: a ring does not know when it will be published into."""
    done: bool = False
    """Never, likewise."""


@dataclass(frozen=True, slots=True)
class ObjectStage:
    """An executor or a consumer; see ``StageCounters``."""

    processed: int
    """Events read since the first look."""
    lost: int
    """Events overwritten before they were read, counted at recovery."""
    shed: int
    """Events that were still readable when a reset skipped them."""
    cursor: int
    """The next sequence it expects."""
    backlog: int
    """Head minus cursor: above the capacity it is overrun."""
    over_limit: int | None = None
    """What an ``OverLimitSink`` counted; ``None`` without one."""
    executed: int | None = None
    """Nobody counts them here."""
    epoch_seen: int | None = None
    """Nobody says so here."""


@dataclass(frozen=True, slots=True)
class ObjectSink:
    """The sink of an executor; see ``SinkCounters``."""

    shown: int
    """Acks it was shown and did not raise at, since the first look."""
    dropped: int
    """Acks it raised at."""


class ObjectLooks:
    """Makes looks at ``ring``, the ``executor`` and the ``consumers`` on it, and the ``lifecycle``.

    ``consumers`` are by the name that probes give for their stage; the executor is ``"executor"``.
    ``latency`` is the ``OverLimitSink`` that the executor was given, if it was. ``clock`` gives nanoseconds;
    the first look is at 0.

    Raises ``ArgumentTypeError`` for a clock that cannot be called, ``ArgumentValueError`` for a consumer
    called ``"executor"``.

    >>> from tickpath.core.bus import Consumer, RingBuffer
    >>> from tickpath.core.state import Lifecycle
    >>> ring, clock = RingBuffer[int](8), iter((7_000, 9_000))
    >>> looks = ObjectLooks(
    ...     ring=ring, lifecycle=Lifecycle(), clock=clock.__next__, consumers={"slow": Consumer(ring)}
    ... )
    >>> _ = ring.publish_many(range(5))
    >>> looks.look().stages["slow"].backlog
    5
    """

    def __init__(
        self,
        *,
        ring: RingBuffer[Any] | EventRing,
        lifecycle: Lifecycle,
        clock: Callable[[], int],
        executor: Executor | None = None,
        consumers: Mapping[str, Consumer[Any]] | None = None,
        latency: OverLimitSink | None = None,
    ) -> None:
        if not callable(clock):
            raise ArgumentTypeError(f"clock must be callable, not {type(clock).__name__}")
        if consumers and _EXECUTOR in consumers:
            raise ArgumentValueError('a consumer cannot be called "executor": that is the executor\'s name')
        self._ring = ring
        self._lifecycle = lifecycle
        self._clock = clock
        self._executor = executor
        self._latency = latency
        readers: dict[str, Consumer[Any] | Executor] = {} if executor is None else {_EXECUTOR: executor}
        readers.update(consumers or {})
        self._readers = readers
        self._begin_ns: int | None = None
        self._head = 0
        self._newest_ns: int | None = None
        self._first_read = {name: _read(reader) for name, reader in readers.items()}

    def look(self) -> Look:
        """The counters of now.

        >>> _ = ring.publish(5)
        >>> look = looks.look()
        >>> look.at_ns, look.feed.newest_ns, look.stages["slow"].backlog  # the first look was at 0
        (2000, 2000, 6)
        """
        now_ns = self._clock()
        if self._begin_ns is None:
            self._begin_ns = now_ns
            self._head = self._ring.head()
        at_ns = now_ns - self._begin_ns
        stages = {name: self._stage(name, reader) for name, reader in self._readers.items()}
        head = self._ring.head()
        if head != self._head:
            self._head, self._newest_ns = head, at_ns
        sink = None
        if self._executor is not None:
            errors = self._executor.sink_errors
            sink = ObjectSink(stages[_EXECUTOR].processed - errors, errors)
        return Look(
            at_ns=at_ns,
            state=self._lifecycle.state,
            epoch=self._lifecycle.epoch,
            capacity_slots=self._ring.capacity,
            feed=ObjectFeed(head, self._newest_ns),
            stages=stages,
            sink=sink,
            refused_moves=self._lifecycle.refused_moves,
        )

    def _stage(self, name: str, reader: Consumer[Any] | Executor) -> ObjectStage:
        skipped = -1
        # Until nobody skipped in between: resets are rare.
        while skipped != reader.lost:
            skipped, shed, cursor = reader.lost, reader.shed, reader.cursor()
        over_limit = self._latency.over_limit if self._latency is not None and name == _EXECUTOR else None
        return ObjectStage(
            processed=cursor - skipped - self._first_read[name],
            lost=skipped - shed,
            shed=shed,
            cursor=cursor,
            backlog=self._ring.head() - cursor,
            over_limit=over_limit,
        )


def _read(reader: Consumer[Any] | Executor) -> int:
    """Cursor minus what was skipped: it grows by one for each event that is read."""
    return reader.cursor() - reader.lost

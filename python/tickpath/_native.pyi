"""
The native part of tickpath; import from `tickpath.core` and `tickpath.control` instead.
"""

import collections.abc
import numpy.typing
import tickpath.core.execution
import tickpath.core.execution.observability
import tickpath.core.state
import typing
from typing import Any, Final, Generic, Self, SupportsFloat, SupportsIndex, TypeVar, final

__all__ = ["Ack", "Consumer", "Executor", "Gate", "LatencySink", "Metrics", "NoOpSink", "RingBuffer", "Snapshot", "report_unraisable"]

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

@final
class Ack:
    """
    The acknowledgement of one event; immutable.

    ``seq``: sequence of the event. ``decision_ts``, ``completion_ts``: monotonic stamps in
    nanoseconds (``tickpath.core.time.now``), the second never before the first. ``executed``: true only
    if the lifecycle was READY when the event was decided. ``epoch``: the lifecycle's transitions so
    far at that moment.
    """
    __match_args__: Final[tuple[str, str, str, str, str]]
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs__(self, /) -> tuple[Any, ...]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, seq: SupportsIndex, decision_ts: SupportsIndex, completion_ts: SupportsIndex, executed: bool, epoch: SupportsIndex) -> Self: ...
    def __repr__(self, /) -> str: ...
    @property
    def completion_ts(self, /) -> int: ...
    @property
    def decision_ts(self, /) -> int: ...
    @property
    def epoch(self, /) -> int: ...
    @property
    def executed(self, /) -> bool: ...
    @property
    def latency_ns(self, /) -> int:
        """
        From decision to completion, in nanoseconds.
        """
    @property
    def seq(self, /) -> int: ...

@final
class Consumer(Generic[_T_co]):
    """
    A reader of a ring with a place of its own; it never holds the producer back.

    ``ring`` is a ``RingBuffer`` or an ``EventRing``; ``start`` is ``"oldest"``, ``"head"`` or a sequence
    up to the head. An overrun stays raised on every read until ``reset_to_oldest()`` or
    ``reset_to_head()``; only then does ``lost`` grow, by exactly what was skipped.
    """
    def __new__(cls, /, ring: RingBuffer[_T_co], *, start: typing.Literal['oldest', 'head'] | int = ...) -> Self: ...
    def __repr__(self, /) -> str: ...
    def available(self, /) -> int:
        """
        How many items are unread: ``head - cursor``; more than the capacity means overrun.
        """
    def cursor(self, /) -> int:
        """
        The next sequence this consumer expects.
        """
    @property
    def lost(self, /) -> int:
        """
        Sequences this consumer expected and will never read, counted at recovery.
        """
    def poll(self, /) -> _T_co | None:
        """
        The next item, or ``None`` when caught up.

        Raises ``Overrun`` if it was overwritten; the cursor stays where it is.
        """
    def poll_many(self, limit: int, /) -> list[_T_co]:
        """
        Up to ``limit`` items in order; fewer when caught up.

        Raises ``Overrun`` if the next item was overwritten.
        """
    def reset_to_head(self, /) -> int:
        """
        Skip to the head and return how many sequences that skipped.
        """
    def reset_to_oldest(self, /) -> int:
        """
        Skip to the oldest readable sequence and return how many sequences that skipped.

        Never moves back: 0 if the next item is still readable.
        """
    @property
    def shed(self, /) -> int:
        """
        The part of ``lost`` that was still readable when a reset skipped it.
        """

@final
class Executor:
    """
    Processes events one by one, gated by the lifecycle.

    ``ring`` is a ``RingBuffer`` or an ``EventRing``, ``lifecycle`` a ``Lifecycle``; ``sink`` has
    ``observe(event, ack)``, looked up once, here, and is called inline once per ack. INIT raises
    ``NotReady`` even with nothing to read; WARMUP and DEGRADED process without executing. A sink that
    raises costs nothing but its own observation: the error is counted (``sink_errors``), the first one
    is reported through ``sys.unraisablehook``; ``KeyboardInterrupt`` and its like pass through, after
    the cursor moved. Raises ``ArgumentTypeError`` for arguments of another type.
    """
    def __new__(cls, /, ring: RingBuffer[typing.Any] | EventRing, lifecycle: tickpath.core.state.Lifecycle, sink: tickpath.core.execution.observability.ObservabilitySink | None = None, *, start: typing.Literal['oldest', 'head'] | int = ...) -> Self: ...
    def __repr__(self, /) -> str: ...
    def cursor(self, /) -> int:
        """
        The next sequence this executor expects.
        """
    @property
    def lost(self, /) -> int:
        """
        Sequences this executor expected and will never process, counted at recovery.
        """
    def process(self, /) -> Ack | None:
        """
        Process the next event and return its ack, or ``None`` when caught up. Never blocks.

        Raises ``NotReady`` in INIT and ``Overrun`` if the next event was overwritten.
        """
    def process_into(self, out: numpy.typing.NDArray[typing.Any], /) -> int:
        """
        Process up to ``len(out)`` events into an array of ``ACK_DTYPE`` and return how many.

        A row is written before its sink is called. Raises as ``process_many`` does, and
        ``ArgumentTypeError`` unless ``out`` is a writable, contiguous array of ``ACK_DTYPE``.
        """
    def process_many(self, limit: int, /) -> list[Ack]:
        """
        Process up to ``limit`` events and return their acks; the gate is read once per event.

        Raises ``NotReady`` in INIT and ``Overrun`` if the very next event was overwritten; one lost
        later ends the batch early, and the next call says so. If something other than an ``Exception``
        passes through from the sink, the acks of this batch are gone with it; the sink saw them all.
        """
    def reset_to_head(self, /) -> int:
        """
        Skip to the head and return how many sequences that skipped.
        """
    def reset_to_oldest(self, /) -> int:
        """
        Skip to the oldest readable sequence and return how many sequences that skipped.

        Never moves back: 0 if the next event is still readable.
        """
    @property
    def shed(self, /) -> int:
        """
        The part of ``lost`` that was still readable when a reset skipped it.
        """
    @property
    def sink_errors(self, /) -> int:
        """
        How often the sink raised.
        """

@final
class Gate:
    """
    One atomic word, ``epoch << 8 | state``: the executor reads it once per event.

    It knows no rules; ``tickpath.core.state.Lifecycle`` owns one and is the only writer.
    """
    def __new__(cls, /) -> Self: ...
    def compare_exchange(self, /, expected: SupportsIndex, target: SupportsIndex) -> bool:
        """
        Move to ``target`` if the word is still ``expected``, counting one epoch; whether it was.

        Raises ``ArgumentValueError`` if ``target`` is not the code of a state.
        """
    @property
    def epoch(self, /) -> int:
        """
        The number of transitions so far.
        """
    def load(self, /) -> int:
        """
        The current word, ``epoch << 8 | state``.
        """
    @property
    def state_code(self, /) -> int:
        """
        The code of the current state (``int(State.INIT)`` is 0).
        """

@final
class LatencySink:
    """
    The sink that feeds a ``Metrics`` with the latency of every ack.

    Any object with ``latency_ns`` will do for an ack: the sink's protocol is structural.
    """
    def __new__(cls, /, metrics: Metrics) -> Self: ...
    @property
    def metrics(self, /) -> Metrics:
        """
        The metrics this sink feeds.
        """
    def observe(self, /, event: typing.Any, ack: tickpath.core.execution.Ack) -> None:
        """
        Count the latency of ``ack``; the event is not looked at.
        """

@final
class Metrics:
    """
    Counts latencies: number, total, extremes and, if asked for, a histogram.

    For one thread at a time. ``observe`` is O(1) and allocates nothing; ``snapshot`` and ``reset``
    belong to the control plane. ``histogram=True`` adds a fixed 270 kB and percentiles with three
    significant digits, from 1 ns to one hour (longer ones count as one hour there).
    """
    def __new__(cls, /, histogram: bool = False) -> Self: ...
    def observe(self, latency_ns: int, /) -> None:
        """
        Count one latency in nanoseconds: an integer from 0 to ``2**64 - 1``.

        Raises ``ArgumentTypeError``, ``ArgumentValueError`` (negative) or ``ArgumentOverflowError``;
        nothing is counted then.
        """
    def reset(self, /) -> Snapshot:
        """
        What was observed so far, and start again from nothing: one step, nothing falls between.
        """
    def snapshot(self, /) -> Snapshot:
        """
        What was observed so far, as an immutable copy.
        """

class NoOpSink:
    """
    The sink that observes nothing: observability switched off, at no cost per event.
    """
    def __new__(cls, /) -> Self: ...
    def observe(self, /, event: typing.Any, ack: tickpath.core.execution.Ack) -> None:
        """
        Do nothing.
        """

@final
class RingBuffer(Generic[_T]):
    """
    A broadcast ring of Python objects: one writes, any number read with cursors of their own.

    It never blocks and never waits for a reader: a full ring overwrites its oldest item, and who
    missed it gets ``Overrun`` with exact figures. Sequences start at 0; retained are
    ``[max(0, head - capacity), head)``. Every operation is O(1). One reference per slot is held, and
    dropped exactly when the slot is overwritten; the ring takes part in garbage collection.

    ``capacity``: number of slots, at least 1, kept exactly. Raises ``ArgumentTypeError`` or
    ``ArgumentValueError`` for anything else, ``MemoryError`` if there is not the memory.
    """
    def __new__(cls, /, capacity: int) -> Self: ...
    def __repr__(self, /) -> str: ...
    @property
    def capacity(self, /) -> int:
        """
        The number of slots.
        """
    def get(self, seq: int, /) -> _T:
        """
        The item at ``seq``.

        Raises ``Overrun`` if it was overwritten, ``NotPublished`` if ``seq`` is at or beyond the head,
        ``ArgumentValueError`` if it is negative.
        """
    def head(self, /) -> int:
        """
        The next sequence to be published.
        """
    def publish(self, item: _T, /) -> int:
        """
        Publish ``item`` and return its sequence. Never blocks.

        Raises ``ArgumentTypeError`` for ``None`` and publishes nothing then.
        """
    def publish_many(self, items: collections.abc.Iterable[_T], /) -> int:
        """
        Publish every item of ``items`` in order and return the sequence of the first.

        An empty iterable returns the head. If the iterable raises or yields ``None``, what it yielded
        before stays published and the error passes through.
        """

@final
class Snapshot:
    """
    What a ``Metrics`` had observed at one moment; immutable.

    ``count`` observations that add up to ``total_latency_ns``; ``min_latency_ns`` and
    ``max_latency_ns`` are ``None`` (unknown) where nothing was observed. Two snapshots are equal if
    these four are.
    """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __repr__(self, /) -> str: ...
    @property
    def count(self, /) -> int:
        """
        Number of observations.
        """
    @property
    def max_latency_ns(self, /) -> int | None:
        """
        Largest observation in nanoseconds, ``None`` if there was none.
        """
    @property
    def min_latency_ns(self, /) -> int | None:
        """
        Smallest observation in nanoseconds, ``None`` if there was none.
        """
    def percentile(self, quantile: SupportsFloat | SupportsIndex, /) -> int | None:
        """
        The latency in nanoseconds at ``quantile`` (0.99 for p99), to three significant digits.

        ``None`` (unknown) without a histogram, or with fewer than ten samples beyond it. Raises
        ``ArgumentValueError`` for a quantile outside 0 to 1.
        """
    @property
    def total_latency_ns(self, /) -> int:
        """
        Sum of all observations, in nanoseconds.
        """

def report_unraisable(error: BaseException, source: Any) -> None:
    """
    Hand ``error`` to ``sys.unraisablehook``, with ``source`` as the object it came from.

    Python has no function of its own for this: the hook's argument cannot be built there.
    """

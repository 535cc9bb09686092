"""
The native part of tickpath; import from `tickpath.core` and `tickpath.control` instead.
"""

from _typeshed import SupportsGetItem
from numpy import dtype, void
from os import PathLike
from pathlib import Path

import collections.abc
import numpy.typing
import tickpath.config.engine
import tickpath.core.execution
import tickpath.core.execution.observability
import tickpath.core.state
import types
import typing
from typing import Any, Final, Generic, Self, SupportsFloat, SupportsIndex, TypeVar, final

__all__ = ["Ack", "AckReader", "AckSlice", "AckSlices", "AckWindow", "AckWindowFigures", "ArrowRows", "ClockRecord", "Consumer", "CoreFloor", "EngineLedger", "EngineRecord", "EngineSnapshot", "EventReader", "EventRing", "Events", "Executor", "Faults", "FeedCounters", "FeedPlan", "FeedRecord", "FlightReader", "FlightTail", "Gate", "LatencyFigures", "LatencyHistogram", "LatencySink", "LiveEngine", "MachineWatch", "Metrics", "NoOpSink", "PingPong", "RingBuffer", "SinkFeeder", "Sizing", "Snapshot", "StagePlace", "StageRecord", "StageState", "Topology", "VirtualEngine", "check_stage_name", "check_stages", "control_groups", "csv_header", "encode_hlog", "load_csv", "load_recording", "load_rows", "merge_events", "ping_pong", "report_unraisable", "synthetic_events", "table_values"]

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

        >>> Ack(7, 100, 350, True, 2).latency_ns
        250
    """
    __match_args__: Final[tuple[str, str, str, str, str]]
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs__(self, /) -> tuple[Any, ...]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, seq: int, decision_ts: int, completion_ts: int, executed: bool, epoch: int) -> Self: ...
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
class AckReader:
    """
    A reader of a run's acks with a place of its own; the executor never waits for it.

    What it missed is counted in ``dropped`` and skipped: an ack is an observation, and observations may be
    lost, but never unsaid. Made by an engine whose settings have ``ack_capacity``.

        >>> from tickpath.config.engine import EngineSettings
        >>> from tickpath.core.engine import VirtualEngine
        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.core.state import Lifecycle, State
        >>> lifecycle = Lifecycle()
        >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> engine = VirtualEngine(source, lifecycle, EngineSettings(ack_capacity=1_024))
        >>> engine.start()
        >>> _ = engine.finish()
        >>> reader = engine.acks()
        >>> reader.available()
        1000
    """
    def available(self, /) -> int:
        """
        How many acks are unread.

            >>> reader.available(), reader.dropped
            (1000, 0)
        """
    @property
    def dropped(self, /) -> int:
        """
        Acks that were overwritten before they were read, or could not be shown for want of their event.
        """
    def read_into(self, /, array: numpy.typing.NDArray[numpy.void]) -> int:
        """
        Fill ``array`` (of ``ACK_DTYPE``) from its start with the next acks and return how many.

        What was overwritten before it was read is skipped, and counted in ``dropped``. Raises
        ``ArgumentTypeError`` and ``ArgumentValueError`` for any other array.

            >>> import numpy as np
            >>> from tickpath.core.execution import ACK_DTYPE
            >>> acks = np.zeros(4, ACK_DTYPE)
            >>> reader.read_into(acks), acks["seq"].tolist()
            (4, [0, 1, 2, 3])
        """
    def show(self, /, sink: SinkFeeder, limit: int) -> int:
        """
        Show up to ``limit`` acks with their events to ``sink`` and return how many acks were taken.

        An ack whose event was overwritten meanwhile is counted in ``dropped`` and not shown to a sink that
        is written in Python; a ``LatencySink`` needs no event. What the sink raises, if it is an
        ``Exception``, is counted and reported once through ``sys.unraisablehook``.

            >>> from tickpath._native import SinkFeeder
            >>> from tickpath.control.metrics import LatencySink, Metrics
            >>> metrics = Metrics()
            >>> reader.show(SinkFeeder(LatencySink(metrics)), limit=10), metrics.snapshot().count
            (10, 10)
        """
    @property
    def shown(self, /) -> int:
        """
        Acks that a sink was shown by ``show``, whatever it made of them.
        """

@final
class AckSlice:
    """
    A slice of run time, as far as the executor was in one state.

        >>> from tickpath.config.engine import EngineSettings
        >>> from tickpath.core.engine import VirtualEngine
        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.core.state import Lifecycle, State
        >>> lifecycle = Lifecycle()
        >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> engine = VirtualEngine(source, lifecycle, EngineSettings(ack_capacity=1_024))
        >>> engine.start()
        >>> slices = AckSlices(engine.acks(), begin_ns=0, slice_ns=500_000, slices_max=100)
        >>> _ = engine.finish()
        >>> slices.fold()
        >>> [slice.state for slice in slices.take([0, 1, 2])]
        [2, 2]
    """
    @property
    def count(self, /) -> int:
        """
        Acks completed in it.
        """
    @property
    def dropped(self, /) -> int:
        """
        Acks that were overwritten before they were folded.
        """
    @property
    def executed(self, /) -> int:
        """
        Those among them of events that were executed.
        """
    @property
    def latency(self, /) -> list[LatencyFigures]:
        """
        What they say, by stage; without a plan nothing of the ``intended_*`` stages.
        """
    @property
    def start_ns(self, /) -> int:
        """
        When it begins, in nanoseconds of run time.
        """
    @property
    def state(self, /) -> int:
        """
        The code of the state.
        """

@final
class AckSlices:
    """
    A reader of a run's acks that folds them into slices of run time, by state and stage.

    The executor never waits for it: acks that were overwritten before they were folded are counted as
    ``dropped``. No more than ``slices_max`` slices: where there would be more, they become twice as long.

        >>> from tickpath.config.engine import EngineSettings
        >>> from tickpath.core.engine import VirtualEngine
        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.core.state import Lifecycle, State
        >>> lifecycle = Lifecycle()
        >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> engine = VirtualEngine(source, lifecycle, EngineSettings(ack_capacity=1_024))
        >>> engine.start()
        >>> slices = AckSlices(engine.acks(), begin_ns=0, slice_ns=500_000, slices_max=100)
        >>> _ = engine.advance(600_000)
        >>> slices.fold()
        >>> [slice.count for slice in slices.take([0, 1, 2])]
        [500, 101]
    """
    def __new__(cls, /, acks: AckReader, *, begin_ns: int, slice_ns: int, slices_max: int, shared_stamps: bool = False, planned: bool = True) -> Self:
        """
        Slices of ``slice_ns`` from ``begin_ns`` on the run's clock, of all acks of the run that ``acks`` reads.
        Those that are gone by now count as ``dropped``.

        ``shared_stamps`` says that one stamp was taken for several events, ``planned`` that they have a plan
        to be late against.
        """
    def fold(self, /) -> None:
        """
        Fold the acks that are there now; never waits.

            >>> slices.fold()
            >>> slices.take([0, 1, 2])  # no ack came since
            []
        """
    @property
    def slice_ns(self, /) -> int:
        """
        How long a slice is by now, in nanoseconds.
        """
    def take(self, /, states: collections.abc.Sequence[int]) -> list[AckSlice]:
        """
        What was folded, by slice and state, in order; ``states`` has the state's code of each epoch.

        An epoch beyond them counts as the last. Nothing is left.

            >>> _ = engine.finish()
            >>> slices.fold()
            >>> [(slice.start_ns, slice.state, slice.count) for slice in slices.take([0, 1, 2])]
            [(500000, 2, 399)]
        """

@final
class AckWindow:
    """
    A reader of a run's acks that keeps nothing of them but counts and latencies since it was last asked.

    The executor never waits for it: acks that were overwritten before it read them are counted as
    ``dropped``. Each has a place of its own.

        >>> from tickpath.config.engine import EngineSettings
        >>> from tickpath.core.engine import VirtualEngine
        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.core.state import Lifecycle, State
        >>> lifecycle = Lifecycle()
        >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> engine = VirtualEngine(source, lifecycle, EngineSettings(ack_capacity=1_024))
        >>> engine.start()
        >>> window = engine.ack_window()
        >>> _ = engine.advance(600_000)
        >>> window.take().count
        601
    """
    def __new__(cls, /, acks: AckReader, *, shared_stamps: bool = False) -> Self:
        """
        A window over the acks that ``acks`` reads, from the oldest that is there, whatever it has read;
        ``shared_stamps`` says that one stamp was taken for several events, so that no service time is known.
        """
    def take(self, /) -> AckWindowFigures:
        """
        The figures of the acks since the last call, or since this was made; the next window begins.

        Ends with what was there when it was called, however fast the executor is.

            >>> _ = engine.finish()
            >>> window.take().count
            399
        """

@final
class AckWindowFigures:
    """
    What an ``AckWindow`` held; a percentile is ``None`` (unknown) with fewer than ten acks beyond it.

        >>> from tickpath.config.engine import EngineSettings
        >>> from tickpath.core.engine import VirtualEngine
        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.core.state import Lifecycle, State
        >>> lifecycle = Lifecycle()
        >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> engine = VirtualEngine(source, lifecycle, EngineSettings(ack_capacity=1_024))
        >>> engine.start()
        >>> window = engine.ack_window()
        >>> _ = engine.finish()
        >>> window.take().p50_ns is not None
        True
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    @property
    def count(self, /) -> int:
        """
        Acks that were read.
        """
    @property
    def dropped(self, /) -> int:
        """
        Acks that were overwritten before they were read.
        """
    @property
    def executed(self, /) -> int:
        """
        Those among them of events that were executed.
        """
    @property
    def in_ring_p50_ns(self, /) -> int | None:
        """
        The median from publication to decision, in nanoseconds: how long events lay in the ring; ``None`` as for
        ``service_p50_ns``.
        """
    @property
    def in_ring_p99_ns(self, /) -> int | None:
        """
        Its 99th percentile.
        """
    @property
    def late_p50_ns(self, /) -> int | None:
        """
        The median of how late the feed published, in nanoseconds; ``None`` without a plan, too.
        """
    @property
    def late_p99_ns(self, /) -> int | None:
        """
        Its 99th percentile.
        """
    @property
    def max_ns(self, /) -> int | None:
        """
        The longest from publication to completion, in nanoseconds, exact; ``None`` without acks.
        """
    @property
    def p50_ns(self, /) -> int | None:
        """
        The median from publication to completion, in nanoseconds, to three significant digits.
        """
    @property
    def p99_ns(self, /) -> int | None:
        """
        From publication to completion, in nanoseconds.
        """
    @property
    def service_p50_ns(self, /) -> int | None:
        """
        The median from decision to completion, in nanoseconds; ``None`` where stamps are shared
        (``stamp_per="batch"``), too.
        """
    @property
    def service_p99_ns(self, /) -> int | None:
        """
        Its 99th percentile.
        """

@final
class ArrowRows:
    """
    A copy of structured NumPy rows in Arrow columns, which polars, pandas, pyarrow, duckdb and every other
    library with Arrow's PyCapsule interface take as they are.

    ``array`` is one-dimensional, of ``EVENT_DTYPE``, ``ACK_DTYPE`` or any structured dtype of integers,
    floats and booleans in native byte order; its rows need not lie side by side. They are copied once, here,
    from 1,024 rows on with the interpreter's lock released; a later change of the array is not seen.
    Every export shares that copy, and keeps it alive on its own.

    Each field becomes the column of its name and type, without nulls, in one chunk; stamps stay
    integers, padding is left out, and ``executed`` of an ack becomes a boolean. Columns that count
    nanoseconds or billionths say so in their metadata: ``unit`` is ``ns`` or ``1e-9``.

    Raises ``ArgumentTypeError`` for anything but an array of such a dtype, ``ArgumentValueError`` for
    one of other dimensions, ``MemoryError`` if there is not the memory.
    """
    def __arrow_c_array__(self, /, requested_schema: object | None = None) -> tuple[object, object]:
        """
        Schema and columns as one record batch, in two capsules.

        ``requested_schema`` may ask for other types of the same columns, which is not heard: they keep
        theirs. Raises ``ArgumentValueError`` if it asks for other columns.
        """
    def __arrow_c_schema__(self, /) -> object:
        """
        The schema, in a capsule.
        """
    def __arrow_c_stream__(self, /, requested_schema: object | None = None) -> object:
        """
        The columns as a stream of one record batch, in a capsule.

        ``requested_schema`` is heard as by ``__arrow_c_array__``.
        """
    def __len__(self, /) -> int: ...
    def __new__(cls, /, array: numpy.typing.NDArray[typing.Any]) -> Self: ...
    def __repr__(self, /) -> str: ...

@final
class ClockRecord:
    """
    The clock of a run.
    """
    @property
    def cost_ns(self, /) -> int:
        """
        The cost of one stamp, in nanoseconds.
        """
    @property
    def error_ns(self, /) -> int | None:
        """
        The largest distance from the machine's clock at the end of the run, in nanoseconds.
        """
    @property
    def error_ppm(self, /) -> float | None:
        """
        How much faster (or, below 0, slower) the stamps ran than the machine's clock, in millionths.
        """
    @property
    def fallback(self, /) -> str | None:
        """
        Why the stamps are not the counter's; ``None`` if they are, or were not asked for.
        """
    @property
    def source(self, /) -> str:
        """
        ``"tsc"``, ``"clock_gettime"`` or ``"virtual"``.
        """

@final
class Consumer(Generic[_T_co]):
    """
    A reader of a ring with a place of its own; it never holds the producer back.

    ``ring`` is a ``RingBuffer`` or an ``EventRing``; ``start`` is ``"oldest"``, ``"head"`` or a sequence
    up to the head. An overrun stays raised on every read until ``reset_to_oldest()`` or
    ``reset_to_head()``; only then does ``lost`` grow, by exactly what was skipped.

        >>> ring = RingBuffer(2)
        >>> consumer = Consumer(ring)
        >>> _ = ring.publish_many(["a", "b", "c"])
        >>> consumer.available(), consumer.reset_to_oldest(), consumer.poll()
        (3, 1, 'b')
    """
    @classmethod
    def __class_getitem__(cls, key: Any) -> types.GenericAlias: ...
    def __new__(cls, /, ring: RingBuffer[_T_co], *, start: typing.Literal['oldest', 'head'] | int = ...) -> Self: ...
    def __repr__(self, /) -> str: ...
    def available(self, /) -> int:
        """
        How many items are unread: ``head - cursor``; more than the capacity means overrun.

            >>> consumer.available()
            1
            >>> _ = ring.publish_many(["d", "e"])
            >>> consumer.available(), ring.capacity
            (3, 2)
        """
    def cursor(self, /) -> int:
        """
        The next sequence this consumer expects.

            >>> consumer.cursor(), ring.head()
            (2, 3)
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

            >>> consumer.poll(), consumer.poll()
            ('c', None)
        """
    def poll_many(self, /, limit: int) -> list[_T_co]:
        """
        Up to ``limit`` items in order; fewer when caught up.

        Raises ``Overrun`` if the next item was overwritten.

            >>> _ = ring.publish("d")
            >>> consumer.poll_many(10)
            ['c', 'd']
        """
    def reset_to_head(self, /) -> int:
        """
        Skip to the head and return how many sequences that skipped.

            >>> consumer.reset_to_head(), consumer.lost, consumer.shed
            (1, 2, 1)
        """
    def reset_to_oldest(self, /) -> int:
        """
        Skip to the oldest readable sequence and return how many sequences that skipped.

        Never moves back: 0 if the next item is still readable.

            >>> _ = ring.publish_many(["d", "e"])
            >>> consumer.reset_to_oldest(), consumer.lost, consumer.poll()
            (1, 2, 'd')
        """
    @property
    def shed(self, /) -> int:
        """
        The part of ``lost`` that was still readable when a reset skipped it.
        """

@final
class CoreFloor:
    """
    The floor of some cores; ``None`` is unknown.
    """
    @property
    def explained_up_to_ns(self, /) -> list[int | None]:
        """
        The longest latency that the machine's own pauses explain, for p50, p90, p99, p99.9 and p99.99: what is
        no longer is ``at_floor`` in a run.
        """
    @property
    def figures(self, /) -> LatencyFigures:
        """
        What an event waits for the machine, in a run's own words.
        """
    @property
    def forgotten(self, /) -> int:
        """
        Pauses that found no room to be remembered.
        """
    @property
    def longest_pause_ns(self, /) -> int | None:
        """
        In nanoseconds; of the pauses longer than 100 ns.
        """
    @property
    def pauses_beyond(self, /) -> list[int | None]:
        """
        For each of these, the pauses that were longer than the floor's percentile.
        """
    @property
    def switches(self, /) -> int | None:
        """
        How often another thread was given a core while it was watched.
        """
    @property
    def watched_ns(self, /) -> int:
        """
        How long was watched, in nanoseconds, over all cores.
        """

@final
class EngineLedger:
    """
    The books of one reading stage: published = executed + gated + read + lost + shed + unread.

        >>> from tickpath.core.engine import VirtualEngine
        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.core.state import Lifecycle, State
        >>> lifecycle = Lifecycle()
        >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> engine = VirtualEngine(source, lifecycle)
        >>> engine.start()
        >>> ledger = engine.finish().stages[0].ledger
        >>> ledger.published, ledger.executed, ledger.balanced
        (1000, 1000, True)
    """
    @property
    def balanced(self, /) -> bool:
        """
        Whether every published event is accounted for, once. In a run under way what is still in the ring
        is not.
        """
    @property
    def executed(self, /) -> int:
        """
        Events executed.
        """
    @property
    def gated(self, /) -> list[int]:
        """
        Events processed and not executed, by state code.
        """
    @property
    def lost(self, /) -> int:
        """
        Events overwritten before they were read.
        """
    @property
    def published(self, /) -> int:
        """
        Events published; counted by the feed.
        """
    @property
    def read(self, /) -> int:
        """
        Events read by a plain consumer, which executes and gates none.
        """
    @property
    def shed(self, /) -> int:
        """
        Events that could be read, and were skipped on purpose.
        """
    @property
    def unread(self, /) -> int:
        """
        Events left at stop; counted by reading them.
        """

@final
class EngineRecord:
    """
    What a run left behind.

        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.runtime.session import Session
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> record = Session(source, mode="virtual").run().record
        >>> record.balanced, record.stages[0].name
        (True, 'executor')
    """
    @property
    def balanced(self, /) -> bool:
        """
        Whether the books of the feed and of every reading stage balance.
        """
    @property
    def begin_ns(self, /) -> int | None:
        """
        When the feed started, on the run's clock (the timeline of ``time.perf_counter_ns``); ``None`` if the
        run was stopped before.
        """
    @property
    def clock(self, /) -> ClockRecord:
        """
        What the stamps were taken by.
        """
    def digest(self, /, tail: bytes) -> str | None:
        """
        SHA-256 over the acks as rows of ``ACK_DTYPE`` and then ``tail``, in hexadecimal; ``None`` of a live run,
        whose stamps are its own.

            >>> again = Session(source, mode="virtual").run().record
            >>> again.digest(b"") == record.digest(b"")
            True
        """
    @property
    def end_ns(self, /) -> int:
        """
        When the executor ended, on the same clock.
        """
    @property
    def epochs(self, /) -> list[tuple[int, int, int, int, int]]:
        """
        (epoch, first_seq, last_seq, executed, gated) of each epoch in which an event was processed.
        """
    @property
    def epochs_overflow(self, /) -> int:
        """
        Events that found no room in ``epochs``.
        """
    @property
    def feed(self, /) -> FeedRecord:
        """
        What became of the feed's events.
        """
    @property
    def feed_ns(self, /) -> int | None:
        """
        From the start of the feed to its last publication, in nanoseconds; ``None`` as for ``wall_ns``.
        """
    @property
    def feed_place(self, /) -> StagePlace:
        """
        Where the feed ran and how it waited.
        """
    @property
    def first_seq(self, /) -> int:
        """
        The sequence of the run's first event.
        """
    @property
    def floor(self, /) -> LatencyFigures:
        """
        The machine's own pauses at the run's moments of arrival.
        """
    @property
    def floor_continuous(self, /) -> bool:
        """
        Whether the machine was watched at every moment of arrival, by a thread on a spare core.
        """
    @property
    def floor_forgotten(self, /) -> int:
        """
        Pauses that found no room to be remembered.
        """
    @property
    def floor_histogram(self, /) -> LatencyHistogram:
        """
        Every sample of the floor.
        """
    @property
    def floor_longest_pause_ns(self, /) -> int | None:
        """
        The longest pause seen, in nanoseconds.
        """
    @property
    def floor_path(self, /) -> LatencyHistogram:
        """
        What the plan's arrivals would have waited on the feed's core and then on the executor's; empty
        without a plan, or where one of them had no core to itself.
        """
    @property
    def floor_pauses(self, /) -> list[tuple[int, int]]:
        """
        (start_ns, length_ns) of the machine's pauses of more than a microsecond, by their start on the run's
        clock: before, after and during the run.
        """
    @property
    def floor_watched_ns(self, /) -> int:
        """
        How long the machine was watched, over all cores, in nanoseconds.
        """
    @property
    def intake_stopped(self, /) -> bool:
        """
        Whether the intake was stopped before every event had come due.
        """
    @property
    def latency_by_state(self, /) -> list[LatencyFigures]:
        """
        The executor's latency by state and stage.
        """
    @property
    def memory_huge_bytes(self, /) -> int | None:
        """
        Bytes of the ring on huge pages; ``None`` where the machine does not say.
        """
    @property
    def memory_locked(self, /) -> bool:
        """
        Whether the ring's memory was locked.
        """
    @property
    def refused(self, /) -> list[str]:
        """
        What the machine would not do.
        """
    @property
    def stages(self, /) -> list[StageRecord]:
        """
        The executor, then each consumer in the order of the settings.
        """
    @property
    def stamp_per(self, /) -> str:
        """
        What one stamp was taken for: ``"event"`` or ``"batch"``.
        """
    @property
    def stopped(self, /) -> bool:
        """
        Whether it was stopped before everything was published and read. A feed whose intake was stopped had
        nothing more to publish.
        """
    @property
    def wall_ns(self, /) -> int | None:
        """
        From the first to the last event, in nanoseconds; ``None`` if it was stopped before the first.
        """

@final
class EngineSnapshot:
    """
    A run as of one moment.

        >>> from tickpath.core.engine import VirtualEngine
        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.core.state import Lifecycle, State
        >>> lifecycle = Lifecycle()
        >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> engine = VirtualEngine(source, lifecycle)
        >>> engine.start()
        >>> _ = engine.advance(10_000)
        >>> engine.snapshot().published
        11
    """
    @property
    def begin_ns(self, /) -> int | None:
        """
        When the feed began, on the timeline of ``time.perf_counter_ns``; ``None`` before.
        """
    @property
    def clock_skew_ns(self, /) -> int | None:
        """
        How much more the clock of the reading stages reads than the control side's, in nanoseconds; ``None`` before
        the start.
        """
    @property
    def feed(self, /) -> FeedCounters:
        """
        The feed.
        """
    @property
    def held(self, /) -> bool:
        """
        Whether the feed waits to be released.
        """
    @property
    def pause_ns_max(self, /) -> int | None:
        """
        The longest pause of the machine that the stages' threads saw before the run, in nanoseconds, 0 for none;
        ``None`` if nobody has watched: in virtual time, without a floor, before the start.
        """
    @property
    def phase(self, /) -> str:
        """
        ``"preparing"``, ``"running"`` or ``"finished"``.
        """
    @property
    def published(self, /) -> int:
        """
        Events published.
        """
    @property
    def stages(self, /) -> list[StageState]:
        """
        The executor, then each consumer in the order of the settings; empty before the start.
        """

@final
class EventReader:
    """
    A reader of an ``EventRing`` with a place of its own; it never holds the producer back.

    Made by ``EventRing.reader()``. An overrun stays raised on every read until ``reset_to_oldest()`` or
    ``reset_to_head()``; only then does ``lost`` grow. One thread at a time: a second one that enters
    while a batch is copied without the interpreter's lock gets ``ReaderBusy`` (the figures,
    ``cursor()``, ``available()``, ``lost`` and ``shed``, can be read at any time, and are then those
    from before that batch).

        >>> import numpy as np
        >>> ring = EventRing(4)
        >>> reader = ring.reader()
        >>> _ = ring.publish_many(np.zeros(3, ring.dtype))
        >>> reader.available(), reader.lost
        (3, 0)
    """
    def __repr__(self, /) -> str: ...
    def available(self, /) -> int:
        """
        How many events are unread: ``head - cursor``; more than the capacity means overrun.

            >>> len(reader.poll_many(2)), reader.available()
            (2, 1)
        """
    def cursor(self, /) -> int:
        """
        The next sequence this reader expects.

            >>> len(reader.poll_many(2)), reader.cursor()
            (2, 2)
        """
    @property
    def lost(self, /) -> int:
        """
        Events this reader expected and will never read, counted at recovery.
        """
    def poll(self, /) -> numpy.void | None:
        """
        A copy of the next event as a record of the ring's dtype, or ``None`` when caught up.

        Raises ``Overrun`` if it was overwritten; the reader stays where it is.

            >>> int(reader.poll()["order_id"])
            0
        """
    def poll_many(self, /, limit: int) -> numpy.typing.NDArray[numpy.void]:
        """
        Copies of up to ``limit`` events in order, as a new array of the ring's dtype: all that are
        there, or those before the first that was overwritten (the next call raises ``Overrun`` then).

        Raises ``Overrun`` if the next event was overwritten.

            >>> len(reader.poll_many(10)), len(reader.poll_many(10))
            (3, 0)
        """
    def read_into(self, /, array: numpy.typing.NDArray[numpy.void]) -> int:
        """
        Fill ``array`` from its start with copies of the next events and return how many: all that are
        there, or those before the first that was overwritten (the next call raises ``Overrun`` then).

        ``array`` is one-dimensional, contiguous, writable and of exactly the ring's dtype; what lies
        behind the count stays as it was. Where at least 1,024 events can be read the interpreter's lock
        is released meanwhile. Raises ``Overrun`` if the next event was overwritten,
        ``ArgumentTypeError`` for anything but an array of this dtype, ``ArgumentValueError`` for one that
        is not writable, contiguous and of one dimension.

            >>> events = np.zeros(8, ring.dtype)
            >>> reader.read_into(events)
            3
        """
    def reset_to_head(self, /) -> int:
        """
        Skip to the head and return how many events that skipped.

            >>> reader.reset_to_head(), reader.available()
            (3, 0)
        """
    def reset_to_oldest(self, /) -> int:
        """
        Recover from an overrun and return how many events that skipped; 0 while the next event is still
        readable.

        It lands half a ring behind the head: at the oldest event itself a busy producer would overrun
        it again at once. What it skips of the readable ones counts as ``shed`` as well.

            >>> _ = ring.publish_many(np.zeros(4, ring.dtype))
            >>> reader.reset_to_oldest(), reader.lost, reader.shed, reader.available()
            (5, 5, 2, 2)
        """
    @property
    def shed(self, /) -> int:
        """
        The part of ``lost`` that was still readable when a reset skipped it.
        """

@final
class EventRing:
    """
    A broadcast ring of fixed-size events: one producer, any number of readers in any threads.

    It never blocks and never waits for a reader: a full ring overwrites its oldest event, and who
    missed it gets ``Overrun`` with exact figures. Events are copied in and copied out; nothing ever
    points into the ring. Sequences start at 0.

    ``capacity``: number of slots of 64 bytes, at least 1, kept exactly. ``dtype``: a structured NumPy
    dtype of up to 56 bytes without object fields, in native byte order, whose first fields are the
    u64 ``ts_ns`` and ``intended_ns``; ``EVENT_DTYPE`` if not given. Raises ``ArgumentTypeError`` or
    ``ArgumentValueError`` for anything else, ``MemoryError`` if there is not the memory.

        >>> import numpy as np
        >>> ring = EventRing(1_000)
        >>> ring.publish_many(np.zeros(3, ring.dtype))
        0
        >>> ring.head(), ring.dtype.itemsize
        (3, 56)
    """
    def __new__(cls, /, capacity: int, dtype: numpy.typing.DTypeLike | None = None) -> Self: ...
    def __repr__(self, /) -> str: ...
    @property
    def capacity(self, /) -> int:
        """
        The number of slots.
        """
    @property
    def dtype(self, /) -> dtype[void]:
        """
        The layout of the events.
        """
    def head(self, /) -> int:
        """
        The next sequence to be published.

            >>> _ = ring.publish_many(np.zeros(2, ring.dtype))
            >>> ring.head()
            5
        """
    def publish(self, /, record: numpy.void) -> int:
        """
        Publish a copy of ``record``, a scalar of exactly the ring's dtype, and return its sequence.

        Raises ``ArgumentTypeError`` for anything else, ``ProducerBusy`` while another thread publishes
        or an engine owns the ring.

            >>> events = np.zeros(1, ring.dtype)
            >>> ring.publish(events[0]), ring.head()
            (3, 4)
        """
    def publish_many(self, /, array: numpy.typing.NDArray[numpy.void]) -> int:
        """
        Publish a copy of every event of ``array`` in order and return the sequence of the first.

        ``array`` is one-dimensional and has exactly the ring's dtype. An empty one returns the head.
        Readers see each event as soon as it is written. From 1,024 events on the interpreter's lock is
        released meanwhile; another thread that publishes then gets ``ProducerBusy``. An interrupt
        (Ctrl-C) leaves what was published until then. Raises ``ArgumentTypeError`` for anything else,
        ``ArgumentValueError`` for an array of more dimensions.

            >>> events = np.zeros(100, ring.dtype)
            >>> events["order_id"] = range(100)
            >>> ring.publish_many(events), ring.head()
            (3, 103)
        """
    def reader(self, /, start: typing.Literal['oldest', 'head'] | int = ...) -> EventReader:
        """
        A reader with a place of its own, which begins at ``"oldest"``, ``"head"`` or a sequence up to
        the head.

        Raises ``ArgumentTypeError`` or ``ArgumentValueError`` for any other ``start``.

            >>> ring.reader().available(), ring.reader("head").available(), ring.reader(1).available()
            (3, 0, 2)
        """

@final
class Events:
    """
    Events in one contiguous piece of memory, immutable.

    The buffer protocol shows them without a copy, for reading only:
    ``np.frombuffer(events, dtype=EVENT_DTYPE)``.
    """
    def __len__(self, /) -> int: ...
    def __repr__(self, /) -> str: ...
    @staticmethod
    def from_array(array: Any, *, out_of_order: str = "refuse", path: str = "table", row_numbers: Any | None = None, lines: bool = False) -> tuple[Events, int, int]:
        """
        A copy of ``array``, a contiguous array of ``EVENT_DTYPE``, how many of its stamps were smaller than the
        one before, and how many were raised.

        ``out_of_order`` is ``"refuse"``, ``"sort"`` or ``"clamp"``. ``row_numbers`` (contiguous u64) says
        which row of its source each event was, by default its index; ``lines`` calls them line numbers.
        ``path`` names the source in errors.

        Raises ``OutOfOrder`` naming the first row that runs backwards, if that is refused.
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

        >>> from tickpath.core.bus import RingBuffer
        >>> from tickpath.core.state import Lifecycle, State
        >>> ring, lifecycle = RingBuffer(8), Lifecycle()
        >>> executor = Executor(ring, lifecycle)
        >>> _ = ring.publish_many(["a", "b", "c"]), lifecycle.transition_to(State.WARMUP)
        >>> executor.process().executed
        False
    """
    def __new__(cls, /, ring: RingBuffer[typing.Any] | EventRing, lifecycle: tickpath.core.state.Lifecycle, sink: tickpath.core.execution.observability.ObservabilitySink | None = None, *, start: typing.Literal['oldest', 'head'] | int = ...) -> Self: ...
    def __repr__(self, /) -> str: ...
    def cursor(self, /) -> int:
        """
        The next sequence this executor expects.

            >>> executor.cursor(), ring.head()
            (1, 3)
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

            >>> _ = lifecycle.transition_to(State.READY)
            >>> ack = executor.process()
            >>> ack.seq, ack.executed, ack.epoch
            (1, True, 2)
        """
    def process_into(self, /, array: numpy.typing.NDArray[typing.Any]) -> int:
        """
        Process up to ``len(array)`` events into an array of ``ACK_DTYPE`` and return how many.

        A row is written before its sink is called. Raises as ``process_many`` does, and
        ``ArgumentTypeError`` unless ``array`` is an array of ``ACK_DTYPE``, ``ArgumentValueError`` if it is
        not writable, contiguous and of one dimension.

            >>> import numpy as np
            >>> from tickpath.core.execution import ACK_DTYPE
            >>> acks = np.zeros(10, ACK_DTYPE)
            >>> count = executor.process_into(acks)
            >>> acks["seq"][:count].tolist()
            [1, 2]
        """
    def process_many(self, /, limit: int) -> list[Ack]:
        """
        Process up to ``limit`` events and return their acks; the gate is read once per event.

        Raises ``NotReady`` in INIT and ``Overrun`` if the very next event was overwritten; one lost
        later ends the batch early, and the next call says so. If something other than an ``Exception``
        passes through from the sink, the acks of this batch are gone with it; the sink saw them all.

            >>> [ack.seq for ack in executor.process_many(10)]
            [1, 2]
        """
    def reset_to_head(self, /) -> int:
        """
        Skip to the head and return how many sequences that skipped.

            >>> executor.reset_to_head(), executor.lost, executor.shed
            (2, 2, 2)
        """
    def reset_to_oldest(self, /) -> int:
        """
        Skip to the oldest readable sequence and return how many sequences that skipped.

        Never moves back: 0 if the next event is still readable.

            >>> _ = ring.publish_many(range(10))
            >>> executor.reset_to_oldest(), executor.lost, executor.shed
            (4, 4, 0)
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
class Faults:
    """
    What can go wrong in a run, on demand; made by an engine whose settings have ``faults=True``.

    Any thread may call any method at any time, before the start too; none waits, and each is seen by its stage at
    its next turn. Asking twice for the same is asking once. What a fault did is in the counters of the feed and the
    stages. Raises ``ArgumentTypeError``, ``ArgumentValueError`` and ``ArgumentOverflowError`` for what makes no sense.

        >>> from tickpath.config.engine import EngineSettings
        >>> from tickpath.core.engine import VirtualEngine
        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.core.state import Lifecycle, State
        >>> lifecycle = Lifecycle()
        >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> engine = VirtualEngine(source, lifecycle, EngineSettings(faults=True))
        >>> engine.start()
        >>> faults = engine.faults
        >>> faults.stages
        ['executor']
    """
    def clock_step(self, /, offset_ns: int) -> None:
        """
        The clock of the reading stages reads ``offset_ns`` more than it is, or less; 0 is right again. The feed,
        which is the outside world, keeps the true time.

            >>> faults.clock_step(500)
            >>> _ = engine.advance(99_000)
            >>> engine.snapshot().clock_skew_ns
            500
        """
    def feed_burst(self, /, events: int) -> None:
        """
        The next ``events`` events are due now, ahead of their plan; 0 takes the rest of a burst back.

            >>> faults.feed_burst(100)
            >>> _ = engine.advance(0)
            >>> engine.snapshot().published
            100
        """
    def feed_duplicate(self, /, every: int) -> None:
        """
        Every event of the number ``every`` comes twice; 0 is off.

            >>> faults.feed_duplicate(4)
            >>> engine.finish().feed.repeats
            250
        """
    def feed_freeze(self, /, on: bool) -> None:
        """
        While it is on nothing arrives; when it ends, everything that has become due arrives at once, late.

            >>> faults.feed_freeze(True)
            >>> _ = engine.advance(99_000)
            >>> engine.snapshot().published
            0
        """
    def feed_gap(self, /, events: int) -> None:
        """
        The next ``events`` events that come due are withheld; 0 ends a gap under way.

            >>> faults.feed_gap(10)
            >>> engine.finish().feed.withheld
            10
        """
    def feed_outage(self, /, on: bool) -> None:
        """
        While it is on, events that come due are withheld: lost at the source.

            >>> faults.feed_outage(True)
            >>> _ = engine.advance(99_000)
            >>> faults.feed_outage(False)
            >>> engine.finish().feed.withheld
            100
        """
    def feed_reorder(self, /, every: int) -> None:
        """
        Every event of the number ``every`` changes place with the one after it; 0 is off.

            >>> faults.feed_reorder(300)
            >>> engine.finish().feed.reordered
            3
        """
    def feed_stale(self, /, on: bool) -> None:
        """
        While it is on, the last event comes again at each due time, in place of the new one, which is withheld.

            >>> _ = engine.advance(9_000)
            >>> faults.feed_stale(True)
            >>> feed = engine.finish().feed
            >>> feed.withheld, feed.repeats
            (990, 990)
        """
    def stage_skip_to_head(self, /, stage: str) -> None:
        """
        A response: at its next turn ``stage`` goes on from the head. What it could still have read is shed.

            >>> faults.stage_stall("executor", True)
            >>> _ = engine.advance(99_000)
            >>> faults.stage_skip_to_head("executor")
            >>> faults.stage_stall("executor", False)
            >>> engine.finish().stages[0].ledger.shed
            100
        """
    def stage_slow(self, /, stage: str, factor: float, extra_ns: int) -> None:
        """
        From its next event on, ``stage`` takes ``factor`` times its service time and ``extra_ns`` more, a minute at
        most; ``1.0`` and ``0`` are off.

            >>> faults.stage_slow("executor", factor=1.0, extra_ns=500)
            >>> engine.finish().stages[0].histograms()["published_to_completed"].max_ns
            500
        """
    def stage_stall(self, /, stage: str, on: bool) -> None:
        """
        While it is on, ``stage`` takes no turn: only a stop ends it then.

            >>> faults.stage_stall("executor", True)
            >>> _ = engine.advance(99_000)
            >>> engine.snapshot().stages[0].backlog
            100
        """
    @property
    def stages(self, /) -> list[str]:
        """
        The names of the reading stages, the executor's first.
        """

@final
class FeedCounters:
    """
    The feed as of one moment: what its receiver sees by the transport's numbers, and how far it is.

        >>> from tickpath.core.engine import VirtualEngine
        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.core.state import Lifecycle, State
        >>> lifecycle = Lifecycle()
        >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> engine = VirtualEngine(source, lifecycle)
        >>> engine.start()
        >>> _ = engine.advance(10_000)
        >>> engine.snapshot().feed.published
        11
    """
    @property
    def done(self, /) -> bool:
        """
        Whether no event follows.
        """
    @property
    def gaps(self, /) -> int:
        """
        Transport sequences that the receiver missed when a higher one came.
        """
    @property
    def held(self, /) -> bool:
        """
        Whether the feed waits to be released.
        """
    @property
    def newest_ns(self, /) -> int | None:
        """
        When the last event was published that was no repeat, in nanoseconds after the feed began; ``None`` before
        the first.
        """
    @property
    def published(self, /) -> int:
        """
        Events put into the ring; duplicates and heartbeats among them.
        """
    @property
    def reordered(self, /) -> int:
        """
        Events that came late and filled a gap; they are in ``gaps``, too.
        """
    @property
    def repeats(self, /) -> int:
        """
        Events that the receiver had had before: duplicates, heartbeats.
        """
    @property
    def withheld(self, /) -> int:
        """
        Events that were due and never published: the feed's own account, which no receiver can know.
        """

@final
class FeedPlan:
    """
    When each event of a feed is due: the plan that an engine with the same settings follows.

        >>> from tickpath.config.engine import EngineSettings
        >>> from tickpath.core.ingest import MarketDataSource
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> plan = FeedPlan(source.native, EngineSettings())
        >>> plan.length_ns
        999000
    """
    def __new__(cls, /, events: Events, settings: tickpath.config.engine.EngineSettings) -> Self:
        """
        The plan of ``events`` at the pace of ``settings`` (a ``tickpath.config.engine.EngineSettings``).

        Raises ``ArgumentTypeError`` and ``ArgumentValueError``, also for the pace ``max``, which has no plan, and
        ``MemoryError``.
        """
    @property
    def events(self, /) -> int:
        """
        Events the feed publishes.
        """
    @property
    def gaps_capped(self, /) -> int:
        """
        Idle gaps of the recording that the plan cuts short.
        """
    @property
    def left_out_ns(self, /) -> int:
        """
        Idle time the plan leaves out, in nanoseconds of the run.
        """
    @property
    def length_ns(self, /) -> int:
        """
        When the last event is due, in nanoseconds after the start of the feed.
        """
    def size(self, /, executor: tickpath.config.engine.ConsumerSettings, *, capacity: int | None = None, progress: collections.abc.Callable[[int, int, int], object] | None = None) -> Sizing:
        """
        What becomes of the feed if ``executor`` (a ``tickpath.config.engine.ConsumerSettings``) reads it alone, with
        its service time, drawn from its seed: in one pass, with the rules of a run in virtual time.

        Nothing is overwritten without ``capacity``, the slots of the ring; with it ``executor.overrun`` says where the
        executor goes on, and must be ``oldest`` or ``head``. ``progress`` is called as a loader's: with events done,
        events in all, and events done again; what it raises ends the work, and so does a signal.

        Raises ``ArgumentTypeError`` and ``ArgumentValueError``.

            >>> from tickpath.config.engine import ConsumerSettings, ServiceTime
            >>> stage = ConsumerSettings(name="executor", service=ServiceTime.constant(2_000), overrun="oldest")
            >>> plan.size(stage).backlog
            500
            >>> plan.size(stage, capacity=500).lost, plan.size(stage, capacity=499).lost
            (0, 1)
        """

@final
class FeedRecord:
    """
    What became of the feed's events: planned + repeats = published + withheld + unpublished.

        >>> from tickpath.core.engine import VirtualEngine
        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.core.state import Lifecycle, State
        >>> lifecycle = Lifecycle()
        >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> engine = VirtualEngine(source, lifecycle)
        >>> engine.start()
        >>> engine.finish().feed.published
        1000
    """
    @property
    def balanced(self, /) -> bool:
        """
        Whether every event that came due is accounted for once.
        """
    @property
    def gaps(self, /) -> int:
        """
        Transport sequences that the receiver missed when a higher one came.
        """
    @property
    def planned(self, /) -> int:
        """
        Events of the plan.
        """
    @property
    def published(self, /) -> int:
        """
        Events put into the ring; duplicates and heartbeats among them.
        """
    @property
    def reordered(self, /) -> int:
        """
        Events that came late and filled a gap; they are in ``gaps``, too.
        """
    @property
    def repeats(self, /) -> int:
        """
        Events that the receiver had had before.
        """
    @property
    def unpublished(self, /) -> int:
        """
        Events that a stop left: neither published nor withheld.
        """
    @property
    def withheld(self, /) -> int:
        """
        Events that were due and never published.
        """

@final
class FlightReader:
    """
    Copies the last events and acks out of the rings of a run, as often as it is asked.

    ``acks`` says which run; whatever it has read is no matter. Any thread may call, and nobody waits for it.

        >>> from tickpath.config.engine import EngineSettings
        >>> from tickpath.core.engine import VirtualEngine
        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.core.state import Lifecycle, State
        >>> lifecycle = Lifecycle()
        >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> engine = VirtualEngine(source, lifecycle, EngineSettings(ack_capacity=1_024))
        >>> engine.start()
        >>> import numpy as np
        >>> from tickpath.core.execution.stamped import STAMPED_ACK_DTYPE
        >>> from tickpath.core.ingest import EVENT_DTYPE
        >>> _ = engine.finish()
        >>> flight = FlightReader(engine.acks())
        >>> events, acks = np.zeros(4, EVENT_DTYPE), np.zeros(4, STAMPED_ACK_DTYPE)
        >>> flight.read_into(events, acks).events
        4
    """
    def __new__(cls, /, acks: AckReader) -> Self: ...
    def read_into(self, /, events: numpy.typing.NDArray[numpy.void], acks: numpy.typing.NDArray[numpy.void]) -> FlightTail:
        """
        Copy the newest events and acks to the *ends* of ``events`` (of ``EVENT_DTYPE``) and ``acks`` (of
        ``STAMPED_ACK_DTYPE``), as many as there are and have room, oldest first; what lies before them stays
        as it was.

        Both are runs without a gap up to the head as it was when the copy began, the events' first. What the
        stages overwrote meanwhile is the oldest, and counted. From 1,024 rows on the interpreter's lock is
        released. Raises ``ArgumentTypeError`` and ``ArgumentValueError`` for any other arrays.

            >>> flight.read_into(events, acks).acks_head, acks["seq"].tolist()
            (1000, [996, 997, 998, 999])
        """

@final
class FlightTail:
    """
    What a ``FlightReader`` copied.

        >>> from tickpath.config.engine import EngineSettings
        >>> from tickpath.core.engine import VirtualEngine
        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.core.state import Lifecycle, State
        >>> lifecycle = Lifecycle()
        >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> engine = VirtualEngine(source, lifecycle, EngineSettings(ack_capacity=1_024))
        >>> engine.start()
        >>> import numpy as np
        >>> from tickpath.core.execution.stamped import STAMPED_ACK_DTYPE
        >>> from tickpath.core.ingest import EVENT_DTYPE
        >>> _ = engine.finish()
        >>> events, acks = np.zeros(4, EVENT_DTYPE), np.zeros(4, STAMPED_ACK_DTYPE)
        >>> FlightReader(engine.acks()).read_into(events, acks).acks_head
        1000
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    @property
    def acks(self, /) -> int:
        """
        Acks that were copied, the last of those.
        """
    @property
    def acks_head(self, /) -> int:
        """
        Acks of the run so far.
        """
    @property
    def acks_overwritten(self, /) -> int:
        """
        Acks that were there when it began, and overwritten before they were copied.
        """
    @property
    def events(self, /) -> int:
        """
        Events that were copied: the sequences ``[events_head - events, events_head)``.
        """
    @property
    def events_head(self, /) -> int:
        """
        The sequence after the newest event.
        """
    @property
    def events_overwritten(self, /) -> int:
        """
        Events that were there when it began, and overwritten before they were copied.
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
class LatencyFigures:
    """
    What a histogram says; ``None`` is unknown.

        >>> from tickpath.core.engine import VirtualEngine
        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.core.state import Lifecycle, State
        >>> lifecycle = Lifecycle()
        >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> engine = VirtualEngine(source, lifecycle)
        >>> engine.start()
        >>> engine.finish().stages[0].latency[0].count
        1000
    """
    @property
    def at_floor(self, /) -> list[str]:
        """
        Names of the percentiles that the machine's own pauses explain.
        """
    @property
    def count(self, /) -> int:
        """
        Number of samples.
        """
    @property
    def dropped(self, /) -> int | None:
        """
        Events whose latency is missing: lost, skipped, or left at the end. ``None`` where it is not known,
        such as for one state alone.
        """
    @property
    def max_ns(self, /) -> int | None:
        """
        The largest, in nanoseconds.
        """
    @property
    def min_ns(self, /) -> int | None:
        """
        The smallest, in nanoseconds.
        """
    @property
    def p50_ns(self, /) -> int | None:
        """
        The median, in nanoseconds.
        """
    @property
    def p90_ns(self, /) -> int | None:
        """
        In nanoseconds.
        """
    @property
    def p99_99_ns(self, /) -> int | None:
        """
        In nanoseconds.
        """
    @property
    def p99_9_ns(self, /) -> int | None:
        """
        In nanoseconds.
        """
    @property
    def p99_ns(self, /) -> int | None:
        """
        In nanoseconds.
        """
    @property
    def stage(self, /) -> str:
        """
        The stage, such as ``"published_to_polled"``; empty for the floor.
        """
    @property
    def state(self, /) -> int | None:
        """
        The code of the state; ``None`` over all states.
        """

@final
class LatencyHistogram:
    """
    Latencies in nanoseconds, counted in buckets of three significant digits; immutable.

    A run hands over one for each stage and state; ``LatencyHistogram(latencies_ns)`` counts any integers
    from 0 to ``2**64 - 1`` (270 kB, whatever their number; above 73 minutes they share a bucket).
    ``by_plan`` says that each was taken from the moment it was planned for. ``min_ns`` and ``max_ns``
    are exact, and ``None`` (unknown) where nothing was counted.

        >>> histogram = LatencyHistogram(range(1, 1_001))
        >>> histogram.count, histogram.max_ns
        (1000, 1000)
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, latencies_ns: collections.abc.Iterable[int] | None = None, *, by_plan: bool = ...) -> Self: ...
    def __reduce__(self, /) -> tuple[Any, tuple[bytes, int | None, int | None, bool, int | None]]: ...
    def __repr__(self, /) -> str: ...
    @property
    def by_plan(self, /) -> bool:
        """
        Whether each latency was taken from the moment it was planned for: nothing is omitted then.
        """
    def corrected(self, /, expected_interval_ns: int) -> LatencyHistogram:
        """
        A new histogram with what coordinated omission left out, if one latency was expected every
        ``expected_interval_ns``.

        Raises ``CorrectionRefused`` if this was corrected before or recorded by plan.

            >>> histogram.corrected(expected_interval_ns=100).count
            4609
        """
    @property
    def corrected_interval_ns(self, /) -> int | None:
        """
        The interval this was corrected for, ``None`` if it was not.
        """
    @property
    def count(self, /) -> int:
        """
        Number of latencies counted.
        """
    @staticmethod
    def from_v2(encoded: bytes, min_ns: SupportsIndex | None = None, max_ns: SupportsIndex | None = None, by_plan: bool = False, corrected_interval_ns: SupportsIndex | None = None) -> LatencyHistogram:
        """
        The histogram behind a V2 encoding, of any bounds; the other arguments are what is not in it.

        Raises ``ArgumentValueError`` if the bytes are no such encoding.

            >>> LatencyHistogram.from_v2(histogram.to_v2(), min_ns=1, max_ns=1_000) == histogram
            True
        """
    @property
    def max_ns(self, /) -> int | None:
        """
        The largest in nanoseconds, ``None`` if there was none.
        """
    def merge(self, /, other: LatencyHistogram) -> LatencyHistogram:
        """
        The sum of this and ``other``, as a new histogram; by plan if either was.

        Raises ``CorrectionRefused`` if either was corrected: merge first.

            >>> histogram.merge(LatencyHistogram([5_000])).max_ns
            5000
        """
    @property
    def min_ns(self, /) -> int | None:
        """
        The smallest in nanoseconds, ``None`` if there was none.
        """
    def percentile(self, /, quantile: float) -> int | None:
        """
        The latency in nanoseconds at ``quantile`` (0.99 for p99), to three significant digits.

        ``None`` (unknown) with fewer than ten samples beyond it. Raises ``ArgumentValueError`` for a
        quantile outside 0 to 1.

            >>> histogram.percentile(0.99), histogram.percentile(0.999)
            (990, None)
        """
    def to_v2(self, /) -> bytes:
        """
        The counts in HdrHistogram's compressed V2 encoding, which its libraries in other languages decode.

            >>> histogram.to_v2()[:4].hex()
            '1c849314'
        """

@final
class LatencySink:
    """
    The sink that feeds a ``Metrics`` with the latency of every ack.

    Any object with ``latency_ns`` will do for an ack: the sink's protocol is structural.

        >>> from tickpath.core.execution.observability import ObservabilitySink
        >>> sink: ObservabilitySink = LatencySink(Metrics())
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

            >>> from tickpath.core.execution import Ack
            >>> sink.observe("event", Ack(seq=7, decision_ts=100, completion_ts=350, executed=True, epoch=2))
            >>> sink.metrics.snapshot().max_latency_ns
            250
        """

@final
class LiveEngine:
    """
    Feed, ring, executor and consumers on native threads, which run without the interpreter's lock.

    Every method may be called from any thread. Dropping a running engine stops it. A run stays in the
    process that started it: in a fork it can be neither looked at nor waited for (``EngineFailed``), and
    ``stop()`` and the end of the object do nothing.
    """
    def __new__(cls, /, events: Events, gate: Gate, ring: EventRing, settings: tickpath.config.engine.EngineSettings, *, hold_at: SupportsIndex | None = None) -> Self:
        """
        A run of ``events`` into ``ring`` (of ``EVENT_DTYPE``), gated by ``gate``, as ``settings`` (a
        ``tickpath.config.engine.EngineSettings``) say; before the event of index ``hold_at`` the feed waits
        for ``release()``.

        Raises ``ArgumentTypeError`` and ``ArgumentValueError`` for what makes no sense, and ``MemoryError``.
        """
    def acks(self, /) -> AckReader | None:
        """
        A reader of the run's acks, from the oldest that is there; ``None`` if the run has no ring for them.
        """
    @property
    def events_planned(self, /) -> int:
        """
        Events the feed is going to publish.
        """
    def every_ack(self, /) -> AckReader | None:
        """
        The same from the run's very first ack: what was overwritten by now will count as dropped.
        """
    @property
    def faults(self, /) -> Faults | None:
        """
        What can go wrong in this run, on demand; ``None`` if the settings do not ask for it.
        """
    def finish(self, /) -> EngineRecord:
        """
        Wait for the end of the run and take its record, once. The ring can be published into again.

        Raises ``EngineFailed`` if a stage ended by a bug, if the run was not started, or if its
        record was taken before.
        """
    @property
    def gaps_capped(self, /) -> int:
        """
        Idle gaps of the recording that the plan cuts short.
        """
    def has_seen(self, /, epoch: SupportsIndex) -> bool:
        """
        Whether every stage has seen ``epoch``, so that nothing of an older one is in flight.
        """
    @property
    def left_out_ns(self, /) -> int:
        """
        Idle time the plan leaves out, in nanoseconds of the run.
        """
    def now_ns(self, /) -> int:
        """
        Nanoseconds since the feed began, by the control side's clock; 0 before.
        """
    @property
    def plan_length_ns(self, /) -> int | None:
        """
        When the plan wants the last event published, in nanoseconds after the first; ``None``
        without a plan.
        """
    def release(self, /, hold_at: SupportsIndex | None = None) -> None:
        """
        Let a held feed go on, up to the event of index ``hold_at`` if that is given; without effect before the
        start.
        """
    @property
    def ring(self, /) -> EventRing:
        """
        The ring that the engine publishes into; from start to end nobody else can.
        """
    def snapshot(self, /) -> EngineSnapshot:
        """
        The run as of now: one consistent set of counters for each reading stage.
        """
    def start(self, /) -> None:
        """
        Calibrate the clock, start the threads and return at once.

        Raises ``ProducerBusy`` if somebody else publishes into the ring, ``ArgumentValueError`` if the
        settings do not fit this machine, ``EngineFailed`` if it was started before or the machine gives no
        thread, and ``MemoryError`` if there is no room for the ack ring; it may then be started again.
        """
    def stop(self, /) -> None:
        """
        Ask every stage to end as soon as it can.
        """
    def stop_intake(self, /) -> None:
        """
        End the feed where it is; what is in the ring is still processed.
        """
    def wait(self, /, timeout_ms: SupportsIndex) -> bool:
        """
        Wait for the end of the run, at most ``timeout_ms`` and never longer than 50 ms; whether it is
        over. Other threads run meanwhile, and pending signals are handled before it returns.
        """

@final
class MachineWatch:
    """
    The machine's floor without a run, core by core: what a run finds before and after itself.

    The clock is that of a run, calibrated when this is made, which takes 50 ms.
    """
    def __new__(cls, /) -> Self: ...
    @property
    def clock_cost_ns(self, /) -> int:
        """
        The cost of a stamp, in nanoseconds.
        """
    @property
    def clock_fallback(self, /) -> str | None:
        """
        Why the stamps are not the processor's counter's; ``None`` if they are.
        """
    @property
    def clock_source(self, /) -> str:
        """
        What the stamps of a run are taken by: ``"tsc"`` or ``"clock_gettime"``.
        """
    def floor(self, /, cores: SupportsGetItem[int, SupportsIndex | None], rate_hz: SupportsIndex) -> CoreFloor:
        """
        The floor of ``cores``, by what was seen of them, for events that come evenly, ``rate_hz`` a second.
        """
    def watch(self, /, cores: SupportsGetItem[int, SupportsIndex | None], length_ns: SupportsIndex) -> list[str]:
        """
        Watch ``cores`` at once for ``length_ns``, besides what was seen of them before; the cores that could
        not be had, each with the reason.

        ``None`` in the place of a core is wherever the system puts the thread. It takes each of the cores for
        as long, a signal waits until it is over, and other threads of Python run. Raises ``ArgumentValueError`` for
        more than a second, ``EngineFailed`` if there is no thread.
        """

@final
class Metrics:
    """
    Counts latencies: number, total, extremes and, if asked for, a histogram.

    For one thread at a time. ``observe`` is O(1) and allocates nothing; ``snapshot`` and ``reset``
    belong to the control plane. ``histogram=True`` adds a fixed 270 kB and percentiles with three
    significant digits, from 1 ns to 73 minutes (longer ones count as 73 minutes there).

        >>> metrics = Metrics()
        >>> metrics.observe(250)
        >>> metrics.snapshot().count
        1
    """
    def __new__(cls, /, histogram: bool = ...) -> Self: ...
    def observe(self, latency_ns: int, /) -> None:
        """
        Count one latency in nanoseconds: an integer from 0 to ``2**64 - 1``.

        Raises ``ArgumentTypeError``, ``ArgumentValueError`` (negative) or ``ArgumentOverflowError``;
        nothing is counted then.

            >>> metrics.observe(-1)
            Traceback (most recent call last):
            tickpath.errors.ArgumentValueError: latency_ns must not be negative, got -1
            >>> metrics.snapshot().count
            1
        """
    def reset(self, /) -> Snapshot:
        """
        What was observed so far, and start again from nothing: one step, nothing falls between.

            >>> metrics.reset().count, metrics.snapshot().count
            (1, 0)
        """
    def snapshot(self, /) -> Snapshot:
        """
        What was observed so far, as an immutable copy.

            >>> metrics.snapshot()
            Snapshot(count=1, total_latency_ns=250, min_latency_ns=250, max_latency_ns=250)
        """

class NoOpSink:
    """
    The sink that observes nothing: observability switched off, at no cost per event.

        >>> sink = NoOpSink()
    """
    def __new__(cls, /) -> Self: ...
    def observe(self, /, event: typing.Any, ack: tickpath.core.execution.Ack) -> None:
        """
        Do nothing.

            >>> sink.observe("event", None)
        """

@final
class PingPong:
    """
    What round trips over two cache lines took, between the two cores that feed and executor get.

        >>> measured = ping_pong(1_000)
        >>> measured.trips.count
        1000
    """
    @property
    def cores(self, /) -> tuple[int, int]:
        """
        The core of the timer, and that of the echo.
        """
    @property
    def refused(self, /) -> list[str]:
        """
        What the machine would not do.
        """
    @property
    def trips(self, /) -> LatencyHistogram:
        """
        Each from before it left until after it was back, the price of a stamp included.
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

        >>> ring = RingBuffer(2)
        >>> ring.publish("a"), ring.publish("b"), ring.publish("c")
        (0, 1, 2)
        >>> ring.head(), ring.get(2)
        (3, 'c')
    """
    @classmethod
    def __class_getitem__(cls, key: Any) -> types.GenericAlias: ...
    def __new__(cls, /, capacity: int) -> Self: ...
    def __repr__(self, /) -> str: ...
    @property
    def capacity(self, /) -> int:
        """
        The number of slots.
        """
    def get(self, /, seq: int) -> _T:
        """
        The item at ``seq``.

        Raises ``Overrun`` if it was overwritten, ``NotPublished`` if ``seq`` is at or beyond the head,
        ``ArgumentValueError`` if it is negative.

            >>> ring.get(1)
            'b'
            >>> ring.get(3)
            Traceback (most recent call last):
            tickpath.errors.NotPublished: sequence 3 is not published yet: the next one will be 3
        """
    def head(self, /) -> int:
        """
        The next sequence to be published.

            >>> ring.publish("d"), ring.head()
            (3, 4)
        """
    def publish(self, item: _T, /) -> int:
        """
        Publish ``item`` and return its sequence. Never blocks.

        Raises ``ArgumentTypeError`` for ``None`` and publishes nothing then.

            >>> ring.publish("d")
            3
            >>> ring.publish(None)
            Traceback (most recent call last):
            tickpath.errors.ArgumentTypeError: None cannot be published: poll() says "caught up" with it
        """
    def publish_many(self, /, items: collections.abc.Iterable[_T]) -> int:
        """
        Publish every item of ``items`` in order and return the sequence of the first.

        An empty iterable returns the head. If the iterable raises or yields ``None``, or Ctrl-C ends it,
        what it yielded before stays published and the error passes through.

            >>> ring.publish_many(["d", "e"]), ring.head()
            (3, 5)
        """

@final
class SinkFeeder:
    """
    A sink, ready to be shown acks; checked once.

    Raises ``ArgumentTypeError`` if ``sink`` has no method ``observe(event, ack)``.
    """
    def __new__(cls, /, sink: tickpath.core.execution.observability.ObservabilitySink) -> Self: ...
    @property
    def errors(self, /) -> int:
        """
        How often the sink raised.
        """
    @property
    def is_noop(self, /) -> bool:
        """
        Whether it does nothing at all, so that no ack needs to be kept for it.
        """

@final
class Sizing:
    """
    What becomes of a feed; times in nanoseconds after its start.

        >>> from tickpath.config.engine import ConsumerSettings, EngineSettings, ServiceTime
        >>> from tickpath.core.ingest import MarketDataSource
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> stage = ConsumerSettings(name="executor", service=ServiceTime.constant(2_000))
        >>> FeedPlan(source.native, EngineSettings()).size(stage).backlog
        500
    """
    @property
    def backlog(self, /) -> int:
        """
        The most events that were ever published and not yet read: slots with which nothing is lost.
        """
    @property
    def backlog_at_ns(self, /) -> int | None:
        """
        When that was; ``None`` without events.
        """
    @property
    def backlog_event(self, /) -> int | None:
        """
        Index of the event whose publication first made it so many; ``None`` without events.
        """
    @property
    def begin_ns(self, /) -> int:
        """
        When the first event was published.
        """
    @property
    def busy_ns(self, /) -> int:
        """
        The service times together.
        """
    @property
    def end_ns(self, /) -> int:
        """
        When the last event that was read was completed.
        """
    @property
    def first_missed(self, /) -> int | None:
        """
        Index of the first event that was not read; ``None`` if all were.
        """
    @property
    def latency(self, /) -> LatencyFigures:
        """
        From publication to completion.
        """
    @property
    def lost(self, /) -> int:
        """
        Those that were overwritten before they were read.
        """
    @property
    def overruns(self, /) -> int:
        """
        How often the executor was overrun.
        """
    @property
    def published(self, /) -> int:
        """
        Events of the feed.
        """
    @property
    def read(self, /) -> int:
        """
        Those that were worked on.
        """
    @property
    def shed(self, /) -> int:
        """
        Those that could still be read and were skipped in a recovery.
        """

@final
class Snapshot:
    """
    What a ``Metrics`` had observed at one moment; immutable.

    ``count`` observations that add up to ``total_latency_ns``; ``min_latency_ns`` and
    ``max_latency_ns`` are ``None`` (unknown) where nothing was observed. Two snapshots are equal if
    these four are.

        >>> metrics = Metrics()
        >>> metrics.observe(250)
        >>> metrics.snapshot().max_latency_ns
        250
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    @property
    def count(self, /) -> int:
        """
        Number of observations.
        """
    @property
    def histogram(self, /) -> LatencyHistogram | None:
        """
        A copy of the histogram, ``None`` where none is kept.
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
    def percentile(self, /, quantile: float) -> int | None:
        """
        The latency in nanoseconds at ``quantile`` (0.99 for p99), to three significant digits.

        ``None`` (unknown) without a histogram, or with fewer than ten samples beyond it. Raises
        ``ArgumentValueError`` for a quantile outside 0 to 1.

            >>> metrics = Metrics(histogram=True)
            >>> for latency_ns in range(1, 1_001):
            ...     metrics.observe(latency_ns)
            >>> metrics.snapshot().percentile(0.99), metrics.snapshot().percentile(0.999)
            (990, None)
        """
    @property
    def total_latency_ns(self, /) -> int:
        """
        Sum of all observations, in nanoseconds.
        """

@final
class StagePlace:
    """
    Where a stage ran and how it waited.

        >>> from tickpath.core.engine import VirtualEngine
        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.core.state import Lifecycle, State
        >>> lifecycle = Lifecycle()
        >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> engine = VirtualEngine(source, lifecycle)
        >>> engine.start()
        >>> engine.finish().stages[0].place.wait
        'virtual'
    """
    @property
    def alone(self, /) -> bool:
        """
        Whether it had its core to itself.
        """
    @property
    def core(self, /) -> int | None:
        """
        Its core; ``None`` if it was not pinned.
        """
    @property
    def spin_pauses(self, /) -> int | None:
        """
        PAUSE instructions between two looks of one that spins.
        """
    @property
    def wait(self, /) -> str:
        """
        ``"spin"``, ``"yield"`` or ``"park"``; ``"virtual"`` where nobody waits.
        """

@final
class StageRecord:
    """
    What a reading stage left behind: the executor, or a plain consumer.

        >>> from tickpath.core.engine import VirtualEngine
        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.core.state import Lifecycle, State
        >>> lifecycle = Lifecycle()
        >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> engine = VirtualEngine(source, lifecycle)
        >>> engine.start()
        >>> stage = engine.finish().stages[0]
        >>> stage.name
        'executor'
    """
    @property
    def ended_by(self, /) -> tuple[int, int] | None:
        """
        The sequence it expected, and how many events were gone, when it read no further; ``None`` if it read
        to the end.
        """
    def histograms(self, /, state: int | None = None) -> dict[str, LatencyHistogram]:
        """
        What was recorded, by stage: over all states, or in the one with the code ``state``.

        The histograms themselves and no copies. Those of the ``intended_*`` stages are by plan and cannot be
        corrected; without a plan they are empty. A plain consumer does not tell states apart: for a state, or for
        one in which no event was processed, there is none.

            >>> stage.histograms(State.READY)["published_to_completed"].count
            1000
        """
    @property
    def latency(self, /) -> list[LatencyFigures]:
        """
        Latency by stage, over all states.
        """
    @property
    def ledger(self, /) -> EngineLedger:
        """
        Its books.
        """
    @property
    def name(self, /) -> str:
        """
        Its name.
        """
    @property
    def over_limit(self, /) -> int | None:
        """
        Events whose latency from publication to completion was above its limit; ``None`` if none was set.
        """
    @property
    def overrun(self, /) -> str:
        """
        What it did about overruns: ``"raise"``, ``"oldest"``, ``"head"`` or ``"detach"``.
        """
    @property
    def overruns(self, /) -> list[tuple[int, int]]:
        """
        (at_ns, skipped) of the first overruns: when it found that it had been overrun, on the run's clock, and
        how many events were behind it by that.
        """
    @property
    def overruns_forgotten(self, /) -> int:
        """
        Overruns that found no room in ``overruns``.
        """
    @property
    def place(self, /) -> StagePlace:
        """
        Where it ran and how it waited.
        """

@final
class StageState:
    """
    A reading stage as of one moment.

    Made once for a snapshot: an attribute costs no copy of anything.

        >>> from tickpath.core.engine import VirtualEngine
        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.core.state import Lifecycle, State
        >>> lifecycle = Lifecycle()
        >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
        >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
        >>> engine = VirtualEngine(source, lifecycle)
        >>> engine.start()
        >>> _ = engine.advance(10_000)
        >>> engine.snapshot().stages[0].executed
        11
    """
    @property
    def backlog(self, /) -> int:
        """
        Published events it has not come to.
        """
    @property
    def cursor(self, /) -> int:
        """
        The next sequence it expects.
        """
    @property
    def epoch_seen(self, /) -> int | None:
        """
        The epoch of the last gate word it read: nothing of an older one is in flight. ``None`` once it has
        ended.
        """
    @property
    def executed(self, /) -> int:
        """
        Events executed.
        """
    @property
    def ledger(self, /) -> EngineLedger:
        """
        Its books.
        """
    @property
    def lost(self, /) -> int:
        """
        Events overwritten before they were read.
        """
    @property
    def over_limit(self, /) -> int | None:
        """
        Events whose latency from publication to completion was above the stage's limit; ``None`` if none was set,
        or before its first turn.
        """
    @property
    def processed(self, /) -> int:
        """
        Events it has processed: executed, gated or read.
        """
    @property
    def shed(self, /) -> int:
        """
        Events that could be read, and were skipped on purpose.
        """

@final
class Topology:
    """
    What the machine offers to threads that want a core each; ``None`` is unknown.
    """
    @property
    def available(self, /) -> list[int] | None:
        """
        Cores this process may run on, ascending.
        """
    @property
    def best_first(self, /) -> list[int]:
        """
        The available cores, best first for threads that spin: the first two are those of executor and feed.
        """
    @property
    def isolated(self, /) -> list[int] | None:
        """
        Available cores on which the kernel puts nothing by itself (``isolcpus``).
        """
    @property
    def physical(self, /) -> list[list[int]] | None:
        """
        The available cores by physical core: those of one group are halves of it.
        """
    @property
    def quota_cores(self, /) -> float | None:
        """
        What a container is held to, in cores; ``None`` if that is unlimited or unknown.
        """
    @property
    def quota_known(self, /) -> bool:
        """
        Whether it is known that there is a quota, or that there is none.
        """
    @staticmethod
    def read(root: str | PathLike[str] | None = None, available: SupportsGetItem[int, SupportsIndex] | None = None) -> Topology:
        """
        Look at this machine; or at one whose ``/proc`` and ``/sys`` lie below ``root``, which lets a process run
        on the cores ``available``.
        """
    @property
    def spinning_max(self, /) -> int:
        """
        How many threads can spin at once.
        """

@final
class VirtualEngine:
    """
    Feed, ring, executor and consumers on the calling thread, in the order of a virtual clock that begins at 0.

    Every method may be called from any thread; one simulates at a time, the others wait. What the stages do
    is the same on every machine, as long as orders are given between two calls of ``advance``.
    """
    def __new__(cls, /, events: Events, gate: Gate, ring: EventRing, settings: tickpath.config.engine.EngineSettings, *, hold_at: SupportsIndex | None = None) -> Self:
        """
        A run of ``events`` into ``ring`` (of ``EVENT_DTYPE``), gated by ``gate``, as ``settings`` (a
        ``tickpath.config.engine.EngineSettings``) say; before the event of index ``hold_at`` the feed waits
        for ``release()``.

        Raises ``ArgumentTypeError`` and ``ArgumentValueError`` for what makes no sense, and ``MemoryError``.
        """
    def acks(self, /) -> AckReader | None:
        """
        A reader of the run's acks, from the oldest that is there; ``None`` if the run has no ring for them.
        """
    def acks_digest(self, /) -> str:
        """
        SHA-256 over the acks that were completed by now, as rows of ``ACK_DTYPE``, in hexadecimal.

        Raises ``EngineFailed`` before the start, and after the record was taken, which has it.
        """
    def advance(self, /, until_ns: SupportsIndex | None = None, until_published: SupportsIndex | None = None, until_due: SupportsIndex | None = None) -> bool:
        """
        Simulate to the end of the moment ``until_ns``, or until ``until_published`` events were published, or
        ``until_due`` came or were withheld; ``None`` is as far as it goes. Whether the run is over.

        Other threads run meanwhile; signals are looked at every few milliseconds, and what they raise leaves
        the run at the moment it had come to. Raises ``EngineFailed`` before the start.
        """
    @property
    def events_planned(self, /) -> int:
        """
        Events the feed is going to publish.
        """
    @property
    def faults(self, /) -> Faults | None:
        """
        What can go wrong in this run, on demand; ``None`` if the settings do not ask for it.
        """
    def fence(self, /, epoch: SupportsIndex, until_ns: SupportsIndex) -> bool:
        """
        Simulate until every stage has seen ``epoch``, and not beyond ``until_ns``; whether they have.
        """
    def finish(self, /) -> EngineRecord:
        """
        Take the record of a run that is over, once. The ring can be published into again.

        Raises ``EngineFailed`` if it is not over, or if its record was taken before.
        """
    @property
    def gaps_capped(self, /) -> int:
        """
        Idle gaps of the recording that the plan cuts short.
        """
    def has_seen(self, /, epoch: SupportsIndex) -> bool:
        """
        Whether every stage has seen ``epoch``, so that nothing of an older one is in flight.
        """
    @property
    def left_out_ns(self, /) -> int:
        """
        Idle time the plan leaves out, in nanoseconds of the run.
        """
    def now_ns(self, /) -> int:
        """
        The virtual clock: nanoseconds since the feed began.
        """
    @property
    def plan_length_ns(self, /) -> int | None:
        """
        When the plan's last event is due, in nanoseconds after the first; ``None`` without a plan.
        """
    def release(self, /, hold_at: SupportsIndex | None = None) -> None:
        """
        Let a held feed go on, up to the event of index ``hold_at`` if that is given; without effect before
        the start.
        """
    @property
    def ring(self, /) -> EventRing:
        """
        The ring that the engine publishes into; from start to end nobody else can.
        """
    def snapshot(self, /) -> EngineSnapshot:
        """
        The run as of now.
        """
    def start(self, /) -> None:
        """
        Build the stages; the run is at moment 0, and nothing has happened.

        Raises ``ProducerBusy`` if somebody else publishes into the ring, ``ArgumentValueError`` if the
        settings ask for what there is only with real time, ``EngineFailed`` if it was started before, and
        ``MemoryError`` if there is no room for the ack ring.
        """
    def stop(self, /) -> None:
        """
        End every stage as soon as it has nothing under way.
        """
    def stop_intake(self, /) -> None:
        """
        End the feed at this moment; what is in the ring is still processed.
        """

def check_stage_name(name: str) -> None:
    """
    Refuse what a stage cannot be called, with an ``ArgumentValueError`` that says what it can.
    """

def check_stages(settings: tickpath.config.engine.EngineSettings) -> None:
    """
    Refuse stages that make no sense together (a name taken twice, an unknown one in ``after``, a circle)
    with an ``ArgumentValueError``. ``settings`` is a ``tickpath.config.engine.EngineSettings``.
    """

def control_groups(root: str | PathLike[str], controller: str) -> list[tuple[Path, int]] | None:
    """
    The folders of the control groups that hold this process to what ``controller`` (``cpu``, ``memory``) limits.

    Its own first, then those above it, each with the version of its hierarchy, 1 or 2; ``None`` where a machine
    whose ``/proc`` and ``/sys`` lie below ``root`` does not show them.
    """

def csv_header(path: str | PathLike[str], wanted: SupportsGetItem[int, str]) -> list[str]:
    """
    The column names in the header of a csv file, split as loading the ``wanted`` ones would.
    """

def encode_hlog(intervals: SupportsGetItem[int, tuple[str | None, LatencyHistogram, SupportsIndex, SupportsIndex]], start_ns: SupportsIndex | None = None, comments: SupportsGetItem[int, str] = ...) -> str:
    """
    The text of a histogram log: a line for each (tag, histogram, start, length), the times in nanoseconds
    from ``start_ns`` since the UNIX epoch; see ``tickpath.control.metrics.write_hlog``.
    """

def load_csv(path: str | PathLike[str], columns: SupportsGetItem[int, tuple[str, SupportsIndex | str, SupportsIndex]], policy: str, symbol: str | None, out_of_order: str, progress: Any | None) -> tuple[Events, list[str], list[tuple[str, int | None, int | None, str | None, str]], list[dict[str, Any]]]:
    """
    Load a csv file. ``columns`` holds field, column (name or position) and exponent of each mapped column;
    ``progress`` is called as by ``load_recording``.
    """

def load_recording(paths: SupportsGetItem[int, str | PathLike[str]], *, kind: str = "auto", policy: str = "strict", symbol: str | None = None, out_of_order: str = "refuse", progress: Any | None = None) -> tuple[Events, list[str], list[tuple[str, int | None, int | None, str | None, str]], list[dict[str, Any]]]:
    """
    The events of ``paths``, merged by stamp; the symbols; the rows left out; the account of each file.

    ``kind`` is ``"auto"`` or a format, ``policy`` ``"strict"`` or ``"skip"``. ``progress`` is called with bytes
    done, bytes in all and events so far; what it raises ends the load, and so does a signal.

    Raises the classes of ``SourceError``, and ``ArgumentValueError`` for a word that means nothing.
    """

def load_rows(title: str, rows: Any, bad: SupportsGetItem[int, tuple[SupportsIndex, str, str]], symbols: SupportsGetItem[int, str], policy: str, symbol: str | None, out_of_order: str, progress: Any | None) -> tuple[Events, list[str], list[tuple[str, int | None, int | None, str | None, str]], list[dict[str, Any]]]:
    """
    Load ``rows``, an array of ``EVENT_DTYPE`` that nobody else has, of the table called ``title``.

    ``bad`` holds row number from 0, field and reason of the rows that are none, in ascending order;
    ``progress`` is called as by ``load_recording``.
    """

def merge_events(parts: SupportsGetItem[int, tuple[Events, SupportsGetItem[int, SupportsIndex]]]) -> Events:
    """
    Several batches of events as one, merged by stamp: equal stamps come in the order of the batches.

    Each part is events and the new index of each of their symbols.

    Raises ``ArgumentValueError`` if an event's symbol has no new index, ``MemoryError`` if there is no room.
    """

def ping_pong(trips: SupportsIndex, *, spin_pauses: SupportsIndex = 0, limit_ns: SupportsIndex = 1000000000) -> PingPong:
    """
    Make ``trips`` round trips over two cache lines, each written by one core and awaited by the other.

    No hand-over between the cores of feed and executor can be sooner. ``spin_pauses`` PAUSE instructions
    lie between two looks; it takes both cores, ``limit_ns`` at the most, and other threads of Python run.
    Raises ``ArgumentValueError`` where there are no two cores, ``EngineFailed`` if there is no thread.

        >>> ping_pong(1_000).trips.count
        1000
    """

def report_unraisable(error: BaseException, source: Any) -> None:
    """
    Hand ``error`` to ``sys.unraisablehook``, with ``source`` as the object it came from.

    Python has no function of its own for this: the hook's argument cannot be built there.
    """

def synthetic_events(model: str, rate_hz: SupportsFloat | SupportsIndex, events: SupportsIndex, symbols: SupportsIndex, seed: SupportsIndex, progress: Any | None) -> Events:
    """
    Generate a stream; see ``tickpath.core.ingest.synthetic.generate``, which checks the arguments first.

    ``progress`` is called with bytes done, bytes in all, and events so far; what it raises ends the work.
    """

def table_values(values: Any, field: str, exponent: SupportsIndex, out: Any, first_only: bool) -> list[tuple[int, str]]:
    """
    Convert ``values`` (a list, or an array of floats) into the bits of ``field``, written to ``out``.

    ``out`` is a contiguous array of signed 64-bit integers of the same length. Returns row number from 0
    and reason of every value that is none, or of the first of them if ``first_only``; their ``out`` stays
    as it is.
    """

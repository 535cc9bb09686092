"""What the two engines have in common: what they are made of, what they say, and which orders they take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar

from tickpath._native import (
    AckSlices,
    AckWindow,
    EngineSnapshot,
    EventRing,
    Events,
    Faults,
    FlightReader,
    Gate,
    LiveEngine,
    SinkFeeder,
)
from tickpath._native import VirtualEngine as NativeVirtualEngine
from tickpath.config.acks import with_acks
from tickpath.config.checks import instance, whole
from tickpath.config.engine import EngineSettings
from tickpath.core.engine.sink_show import SinkAccount, SinkShow
from tickpath.errors import ArgumentTypeError

if TYPE_CHECKING:
    from tickpath._native import AckReader
    from tickpath.core.execution.observability import ObservabilitySink
    from tickpath.core.ingest import MarketDataSource
    from tickpath.core.state import Lifecycle

__all__ = ["EngineFace"]

_T = TypeVar("_T")
_N = TypeVar("_N", LiveEngine, NativeVirtualEngine)

_U63_MAX = (1 << 63) - 1


class EngineFace(Generic[_N]):
    """The part of an engine that does not depend on what drives its stages."""

    def __init__(
        self,
        native: type[_N],
        source: MarketDataSource,
        lifecycle: Lifecycle,
        settings: EngineSettings | None,
        ring: EventRing | None,
        sink: ObservabilitySink | None,
        hold_at: int | None,
    ) -> None:
        settings = EngineSettings() if settings is None else settings
        instance("settings", settings, EngineSettings)
        if ring is not None:
            instance("ring", ring, EventRing)
        if hold_at is not None:
            whole("hold_at", hold_at, 0, _U63_MAX)
        feeder = None if sink is None else SinkFeeder(sink)
        if feeder is not None and feeder.is_noop:
            feeder = None
        if feeder is not None:
            settings = with_acks(settings)
        self._lifecycle = lifecycle
        self._ack_capacity = settings.ack_capacity or 0
        self._shared_stamps = settings.stamp_per == "batch"
        self._feeder = feeder
        self._sink_name = type(sink).__name__
        self._sink_account: SinkAccount | None = None
        self._native: _N = native(
            _part(source, "source", "native", Events),
            _part(lifecycle, "lifecycle", "gate", Gate),
            EventRing(settings.capacity) if ring is None else ring,
            settings,
            hold_at=hold_at,
        )

    def __reduce__(self) -> NoReturn:
        raise ArgumentTypeError(
            f"a {type(self).__name__} can be neither copied nor pickled: its run stays in this process; send "
            "the settings, and make another there"
        )

    @property
    def ring(self) -> EventRing:
        """The ring that the engine publishes into."""
        return self._native.ring

    @property
    def events_planned(self) -> int:
        """Events the feed is going to publish."""
        return self._native.events_planned

    @property
    def plan_length_ns(self) -> int | None:
        """When the last event is due, after the first, in nanoseconds; ``None`` without a plan."""
        return self._native.plan_length_ns

    @property
    def gaps_capped(self) -> int:
        """Idle gaps of the recording that the plan cuts short."""
        return self._native.gaps_capped

    @property
    def left_out_ns(self) -> int:
        """Idle time the plan leaves out, in nanoseconds of the run."""
        return self._native.left_out_ns

    @property
    def sink_account(self) -> SinkAccount | None:
        """What the sink was shown and what not; ``None`` without a sink, or before ``finish()``."""
        return self._sink_account

    def snapshot(self) -> EngineSnapshot:
        """The run as of now: one consistent set of counters for each reading stage.

        >>> engine = VirtualEngine(source, Lifecycle())  # in INIT nothing is read
        >>> _ = engine.start(), engine.advance(4_000)
        >>> seen = engine.snapshot()
        >>> seen.published, seen.stages[0].backlog
        (5, 5)
        """
        return self._native.snapshot()

    def acks(self) -> AckReader | None:
        """A reader of the run's acks, from the oldest that is there; ``None`` without a ring for them.

        There is one from the start of an engine with ``ack_capacity`` or a sink. Each call gives another.

        >>> import numpy as np
        >>> from tickpath.core.execution import ACK_DTYPE
        >>> engine = VirtualEngine(source, lifecycle, settings)
        >>> _ = engine.start(), engine.advance()
        >>> engine.acks().read_into(np.empty(1_024, dtype=ACK_DTYPE))
        1000
        """
        return self._native.acks()

    def ack_window(self) -> AckWindow | None:
        """A window over the run's acks: how many, and how long they took, since it was last asked.

        Reads from the oldest ack that is there; ``None`` where :meth:`acks` is. Each call gives another.

        >>> engine = VirtualEngine(source, lifecycle, settings)
        >>> engine.start()
        >>> window = engine.ack_window()
        >>> engine.advance(), window.take().count, window.take().count
        (True, 1000, 0)
        """
        acks = self._native.acks()
        return None if acks is None else AckWindow(acks, shared_stamps=self._shared_stamps)

    def ack_slices(self, *, begin_ns: int, slice_ns: int, slices_max: int) -> AckSlices | None:
        """The run's acks, folded into slices of run time that begin at ``begin_ns`` on the run's clock.

        From the run's first ack, and what is gone by now counts as dropped; ``None`` where :meth:`acks` is.
        Each call gives another. Raises ``ArgumentValueError`` for slices of no length.

        >>> engine = VirtualEngine(source, lifecycle, settings)
        >>> _ = engine.start(), engine.advance()
        >>> slices = engine.ack_slices(begin_ns=0, slice_ns=400_000, slices_max=10)
        >>> slices.fold()
        >>> [slice.count for slice in slices.take([0, 1])]
        [400, 400, 200]
        """
        acks = self._native.acks()
        if acks is None:
            return None
        return AckSlices(
            acks,
            begin_ns=begin_ns,
            slice_ns=slice_ns,
            slices_max=slices_max,
            shared_stamps=self._shared_stamps,
            planned=self.plan_length_ns is not None,
        )

    def flight_reader(self) -> FlightReader | None:
        """What copies the last events and acks of the run out of its rings, at any moment, in one call.

        Nothing is asked of the stages for it. ``None`` where :meth:`acks` is. Each call gives another.

        >>> engine = VirtualEngine(source, lifecycle)
        >>> engine.start()
        >>> engine.flight_reader() is None  # it was made without settings, and so without ack_capacity
        True
        """
        acks = self._native.acks()
        return None if acks is None else FlightReader(acks)

    def has_seen(self, epoch: int) -> bool:
        """Whether every stage has seen ``epoch``, without waiting.

        >>> engine = VirtualEngine(source, lifecycle)
        >>> engine.start()
        >>> epoch = lifecycle.transition_to(State.DEGRADED).epoch
        >>> engine.has_seen(epoch), engine.advance(), engine.has_seen(epoch)
        (False, True, True)
        """
        whole("epoch", epoch, 0, _U63_MAX)
        return self._native.has_seen(epoch)

    @property
    def faults(self) -> Faults | None:
        """What can go wrong in this run, on demand; ``None`` unless the settings have ``faults=True``."""
        return self._native.faults

    def now_ns(self) -> int:
        """Run time: nanoseconds since the feed began, by the control side's clock; 0 before.

        >>> engine = VirtualEngine(source, lifecycle)
        >>> engine.now_ns(), engine.start(), engine.advance(500), engine.now_ns()
        (0, None, False, 500)
        """
        return self._native.now_ns()

    def release(self, hold_at: int | None = None) -> None:
        """Let a held feed go on, up to the event of index ``hold_at`` if that is given, where it waits again.

        The plan is shifted by the time it waited. A feed that has not come to its hold yet forgets it, and
        its plan stays as it was. Without effect before the start.

        >>> engine = VirtualEngine(source, lifecycle, hold_at=3)
        >>> _ = engine.start(), engine.advance(100_000)
        >>> engine.snapshot().published, engine.release(hold_at=7), engine.advance(200_000)
        (3, None, False)
        >>> engine.snapshot().published
        7
        """
        if hold_at is not None:
            whole("hold_at", hold_at, 0, _U63_MAX)
        self._native.release(hold_at)

    def stop_intake(self) -> None:
        """End the feed where it is; what is in the ring is still processed.

        The events that are left count as unpublished, and the record says ``intake_stopped``.

        >>> engine = VirtualEngine(source, lifecycle)
        >>> engine.start(), engine.advance(3_000), engine.stop_intake()
        (None, False, None)
        >>> record = engine.finish()
        >>> record.feed.published, record.intake_stopped, record.stages[0].ledger.unread
        (4, True, 0)
        """
        self._native.stop_intake()

    def stop(self) -> None:
        """Ask every stage to end as soon as it can.

        >>> engine = VirtualEngine(source, Lifecycle())  # in INIT nothing is read
        >>> engine.start(), engine.advance(3_000), engine.stop()
        (None, False, None)
        >>> record = engine.finish()
        >>> record.feed.published, record.stopped, record.stages[0].ledger.unread
        (4, True, 4)
        """
        self._native.stop()

    def _sink_show(self, acks: AckReader | None) -> SinkShow | None:
        """What shows ``acks`` to the sink; ``None`` without either."""
        if self._feeder is None or acks is None:
            return None
        return SinkShow(acks, self._feeder, self._ack_capacity, self._sink_name)


def _part(given: object, name: str, attribute: str, kind: type[_T]) -> _T:
    """The native part of an argument, which is what the engine takes of it."""
    part = getattr(given, attribute, None)
    if not isinstance(part, kind):
        expected = {"source": "a MarketDataSource", "lifecycle": "a Lifecycle"}[name]
        raise ArgumentTypeError(f"{name} must be {expected}, got {type(given).__name__}")
    return part

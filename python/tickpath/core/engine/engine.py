"""The engine's face: the native threads, the ring they share, and the sink that watches them."""

from __future__ import annotations

import dataclasses
import weakref
from typing import TYPE_CHECKING, TypeVar

from tickpath._native import (
    AckWindow,
    EngineRecord,
    EngineSnapshot,
    EventRing,
    Events,
    Gate,
    LiveEngine,
    SinkFeeder,
)
from tickpath.config.checks import instance, whole
from tickpath.config.engine import EngineSettings
from tickpath.core.engine.sink_drain import SinkAccount, SinkDrain
from tickpath.core.time import now
from tickpath.errors import ArgumentTypeError, EngineFailed

if TYPE_CHECKING:
    from tickpath._native import AckReader
    from tickpath.core.execution.observability import ObservabilitySink
    from tickpath.core.ingest import MarketDataSource
    from tickpath.core.state import Lifecycle

__all__ = ["Engine"]

_T = TypeVar("_T")

_NS_PER_MS = 1_000_000
_U63_MAX = (1 << 63) - 1
#: How long the end of a run waits for the sink to take what is left.
_SINK_PATIENCE_MS = 5_000
#: Slots of the ack ring where a sink needs one and nothing else is asked for.
_ACK_CAPACITY = 65_536


class Engine:
    """One live run of ``source``, gated by ``lifecycle``, as ``settings`` say.

    ``ring`` is an ``EventRing`` of ``EVENT_DTYPE`` to publish into, which anybody may read; by default the
    engine makes one of ``settings.capacity`` slots. From start to end every publication of others raises
    ``ProducerBusy``. ``sink`` is anything with ``observe(event, ack)``: it is called on a thread of its own,
    in batches, and what it misses is counted; a ``NoOpSink`` costs nothing at all. Before the event of index
    ``hold_at`` the feed waits for :meth:`release`, and its plan is shifted by the time it waited.

    Dropping a running engine stops it; its threads have ended when it is gone.

    Raises ``ArgumentTypeError`` and ``ArgumentValueError`` for what makes no sense, and ``MemoryError``.
    """

    def __init__(
        self,
        source: MarketDataSource,
        lifecycle: Lifecycle,
        settings: EngineSettings | None = None,
        *,
        ring: EventRing | None = None,
        sink: ObservabilitySink | None = None,
        hold_at: int | None = None,
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
        if feeder is not None and settings.ack_capacity is None:
            settings = dataclasses.replace(settings, ack_capacity=_ACK_CAPACITY)
        self._lifecycle = lifecycle
        self._shared_stamps = settings.stamp_per == "batch"
        self._feeder = feeder
        self._drain: SinkDrain | None = None
        self._sink_account: SinkAccount | None = None
        self._native = LiveEngine(
            _part(source, "source", "native", Events),
            _part(lifecycle, "lifecycle", "gate", Gate),
            EventRing(settings.capacity) if ring is None else ring,
            settings,
            hold_at=hold_at,
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

    def start(self) -> None:
        """Calibrate the clock, start the threads and return at once.

        Raises ``ProducerBusy`` if somebody publishes into the ring, ``ArgumentValueError`` if the settings do
        not fit this machine (more spinning threads than cores), ``EngineFailed`` for a second start or if
        there is no thread to be had, ``MemoryError`` if there is no room for the ack ring.
        """
        self._native.start()
        acks = self._native.acks()
        if self._feeder is None or acks is None:
            return
        drain = SinkDrain(acks, self._feeder)
        try:
            drain.start()
        except RuntimeError as error:
            self._native.stop()
            raise EngineFailed(f"the machine gave no thread for the sink: {error}") from error
        self._drain = drain
        # An engine that is dropped has nobody left to finish its sink.
        weakref.finalize(self, drain.leave)

    def snapshot(self) -> EngineSnapshot:
        """The run as of now: one consistent set of counters for each reading stage."""
        return self._native.snapshot()

    def acks(self) -> AckReader | None:
        """A reader of the run's acks, from the oldest that is there; ``None`` without a ring for them.

        There is one from the start of an engine with ``ack_capacity`` or a sink. Each call gives another.
        """
        return self._native.acks()

    def ack_window(self) -> AckWindow | None:
        """A window over the run's acks: how many, and how long they took, since it was last asked.

        Reads from the oldest ack that is there; ``None`` where :meth:`acks` is. Each call gives another.
        """
        acks = self._native.acks()
        return None if acks is None else AckWindow(acks, shared_stamps=self._shared_stamps)

    def fence(self, epoch: int | None = None, *, timeout_ms: int = 1_000) -> bool:
        """Wait until every stage has seen ``epoch`` (the lifecycle's by default); whether they have.

        From then on nothing of an older epoch is in flight. At most ``timeout_ms`` milliseconds. Raises
        ``EngineFailed`` before the start: no stage would ever see it.
        """
        wanted = self._lifecycle.epoch if epoch is None else epoch
        whole("timeout_ms", timeout_ms, 0, _U63_MAX)
        deadline_ns = now() + timeout_ms * _NS_PER_MS
        if not self._native.snapshot().stages:
            raise EngineFailed("the run was not started: there is nothing in flight to wait for")
        while not self.has_seen(wanted):
            if now() >= deadline_ns:
                return False
            # Ends early where the run does; looks at signals.
            if self._native.wait(1):
                return self._native.has_seen(wanted)
        return True

    def has_seen(self, epoch: int) -> bool:
        """Whether every stage has seen ``epoch``, without waiting."""
        whole("epoch", epoch, 0, _U63_MAX)
        return self._native.has_seen(epoch)

    def release(self) -> None:
        """Let a feed go on that is held (``hold_at``)."""
        self._native.release()

    def stop(self) -> None:
        """Ask every stage to end as soon as it can."""
        self._native.stop()

    def wait(self, timeout_ms: int) -> bool:
        """Wait for the end of the run, at most ``timeout_ms`` and 50 milliseconds; whether it is over."""
        whole("timeout_ms", timeout_ms, 0, _U63_MAX)
        return self._native.wait(timeout_ms)

    def finish(self, *, sink_patience_ms: int = _SINK_PATIENCE_MS) -> EngineRecord:
        """Wait for the end of the run and of its sink, and take the record, once.

        A sink that is still busy ``sink_patience_ms`` after the run is left behind, and what it was not shown
        is counted: :attr:`sink_account`. Raises ``EngineFailed`` if a stage ended by a bug, if the run was
        not started, or if its record was taken before.
        """
        whole("sink_patience_ms", sink_patience_ms, 0, _U63_MAX // _NS_PER_MS)
        try:
            return self._native.finish()
        finally:
            if self._drain is not None and self._native.wait(0):
                self._sink_account = self._drain.finish(sink_patience_ms / 1_000)
                self._drain = None


def _part(given: object, name: str, attribute: str, kind: type[_T]) -> _T:
    """The native part of an argument, which is what the engine takes of it."""
    part = getattr(given, attribute, None)
    if not isinstance(part, kind):
        expected = {"source": "a MarketDataSource", "lifecycle": "a Lifecycle"}[name]
        raise ArgumentTypeError(f"{name} must be {expected}, got {type(given).__name__}")
    return part

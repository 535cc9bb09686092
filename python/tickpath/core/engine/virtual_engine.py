"""The engine in virtual time: the stages on the calling thread, and the sink that is shown their acks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath._native import EngineRecord
from tickpath._native import VirtualEngine as NativeVirtualEngine
from tickpath.config.checks import flag, whole
from tickpath.core.engine.face import EngineFace
from tickpath.core.engine.sink_steps import SinkSteps
from tickpath.errors import EngineFailed

if TYPE_CHECKING:
    from tickpath._native import EventRing
    from tickpath.config.engine import EngineSettings
    from tickpath.core.engine.sink_show import SinkAccount
    from tickpath.core.execution.observability import ObservabilitySink
    from tickpath.core.ingest import MarketDataSource
    from tickpath.core.state import Lifecycle

__all__ = ["VirtualEngine"]

_NS_PER_MS = 1_000_000
_U63_MAX = (1 << 63) - 1


class VirtualEngine(EngineFace[NativeVirtualEngine]):
    """One run of ``source`` in virtual time, gated by ``lifecycle``, as ``settings`` say.

    The stages, the ring and the gate are those of :class:`Engine`; nothing happens but in :meth:`advance`, on
    the thread that calls it, and the same arguments and orders give the same acks on any machine. What the
    settings say of threads, waiting, memory and the machine's clock is left aside. ``ring``, ``sink`` and
    ``hold_at`` as in :class:`Engine`, but for the sink: it is shown what is in the ack ring at the end of
    each :meth:`advance`, by that call; what was overwritten by then is dropped, and counted.

    Orders (the lifecycle's moves, :meth:`release`, :meth:`stop`, faults) given between two calls of
    :meth:`advance` hold from that very moment on. Given by another thread meanwhile they hold from some
    moment, and nothing is reproducible.

    Raises ``ArgumentTypeError`` and ``ArgumentValueError`` for what makes no sense, and ``MemoryError``.

    >>> from tickpath.config.engine import EngineSettings
    >>> from tickpath.core.ingest import MarketDataSource
    >>> from tickpath.core.state import Lifecycle, State
    >>> lifecycle = Lifecycle()
    >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
    >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
    >>> settings = EngineSettings(ack_capacity=1_024)
    >>> engine = VirtualEngine(source, lifecycle, settings)
    >>> engine.start()
    >>> engine.advance(10_000), engine.snapshot().published  # one event a microsecond, the first at 0
    (False, 11)
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
        super().__init__(NativeVirtualEngine, source, lifecycle, settings, ring, sink, hold_at)
        self._sink: SinkSteps | None = None

    def sink_counters(self) -> SinkAccount | None:
        """What the sink was shown so far, and what not; ``None`` without a sink, or before the start.

        >>> from tickpath.control.metrics import LatencySink, Metrics
        >>> engine = VirtualEngine(source, lifecycle, settings, sink=LatencySink(Metrics()))
        >>> _ = engine.start(), engine.advance(until_ns=49_500)
        >>> engine.sink_counters().shown, engine.sink_counters().dropped
        (50, 0)
        """
        return self._sink_account if self._sink is None else self._sink.account()

    def start(self) -> None:
        """Build the stages. The run is at moment 0, at which the feed begins; nothing has happened yet.

        Raises ``ProducerBusy`` if somebody publishes into the ring, ``ArgumentValueError`` if the settings
        ask for what there is only with real time (the pace ``max``, one stamp per batch, a feed that is held
        back), ``EngineFailed`` for a second start, ``MemoryError`` if there is no room for the ack ring.

        >>> engine = VirtualEngine(source, lifecycle)
        >>> engine.start()
        >>> engine.now_ns(), engine.snapshot().published
        (0, 0)
        >>> engine.start()
        Traceback (most recent call last):
        tickpath.errors.EngineFailed: an engine runs once
        """
        try:
            self._native.start()
        finally:
            # Also where a signal's handler raises, once the run was made; a second start changes nothing.
            if self._sink is None and self._sink_account is None:
                show = self._sink_show(self._native.acks())
                self._sink = None if show is None else SinkSteps(show)

    def advance(
        self,
        until_ns: int | None = None,
        *,
        until_published: int | None = None,
        until_due: int | None = None,
    ) -> bool:
        """Simulate to the end of moment ``until_ns``, or until so many events were published; whether over.

        What is due at ``until_ns`` has happened then, and the clock stands there; with ``until_published`` it
        stands at the moment of that event, which nobody has read yet. ``until_due`` counts events of the plan
        instead: those that came, each once, and those that a fault withheld. With none of them, it goes on
        until nothing happens by itself any more: a run that is not over then waits for an order. Time never
        goes back: a moment before now is now. The clock of a run that is over stands at its end.

        Signals are looked at every few milliseconds; what they raise leaves the run where it is, and it can
        be advanced further. Raises ``EngineFailed`` before the start.

        >>> engine.advance(20_000), engine.snapshot().published
        (False, 21)
        >>> engine.advance(until_published=500), engine.now_ns()
        (False, 499000)
        >>> engine.advance(), engine.snapshot().published
        (True, 1000)
        """
        if until_ns is not None:
            whole("until_ns", until_ns, 0, _U63_MAX)
        if until_published is not None:
            whole("until_published", until_published, 0, _U63_MAX)
        if until_due is not None:
            whole("until_due", until_due, 0, _U63_MAX)
        over = self._native.advance(until_ns, until_published, until_due)
        if self._sink is not None:
            self._sink.show()
        return over

    def acks_digest(self) -> str:
        """SHA-256 over the acks that were completed by now, as rows of ``ACK_DTYPE``, in hexadecimal.

        Raises ``EngineFailed`` before the start, and once the record was taken, which has it:
        ``record.digest(b"")``.

        >>> other = VirtualEngine(source, lifecycle, settings)
        >>> other.start(), other.advance(5_000), other.acks_digest() == engine.acks_digest()
        (None, False, False)
        >>> other.advance(10_000), other.acks_digest() == engine.acks_digest()
        (False, True)
        """
        return self._native.acks_digest()

    def fence(self, epoch: int | None = None, *, timeout_ms: int = 1_000) -> bool:
        """Simulate until every stage has seen ``epoch`` (the lifecycle's by default); whether they have.

        From then on nothing of an older epoch is in flight. At most ``timeout_ms`` virtual milliseconds.
        Raises ``EngineFailed`` before the start: no stage would ever see it.

        >>> epoch = lifecycle.transition_to(State.DEGRADED).epoch
        >>> engine.has_seen(epoch), engine.fence(epoch), engine.has_seen(epoch)
        (False, True, True)
        """
        wanted = self._lifecycle.epoch if epoch is None else epoch
        whole("timeout_ms", timeout_ms, 0, _U63_MAX // _NS_PER_MS)
        return self._native.fence(wanted, self.now_ns() + timeout_ms * _NS_PER_MS)

    def sink_stall(self, on: bool) -> None:
        """While it is on, the sink is shown nothing; what is overwritten meanwhile is dropped, and counted.

        Without effect on an engine without a sink, or before the start. The end of the run takes it back.

        >>> from tickpath.control.metrics import LatencySink, Metrics
        >>> engine = VirtualEngine(source, lifecycle, settings, sink=LatencySink(Metrics()))
        >>> engine.start()
        >>> engine.sink_stall(True), engine.advance(49_500), engine.sink_counters().shown
        (None, False, 0)
        >>> engine.sink_stall(False), engine.advance(50_500), engine.sink_counters().shown
        (None, False, 51)
        """
        flag("on", on)
        if self._sink is not None:
            self._sink.stall(on)

    def wait(self, timeout_ms: int) -> bool:
        """Simulate ``timeout_ms`` milliseconds; whether the run is over.

        >>> engine = VirtualEngine(source, lifecycle, hold_at=500)
        >>> engine.start()
        >>> engine.wait(2), engine.now_ns(), engine.release(), engine.wait(2)
        (False, 2000000, None, True)
        """
        whole("timeout_ms", timeout_ms, 0, _U63_MAX // _NS_PER_MS)
        return self.advance(self.now_ns() + timeout_ms * _NS_PER_MS)

    def finish(self) -> EngineRecord:
        """Simulate to the end, show the sink what is left, and take the record, once.

        Raises ``EngineFailed`` if the run does not end by itself, if it was not started, or if its record was
        taken before.

        >>> engine.finish().feed.published
        1000
        >>> engine = VirtualEngine(source, lifecycle, hold_at=3)
        >>> engine.start()
        >>> engine.finish()  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        tickpath.errors.EngineFailed: the run does not end by itself: the lifecycle is in INIT, ...
        """
        if not self.advance():
            raise EngineFailed(
                "the run does not end by itself: the lifecycle is in INIT, the feed is held or frozen, or "
                "a stage is stalled; take that back, or stop() the run"
            )
        # The sink first: what comes out of it leaves the record where it is.
        if self._sink is not None:
            self._sink_account = self._sink.finish()
            self._sink = None
        return self._native.finish()

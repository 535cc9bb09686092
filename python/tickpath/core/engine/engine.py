"""The live engine: native threads, the ring they share, and the sink that watches them."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from tickpath._native import EngineRecord, LiveEngine
from tickpath.config.checks import flag, whole
from tickpath.core.engine.face import EngineFace
from tickpath.core.engine.sink_drain import SinkDrain
from tickpath.core.time import now
from tickpath.errors import EngineFailed, TickpathError

if TYPE_CHECKING:
    from tickpath._native import AckReader, EventRing
    from tickpath.config.engine import EngineSettings
    from tickpath.core.engine.sink_show import SinkAccount
    from tickpath.core.execution.observability import ObservabilitySink
    from tickpath.core.ingest import MarketDataSource
    from tickpath.core.state import Lifecycle

__all__ = ["SINK_PATIENCE_MS", "Engine"]

_NS_PER_MS = 1_000_000
_U63_MAX = (1 << 63) - 1
#: A year: no thread can be waited for as long as an integer can say.
_PATIENCE_MS_MAX = 365 * 86_400 * 1_000
SINK_PATIENCE_MS = 5_000
"""How long the end of a run waits for the sink to take what is left, unless something else is asked for."""


class Engine(EngineFace[LiveEngine]):
    """One live run of ``source``, gated by ``lifecycle``, as ``settings`` say.

    ``ring`` is an ``EventRing`` of ``EVENT_DTYPE`` to publish into, which anybody may read; by default the
    engine makes one of ``settings.capacity`` slots. From start to end every publication of others raises
    ``ProducerBusy``. ``sink`` is anything with ``observe(event, ack)``: it is called on a thread of its own,
    in batches, and what it misses is counted; a ``NoOpSink`` costs nothing at all. Before the event of index
    ``hold_at`` the feed waits for :meth:`release`, and its plan is shifted by the time it waited.

    Dropping a running engine stops it; its threads have ended when it is gone.

    Raises ``ArgumentTypeError`` and ``ArgumentValueError`` for what makes no sense, and ``MemoryError``.

    >>> from tickpath.config.engine import EngineSettings
    >>> from tickpath.core.ingest import MarketDataSource
    >>> from tickpath.core.state import Lifecycle, State
    >>> lifecycle = Lifecycle()
    >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
    >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
    >>> settings = EngineSettings(ack_capacity=1_024, clock="monotonic", floor_window_ns=0)  # starts at once
    >>> engine = Engine(source, lifecycle, settings)
    >>> engine.start()
    >>> record = engine.finish()
    >>> record.stages[0].ledger.executed
    1000
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
        super().__init__(LiveEngine, source, lifecycle, settings, ring, sink, hold_at)
        self._drain: SinkDrain | None = None
        self._record: EngineRecord | None = None
        """Taken, and not given yet: kept for another ``finish()``, if a signal ends this one's wait."""

    def sink_counters(self) -> SinkAccount | None:
        """What the sink was shown so far, and what not; ``None`` without a sink, or before the start.

        >>> class Quiet:
        ...     def observe(self, event, ack):
        ...         pass
        >>> engine = Engine(source, lifecycle, settings, sink=Quiet())
        >>> _ = engine.start(), engine.finish()
        >>> account = engine.sink_counters()
        >>> account.shown + account.dropped
        1000
        """
        return self._sink_account if self._drain is None else self._drain.account()

    def start(self) -> None:
        """Calibrate the clock, start the threads and return at once.

        Raises ``ProducerBusy`` if somebody publishes into the ring, ``ArgumentValueError`` if the settings do
        not fit this machine (more spinning threads than cores), ``EngineFailed`` for a second start or if
        there is no thread to be had, ``MemoryError`` if there is no room for the ack ring. Then nothing was
        published, no thread is left, and it may be started again.

        >>> engine = Engine(source, lifecycle, settings)
        >>> engine.start()
        >>> engine.finish().feed.published
        1000
        >>> engine.start()
        Traceback (most recent call last):
        tickpath.errors.EngineFailed: an engine runs once
        """
        if self._feeder is None:
            self._native.start()
            return
        # The sink's thread first: once the engine has its own, events flow, and each ack is the sink's.
        drain = SinkDrain()
        # An engine that is dropped has nobody left to finish its sink.
        weakref.finalize(self, drain.leave)
        try:
            drain.start()
            self._native.start()
        except (TickpathError, MemoryError):
            # Also a second start, which leaves the first one's sink alone.
            drain.give_up(SINK_PATIENCE_MS / 1_000)
            raise
        except RuntimeError as error:
            raise EngineFailed(f"the machine gave no thread for the sink: {error}") from error
        except BaseException:
            # Of a signal's handler, and it may have come once the run was under way.
            self._hand_over_to(drain)
            raise
        self._hand_over_to(drain)

    def _hand_over_to(self, drain: SinkDrain) -> None:
        """The acks of the run, if it is under way, are shown by ``drain``, which ends if it is not."""
        show = self._sink_show(self.every_ack())
        if show is None:
            drain.give_up(SINK_PATIENCE_MS / 1_000)
            return
        # Known before it is shown any: the sink may call this engine at once.
        self._drain = drain
        drain.show(show)

    def every_ack(self) -> AckReader | None:
        """The same as :meth:`acks`, but from the run's first ack: what is gone by now counts as dropped.

        >>> import numpy as np
        >>> from tickpath.core.execution import ACK_DTYPE
        >>> engine = Engine(source, lifecycle, EngineSettings(ack_capacity=64, floor_window_ns=0))
        >>> _ = engine.start(), engine.finish()
        >>> reader = engine.every_ack()
        >>> reader.read_into(np.empty(64, dtype=ACK_DTYPE)) + reader.dropped
        1000
        """
        return self._native.every_ack()

    def fence(self, epoch: int | None = None, *, timeout_ms: int = 1_000) -> bool:
        """Wait until every stage has seen ``epoch`` (the lifecycle's by default); whether they have.

        From then on nothing of an older epoch is in flight. At most ``timeout_ms`` milliseconds. Raises
        ``EngineFailed`` before the start: no stage would ever see it.

        >>> engine = Engine(source, lifecycle, settings, hold_at=0)
        >>> engine.start()
        >>> epoch = lifecycle.transition_to(State.DEGRADED).epoch
        >>> engine.fence(epoch, timeout_ms=60_000)  # from here on the executor gates as in DEGRADED
        True
        >>> engine.release()
        >>> engine.finish().stages[0].ledger.executed
        0
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

    def sink_stall(self, on: bool) -> None:
        """While it is on, the sink is shown nothing; what is overwritten meanwhile is dropped, and counted.

        A fault of the sink alone: the executor does not notice. Without effect on an engine without a sink,
        or before the start. The end of the run takes it back.

        >>> engine.sink_stall(True)  # it has no sink: without effect
        >>> engine.sink_stall("off")
        Traceback (most recent call last):
        tickpath.errors.ArgumentTypeError: on must be True or False, got 'off' (str)
        """
        flag("on", on)
        if self._drain is not None:
            self._drain.stall(on)

    def wait(self, timeout_ms: int) -> bool:
        """Wait for the end of the run, for ``timeout_ms`` but never longer than 50 ms; whether it is over.

        >>> engine = Engine(source, lifecycle, settings, hold_at=50)
        >>> engine.start()
        >>> engine.wait(1)  # the feed is held
        False
        >>> engine.stop()
        >>> while not engine.wait(50):
        ...     pass  # what is to be done meanwhile
        """
        whole("timeout_ms", timeout_ms, 0, _U63_MAX)
        return self._native.wait(timeout_ms)

    def finish(self, *, sink_patience_ms: int = SINK_PATIENCE_MS) -> EngineRecord:
        """Wait for the end of the run and of its sink, and take the record, once.

        A sink that is still busy ``sink_patience_ms`` after the run is left behind, and what it was not shown
        is counted: :attr:`sink_account`. What a signal's handler raises ends the wait, and it can be called
        again. Raises ``EngineFailed`` if a stage ended by a bug, if the run was not started, if its record
        was taken before, or if it is the sink that calls.

        >>> record.feed.published, record.balanced
        (1000, True)
        >>> engine.finish()
        Traceback (most recent call last):
        tickpath.errors.EngineFailed: the record was taken before
        """
        whole("sink_patience_ms", sink_patience_ms, 0, _PATIENCE_MS_MAX)
        if self._drain is not None and self._drain.is_current:
            raise EngineFailed("the sink of a run cannot finish it, for it would wait for itself: stop() it")
        try:
            if self._record is None:
                self._record = self._native.finish()
        finally:
            if self._feeder is not None and self._sink_account is None and self._native.wait(0):
                self._sink_account = self._account_of_sink(sink_patience_ms / 1_000)
                self._drain = None
        record, self._record = self._record, None
        return record

    def _account_of_sink(self, patience_s: float) -> SinkAccount | None:
        found = None if self._drain is None else self._drain.finish(patience_s)
        if found is None:
            # A signal ended the start between the engine and its sink, which was shown nothing.
            show = self._sink_show(self.every_ack())
            found = None if show is None else show.close()
        return found

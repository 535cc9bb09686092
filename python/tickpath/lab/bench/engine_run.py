"""Runs of the engine as the bench makes them: one case, one run, and what is kept of it.

Each run has its own engine, ring and lifecycle; the events are made once. A run that is interrupted counts
for nothing and raises ``Cut``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from tickpath.config.engine import EngineSettings
from tickpath.core.bus import EventReader, Overrun
from tickpath.core.engine import Engine, PingPong, ping_pong
from tickpath.core.ingest import EVENT_DTYPE, MarketDataSource
from tickpath.core.state import Lifecycle, State
from tickpath.lab.bench.exchange import Cut

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tickpath.control.metrics import LatencyHistogram
    from tickpath.core.engine import EngineLedger, EngineRecord
    from tickpath.core.execution.observability import ObservabilitySink

__all__ = ["WAYS", "EngineCase", "EngineRun", "EngineRuns"]

Way = Literal["published_to_completed", "intended_to_completed"]
#: What is kept of the stages of a run.
WAYS: tuple[Way, ...] = ("published_to_completed", "intended_to_completed")
#: Between two looks at the run. Each wakes a thread that takes a little of a core the run uses.
_LOOK_MS = 50
_LOOK_FED_MS = 5
_DRAIN = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineCase:
    """How an engine is run."""

    name: str
    settings: EngineSettings
    sink: Callable[[], ObservabilitySink] | None = None
    """Makes the sink of a run."""
    gated: bool = False
    """The lifecycle stays in INIT: the executor reads nothing; the run is stopped when all is published."""
    python_reader: bool = False
    """A reader in Python holds a place at the ring's start and never looks until the run is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRun:
    """What is kept of a run."""

    events: int
    """Events published."""
    wall_ns: int
    """From the start of the feed to the end of the executor."""
    feed_ns: int
    """From the start of the feed to its last publication."""
    ways: Mapping[Way, LatencyHistogram]
    """The executor's latencies."""
    floor_p99_ns: int | None
    """The p99 of the machine's own pauses at these arrivals, on one core."""
    floor_path: LatencyHistogram
    """What these arrivals would have waited on the feed's core and then on the executor's."""
    read: int
    """Events that the last reader of the case read: a consumer, or the reader in Python."""
    lost: int
    """Events that it lost."""
    unaccounted: int
    """Events that any ledger does not account for: 0, or the ledger is wrong."""
    shown: int | None = None
    """Acks that the sink was shown; ``None`` without one."""
    dropped: int | None = None
    """Acks that it was not shown."""


class EngineRuns:
    """Makes runs of the first ``events_max`` events of one source."""

    def __init__(self, events_max: int, should_stop: Callable[[], bool]) -> None:
        self._source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=events_max)
        self._should_stop = should_stop

    def ping_pong(self, trips: int, spin_pauses: int) -> PingPong:
        """The floor of a hand-over on the two cores of feed and executor; half a second at the most."""
        return ping_pong(trips, spin_pauses=spin_pauses, limit_ns=500_000_000)

    def run(self, case: EngineCase) -> EngineRun:
        """One run. Raises ``Cut`` if it was interrupted."""
        lifecycle = Lifecycle()
        if not case.gated:
            lifecycle.transition_to(State.WARMUP)
            lifecycle.transition_to(State.READY)
        sink = None if case.sink is None else case.sink()
        engine = Engine(self._source, lifecycle, case.settings, sink=sink)
        reader = engine.ring.reader() if case.python_reader else None
        engine.start()
        self._wait(engine, stop_when_fed=case.gated)
        record = engine.finish()
        wall_ns, feed_ns = record.wall_ns, record.feed_ns
        if self._should_stop() or wall_ns is None or feed_ns is None:
            raise Cut
        return _kept(engine, record, reader, wall_ns, feed_ns)

    def _wait(self, engine: Engine, *, stop_when_fed: bool) -> None:
        while not engine.wait(_LOOK_FED_MS if stop_when_fed else _LOOK_MS):
            fed = stop_when_fed and engine.snapshot().published == engine.events_planned
            if fed or self._should_stop():
                engine.stop()


def _kept(
    engine: Engine, record: EngineRecord, reader: EventReader | None, wall_ns: int, feed_ns: int
) -> EngineRun:
    executor, last = record.stages[0], record.stages[-1]
    published = last.ledger.published
    read, lost = last.ledger.read + last.ledger.executed, last.ledger.lost
    unaccounted = sum(abs(_difference(stage.ledger)) for stage in record.stages)
    if reader is not None:
        read, lost = _left_for(reader)
        unaccounted += abs(published - read - lost)
    account = engine.sink_account
    return EngineRun(
        events=published,
        wall_ns=wall_ns,
        feed_ns=feed_ns,
        ways={way: executor.histograms()[way] for way in WAYS},
        floor_p99_ns=record.floor.p99_ns,
        floor_path=record.floor_path,
        read=read,
        lost=lost,
        unaccounted=unaccounted,
        shown=None if account is None else account.shown,
        dropped=None if account is None else account.dropped,
    )


def _difference(ledger: EngineLedger) -> int:
    taken = ledger.executed + sum(ledger.gated) + ledger.read
    return ledger.published - taken - ledger.lost - ledger.shed - ledger.unread


def _left_for(reader: EventReader) -> tuple[int, int]:
    """What a reader that never looked finds, and what it lost."""
    into = np.zeros(_DRAIN, EVENT_DTYPE)
    read = 0
    while True:
        try:
            got = reader.read_into(into)
        except Overrun:
            reader.reset_to_oldest()
            continue
        if not got:
            return read, reader.lost
        read += got

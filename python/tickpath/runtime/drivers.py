"""The two drivers of a run behind one face: native threads by the machine's clock, a simulation by its own.

Whoever steers a run asks its driver to go on until a moment, and for a look; nothing above knows which it is.
Run time is nanoseconds since the feed began.

Threads: one steers. ``advance`` blocks, live until the machine's clock has come so far, at most 50 ms beyond
a signal; in virtual time as long as it takes to simulate.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Literal

from tickpath.control.failure.schedule import due_events
from tickpath.control.health.look import Look
from tickpath.core.time import now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tickpath.control.health.look import StageCounters
    from tickpath.core.engine import Engine, EngineRecord, EngineSnapshot, VirtualEngine
    from tickpath.core.state import Lifecycle

__all__ = ["Driver", "LiveDriver", "Mode", "VirtualDriver"]

Mode = Literal["live", "virtual"]

_NS_PER_MS = 1_000_000
#: How long a live run waits between two looks at a counter of events that somebody waits for.
_COUNT_LOOK_MS = 1


class Driver(ABC):
    """A run that goes on as far as it is asked to; see :class:`LiveDriver` and :class:`VirtualDriver`."""

    mode: Mode
    """Which of the two it is."""

    def __init__(self, engine: Engine | VirtualEngine, lifecycle: Lifecycle, names: tuple[str, ...]) -> None:
        self._engine = engine
        self._lifecycle = lifecycle
        self._names = names
        self._capacity_slots = engine.ring.capacity
        self.seen: EngineSnapshot | None = None
        """What the last look was made of; ``None`` before the first."""

    @abstractmethod
    def advance(
        self, until_ns: int, until_published: int | None = None, until_due: int | None = None
    ) -> bool:
        """Go on to run time ``until_ns``, or until so many events were published; whether the run is over.

        ``until_due`` counts events of the plan: those that came, each once, and those that were withheld.
        """

    @abstractmethod
    def now_ns(self) -> int:
        """The run time now; before the feed began 0."""

    def finish(self) -> EngineRecord:
        """The record of a run that is over."""
        return self._engine.finish()

    def begin(self, meanwhile: Callable[[], object]) -> None:
        """Start the stages and wait until the feed has begun, or the run is over before it did.

        ``meanwhile`` is called while it waits, so that a run can be ended before it has begun.
        """
        self._engine.start()

    def acks_digest(self) -> str:
        """The digest of the acks so far; empty for a live run, whose acks are never the same twice."""
        return ""

    def look(self) -> Look:
        """The counters of the moment."""
        seen = self.seen = self._engine.snapshot()
        stages: Mapping[str, StageCounters] = dict(zip(self._names, seen.stages, strict=True))
        lifecycle = self._lifecycle
        # In the order of its fields: by name it takes twice as long to make.
        return Look(
            self.now_ns(),
            lifecycle.state,
            lifecycle.epoch,
            self._capacity_slots,
            seen.feed,
            stages,
            self._engine.sink_counters(),
            seen.clock_skew_ns,
            lifecycle.refused_moves,
        )


class LiveDriver(Driver):
    """The stages run by themselves: to go on is to wait."""

    mode: Mode = "live"

    def __init__(
        self, engine: Engine, lifecycle: Lifecycle, names: tuple[str, ...], sink_patience_ms: int
    ) -> None:
        super().__init__(engine, lifecycle, names)
        self._live = engine
        self._sink_patience_ms = sink_patience_ms
        self._begin_ns: int | None = None

    def begin(self, meanwhile: Callable[[], object]) -> None:
        """Start the threads; they watch the machine before the feed begins."""
        super().begin(meanwhile)
        over = False
        while self._begin_ns is None and not over:
            over = self._live.wait(_COUNT_LOOK_MS)
            self._begin_ns = self._live.snapshot().begin_ns
            if self._begin_ns is None:
                meanwhile()

    def now_ns(self) -> int:
        """The run time now, by the machine's clock."""
        return 0 if self._begin_ns is None else now() - self._begin_ns

    def finish(self) -> EngineRecord:
        """Waits for the sink as well, but not for ever."""
        return self._live.finish(sink_patience_ms=self._sink_patience_ms)

    def advance(
        self, until_ns: int, until_published: int | None = None, until_due: int | None = None
    ) -> bool:
        """Wait; see :meth:`Driver.advance`."""
        while True:
            left_ms = -((self.now_ns() - until_ns) // _NS_PER_MS)
            if left_ms <= 0:
                return self._live.wait(0)
            if until_published is not None or until_due is not None:
                seen = self._live.snapshot()
                if until_published is not None and seen.published >= until_published:
                    return self._live.wait(0)
                if until_due is not None and due_events(seen.feed) >= until_due:
                    return self._live.wait(0)
                left_ms = min(left_ms, _COUNT_LOOK_MS)
            if self._live.wait(left_ms):
                return True


class VirtualDriver(Driver):
    """The stages are simulated, to the nanosecond that is asked for."""

    mode: Mode = "virtual"

    def __init__(self, engine: VirtualEngine, lifecycle: Lifecycle, names: tuple[str, ...]) -> None:
        super().__init__(engine, lifecycle, names)
        self._virtual = engine

    def now_ns(self) -> int:
        """The virtual clock."""
        return self._virtual.now_ns()

    def acks_digest(self) -> str:
        """SHA-256 over the acks so far, as rows of ``ACK_DTYPE``."""
        return self._virtual.acks_digest()

    def advance(
        self, until_ns: int, until_published: int | None = None, until_due: int | None = None
    ) -> bool:
        """Simulate; see :meth:`Driver.advance`."""
        return self._virtual.advance(until_ns, until_published=until_published, until_due=until_due)

"""A run as a flight recorder sees it, made by hand: an engine whose rings hold what a test puts there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from tests.runtime.flight_dumps import ORIGIN_NS, Done, Published, Tail, acks_of, events_of
from tests.runtime.looks import Stage, look
from tickpath.config.flight import FlightSettings
from tickpath.config.run import RunSettings
from tickpath.core.state import Lifecycle
from tickpath.runtime.flight_recorder.recorder import FlightRecorder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tickpath.control.health import Look
    from tickpath.runtime.drivers import Mode

MS = 1_000_000


class Rings:
    """A reader of rings with so many events and acks; each copy has others."""

    def __init__(self, events: int = 2, acks: int = 3) -> None:
        self.events, self.acks = events, acks
        self.copies = 0
        self.failure: BaseException | None = None
        self.room: list[tuple[int, int, bool]] = []
        """Of each copy the room it was given, and whether there was nothing in it."""

    def read_into(self, events: NDArray[np.void], acks: NDArray[np.void]) -> Tail:
        """Puts the rows at the ends, as the reader of an engine does."""
        if self.failure is not None:
            raise self.failure
        is_blank = not any(rows[name].any() for rows in (events, acks) for name in rows.dtype.names or ())
        self.room.append((len(events), len(acks), is_blank))
        self.copies += 1
        counted = range(self.copies, self.copies + max(self.events, self.acks))
        events[len(events) - self.events :] = events_of(*[Published(at) for at in counted][: self.events])
        done = [Done(at, at, at + 1, at) for at in counted]
        acks[len(acks) - self.acks :] = acks_of(*done[: self.acks])
        return Tail(self.events, 40 + self.copies, 5, self.acks, 30 + self.copies, 6)


class World:
    """A recorder and the run that it records."""

    def __init__(
        self,
        recorder: FlightRecorder,
        *,
        mode: Mode = "live",
        begin_ns: int | None = ORIGIN_NS,
        window: Any = None,
        history_limit: int = 64,
        **settings: Any,
    ) -> None:
        self.recorder = recorder
        self.lifecycle = Lifecycle(lambda: ORIGIN_NS, history_limit=history_limit)
        self.rings = Rings()
        self.now_ns = 0
        self.windows = 0
        self._window = window
        self.settings = RunSettings(**{"ack_capacity": 4, **settings})
        engine: Any = SimpleNamespace(
            flight_reader=lambda: self.rings,
            ring=SimpleNamespace(capacity=64),
            snapshot=lambda: SimpleNamespace(begin_ns=begin_ns),
            now_ns=lambda: self.now_ns,
            ack_window=self._ack_window,
        )
        recorder.begin(engine, self.lifecycle, self.settings, mode)

    def _ack_window(self) -> Any:
        self.windows += 1
        return self._window

    def step(self, at_ns: int, *asked: str, plane: Any = None, lost: int = 0, processed: int = 0) -> Look:
        """A control step, and what is asked for before it; the copy is made 7 ns later."""
        for evidence in asked:
            self.recorder.request(evidence)
        self.now_ns = at_ns + 7
        seen = look(at_ns, executor=Stage(lost=lost, processed=processed))
        self.recorder.step(seen, plane)
        return seen

    @property
    def dumped(self) -> list[tuple[int, str]]:
        """When there were dumps, and what made them."""
        return [
            (note.at_ns - 7, " ".join(one.trigger for one in note.fired))
            for note in self.recorder.account.dumps
        ]

    @property
    def suppressed(self) -> list[tuple[str, str, int]]:
        """What made none."""
        return [(each.trigger, each.why, each.count) for each in self.recorder.account.suppressed]


def recorder_of(*dump_on: str, folder: Any = None, **given: Any) -> FlightRecorder:
    """A recorder of such triggers."""
    return FlightRecorder(folder, FlightSettings(dump_on=dump_on or ("signal",), **given))

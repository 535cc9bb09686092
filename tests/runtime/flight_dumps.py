"""Dumps of a flight recorder made by hand: times are run time, and no two figures are the same by chance."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.runtime.flight_traces import ns
from tickpath.config.flight import FlightSettings
from tickpath.core.execution.stamped import STAMPED_ACK_DTYPE
from tickpath.core.ingest.event import EVENT_DTYPE
from tickpath.core.state import State, Transition
from tickpath.runtime.flight_recorder.dump import FlightDump
from tickpath.runtime.flight_recorder.trace_events import Window
from tickpath.runtime.flight_recorder.watch import Fired

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

ORIGIN_NS = 7_000_000_000
END = Fired("end", "end", "the run is over")


@dataclass(frozen=True)
class Tail:
    """What a reader of the rings says that it copied."""

    events: int = 0
    events_head: int = 0
    events_overwritten: int = 0
    acks: int = 0
    acks_head: int = 0
    acks_overwritten: int = 0


@dataclass(frozen=True)
class Published:
    """An event: when it was published, and when it was due; ``None``: nobody planned it."""

    at_ns: int
    due_ns: int | None = None


@dataclass(frozen=True)
class Done:
    """An ack, and the stamps of its event."""

    seq: int
    decided_ns: int
    completed_ns: int
    published_ns: int
    due_ns: int | None = None
    epoch: int = 2
    executed: bool = True


def _planned(due_ns: int | None, origin_ns: int) -> int:
    return 0 if due_ns is None else origin_ns + due_ns


def events_of(*events: Published, origin_ns: int = ORIGIN_NS) -> NDArray[np.void]:
    """Rows as the ring has them; each has a payload of its own."""
    rows = np.zeros(len(events), EVENT_DTYPE)
    for index, event in enumerate(events):
        rows[index]["ts_ns"] = origin_ns + event.at_ns
        rows[index]["intended_ns"] = _planned(event.due_ns, origin_ns)
        rows[index]["price_e9"], rows[index]["size_e9"] = 500 + index, 600 + index
        rows[index]["symbol"], rows[index]["kind"] = 700 + index, 80 + index
        rows[index]["side"] = -1 if index % 2 else 1
    return rows


def acks_of(*acks: Done, origin_ns: int = ORIGIN_NS) -> NDArray[np.void]:
    """Rows as the ring of acks has them."""
    rows = np.zeros(len(acks), STAMPED_ACK_DTYPE)
    for index, ack in enumerate(acks):
        rows[index] = (
            ack.seq,
            origin_ns + ack.decided_ns,
            origin_ns + ack.completed_ns,
            ack.epoch,
            ack.executed,
            origin_ns + ack.published_ns,
            _planned(ack.due_ns, origin_ns),
        )
    return rows


def move(
    epoch: int, at_ns: int, target: State, source: State = State.INIT, cause: str = "moved"
) -> Transition:
    """A transition at a run time."""
    return Transition(epoch, source, target, ORIGIN_NS + at_ns, cause)


def dump_of(
    events: Iterable[Published] = (),
    acks: Iterable[Done] = (),
    *,
    events_head: int | None = None,
    origin_ns: int = ORIGIN_NS,
    **given: Any,
) -> FlightDump:
    """A dump of a live run, taken at 900 µs; of ``events`` the last has the sequence ``events_head - 1``."""
    event_rows = events_of(*events, origin_ns=origin_ns)
    ack_rows = acks_of(*acks, origin_ns=origin_ns)
    head = len(event_rows) if events_head is None else events_head
    tail = Tail(events=len(event_rows), events_head=head, acks=len(ack_rows), acks_head=len(ack_rows))
    plain: dict[str, Any] = {
        "number": 1,
        "at_ns": 900_000,
        "fired": (END,),
        "mode": "live",
        "settings": FlightSettings(last=4, dump_on=("end",)),
        "origin_ns": origin_ns,
        "capacity_slots": 64,
        "ack_capacity_slots": 128,
        "shared_stamps": False,
        "tail": tail,
        "events": event_rows,
        "acks": ack_rows,
        "transitions": (),
        "transitions_dropped": 0,
        "looks": (),
    }
    return FlightDump(**plain | given)


def drawn(lines: Iterable[str]) -> list[tuple[Any, ...]]:
    """Of each line its phase, track, begin, the length of a slice, its name or arrow, its figures."""
    told = []
    for line in lines:
        event = json.loads(line)
        what = event["id"] if event["ph"] in "stf" else event["name"]
        length = (ns(event["dur"]),) if event["ph"] == "X" else ()
        told.append((event["ph"], event["tid"], ns(event["ts"]), *length, what, *_figures(event)))
    return told


def _figures(event: dict[str, Any]) -> tuple[Any, ...]:
    return (event["args"],) if "args" in event else ()


def window_of(begin_ns: int = 0, end_ns: int = 900_000) -> Window:
    """What a trace covers."""
    return Window(begin_ns, end_ns)

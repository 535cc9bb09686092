"""What a dump says of itself: ``tickpath/flight/1``, a plain object that stands in every file of it."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tickpath.runtime.flight_recorder.dump import FlightDump

__all__ = ["SCHEMA", "metadata_of"]

SCHEMA = "tickpath/flight/1"
"""The schema that every file names."""


def metadata_of(dump: FlightDump) -> dict[str, Any]:
    """Every count of ``dump``, and where it comes from; the same for the same run in virtual time."""
    tail = dump.tail
    return {
        "schema": SCHEMA,
        "tickpath": version("tickpath"),
        "mode": dump.mode,
        "number": dump.number,
        "at_ns": dump.at_ns,
        "triggers": [{"trigger": one.trigger, "evidence": one.evidence} for one in dump.fired],
        "last": dump.settings.last,
        "dump_on": list(dump.settings.dump_on),
        "origin_ns": dump.origin_ns,
        "shared_stamps": dump.shared_stamps,
        "events": {
            "first_seq": tail.events_head - tail.events,
            "head": tail.events_head,
            "count": tail.events,
            "overwritten": tail.events_overwritten,
            "not_kept": dump.events_not_kept,
            "ring_slots": dump.capacity_slots,
        },
        "acks": {
            "head": tail.acks_head,
            "count": tail.acks,
            "overwritten": tail.acks_overwritten,
            "not_kept": dump.acks_not_kept,
            "ring_slots": dump.ack_capacity_slots,
        },
        "transitions": [
            {
                "epoch": move.epoch,
                "source": move.source.name,
                "target": move.target.name,
                "at_ns": move.at_ns - dump.origin_ns,
                "cause": move.cause,
            }
            for move in dump.transitions
        ],
        "transitions_dropped": dump.transitions_dropped,
        "provenance": dict(dump.provenance),
    }

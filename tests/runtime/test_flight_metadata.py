"""What a dump says of itself, key by key: readers of files go by these words."""

from __future__ import annotations

from importlib.metadata import version

from tests.runtime.flight_dumps import Tail, dump_of, move
from tickpath.config.flight import FlightSettings
from tickpath.core.state import State
from tickpath.runtime.flight_recorder.metadata import SCHEMA, metadata_of
from tickpath.runtime.flight_recorder.watch import Fired


def test_a_dump_says_every_count_and_where_it_comes_from() -> None:
    tail = Tail(
        events=40, events_head=1_000, events_overwritten=3, acks=30, acks_head=990, acks_overwritten=2
    )
    dump = dump_of(
        number=5,
        at_ns=900_000,
        fired=(Fired("p99>50us", "p99", "it was 61 µs"), Fired("signal", "signal", "SIGUSR1")),
        mode="virtual",
        settings=FlightSettings(last=100, dump_on=("p99>50us", "signal")),
        origin_ns=7_000_000_000,
        capacity_slots=64,
        ack_capacity_slots=32,
        shared_stamps=True,
        tail=tail,
        transitions=(
            move(4, 500, State.DEGRADED, State.READY, "market data outage"),
            move(5, 700, State.READY, State.DEGRADED, "it is back"),
        ),
        transitions_dropped=3,
        provenance={"scenario": "golden", "seed": 5},
    )
    said = {
        "schema": "tickpath/flight/1",
        "tickpath": version("tickpath"),
        "mode": "virtual",
        "number": 5,
        "at_ns": 900_000,
        "triggers": [
            {"trigger": "p99>50us", "evidence": "it was 61 µs"},
            {"trigger": "signal", "evidence": "SIGUSR1"},
        ],
        "last": 100,
        "dump_on": ["p99>50us", "signal"],
        "origin_ns": 7_000_000_000,
        "shared_stamps": True,
        "events": {
            "first_seq": 960,
            "head": 1_000,
            "count": 40,
            "overwritten": 3,
            "not_kept": 36,
            "ring_slots": 64,
        },
        "acks": {"head": 990, "count": 30, "overwritten": 2, "not_kept": 68, "ring_slots": 32},
        "transitions": [
            {
                "epoch": 4,
                "source": "READY",
                "target": "DEGRADED",
                "at_ns": 500,
                "cause": "market data outage",
            },
            {"epoch": 5, "source": "DEGRADED", "target": "READY", "at_ns": 700, "cause": "it is back"},
        ],
        "transitions_dropped": 3,
        "provenance": {"scenario": "golden", "seed": 5},
    }
    assert metadata_of(dump) == dump.metadata() == said
    assert list(metadata_of(dump)) == list(said)
    assert SCHEMA == "tickpath/flight/1"


def test_what_nobody_was_told_is_empty() -> None:
    said = metadata_of(dump_of())
    assert (said["transitions"], said["provenance"]) == ([], {})
    assert said["events"] == {
        "first_seq": 0,
        "head": 0,
        "count": 0,
        "overwritten": 0,
        "not_kept": 0,
        "ring_slots": 64,
    }

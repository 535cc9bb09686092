"""The trace of a dump: the format's own rules, and that it tells what happened."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.flight_traces import Trace, ns
from tickpath.config.engine import ConsumerSettings
from tickpath.config.run import RunSettings
from tickpath.core.ingest import MarketDataSource
from tickpath.lab.drill import load_drill
from tickpath.lab.scenario_source import load_source
from tickpath.runtime.flight_recorder import FlightRecorder, FlightSettings
from tickpath.runtime.flight_recorder.trace_events import micros, micros_of
from tickpath.runtime.session import Session

MS = 1_000_000


def traces(name: str, *dump_on: str, last: int = 500) -> list[Trace]:
    scenario = load_drill(name)
    recorder = FlightRecorder(settings=FlightSettings(last=last, dump_on=dump_on))
    Session(load_source(scenario), scenario=scenario, mode="virtual", recorder=recorder).run()
    return [Trace(dump.trace()) for dump in recorder.dumps]


@given(st.integers(0, 1 << 50))
def test_a_stamp_is_read_as_the_nanosecond_that_it_was(stamp: int) -> None:
    import numpy as np

    assert ns(json.loads(micros(stamp))) == stamp
    assert micros_of(np.array([stamp, 0], dtype=np.int64)) == [micros(stamp), "0.0"]


def test_a_trace_tells_a_drill_from_the_fault_to_the_recovery() -> None:
    (trace,) = traces("feed-freeze", "end")
    assert set(trace.processes.values()) == {"engine", "control plane"}
    assert {name.split(" ", 1)[1] for name in trace.names.values()} >= {
        *("feed", "ring", "executor", "acks", "losses"),
        *("lifecycle", "causes", "injections", "runbooks", "triggers"),
    }
    moves = trace.metadata["transitions"]
    states = [(event["name"], ns(event["ts"]), event["args"]["epoch"]) for event in trace.track(" lifecycle")]
    begin_ns = trace.metadata["window_ns"][0]
    assert states == [(move["target"], max(move["at_ns"], begin_ns), move["epoch"]) for move in moves]
    told = {
        name: [event["name"] for event in trace.track(f" {name}", "i")]
        for name in ("causes", "injections", "triggers")
    }
    assert told["injections"] == ["feed-freeze: start", "feed-freeze: end"]
    assert told["causes"][-2:] == ["raised: market data outage", "cleared: market data outage"]
    assert told["triggers"] == ["end"]
    assert any("market-data-outage" in event["name"] for event in trace.track(" runbooks", "i"))


def test_every_ack_has_its_arrow_and_a_stall_shows_in_the_ring() -> None:
    begun = traces("executor-stall", "transition:DEGRADED", last=5_000)[0]
    executed, acks = begun.track(" executor"), begun.track(" acks")
    assert len(executed) == len(acks) == begun.metadata["acks"]["count"]
    # Those that wait for the stalled executor are published and have no arrow yet.
    waiting = [event for event in begun.track(" feed") if "bind_id" not in event]
    newest = begun.track(" ring", "C")
    assert waiting
    counts = [event["args"]["waiting"] for event in newest if "waiting" in event["args"]]
    assert counts[-1] == max(counts) == len(waiting)
    for event in executed:
        assert event["args"]["waited_ns"] >= 0


def test_consumers_and_losses_have_their_tracks() -> None:
    (trace,) = traces("slow-consumer", "overrun")
    (loss,) = trace.track(" losses", "i")
    assert loss["name"].startswith("log lost ")
    reads = trace.track(" consumer log")
    assert reads
    assert sum(event["args"]["events"] for event in reads) <= trace.metadata["events"]["head"]


def test_a_clock_that_was_stepped_makes_slices_that_can_be_drawn_and_says_so() -> None:
    *straight, stepped = traces("clock-step", "transition:READY", last=2_000)
    assert stepped.metadata["straightened"] > 0
    assert [trace.metadata["straightened"] for trace in straight] == [0]


@pytest.mark.parametrize("events", [0, 1])
def test_a_run_of_next_to_nothing_has_a_trace(events: int) -> None:
    source = MarketDataSource.synthetic(model="constant", rate_hz=1_000, events=5)
    recorder = FlightRecorder(settings=FlightSettings(dump_on=("end",)))
    settings = RunSettings(events_max=events, consumers=(ConsumerSettings(name="log"),))
    Session(source, settings, mode="virtual", recorder=recorder).run()
    assert len(Trace(recorder.dumps[0].trace()).track(" acks")) == events

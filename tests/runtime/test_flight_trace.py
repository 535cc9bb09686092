"""The trace of a dump: the format's own rules, and that it tells what happened."""

from __future__ import annotations

import dataclasses
import json
from bisect import bisect_right
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.runtime.flight_traces import Trace, ns
from tickpath.config.engine import ConsumerSettings, ServiceTime
from tickpath.config.run import RunSettings
from tickpath.config.scenario import load_scenario
from tickpath.core.ingest import MarketDataSource
from tickpath.lab.drill import load_drill
from tickpath.lab.scenario_source import load_source
from tickpath.runtime.flight_recorder import FlightDump, FlightRecorder, FlightSettings
from tickpath.runtime.flight_recorder.trace_events import micros, micros_of
from tickpath.runtime.session import Session

MS = 1_000_000


def traces(name: str, *dump_on: str, last: int = 500) -> list[Trace]:
    scenario = load_drill(name)
    recorder = FlightRecorder(settings=FlightSettings(last=last, dump_on=dump_on))
    Session(load_source(scenario), scenario=scenario, mode="virtual", recorder=recorder).run()
    return [Trace(dump.trace()) for dump in recorder.dumps]


#: A run in which everything happens once: an outage, its cause, its runbook, a consumer that loses events.
GOLDEN = """
schema = "tickpath/scenario/1"
name = "golden"
seed = 5
feed = { model = "constant", rate_hz = 1_000, events = 100 }
ring = { capacity_slots = 8 }
executor = { service = { kind = "constant", ns = 1_234 } }
consumers = [{ name = "log", service = { kind = "constant", ns = 1_500_000 } }]
warmup = { kind = "count", events = 10 }
probes = [{ kind = "feed_staleness", staleness_ns_max = 15_000_000 }]
runbooks = [{ name = "market-data-outage" }]
injections = [{ kind = "feed_outage", at_ns = 40_500_000, duration_ns = 30_000_000 }]
"""
GOLDEN_TRACE = Path(__file__).with_name("flight_trace.golden")


def golden_dump(folder: Path) -> FlightDump:
    path = folder / "golden.toml"
    path.write_text(GOLDEN, encoding="utf-8")
    scenario = load_scenario(path)
    settings = FlightSettings(last=3, dump_on=("transition:DEGRADED", "end"))
    recorder = FlightRecorder(settings=settings, provenance={"scenario": "golden"})
    Session(load_source(scenario), scenario=scenario, mode="virtual", recorder=recorder).run()
    return recorder.dumps[-1]


def test_a_trace_is_what_was_committed_line_by_line(tmp_path: Path) -> None:
    """Whoever changes the format sees here what it was, and what it has become."""
    written = golden_dump(tmp_path).trace().decode("ascii")
    Trace(written.encode("ascii"))
    expected = GOLDEN_TRACE.read_text(encoding="ascii").replace("VERSION", version("tickpath"))
    assert written.splitlines() == expected.splitlines()


@given(st.integers(0, 1 << 50))
@example(1_001)
@example(131_069)
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
    assert begun.flows == {event["args"]["seq"] for event in acks}
    waiting = [event for event in begun.track(" feed") if event["args"]["seq"] not in begun.flows]
    newest = begun.track(" ring", "C")
    assert waiting
    counts = [event["args"]["waiting"] for event in newest if "waiting" in event["args"]]
    assert counts[-1] == max(counts) == len(waiting)
    for event in executed:
        assert event["args"]["waited_ns"] >= 0


def test_the_ring_s_counter_is_what_was_published_and_not_begun() -> None:
    source = MarketDataSource.synthetic(rate_hz=200_000, events=1_000, seed=3)
    executor = ConsumerSettings(name="executor", service=ServiceTime.constant(4_000))
    recorder = FlightRecorder(settings=FlightSettings(dump_on=("end",)))
    Session(source, RunSettings(executor=executor), mode="virtual", recorder=recorder).run()
    trace = Trace(recorder.dumps[0].trace())
    published = [ns(event["ts"]) for event in trace.track(" feed")]
    begun = [ns(event["ts"]) for event in trace.track(" executor")]
    counted = [event for event in trace.track(" ring", "C") if event["name"] == "ring"]
    before = None
    for event in counted:
        at_ns, waiting = ns(event["ts"]), event["args"]["waiting"]
        assert waiting == bisect_right(published, at_ns) - bisect_right(begun, at_ns)
        assert waiting != before
        before = waiting
    assert max(event["args"]["waiting"] for event in counted) > 50


def test_what_an_ack_alone_knows_of_is_in_it_too() -> None:
    """Events that came while the acks were copied, and are in no copy of the events."""
    source = MarketDataSource.synthetic(model="constant", rate_hz=100_000, events=500)
    recorder = FlightRecorder(settings=FlightSettings(dump_on=("end",)))
    Session(source, RunSettings(), mode="virtual", recorder=recorder).run()
    (dump,) = recorder.dumps
    tail = SimpleNamespace(events_head=400, events=300, events_overwritten=0)
    tail.acks_head, tail.acks, tail.acks_overwritten = dump.tail.acks_head, dump.tail.acks, 0
    cut: Any = dataclasses.replace(dump, events=dump.events[100:400], tail=tail)  # type: ignore[arg-type]
    trace = Trace(cut.trace())
    published = trace.track(" feed")
    assert [event["args"]["seq"] for event in published] == list(range(500))
    assert [event["args"]["seq"] for event in published if "kind" in event["args"]] == list(range(100, 400))
    assert trace.flows == set(range(500))


def test_a_long_run_s_trace_begins_where_its_steps_are_kept_and_counts_what_was_before() -> None:
    scenario = load_drill("feed-freeze")
    control = dataclasses.replace(scenario.control, interval_ns=MS)
    scenario = dataclasses.replace(scenario, control=control)
    recorder = FlightRecorder(settings=FlightSettings(last=10, dump_on=("end",)))
    Session(load_source(scenario), scenario=scenario, mode="virtual", recorder=recorder).run()
    assert len(recorder.dumps[0].looks) == 256
    trace = Trace(recorder.dumps[0].trace())
    begin_ns, end_ns = trace.metadata["window_ns"]
    assert 200 * MS < end_ns - begin_ns <= 256 * MS
    (state,) = trace.track(" lifecycle")
    assert (state["name"], ns(state["ts"]), ns(state["dur"])) == ("READY", begin_ns, end_ns - begin_ns)
    assert state["args"]["since_ns"] < begin_ns
    left_out = trace.metadata["before_window"]
    assert left_out == {"states": 3, "causes": 2, "injections": 2, "runbooks": left_out["runbooks"]}
    assert min(ns(event["ts"]) for event in trace.events if "ts" in event) == begin_ns


def test_without_a_plan_nobody_is_late() -> None:
    source = MarketDataSource.synthetic(model="constant", rate_hz=100_000, events=300)
    recorder = FlightRecorder(settings=FlightSettings(dump_on=("end",)))
    Session(source, RunSettings(pace="max", floor_window_ns=10_000), recorder=recorder).run()
    published = Trace(recorder.dumps[0].trace()).track(" feed")
    assert len(published) == 300
    assert not any("late_ns" in event["args"] or event["dur"] for event in published)


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

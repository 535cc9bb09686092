"""What Perfetto makes of a dump is what stands in it: every slice, every nanosecond, every arrow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.perfetto.conftest import Opened
from tests.runtime.flight_traces import Trace, ns
from tickpath.config.engine import ConsumerSettings, ServiceTime
from tickpath.config.run import RunSettings
from tickpath.core.ingest import MarketDataSource
from tickpath.lab.drill import load_drill
from tickpath.lab.scenario_source import load_source
from tickpath.runtime.flight_recorder import FlightRecorder, FlightSettings
from tickpath.runtime.session import Session

SLICES = """select thread.name, slice.name, slice.ts, slice.dur, slice.depth from slice
    join thread_track on slice.track_id = thread_track.id join thread using (utid)"""
ARROWS = """select one.name, other.name, of_one.int_value, of_other.int_value from flow
    join slice one on flow.slice_out = one.id join slice other on flow.slice_in = other.id
    join args of_one on of_one.arg_set_id = one.arg_set_id and of_one.key = 'args.seq'
    join args of_other on of_other.arg_set_id = other.arg_set_id and of_other.key = 'args.seq'"""
WRONG = "select name, value from stats where value > 0 and severity in ('error', 'data_loss')"


def drilled(name: str, trigger: str) -> bytes:
    scenario = load_drill(name)
    recorder = FlightRecorder(settings=FlightSettings(last=1_500, dump_on=(trigger,)))
    Session(load_source(scenario), scenario=scenario, mode="virtual", recorder=recorder).run()
    return recorder.dumps[-1].trace()


def live(_name: str, trigger: str) -> bytes:
    source = MarketDataSource.synthetic(rate_hz=50_000, events=10_000)
    recorder = FlightRecorder(settings=FlightSettings(last=1_500, dump_on=(trigger,)))
    log = ConsumerSettings(name="log", after=("executor",), service=ServiceTime.constant(2_000))
    Session(source, RunSettings(floor_window_ns=1_000_000, consumers=(log,)), recorder=recorder).run()
    return recorder.dumps[-1].trace()


@pytest.mark.parametrize(
    ("run", "name", "trigger"),
    [
        (drilled, "executor-stall", "transition:DEGRADED"),
        (drilled, "overlapping-outages", "end"),
        (drilled, "slow-consumer", "overrun"),
        (drilled, "clock-step", "transition:READY"),
        (live, "live", "end"),
    ],
)
def test_perfetto_reads_what_was_written(
    opened: Opened, run: Callable[[str, str], bytes], name: str, trigger: str
) -> None:
    content = run(name, trigger)
    trace, ask = Trace(content), opened(content)
    assert ask(WRONG) == []
    written = Counter(
        (trace.names[event["pid"], event["tid"]], event["name"], ns(event["ts"]), ns(event.get("dur", 0)))
        for event in trace.events
        if event["ph"] in "Xi"
    )
    rows = ask(SLICES)
    assert Counter(tuple(row[:4]) for row in rows) == written
    # Nothing lies within another but what happens at the same moment, or was moved there.
    at_once = {"2 causes", "3 injections", "4 runbooks", "5 triggers"}
    at_once |= {"3 executor", "4 acks"} if trace.metadata["straightened"] else set()
    assert {row[0] for row in rows if row[4]} <= at_once
    arrows = ask(ARROWS)
    expected = [(pair, seq) for seq in trace.flows for pair in ("out", "in")]
    assert len(arrows) == len(expected)
    # Of slices that were moved to one moment it may take a neighbour's: docs/reference/flight-json.md.
    strays = [(seq, other) for _, _, seq, other in arrows if seq != other]
    assert len(strays) <= 2 * trace.metadata["straightened"], strays[:5]
    assert {(one, other) for one, other, *_ in arrows} <= {
        *(("publish", "execute"), ("publish", "gated"), ("execute", "ack"), ("gated", "ack")),
    }
    counters = sum(len(event["args"]) for event in trace.events if event["ph"] == "C")
    assert ask("select count(*) from counter") == [[counters]]

"""The flight recorder: what it keeps, when it writes, and what it says of what it has not."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import polars
import pyarrow
import pytest

from tests.runtime.flight_traces import Trace
from tickpath.config.engine import ConsumerSettings, ServiceTime
from tickpath.config.run import RunSettings
from tickpath.core.engine import VirtualEngine
from tickpath.core.ingest import EVENT_DTYPE, MarketDataSource
from tickpath.core.state import Lifecycle, State
from tickpath.errors import EngineFailed
from tickpath.lab.digest import run_digest
from tickpath.lab.drill import load_drill
from tickpath.lab.scenario_source import load_source
from tickpath.runtime.flight_recorder import DumpSignal, FlightRecorder, FlightSettings
from tickpath.runtime.result import RunResult
from tickpath.runtime.session import Session

MS = 1_000_000
FEED = MarketDataSource.synthetic(model="constant", rate_hz=100_000, events=5_000)


def settings(**given: Any) -> RunSettings:
    return RunSettings(warmup_events=100, **given)


def flown(
    recorder: FlightRecorder, run: RunSettings | None = None, source: MarketDataSource = FEED, **how: Any
) -> RunResult:
    """A run in virtual time with ``recorder``."""
    return Session(source, run or settings(), mode="virtual", recorder=recorder).run(**how)


def drilled(name: str, recorder: FlightRecorder | None) -> RunResult:
    scenario = load_drill(name)
    return Session(load_source(scenario), scenario=scenario, mode="virtual", recorder=recorder).run()


def recorder_of(*dump_on: str, **given: Any) -> FlightRecorder:
    return FlightRecorder(settings=FlightSettings(dump_on=dump_on, **given))


def moments(recorder: FlightRecorder) -> list[tuple[int, tuple[str, ...]]]:
    return [(dump.at_ns, tuple(one.trigger for one in dump.fired)) for dump in recorder.account.dumps]


def test_at_the_end_it_has_the_last_events_acks_and_transitions() -> None:
    recorder = recorder_of("end", last=700)
    result = flown(recorder)
    (dump,) = recorder.dumps
    assert (dump.tail.events, dump.tail.acks, dump.tail.events_head) == (700, 700, 5_000)
    assert dump.acks["seq"].tolist() == list(range(4_300, 5_000))
    # The stamps of an ack are those of its event.
    assert (dump.acks["published_ns"] == dump.events["ts_ns"]).all()
    assert (dump.acks["intended_ns"] == dump.events["intended_ns"]).all()
    assert (dump.events["price_e9"] == FEED.events["price_e9"][4_300:]).all()
    assert dump.transitions == result.history
    assert result.flight == recorder.account
    # A plan of 49.99 ms, and the 19 that the warm-up held it for.
    assert moments(recorder) == [(68_990_000, ("end",))]


def test_it_says_what_the_rings_no_longer_had_and_an_ack_knows_more_than_the_ring_of_events() -> None:
    recorder = recorder_of("end", last=3_000)
    flown(recorder, settings(capacity=64))
    (note,) = recorder.account.dumps
    assert (note.events, note.events_not_kept, note.acks, note.acks_not_kept) == (64, 2_936, 3_000, 0)
    trace = Trace(recorder.dumps[0].trace())
    published = [event["args"]["seq"] for event in trace.track(" feed")]
    assert published == list(range(2_000, 5_000))
    # A ring of acks that was asked for keeps its size, and that is said, too.
    small = recorder_of("end", last=3_000)
    flown(small, settings(ack_capacity=50))
    (note,) = small.account.dumps
    assert (note.events, note.events_not_kept, note.acks, note.acks_not_kept) == (3_000, 0, 50, 2_950)


def test_a_run_is_the_same_with_a_recorder_and_its_files_are_the_same_twice(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    digests = [run_digest(drilled("feed-freeze", None))]
    for folder in folders:
        recorder = FlightRecorder(folder, FlightSettings(last=500, dump_on=("transition",)), arrow=True)
        digests.append(run_digest(drilled("feed-freeze", recorder)))
    assert len(set(digests)) == 1
    one, two = ({file.name: file.read_bytes() for file in folder.iterdir()} for folder in folders)
    assert one == two
    assert len(one) == 4 * len(recorder.account.dumps) == 16
    for name, content in one.items():
        if name.endswith(".json"):
            assert Trace(content).metadata["mode"] == "virtual"


def test_early_it_has_what_there_is_and_misses_nothing() -> None:
    recorder = recorder_of("transition:WARMUP", last=500)
    flown(recorder, source=FEED)
    (dump,) = recorder.dumps
    assert dump.events["ts_ns"].tolist() == dump.acks["published_ns"].tolist() == list(range(0, MS, 10_000))
    assert (dump.events_not_kept, dump.acks_not_kept) == (0, 0)
    assert all("late_ns" in event["args"] for event in Trace(dump.trace()).track(" feed"))
    # Of what was never there nothing is missing.
    small = recorder_of("transition:WARMUP", last=500)
    flown(small, settings(capacity=64))
    assert (small.dumps[0].tail.events, small.dumps[0].events_not_kept) == (64, 36)


def test_it_keeps_the_last_transitions_and_counts_those_before() -> None:
    recorder = recorder_of("end", last=2)
    result = drilled("feed-freeze", recorder)
    (dump,) = recorder.dumps
    assert (dump.transitions, dump.transitions_dropped) == (result.history[-2:], 2)
    trace = Trace(dump.trace())
    assert [event["name"] for event in trace.track(" lifecycle")] == ["DEGRADED", "READY"]
    assert trace.metadata["transitions_dropped"] == 2


def test_a_run_gets_the_ring_of_acks_that_it_needs() -> None:
    assert recorder_of("end").fit(settings()).ack_capacity == 65_536
    assert recorder_of("end", last=70_000).fit(settings()).ack_capacity == 70_000
    assert recorder_of("end", last=70_000).fit(settings(ack_capacity=8)).ack_capacity == 8


def test_each_transition_has_its_dump_and_a_state_only_its_own() -> None:
    recorder = recorder_of("transition", last=100)
    result = drilled("feed-freeze", recorder)
    moved = [(max(move.at_ns, 10 * MS), move.target.name) for move in result.history]
    dumped = [(dump.at_ns, dump.transitions[-1].target.name) for dump in recorder.dumps]
    assert dumped == moved
    only = recorder_of("transition:degraded")
    drilled("feed-freeze", only)
    assert [dump.transitions[-1].target for dump in only.dumps] == [State.DEGRADED]
    assert "READY -> DEGRADED: market data outage" in only.dumps[0].fired[0].evidence


def test_a_trouble_that_lasts_makes_one_dump() -> None:
    # A slow consumer loses events from some step on, in every step.
    slow = ConsumerSettings(name="slow", service=ServiceTime.constant(50_000))
    recorder = recorder_of("overrun")
    flown(recorder, settings(capacity=256, consumers=(slow,)))
    (dump,) = recorder.account.dumps
    assert dump.fired[0].evidence == "slow lost 17 events, of 256 slots"


def test_what_comes_back_soon_is_counted_and_what_comes_later_is_dumped() -> None:
    # A burst each 30 ms, in which events wait for each other, and single events between.
    bursts = [30 * MS * burst + 1_000 * event for burst in range(10) for event in range(100)]
    singles = [30 * MS * burst + 10 * MS * step for burst in range(10) for step in (1, 2)]
    rows = np.zeros(1_020, EVENT_DTYPE)
    rows["ts_ns"] = sorted(bursts + singles)
    source = MarketDataSource.from_table(rows, columns={"ts_ns": "ts_ns"})
    run = settings(executor=ConsumerSettings(name="executor", service=ServiceTime.constant(5_000)))
    dumped = {}
    for gap_ns in (0, 60 * MS, 1_000 * MS):
        recorder = recorder_of("max>300us", gap_ns=gap_ns, dumps_max=100)
        flown(recorder, run, source)
        suppressed = {(each.trigger, each.why): each.count for each in recorder.account.suppressed}
        dumped[gap_ns] = len(recorder.dumps), suppressed.get(("max>300us", "gap"), 0)
    assert dumped == {0: (10, 0), 60 * MS: (5, 5), 1_000 * MS: (1, 9)}


def test_a_latency_is_judged_by_acks_enough_for_it() -> None:
    service = ServiceTime.constant(9_000)
    run = settings(executor=ConsumerSettings(name="executor", service=service))
    above, exact, both = recorder_of("p99>8us"), recorder_of("p99>9us"), recorder_of("p50>1us", "p99>1us")
    for recorder in (above, exact, both):
        flown(recorder, run)
    # The first step with 1,000 acks and more: the 100 of the warm-up, and those of 10 ms.
    assert moments(above) == [(30 * MS, ("p99>8us",))]
    assert moments(exact) == []
    assert [len(fired) for _, fired in moments(both)] == [2]
    # Too few for a p99 in the whole run: unknown, and so never above.
    few = recorder_of("p99>1ns")
    flown(few, run, MarketDataSource.synthetic(model="constant", rate_hz=100_000, events=900))
    assert (moments(few), few.account.windows_unknown) == ([], 0)
    # A ring of acks that turns over between two steps: what no window has seen is counted.
    small = recorder_of("p99>1ns")
    flown(small, settings(ack_capacity=64))
    assert (moments(small), small.account.windows_unknown, small.account.acks_unseen) == ([], 4, 4_840)


def test_there_are_no_more_dumps_than_were_allowed_and_the_rest_is_counted() -> None:
    recorder = recorder_of("transition", "end", dumps_max=2)
    drilled("feed-freeze", recorder)
    assert [dump.number for dump in recorder.dumps] == [1, 2]
    suppressed = [(each.trigger, each.why, each.count) for each in recorder.account.suppressed]
    assert suppressed == [("transition", "dumps_max", 2), ("end", "dumps_max", 1)]


def test_whoever_asks_gets_one_dump_a_step_and_one_who_asks_too_late_is_counted() -> None:
    recorder = recorder_of("signal")
    looks: list[object] = []

    def ask(_seen: object) -> None:
        looks.append(None)
        if len(looks) == 2:
            signal.raise_signal(signal.SIGUSR1)
            signal.raise_signal(signal.SIGUSR1)
            recorder.request("the pager")
            # They are about to be answered.
            assert recorder.account.suppressed == ()

    before = signal.getsignal(signal.SIGUSR1)
    with DumpSignal(recorder):
        flown(recorder, on_look=ask)
        signal.raise_signal(signal.SIGUSR1)
        signal.raise_signal(signal.SIGUSR1)
    assert signal.getsignal(signal.SIGUSR1) is before
    (dump,) = recorder.dumps
    assert [(one.trigger, one.evidence) for one in dump.fired] == [
        ("signal", "SIGUSR1, 2 times"),
        ("request", "the pager"),
    ]
    suppressed = [(each.trigger, each.why, each.count) for each in recorder.account.suppressed]
    assert suppressed == [("signal", "over", 2)]
    # A run that never begins has nothing to dump, and that is said.
    unbegun = recorder_of("signal")
    unbegun.request()
    assert [(each.trigger, each.why) for each in unbegun.account.suppressed] == [("request", "over")]
    with DumpSignal(recorder_of("end")):
        assert signal.getsignal(signal.SIGUSR1) is before


def test_a_signal_may_ask_between_any_two_lines() -> None:
    recorder = recorder_of("transition", "signal", last=50)
    asked: list[str] = []
    own = ("flight_recorder/recorder.py", "flight_recorder/recorded_run.py")

    def at_each_line(frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line" and frame.f_code.co_name != "request":
            asked.append(frame.f_code.co_name)
            recorder.request("SIGUSR1", by_signal=True)
        return at_each_line if frame.f_code.co_filename.endswith(own) else None

    def traced(call: Callable[[], Any]) -> Any:
        before = sys.gettrace()
        sys.settrace(at_each_line)
        try:
            return call()
        finally:
            sys.settrace(before)

    flown(recorder, trace=lambda look, plane, _digest: traced(lambda: recorder.step(look, plane)))
    account = traced(lambda: recorder.account)
    assert {"_step", "_requested", "account", "_keep", "copy"} <= set(asked)
    assert account.failures == 0
    assert [each.why for each in account.suppressed] == ["over"]


def test_what_cannot_be_written_is_said_and_the_run_goes_on(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_bytes(b"not a folder")
    recorder = FlightRecorder(taken)
    assert flown(recorder).verdict == "pass"
    (note,) = recorder.account.dumps
    assert (note.files, recorder.account.failures) == ((), 1)
    assert note.failure is not None
    assert str(taken) in note.failure
    # A fork has the recorder, and the folder is its parent's.
    forked = FlightRecorder(tmp_path / "forked")
    forked._home.pid = -1
    flown(forked)
    assert "a fork writes nothing" in str(forked.account.dumps[0].failure)
    assert not (tmp_path / "forked").exists()
    # Nothing is left half written.
    full = FlightRecorder(tmp_path / "full", arrow=True)
    (tmp_path / "full" / "0001-end.events.arrow").mkdir(parents=True)
    flown(full)
    (note,) = full.account.dumps
    assert note.files == ("0001-end.trace.json",)
    assert note.failure is not None
    assert sorted(file.name for file in (tmp_path / "full").iterdir()) == [
        "0001-end.events.arrow",
        "0001-end.trace.json",
    ]


def test_events_and_acks_are_arrow_tables_that_join(tmp_path: Path) -> None:
    recorder = recorder_of("end", last=300)
    flown(recorder, settings(capacity=200))
    (dump,) = recorder.dumps
    events, acks = polars.DataFrame(dump.event_rows()), polars.DataFrame(dump.ack_rows())
    joined = events.join(acks, on="seq")
    assert (len(events), len(acks), len(joined)) == (200, 300, 200)
    assert (joined["ts_ns"] == joined["published_ns"]).all()
    assert acks["executed"].dtype == polars.Boolean
    names = dump.write(tmp_path, arrow=True)
    kinds = ("trace.json", "events.arrow", "acks.arrow", "transitions.arrow")
    assert names == tuple(f"0001-end.{kind}" for kind in kinds)
    rows = [
        (move.epoch, move.source.name, move.target.name, move.at_ns, move.cause) for move in dump.transitions
    ]
    types = [polars.UInt64, polars.String, polars.String, polars.Int64, polars.String]
    columns = ["epoch", "source", "target", "at_ns", "cause"]
    moves = polars.DataFrame(rows, schema=dict(zip(columns, types, strict=True)), orient="row")
    assert moves["target"].to_list() == ["WARMUP", "READY"]
    for name, frame in zip(names[1:], (events, acks, moves), strict=True):
        table = pyarrow.ipc.open_file(tmp_path / name).read_all()
        assert polars.DataFrame(table).equals(frame)
        assert json.loads(table.schema.metadata[b"tickpath"]) == dump.metadata()


def test_a_recorder_records_one_run_and_needs_a_ring_of_acks() -> None:
    recorder = recorder_of("end")
    flown(recorder)
    with pytest.raises(EngineFailed, match="make another"):
        flown(recorder)
    engine = VirtualEngine(FEED, lifecycle := Lifecycle())
    engine.start()
    with pytest.raises(EngineFailed, match="ack_capacity"):
        recorder_of("end").begin(engine, lifecycle, settings(), "virtual")


def test_a_live_run_is_dumped_when_it_is_asked_for_while_it_runs(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path, FlightSettings(last=300, dump_on=("signal", "transition:READY")))
    # Longer than any machine takes to come to it: the run is ended when it has been asked, and has answered.
    source = MarketDataSource.synthetic(model="constant", rate_hz=20_000, events=400_000)
    session = Session(source, settings(floor_window_ns=100_000), recorder=recorder)
    asked: list[int] = []

    def ask(seen: Any) -> None:
        if not asked and seen.stages[0].processed > 1_500:
            asked.append(seen.published)
            signal.raise_signal(signal.SIGUSR1)
        elif len(recorder.account.dumps) == 2:
            session.shutdown.request("test")

    with DumpSignal(recorder):
        result = session.run(on_look=ask)
    assert (result.verdict, result.record is not None and result.record.balanced) == ("interrupted", True)
    ready, by_signal = recorder.account.dumps
    assert (ready.fired[0].trigger, by_signal.fired[0].trigger) == ("transition:READY", "signal")
    assert by_signal.events == by_signal.acks == 300
    for note in (ready, by_signal):
        trace = Trace((tmp_path / note.files[0]).read_bytes())
        states = [event["name"] for event in trace.track(" lifecycle")]
        assert states[-1] == "READY"
        assert trace.metadata["origin_ns"] == (result.record.begin_ns if result.record else None)

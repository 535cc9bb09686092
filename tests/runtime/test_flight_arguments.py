"""What a flight recorder and its reader take, and what they refuse."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.runtime.test_flight_recorder import FEED, MS, flown, settings
from tickpath.core.engine import FlightReader, VirtualEngine
from tickpath.core.execution.stamped import STAMPED_ACK_DTYPE
from tickpath.core.ingest import EVENT_DTYPE
from tickpath.core.state import Lifecycle, State
from tickpath.errors import ArgumentTypeError, ArgumentValueError
from tickpath.runtime.flight_recorder import FlightRecorder, FlightSettings, parse_trigger


def test_a_reader_takes_the_arrays_of_its_layouts_and_no_others() -> None:
    engine = VirtualEngine(FEED, lifecycle := Lifecycle(), settings(ack_capacity=64))
    assert engine.flight_reader() is None
    lifecycle.transition_to(State.WARMUP)
    engine.start()
    engine.advance(until_ns=MS)
    reader = engine.flight_reader()
    assert isinstance(reader, FlightReader)
    events, acks = np.zeros(2_000, EVENT_DTYPE), np.zeros(2_000, STAMPED_ACK_DTYPE)
    tail = reader.read_into(events, acks)
    # Those of which a copy is asked lie at the end; what lies before stays.
    assert (tail.events, tail.acks, tail.acks_head) == (101, 64, 101)
    assert events["ts_ns"][-101:].tolist() == list(range(0, MS + 1, 10_000))
    assert not events["ts_ns"][:-101].any()
    assert acks["seq"][-64:].tolist() == list(range(37, 101))
    assert not acks["seq"][:-64].any()
    assert "events_head=101" in repr(tail)
    assert tail == reader.read_into(events, acks)
    for wrong in (events, acks["seq"], [1, 2]):
        with pytest.raises(ArgumentTypeError, match=r"acks must be .* STAMPED_ACK_DTYPE"):
            reader.read_into(events, wrong)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError):
        reader.read_into(acks, acks)
    for odd in (acks.reshape(2, -1), acks[::2]):
        with pytest.raises(ArgumentValueError):
            reader.read_into(events, odd)


def test_a_recorder_says_what_it_takes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ArgumentTypeError, match="settings must be of the type FlightSettings"):
        FlightRecorder(settings="end")  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="arrow must be True or False"):
        FlightRecorder(arrow="yes")  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="neither copied nor pickled"):
        pickle.dumps(FlightRecorder())
    recorder = FlightRecorder(str(tmp_path))
    assert (recorder.folder, recorder.settings, recorder.account.folder) == (
        tmp_path,
        FlightSettings(),
        str(tmp_path),
    )
    assert (FlightRecorder().folder, FlightRecorder().account.folder) == (None, None)
    flown(recorder)
    assert [file.name for file in tmp_path.iterdir()] == ["0001-end.trace.json"]
    assert recorder.dumps == ()
    monkeypatch.setitem(sys.modules, "pyarrow.ipc", None)
    with pytest.raises(ArgumentValueError, match=r"pip install 'tickpath\[arrow\]'"):
        FlightRecorder(arrow=True)


@pytest.mark.parametrize(
    "text",
    ["p99", "p99>", "p99>50", "p99>-1us", "p99.9>1us", "p99>1.5us", "transition:INIT", "overrun:x", ""],
)
def test_what_is_no_trigger_is_refused_with_what_there_is(text: str) -> None:
    with pytest.raises(ArgumentValueError, match="writes on p99>50us"):
        parse_trigger(text)


def test_settings_say_what_they_expect() -> None:
    assert parse_trigger("max>2ms").limit_ns == 2 * MS
    assert parse_trigger("p50>3µs").limit_ns == 3_000
    for wrong, message in (
        ({"last": 0}, "last"),
        ({"last": 250_001}, "250,000"),
        ({"dump_on": ()}, "at least one trigger"),
        ({"dump_on": ("end", "end")}, "each trigger once"),
        ({"gap_ns": -1}, "gap_ns"),
    ):
        with pytest.raises(ArgumentValueError, match=message):
            FlightSettings(**wrong)
    with pytest.raises(ArgumentTypeError):
        FlightSettings(dump_on=["end"])  # type: ignore[arg-type]

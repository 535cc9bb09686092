"""The flight recorder: the last events, acks and transitions of a run, written when something happens."""

from tickpath.config.flight import FlightSettings, Trigger, parse_trigger
from tickpath.runtime.flight_recorder.account import DumpNote, FlightAccount, Suppressed
from tickpath.runtime.flight_recorder.dump import CauseMove, FlightDump
from tickpath.runtime.flight_recorder.dump_signal import DumpSignal
from tickpath.runtime.flight_recorder.recorder import FlightRecorder
from tickpath.runtime.flight_recorder.watch import Fired

__all__ = [
    "CauseMove",
    "DumpNote",
    "DumpSignal",
    "Fired",
    "FlightAccount",
    "FlightDump",
    "FlightRecorder",
    "FlightSettings",
    "Suppressed",
    "Trigger",
    "parse_trigger",
]

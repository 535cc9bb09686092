"""A dump in the Chrome trace event format (JSON), which ui.perfetto.dev and ``chrome://tracing`` open.

Two processes: the engine, with a track for the feed, the executor, the acks, losses and each consumer, and
counters of the ring; and the control plane, with a track for the lifecycle, causes, injections, runbooks and
triggers. Arrows lead from an event's publication to its execution to its ack.

A line for each trace event, sorted by nothing: viewers do that. The same dump gives the same bytes.
"""

from __future__ import annotations

import json
from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING, Any

from tickpath.runtime.flight_recorder import control_tracks, engine_tracks
from tickpath.runtime.flight_recorder.trace_events import Window, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tickpath.runtime.flight_recorder.dump import FlightDump

__all__ = ["chrome_trace"]


def chrome_trace(dump: FlightDump) -> bytes:
    """``dump`` as a whole file.

    Times are run time in microseconds, exact to the nanosecond. The file begins where the oldest event, ack
    or control step of the dump lies; a state that began before is cut there, and what happened before is
    counted under ``before_window``.
    """
    window = Window(_begin_ns(dump), dump.at_ns)
    lines = chain(_names(dump), engine_tracks.lines(dump, window), control_tracks.lines(dump, window))
    out = BytesIO()
    out.write(b'{"traceEvents":[\n')
    out.write(next(lines).encode("ascii"))
    for line in lines:
        out.write(b",\n")
        out.write(line.encode("ascii"))
    said: dict[str, Any] = {
        **dump.metadata(),
        "window_ns": [window.begin_ns, window.end_ns],
        "before_window": dict(window.left_out),
        "straightened": window.straightened,
    }
    # No displayTimeUnit: there are readers that take it for the unit of the stamps.
    out.write(f'\n],"otherData":{json.dumps(said)}}}\n'.encode("ascii"))
    return out.getvalue()


def _begin_ns(dump: FlightDump) -> int:
    """Where the dump begins, by whatever is the oldest in it; never before the feed."""
    begins = [dump.at_ns]
    if dump.looks:
        begins.append(dump.looks[0].at_ns)
    if len(dump.events):
        begins.append(int(dump.events["ts_ns"][0]) - dump.origin_ns)
    if len(dump.acks):
        begins.append(int(dump.acks["published_ns"][0]) - dump.origin_ns)
    return max(0, min(begins))


def _names(dump: FlightDump) -> Iterator[str]:
    """What processes and threads are called, in the order of their numbers."""
    yield named("process_name", engine_tracks.PID, 0, "engine")
    yield named("process_name", control_tracks.PID, 0, "control plane")
    for tid, name in engine_tracks.tracks(dump).items():
        yield named("thread_name", engine_tracks.PID, tid, name)
    for tid, name in control_tracks.TRACKS.items():
        yield named("thread_name", control_tracks.PID, tid, name)

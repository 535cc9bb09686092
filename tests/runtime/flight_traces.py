"""A strict reader of Chrome traces: what ui.perfetto.dev and chrome://tracing need, and our own promises.

Written from the format's description and from what Perfetto's importer does with it (it reads a stamp as a
double, multiplies it by 1,000 and cuts), not from the code that writes them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import pairwise
from typing import Any

Event = dict[str, Any]

_KEYS = {
    "M": {"ph", "pid", "tid", "name", "args"},
    "X": {"ph", "pid", "tid", "ts", "dur", "name", "cat", "args"},
    "i": {"ph", "pid", "tid", "ts", "s", "name", "cat", "args"},
    "C": {"ph", "pid", "tid", "ts", "name", "cat", "args"},
}
_FLOW = {"bind_id", "flow_in", "flow_out"}


def ns(micros: float) -> int:
    """A stamp as an importer reads it, which is what a careful reader makes of it, too."""
    assert isinstance(micros, (int, float))
    cut = int(micros * 1_000.0)
    assert cut == round(micros * 1_000), micros
    return cut


class Trace:
    """A trace that has passed; whatever is wrong with it raises."""

    def __init__(self, content: bytes) -> None:
        whole = json.loads(content.decode("ascii"))
        assert list(whole) == ["traceEvents", "otherData"]
        self.events: list[Event] = whole["traceEvents"]
        self.metadata: Event = whole["otherData"]
        assert self.metadata["schema"] == "tickpath/flight/1"
        self.names: dict[tuple[int, int], str] = {}
        self.processes: dict[int, str] = {}
        for event in self.events:
            self._check(event)
        self._check_slices()
        self._check_flows()

    def track(self, name: str, phase: str = "X") -> list[Event]:
        """The events of the track of that name, in the order of the file."""
        (where,) = [where for where, called in self.names.items() if called.endswith(name)]
        return [one for one in self.events if one["ph"] == phase and (one["pid"], one["tid"]) == where]

    def _check(self, event: Event) -> None:
        phase = event["ph"]
        flow = set(event) & _FLOW
        assert set(event) - flow == _KEYS[phase], event
        assert not flow or phase == "X"
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
        assert event["name"]
        if phase == "M":
            name = event["args"]["name"]
            if event["name"] == "process_name":
                self.processes[event["pid"]] = name
            else:
                assert event["name"] == "thread_name"
                self.names[event["pid"], event["tid"]] = name
            return
        # Every name is known before its track is used.
        assert event["pid"] in self.processes
        assert (event["pid"], event["tid"]) in self.names
        assert ns(event["ts"]) >= 0
        assert phase != "i" or event["s"] == "t"
        if phase == "C":
            assert event["args"]
            assert all(type(value) is int for value in event["args"].values())

    def _check_slices(self) -> None:
        """On each track a slice begins when the one before has ended, or ends within it."""
        tracks = defaultdict(list)
        for event in self.events:
            if event["ph"] == "X":
                begin, length = ns(event["ts"]), ns(event["dur"])
                assert length >= 0
                tracks[event["pid"], event["tid"]].append((begin, begin + length))
        for track, slices in tracks.items():
            for (_, before), (begin, _) in pairwise(slices):
                assert begin >= before, (self.names[track], before, begin)

    def _check_flows(self) -> None:
        """Each arrow leads once from a publication over an execution to an ack, and all are of one event."""
        flows = defaultdict(list)
        for event in self.events:
            if "bind_id" in event:
                into, out = bool(event.get("flow_in")), bool(event.get("flow_out"))
                step = (event["name"], into, out, event["args"]["seq"], ns(event["ts"]))
                flows[event["bind_id"]].append(step)
        for bind_id, steps in flows.items():
            at = [step[4] for step in steps]
            assert at == sorted(at)
            names = [name for name, *_ in steps]
            assert names[0] == "publish"
            assert names[1] in ("execute", "gated")
            assert names[2:] == ["ack"]
            assert [step[1:3] for step in steps] == [(False, True), (True, True), (True, False)]
            assert {step[3] for step in steps} == {int(bind_id, 16)}

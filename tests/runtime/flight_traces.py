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
    "s": {"ph", "pid", "tid", "ts", "id", "name", "cat"},
    "t": {"ph", "pid", "tid", "ts", "id", "name", "cat"},
    "f": {"ph", "pid", "tid", "ts", "id", "name", "cat", "bp"},
}


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
        assert set(event) == _KEYS[phase], event
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
        assert phase != "f" or event["bp"] == "e"
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
        """Each arrow leads once from a publication over an execution to an ack, and all are of one event.

        Its parts stand behind the slice that they bind to, which begins at their moment: so it is bound even
        where several slices do.
        """
        flows = defaultdict(list)
        for before, event in pairwise(self.events):
            if event["ph"] in "stf":
                assert (event["name"], event["cat"]) == ("event", "flow")
                assert [before[key] for key in ("ph", "pid", "tid", "ts")] == [
                    *("X", event["pid"], event["tid"], event["ts"])
                ]
                assert before["args"]["seq"] == event["id"]
                flows[event["id"]].append((event["ph"], before["name"], ns(event["ts"])))
        for steps in flows.values():
            phases, names, moments = zip(*steps, strict=True)
            assert phases == ("s", "t", "f")
            assert names in (("publish", "execute", "ack"), ("publish", "gated", "ack"))
            assert list(moments) == sorted(moments)
        self.flows = set(flows)

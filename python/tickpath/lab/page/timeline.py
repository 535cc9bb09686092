"""The timeline of a run: the lifecycle, what was injected, detected and done about it, a lane each.

Pure functions from a run's object to what the template draws and to the table that says the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tickpath.lab.page.scales import Tick, TimeScale
from tickpath.lab.report_text import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Bar", "Lane", "Moment", "Timeline", "state_spans", "timeline_of"]

#: Lanes that are drawn; what else there is stands in the table.
_LANES_MAX = 32
#: Stretches of a lane that are drawn.
_BARS_MAX = 300
#: Rows of the table, and the rest is counted: a page is to be read.
_ROWS_MAX = 1_000
#: What begins a response, and what ends one.
_BEGINS, _ENDS = "triggered", frozenset({"finished", "escalated"})


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of a lane."""

    left: float
    """Where it begins, in per cent of the width."""
    width: float
    """How wide it is."""
    kind: str
    """What it is: a class of the style sheet."""
    label: str
    """What it says."""
    told: str
    """The same with its times, for whoever points at it."""


@dataclass(slots=True)
class Lane:
    """One line of the picture."""

    group: str
    """What it is about: ``lifecycle``, ``injection``, ``detection``, ``runbook``, ``machine``."""
    name: str
    """Its name."""
    bars: list[Bar] = field(default_factory=list)
    """Its stretches."""

    def add(self, bar: Bar) -> None:
        """Draws ``bar``, unless there are more than anybody could tell apart: the table has them."""
        if len(self.bars) < _BARS_MAX:
            self.bars.append(bar)


@dataclass(frozen=True, slots=True)
class Moment:
    """A row of the table."""

    at_ns: int
    """When, in run time."""
    group: str
    """What it is about."""
    what: str
    """Who or which."""
    event: str
    """What happened."""
    detail: str
    """In more words."""

    @property
    def when(self) -> str:
        """When, in milliseconds."""
        return f"{self.at_ns / 1e6:,.3f} ms"


@dataclass(frozen=True, slots=True)
class Timeline:
    """Picture and table."""

    scale: TimeScale
    """The run's time."""
    ticks: list[Tick]
    """Its labels."""
    lanes: list[Lane]
    """What is drawn."""
    lanes_left_out: int
    """Lanes that are not."""
    moments: list[Moment]
    """Everything that happened, in the order of time, as far as it is shown."""
    moments_left_out: int
    """Rows that are not."""
    summary: str
    """The picture in words."""


def timeline_of(report: Mapping[str, Any]) -> Timeline:
    """The timeline of a run's object."""
    moments = sorted(_moments(report), key=lambda moment: moment.at_ns)
    scale = _scale(report, moments)
    lanes = [
        _lifecycle(report, scale),
        *_injections(report, scale),
        *_detections(report, scale),
        *_runbooks(report, scale),
        *_machine(report, scale),
    ]
    return Timeline(
        scale,
        scale.ticks(),
        lanes[:_LANES_MAX],
        max(len(lanes) - _LANES_MAX, 0),
        moments[:_ROWS_MAX],
        max(len(moments) - _ROWS_MAX, 0),
        _summary(report, scale),
    )


def state_spans(report: Mapping[str, Any], scale: TimeScale) -> list[tuple[str, int, int, str]]:
    """``(state, from_ns, to_ns, cause)`` of each stretch of the lifecycle within ``scale``."""
    moves = [(_run_time(report, move["at_ns"]), move) for move in report["lifecycle"]]
    if not moves:
        return [("INIT", scale.first_ns, scale.last_ns, "")]
    spans = [(moves[0][1]["source"], scale.first_ns, moves[0][0], "")]
    ends = [at_ns for at_ns, _ in moves[1:]] + [max(scale.last_ns, moves[-1][0])]
    for (at_ns, move), end_ns in zip(moves, ends, strict=True):
        spans.append((move["target"], at_ns, end_ns, move["cause"]))
    return [span for span in spans if span[2] > span[1] or span[0] != "INIT"]


def _run_time(report: Mapping[str, Any], stamp_ns: int) -> int:
    """Run time of a stamp; where the feed never began, since the first transition."""
    begin_ns = report["begin_ns"]
    if begin_ns is None:
        begin_ns = report["lifecycle"][0]["at_ns"] if report["lifecycle"] else 0
    return int(stamp_ns - begin_ns)


def _scale(report: Mapping[str, Any], moments: list[Moment]) -> TimeScale:
    times_ns = [moment.at_ns for moment in moments]
    last_ns = max([report["wall_ns"] or 0, *times_ns, 1])
    return TimeScale(min([0, *times_ns]), last_ns)


def _bar(scale: TimeScale, span_ns: tuple[int, int], kind: str, label: str, more: str = "") -> Bar:
    from_ns, to_ns = span_ns
    left, right = scale.share(from_ns), scale.share(to_ns)
    times = f"{from_ns / 1e6:,.3f} to {to_ns / 1e6:,.3f} ms ({duration(to_ns - from_ns)})"
    told = f"{label}: {times}" + (f"; {more}" if more else "")
    return Bar(round(left * 100, 3), round((right - left) * 100, 3), kind, label, told)


def _lifecycle(report: Mapping[str, Any], scale: TimeScale) -> Lane:
    lane = Lane("lifecycle", "state")
    for state, from_ns, to_ns, cause in state_spans(report, scale):
        lane.add(_bar(scale, (from_ns, to_ns), f"state-{state.lower()}", state, cause))
    return lane


def _injections(report: Mapping[str, Any], scale: TimeScale) -> Iterator[Lane]:
    lanes: dict[str, Lane] = {}
    began: dict[str, int] = {}
    for each in report["injections"]:
        name = each["name"]
        lane = lanes.setdefault(name, Lane("injection", f"{name} ({each['kind']})"))
        if each["event"] == "start":
            began[name] = each["at_ns"]
        elif name in began:
            lane.add(_bar(scale, (began.pop(name), each["at_ns"]), "injected", name, each["event"]))
    for name, from_ns in began.items():
        lanes[name].add(_bar(scale, (from_ns, scale.last_ns), "injected", name, "to the end"))
    yield from lanes.values()


def _detections(report: Mapping[str, Any], scale: TimeScale) -> Iterator[Lane]:
    lanes: dict[str, Lane] = {}
    raised: dict[str, Mapping[str, Any]] = {}
    for each in report["health"]:
        cause = each["cause"]
        lane = lanes.setdefault(cause, Lane("detection", cause))
        if each["raised"]:
            raised.setdefault(cause, each)
        elif cause in raised:
            begun = raised.pop(cause)
            lane.add(
                _bar(scale, (begun["at_ns"], each["at_ns"]), "detected", cause, f"probe {each['probe']}")
            )
    for cause, begun in raised.items():
        span_ns = (begun["at_ns"], scale.last_ns)
        lanes[cause].add(_bar(scale, span_ns, "detected", cause, "to the end"))
    yield from lanes.values()


def _runbooks(report: Mapping[str, Any], scale: TimeScale) -> Iterator[Lane]:
    lanes: dict[str, Lane] = {}
    begun: dict[tuple[str, str], int] = {}
    for each in report["audit"]:
        name = each["runbook"]
        lane = lanes.setdefault(name, Lane("runbook", name or "operator"))
        key = (name, each["trigger"])
        if each["event"] == _BEGINS:
            begun[key] = each["at_ns"]
            continue
        if each["event"] in _ENDS and key in begun:
            span_ns = (begun.pop(key), each["at_ns"])
            kind = "escalated" if each["event"] == "escalated" else "answered"
            lane.add(_bar(scale, span_ns, kind, f"{name}: {each['event']}", each["trigger"]))
        if each["step"]:
            at_ns, label = each["at_ns"], f"{each['step']} {each['event']}"
            lane.add(_bar(scale, (at_ns, at_ns), "step", label, each["detail"]))
    for (name, trigger), from_ns in begun.items():
        span_ns = (from_ns, scale.last_ns)
        lanes[name].add(_bar(scale, span_ns, "answered", f"{name}: not over", trigger))
    for lane in lanes.values():
        # Steps are drawn over the response that they belong to.
        lane.bars.sort(key=lambda bar: bar.kind == "step")
        yield lane


def _machine(report: Mapping[str, Any], scale: TimeScale) -> Iterator[Lane]:
    pauses = report["floor"]["pauses"]
    if pauses:
        lane = Lane("machine", "longest pauses of the machine")
        for pause in pauses:
            from_ns = _run_time(report, pause["start_ns"])
            span_ns = (from_ns, from_ns + pause["length_ns"])
            lane.add(_bar(scale, span_ns, "pause", "pause"))
        yield lane


def _moments(report: Mapping[str, Any]) -> Iterator[Moment]:
    # At one moment the fault stands before what saw it, and that before what was done.
    for each in report["injections"]:
        yield Moment(each["at_ns"], "injection", each["name"], each["event"], each["kind"])
    for each in report["health"]:
        event = "raised" if each["raised"] else "cleared"
        found = f"probe {each['probe']}: {each['value']} against {each['threshold']}"
        yield Moment(each["at_ns"], "detection", each["cause"], event, found)
    for move in report["lifecycle"]:
        words = f"{move['source']} → {move['target']}"
        yield Moment(_run_time(report, move["at_ns"]), "lifecycle", "state", words, move["cause"])
    for each in report["audit"]:
        event = " ".join(filter(None, (each["step"], each["event"])))
        yield Moment(each["at_ns"], "runbook", each["runbook"] or "operator", event, each["detail"])
    for each in report["warmups"]:
        name = f"attempt {each['attempt']}"
        yield Moment(each["ended_ns"], "warm-up", name, each["verdict"], each["reason"])
    if report["shutdown"] is not None:
        for phase, at_ns in report["shutdown"]["phases"]:
            yield Moment(at_ns, "shutdown", ", ".join(report["shutdown"]["by"]), phase, "")


def _summary(report: Mapping[str, Any], scale: TimeScale) -> str:
    states = [span[0] for span in state_spans(report, scale)]
    counts = {
        "injections": sum(each["event"] == "start" for each in report["injections"]),
        "causes raised": sum(each["raised"] for each in report["health"]),
        "responses of runbooks": sum(each["event"] == _BEGINS for each in report["audit"]),
    }
    told = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    length = duration(scale.last_ns - scale.first_ns)
    return f"{length}: {' → '.join(states)}" + (f"; {told}" if told else "; nothing was injected or detected")

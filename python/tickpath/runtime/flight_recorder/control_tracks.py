"""The control plane's tracks of a trace: the lifecycle's states as slices, everything else as instants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.core.state import State
from tickpath.runtime.flight_recorder.trace_events import instant, slice_

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tickpath.runtime.flight_recorder.dump import FlightDump
    from tickpath.runtime.flight_recorder.trace_events import Window

__all__ = ["PID", "TRACKS", "lines"]

PID = 2
_LIFECYCLE, _CAUSES, _INJECTIONS, _RUNBOOKS, _TRIGGERS = 11, 12, 13, 14, 15
TRACKS = {
    _LIFECYCLE: "1 lifecycle",
    _CAUSES: "2 causes",
    _INJECTIONS: "3 injections",
    _RUNBOOKS: "4 runbooks",
    _TRIGGERS: "5 triggers",
}


def lines(dump: FlightDump, window: Window) -> Iterator[str]:
    """Everything that the control plane saw and did in ``window``."""
    yield from _states(dump, window)
    for change in dump.causes:
        if window.has(change.at_ns, "causes"):
            name = f"{'raised' if change.raised else 'cleared'}: {change.cause.words}"
            args = {"owner": change.cause.owner, "evidence": change.cause.evidence}
            yield instant(PID, _CAUSES, change.at_ns, name, "cause", args)
    for entry in dump.injections:
        if window.has(entry.at_ns, "injections"):
            name = f"{entry.name}: {entry.event}"
            yield instant(PID, _INJECTIONS, entry.at_ns, name, "injection", {"kind": entry.kind})
    for step in dump.audit:
        if window.has(step.at_ns, "runbooks"):
            name = " ".join(word for word in (step.runbook, step.step, step.event) if word)
            args = {"trigger": step.trigger, "detail": step.detail}
            yield instant(PID, _RUNBOOKS, step.at_ns, name, "runbook", args)
    for at_ns, fired in (*dump.earlier, *((dump.at_ns, one) for one in dump.fired)):
        if window.has(at_ns, "triggers"):
            args = {"evidence": fired.evidence}
            yield instant(PID, _TRIGGERS, at_ns, fired.trigger, "trigger", args)


def _states(dump: FlightDump, window: Window) -> Iterator[str]:
    """A slice for each state from its move to the next one, the last one to the moment of the dump."""
    moves = [(move.at_ns - dump.origin_ns, move) for move in dump.transitions]
    starts = [at_ns for at_ns, _ in moves]
    if not moves:
        yield _state(window.begin_ns, window.end_ns, State.INIT.name, {"epoch": 0})
    elif not dump.transitions_dropped and starts[0] > window.begin_ns:
        # Since the beginning, whenever that was.
        yield _state(window.begin_ns, starts[0], moves[0][1].source.name, {"epoch": 0})
    for (since_ns, move), until_ns in zip(moves, [*starts[1:], window.end_ns], strict=False):
        begin_ns, end_ns = max(since_ns, window.begin_ns), min(until_ns, window.end_ns)
        if end_ns < begin_ns:
            window.has(until_ns, "states")
            continue
        args: dict[str, int | str] = {"epoch": move.epoch, "cause": move.cause, "since_ns": since_ns}
        yield _state(begin_ns, end_ns, move.target.name, args)


def _state(begin_ns: int, end_ns: int, name: str, args: Mapping[str, int | str]) -> str:
    return slice_(PID, _LIFECYCLE, begin_ns, end_ns, name, "lifecycle", args)

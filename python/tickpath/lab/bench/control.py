"""What the control plane costs: its steps, the hot path beside it, and a simulation that it steps through.

Every round holds the same runs with and without it, in an order that rotates; a figure of a round is the
median of its turns.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Protocol

from tickpath.lab.bench.control_figures import (
    ANSWERING,
    STEPPED,
    UNSTEPPED,
    WATCHED,
    WITHOUT,
    WITHOUT_FAULTS,
    control_figures,
    control_promises,
)
from tickpath.lab.bench.control_run import ControlRuns, LiveRun
from tickpath.lab.bench.exchange import Cut
from tickpath.lab.bench.part import Budget, PartResult
from tickpath.lab.bench.rounds import measured
from tickpath.lab.bench.turns import Seen, Turns

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ControlBench", "Runs"]

#: Turns of each kind of run in a round: a step that the machine interrupts decides the average of its run.
_TURNS = {WITHOUT_FAULTS: 2, WITHOUT: 2, WATCHED: 3, ANSWERING: 3, UNSTEPPED: 1, STEPPED: 1}
_NOTES = (
    "a control step: counters read, seven probes, twelve runbooks at hand; feed or executor spin on its core",
    "on average: steps that found the feed under way and the run READY, or a runbook under way",
    "the longest: of all steps of a run, the one that made it READY among them",
    "the engine alone: on a lifecycle that is READY, which nobody moves; events in READY on all sides",
    "orders can be given: the code that a runbook's orders, and faults, need in the stages",
    "the floor of a ratio: the slower run of the engine alone over the faster, in the same round",
    "simulated: constant service time, 700 ns, a digest over every ack; with the account at the end",
)


class Runs(Protocol):
    """What makes the runs; each raises ``Cut`` if it was interrupted."""

    def alone(self, *, faults: bool) -> LiveRun:
        """Live, the engine alone, built with faults or without."""

    def watched(self) -> LiveRun:
        """Live, with the standard control plane."""

    def answering(self) -> LiveRun:
        """The same with a runbook under way."""

    def stepped(self) -> float:
        """In virtual time with control steps; nanoseconds per event."""

    def unstepped(self) -> float:
        """And without."""


class ControlBench:
    """The part."""

    name = "control"
    title = "the control plane: its steps, and what runs beside it"

    def __init__(self, runs: Callable[[Budget], Runs] | None = None) -> None:
        self._runs = runs or (lambda budget: ControlRuns(budget.sizes, budget.should_stop))

    def run(self, budget: Budget) -> PartResult:
        """Measures within ``budget``."""
        return measured(budget, self._runs, _round, _result, what=self.title, contender="live")


def _result(rounds: list[Turns]) -> PartResult:
    seen = Seen.of(rounds, _figures)
    return PartResult(
        rounds=len(rounds),
        figures=control_figures(seen),
        promises=control_promises(seen),
        notes=_NOTES,
    )


def _round(runs: Runs, number: int, budget: Budget) -> Turns:
    """Everything once or more. Raises ``Cut``."""
    turns = Turns()

    def live(name: str, run: LiveRun) -> None:
        turns.histogram(name, run.latency)
        _note_steps(turns, name, run.steps_ns, run.longest_ns)

    def answering(run: LiveRun) -> None:
        _note_steps(turns, ANSWERING, run.answering_ns, run.longest_ns)

    kinds: dict[str, Callable[[], object]] = {
        WITHOUT_FAULTS: lambda: live(WITHOUT_FAULTS, runs.alone(faults=False)),
        WITHOUT: lambda: live(WITHOUT, runs.alone(faults=True)),
        WATCHED: lambda: live(WATCHED, runs.watched()),
        ANSWERING: lambda: answering(runs.answering()),
        UNSTEPPED: lambda: turns.value(UNSTEPPED, runs.unstepped()),
        STEPPED: lambda: turns.value(STEPPED, runs.stepped()),
    }
    names = list(kinds)
    for turn in range(max(_TURNS.values())):
        first = (number + turn) % len(names)
        for name in names[first:] + names[:first]:
            if budget.should_stop():
                raise Cut
            if turn < _TURNS[name]:
                kinds[name]()
    return turns


def _note_steps(turns: Turns, name: str, steps_ns: tuple[int, ...], longest_ns: int | None) -> None:
    turns.value(f"{name} step", statistics.fmean(steps_ns) if steps_ns else None)
    turns.value(f"{name} longest", longest_ns)


def _figures(turns: Turns) -> dict[str, float]:
    """The figures of a round."""
    figures = turns.medians()
    same = turns.values.get(f"{WITHOUT} p50", [])
    if len(same) > 1 and min(same) > 0:
        figures[f"{WITHOUT} p50 moves"] = max(same) / min(same)
    return figures

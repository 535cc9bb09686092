"""What the control plane costs: its steps, the hot path beside it, and a simulation that it steps through.

Every round holds the same runs with and without it, in an order that rotates; a figure of a round is the
median of its turns.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Protocol

from tickpath.errors import TickpathError
from tickpath.lab.bench.control_figures import (
    ANSWERING,
    STEPPED,
    UNSTEPPED,
    WATCHED,
    WITHOUT,
    control_figures,
    control_promises,
)
from tickpath.lab.bench.control_run import ControlRuns, LiveRun
from tickpath.lab.bench.exchange import Cut
from tickpath.lab.bench.part import Budget, Figure, PartResult
from tickpath.lab.bench.turns import Seen, Turns

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ControlBench", "Runs"]

#: A few per cent of difference need more than one turn, and so does a figure that one pause decides.
_TURNS = 3
_NOTES = (
    "a control step: counters read, seven probes, twelve runbooks at hand; feed or executor spin on its core",
    "on average: steps that found the run READY, or a runbook under way; the longest: of all, also in WARMUP",
    "without: the engine alone on a lifecycle that is READY, built without faults; READY only on both sides",
    "the floor of a ratio: the slowest run without over the fastest, in the same round",
    "simulated: constant service time, 700 ns, a digest over every ack; with the account at the end",
)


class Runs(Protocol):
    """What makes the runs; each raises ``Cut`` if it was interrupted."""

    def without(self) -> LiveRun:
        """Live, the engine alone."""

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
        rounds: list[Turns] = []
        try:
            runs = self._runs(budget)
            for number in budget.each_round():
                rounds.append(_round(runs, number, budget))
        except Cut:
            """The rounds before this one count."""
        except TickpathError as error:
            if not rounds:
                return PartResult(
                    rounds=0, figures=(Figure(what=self.title, contender="live", missing=str(error)),)
                )
            raise
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

    kinds: tuple[Callable[[], object], ...] = (
        lambda: live(WITHOUT, runs.without()),
        lambda: live(WATCHED, runs.watched()),
        lambda: answering(runs.answering()),
        lambda: turns.value(UNSTEPPED, runs.unstepped()),
        lambda: turns.value(STEPPED, runs.stepped()),
    )
    for turn in range(_TURNS):
        first = (number + turn) % len(kinds)
        for kind in kinds[first:] + kinds[:first]:
            if budget.should_stop():
                raise Cut
            kind()
    return turns


def _note_steps(turns: Turns, name: str, steps_ns: tuple[int, ...], longest_ns: int | None) -> None:
    turns.value(f"{name} step", statistics.fmean(steps_ns) if steps_ns else None)
    turns.value(f"{name} longest", longest_ns)


def _figures(turns: Turns) -> dict[str, float]:
    """The figures of a round."""
    figures = turns.medians()
    for percentile in ("p50", "p99"):
        same = turns.values.get(f"{WITHOUT} {percentile}", [])
        if len(same) > 1 and min(same) > 0:
            figures[f"{WITHOUT} {percentile} moves"] = max(same) / min(same)
    return figures

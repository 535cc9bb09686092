"""The engine live on two cores, beside what two cores can do at best and the machine's own pauses.

Every round holds the ping-pong and each case once or more; a figure of a round is the median of its turns.
Percentiles are judged by the median of the rounds' percentiles; the distributions shown are those of all
rounds together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tickpath.lab.bench.engine_cases import PACED, PACED_FAST, PACED_SINKS, READERS, SPIN_PAUSES, groups
from tickpath.lab.bench.engine_figures import BARE, FLOOR, PAUSED, engine_figures, engine_promises
from tickpath.lab.bench.engine_run import WAYS, EngineCase, EngineRun, EngineRuns
from tickpath.lab.bench.exchange import Cut
from tickpath.lab.bench.part import Budget, PartResult
from tickpath.lab.bench.rounds import measured
from tickpath.lab.bench.turns import Seen, Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tickpath.core.engine import PingPong

__all__ = ["EngineBench", "Runs"]

_PING_PONG = {BARE: 0, PAUSED: SPIN_PAUSES}
#: Turns of a case in a round: a few per cent of difference need more than one, and so does a tail that one
#: pause of the machine decides.
_TURNS = dict.fromkeys((*READERS[:3], PACED, PACED_FAST), 3)
#: Cases whose latencies are shown.
_TIMED = (PACED, PACED_FAST, *PACED_SINKS)
_NOTES = (
    "feed and executor spin on a core each, 65,536 slots; what else reads shares the executor's core",
    "ping-pong: there and back over two lines, both cores; the engine's way is one way with two stamps",
    f"{FLOOR}: what these arrivals would have waited on the feed's core, then on the executor's",
    "nothing lost: the bench holds the feed to three quarters of the ring",
    "the sink's thread has no core of its own here: it takes its time from feed and executor",
)


class Runs(Protocol):
    """What makes the runs."""

    def ping_pong(self, trips: int, spin_pauses: int) -> PingPong:
        """So many round trips."""

    def run(self, case: EngineCase) -> EngineRun:
        """One run; raises ``Cut`` if it was interrupted."""


def _note(turns: Turns, case: EngineCase, run: EngineRun) -> None:
    """Notes what is needed of a run."""
    name, events = case.name, max(1, run.events)
    turns.value(f"{name} wall", run.wall_ns / events)
    turns.value(f"{name} feed", run.feed_ns / events)
    turns.count("unaccounted", run.unaccounted)
    turns.count(f"{name} read", run.read if run.shown is None else run.shown)
    turns.count(f"{name} lost", run.lost if run.dropped is None else run.dropped)
    turns.count(f"{name} ring lost", run.lost)
    if name in _TIMED:
        for way in WAYS:
            turns.histogram(f"{name} {way}", run.ways[way])
        turns.value(f"{name} floor p99", run.floor_p99_ns)
        turns.histogram(f"{name} {FLOOR}", run.floor_path)
        ours, floor = run.ways["intended_to_completed"].percentile(0.99), run.floor_path.percentile(0.99)
        if ours is not None and floor is not None:
            turns.value(f"{name} beyond", ours - floor)


class EngineBench:
    """The part."""

    name = "engine"
    title = "the engine live: feed, ring and executor on two cores"

    def __init__(self, runs: Callable[[Budget], Runs] | None = None) -> None:
        self._runs = runs or _runs_of

    def run(self, budget: Budget) -> PartResult:
        """Measures within ``budget``."""
        return measured(budget, self._runs, _round, _result, what=self.title, contender="engine")


def _result(rounds: list[Turns]) -> PartResult:
    seen = Seen.of(rounds, _figures)
    return PartResult(
        rounds=len(rounds),
        figures=engine_figures(seen),
        promises=engine_promises(seen),
        notes=_NOTES,
    )


def _runs_of(budget: Budget) -> Runs:
    sizes = budget.sizes
    events = max(sizes.engine_events, 5 * sizes.engine_paced_events)
    return EngineRuns(events, budget.should_stop)


def _round(runs: Runs, number: int, budget: Budget) -> Turns:
    """Everything once or more, in an order that rotates within each group. Raises ``Cut``."""
    turns = Turns()
    for name, pauses in _PING_PONG.items():
        trips = runs.ping_pong(budget.sizes.engine_paced_events, pauses).trips
        turns.histogram(name, trips)
    for case in _in_turn(number, budget):
        if budget.should_stop():
            raise Cut
        _note(turns, case, runs.run(case))
    return turns


def _in_turn(number: int, budget: Budget) -> Iterator[EngineCase]:
    for group in groups(budget.sizes):
        for turn in range(max(_TURNS.get(case.name, 1) for case in group)):
            first = (number + turn) % len(group)
            for case in group[first:] + group[:first]:
                if turn < _TURNS.get(case.name, 1):
                    yield case


def _figures(turns: Turns) -> dict[str, float]:
    """The figures of a round."""
    figures = turns.medians()
    floors = turns.values.get(f"{PACED} {FLOOR} p99", [])
    if len(floors) > 1:
        figures[f"{PACED} floor moves"] = max(floors) - min(floors)
    return figures

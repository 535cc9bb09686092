"""Timing that survives a noisy machine: contenders take turns, and only ratios of one round are compared.

A *workload* runs a fixed number of events. In a *turn* every workload of a round runs once, in an order
that rotates; a *round* builds everything anew, warms it up once and takes a number of turns. What a pause
of the machine hits is one turn of one workload, and the median over the turns does not see it. The
figures of a round are medians of its turns; what is reported is the median over the rounds, with the
lowest and the highest of them.
"""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tickpath.lab.bench.figures import Spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tickpath.lab.bench.part import Budget

__all__ = ["Samples", "Workload", "measure"]

_Turns = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Workload:
    """What is timed: ``run`` handles ``events`` events."""

    run: Callable[[], int | None]
    """Returns the nanoseconds it took by its own reckoning, or ``None``: then the whole call counts."""
    events: int
    prepare: Callable[[], object] | None = None
    """Called before each turn, untimed."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Nanoseconds per event, ``rounds[round][workload][turn]``."""

    rounds: tuple[_Turns, ...]

    def ns(self, name: str) -> Spread | None:
        """Nanoseconds per event: the median of each round."""
        return Spread.of(statistics.median(turns[name]) for turns in self.rounds)

    def ratio(self, slower: str, faster: str) -> Spread | None:
        """``slower`` over ``faster``, turn by turn, then round by round."""
        return Spread.of(
            statistics.median(a / b for a, b in zip(turns[slower], turns[faster], strict=True))
            for turns in self.rounds
        )


def _turn(workloads: Mapping[str, Workload], first: int) -> Iterator[tuple[str, float]]:
    names = list(workloads)
    first %= len(names)
    for name in names[first:] + names[:first]:
        workload = workloads[name]
        if workload.prepare is not None:
            workload.prepare()
        begin = time.perf_counter_ns()
        own_ns = workload.run()
        whole_ns = time.perf_counter_ns() - begin
        yield name, (whole_ns if own_ns is None else own_ns) / workload.events


def _round(workloads: Mapping[str, Workload], budget: Budget) -> _Turns | None:
    """The turns of one round; ``None`` if it was cut short."""
    turns: _Turns = {name: [] for name in workloads}
    for _ in _turn(workloads, 0):
        """Warm up: specialisation, caches, the branch predictor."""
    gc.collect()
    gc.disable()
    try:
        for number in range(budget.sizes.turns):
            if budget.should_stop():
                return None
            for name, ns in _turn(workloads, number):
                turns[name].append(ns)
    finally:
        gc.enable()
    return turns


def measure(build: Callable[[], Mapping[str, Workload]], budget: Budget) -> Samples:
    """Time the workloads that ``build`` makes, anew for every round."""
    rounds = (_round(build(), budget) for _ in budget.each_round())
    return Samples(tuple(turns for turns in rounds if turns is not None))

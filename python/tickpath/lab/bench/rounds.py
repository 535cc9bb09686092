"""The rounds of a part whose turns are runs of their own, from the first to the last that is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tickpath.errors import TickpathError
from tickpath.lab.bench.exchange import Cut
from tickpath.lab.bench.part import Budget, Figure, PartResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from tickpath.lab.bench.turns import Turns

__all__ = ["measured"]

_Runs = TypeVar("_Runs")


def measured(
    budget: Budget,
    runs_of: Callable[[Budget], _Runs],
    round_of: Callable[[_Runs, int, Budget], Turns],
    result_of: Callable[[list[Turns]], PartResult],
    *,
    what: str,
    contender: str,
) -> PartResult:
    """What ``result_of`` makes of the complete rounds; a round that was cut short counts for nothing.

    Where the very first fails, the figure ``what`` of ``contender`` says why; an error of a later round
    is raised.
    """
    rounds: list[Turns] = []
    try:
        runs = runs_of(budget)
        for number in budget.each_round():
            rounds.append(round_of(runs, number, budget))
    except Cut:
        """The rounds before this one count."""
    except TickpathError as error:
        if rounds:
            raise
        return PartResult(rounds=0, figures=(Figure(what=what, contender=contender, missing=str(error)),))
    return result_of(rounds)

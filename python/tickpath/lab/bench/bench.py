"""Runs the parts one after the other and makes one account of them, also when it is interrupted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tickpath.core.time import now
from tickpath.lab.bench.part import FULL, QUICK, Budget, PartResult
from tickpath.lab.bench.parts import PARTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tickpath.lab.bench.parts import PartEntry

__all__ = ["BenchSettings", "MeasuredPart", "Verdict", "measure_parts", "verdict_of"]

Verdict = Literal["pass", "fail", "interrupted"]
ROUNDS = 9
ROUNDS_QUICK = 3
_QUICK_SHARE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchSettings:
    """What is measured, and for how long."""

    parts: tuple[str, ...] = tuple(PARTS)
    """Names of the parts, in the order of the table."""
    rounds: int | None = None
    """Rounds of each part, however long they take; ``None``: 9 (3 if quick), and fewer if time runs out."""
    quick: bool = False
    """Fewer and smaller rounds."""

    @property
    def rounds_planned(self) -> int:
        """How many rounds each part is to make."""
        if self.rounds is not None:
            return self.rounds
        return ROUNDS_QUICK if self.quick else ROUNDS

    def budget(
        self, entry: PartEntry, should_stop: Callable[[], bool], on_round: Callable[[int], object]
    ) -> Budget:
        """What ``entry``'s part may take."""
        seconds_max: float | None = None
        if self.rounds is None:
            seconds_max = entry.seconds_max / (_QUICK_SHARE if self.quick else 1)
        return Budget(
            rounds=self.rounds_planned,
            seconds_max=seconds_max,
            sizes=QUICK if self.quick else FULL,
            should_stop=should_stop,
            on_round=on_round,
        )


@dataclass(frozen=True, slots=True)
class MeasuredPart:
    """A part and what became of it."""

    name: str
    title: str
    result: PartResult
    complete: bool
    """Whether it ended by itself, and not by an interruption."""
    wall_ns: int


def measure_parts(
    settings: BenchSettings,
    *,
    should_stop: Callable[[], bool],
    on_round: Callable[[str, int, int], object],
    entries: Mapping[str, PartEntry] = PARTS,
) -> Sequence[MeasuredPart]:
    """Runs the parts that ``settings`` names. After an interruption the list ends with the part it hit.

    ``on_round`` is told the part's name, the number of the round from 0, and how many there are.
    """
    measured: list[MeasuredPart] = []
    for name in settings.parts:
        if should_stop():
            break
        begin_ns = now()
        part = entries[name].load()

        def announce(number: int, name: str = name) -> None:
            on_round(name, number, settings.rounds_planned)

        result = part.run(settings.budget(entries[name], should_stop, announce))
        measured.append(MeasuredPart(name, part.title, result, not should_stop(), now() - begin_ns))
    return measured


def verdict_of(
    parts: Sequence[MeasuredPart], *, interrupted: bool, judged: bool
) -> tuple[Verdict, list[str]]:
    """The verdict, and the promises that were not kept. Nothing is judged on a build that is no release."""
    missed = [
        promise.what for part in parts for promise in part.result.promises if judged and promise.kept is False
    ]
    if interrupted:
        return "interrupted", missed
    return ("fail" if missed else "pass"), missed

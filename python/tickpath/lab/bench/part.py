"""What a part of the bench is given, and what it hands back.

To add a part: write a class with ``name``, ``title`` and ``run(budget)``, and list it in
``tickpath.lab.bench.parts``. It makes its rounds with ``for number in budget.each_round()``, looks at
``budget.should_stop()`` at least every 50 ms or so, and returns what the complete rounds showed: a round
that was cut short counts for nothing. Report, table and picture take it from there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tickpath.lab.bench.figures import Latency, Spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["FULL", "QUICK", "Budget", "Figure", "Part", "PartResult", "Promise", "Sizes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much of each thing a round holds."""

    turns: int
    """Turns of each contender of the object tier and of the batches."""
    one_way_messages: int
    """Messages sent now and then, for their latency."""
    flood_messages: int
    """Messages sent as fast as possible."""
    engine_events: int
    """Events of an engine's run at full speed."""
    engine_paced_events: int
    """Events of its run at 100,000 a second, and round trips of the ping-pong beside it."""


FULL = Sizes(
    turns=60,
    one_way_messages=2_000,
    flood_messages=10_000,
    engine_events=2_000_000,
    engine_paced_events=15_000,
)
QUICK = Sizes(
    turns=15,
    one_way_messages=400,
    flood_messages=2_000,
    engine_events=500_000,
    engine_paced_events=5_000,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How long a part may take, and whom it tells about it."""

    rounds: int
    """Rounds to make; each holds every contender once."""
    seconds_max: float | None = None
    """No round begins later than this, but the first; ``None``: all rounds are made."""
    sizes: Sizes = FULL
    should_stop: Callable[[], bool] = lambda: False
    """Whether the run was interrupted: end soon, with what there is."""
    on_round: Callable[[int], object] = lambda _number: None
    """Told the number of the round that begins, from 0."""
    clock_s: Callable[[], float] = time.monotonic

    def each_round(self) -> Iterator[int]:
        """The numbers of the rounds, from 0, for as long as the budget lasts."""
        began_s = self.clock_s()
        for number in range(self.rounds):
            over = self.seconds_max is not None and self.clock_s() - began_s >= self.seconds_max
            if self.should_stop() or (number and over):
                return
            self.on_round(number)
            yield number


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What one contender needed for one thing."""

    what: str
    """The thing; contenders for the same thing are compared."""
    contender: str
    waits: str | None = None
    """How the contender waits for a message; ``None`` where nothing is waited for."""
    ns: Spread | None = None
    """Nanoseconds per event or, with ``latency``, the median way of one; ``None`` if not measured."""
    latency: Latency | None = None
    """The samples of all rounds together."""
    base: str | None = None
    """The contender it is compared with."""
    times_base: Spread | None = None
    """``ns`` over that of ``base``, formed within each round."""
    read: int | None = None
    """Events that a reader beside it read in all turns, the warm-up included; ``None`` without one."""
    lost: int | None = None
    """Events overwritten before that reader came to them."""
    missing: str | None = None
    """Why there is no figure, or none of the later rounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A figure the project promises: at least, or at most, so much."""

    what: str
    unit: str
    """``times`` for a ratio, ``events/s`` for a rate, ``ns`` for a latency, ``events`` for a number."""
    value: Spread | None
    at_least: float | None = None
    at_most: float | None = None
    floor: Spread | None = None
    """The same figure of the machine's own pauses; of a distance from the floor, how far the floor moves.

    ``None`` where there is none or it is unknown."""

    @property
    def at_floor(self) -> bool:
        """Whether the machine's own pauses are beyond the bound: no program could keep it then."""
        return self.floor is not None and self.at_most is not None and self.floor.median > self.at_most

    @property
    def kept(self) -> bool | None:
        """Whether the median keeps it; ``None`` if nothing was measured."""
        if self.value is None:
            return None
        return (self.at_least is None or self.value.median >= self.at_least) and (
            self.at_most is None or self.value.median <= self.at_most
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PartResult:
    """What a part measured."""

    rounds: int
    """Complete rounds: each contender once, or its failure."""
    figures: tuple[Figure, ...]
    promises: tuple[Promise, ...] = ()
    notes: tuple[str, ...] = field(default=())
    """What a reader of the figures has to know."""


class Part(Protocol):
    """A part of the bench."""

    @property
    def name(self) -> str:
        """What ``--only`` calls it."""

    @property
    def title(self) -> str:
        """What it measures, in a few words."""

    def run(self, budget: Budget) -> PartResult:
        """Measures within ``budget``."""

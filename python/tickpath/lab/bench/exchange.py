"""One sender, one receiver, messages between them: the way of a single one, and as many as go through.

*One way*: a message now and then, the sender asleep in between; from the stamp taken before it is
handed over to the stamp taken after it was received. *Flood*: messages as fast as the sender can, from
the first one's start to the last one's receipt, divided by their number.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import TYPE_CHECKING, Protocol

from tickpath.lab.bench.figures import Latency, Spread, ratio
from tickpath.lab.bench.part import Budget, Figure, PartResult, Sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["GAP_S", "Cut", "Exchange", "PeerFailed", "compare", "give_way"]

#: How long the sender sleeps between two single messages, at least.
GAP_S = 100e-6
_WARMUP_MESSAGES = 50


def _sleep_nothing() -> None:
    time.sleep(0)


#: What a poller does when there is nothing: it gives away the interpreter's lock and the core, and goes on. A
#: sleep of nothing would do too, but lasts as long as the kernel's timer slack, some 50 µs.
give_way: Callable[[], object] = getattr(os, "sched_yield", _sleep_nothing)


class PeerFailed(Exception):
    """A contender hung, died or raised: it takes no further part, and its row says why."""


class Cut(Exception):
    """The run was interrupted in the middle of a round."""


class Exchange(Protocol):
    """A contender: a sender and a receiver, ready. Raises ``PeerFailed``, and ``Cut`` when interrupted."""

    @property
    def name(self) -> str:
        """What the table calls it."""

    @property
    def waits(self) -> str:
        """How its receiver waits."""

    def one_way(self, messages: int) -> Sequence[int]:
        """Nanoseconds from sender to receiver of so many single messages."""

    def flood(self, messages: int) -> float:
        """Nanoseconds per message of so many in a row."""

    def close(self) -> None:
        """Ends sender and receiver, whatever they do."""


class _Contest:
    """The contenders that still take part, and what the complete rounds showed."""

    def __init__(self, contenders: Mapping[str, Callable[[], Exchange] | str]) -> None:
        self._contenders = contenders
        self._taking_part: dict[str, Exchange] = {}
        self.waits: dict[str, str] = {}
        self.missing: dict[str, str] = {}
        self.samples: dict[str, list[int]] = {name: [] for name in contenders}
        self.one_way: list[dict[str, float]] = []
        self.flood: list[dict[str, float]] = []

    def open(self) -> None:
        """Starts every contender and lets it send a few messages; who cannot is missing from then on."""
        for name, opener in self._contenders.items():
            if isinstance(opener, str):
                self.missing[name] = opener
                continue
            try:
                exchange = self._taking_part[name] = opener()
                self.waits[name] = exchange.waits
                exchange.one_way(_WARMUP_MESSAGES)
            except PeerFailed as error:
                self._drop(name, error)

    def round(self, number: int, sizes: Sizes) -> None:
        """Every contender once, in an order that rotates. What ``Cut`` interrupts counts for nothing."""
        one_way: dict[str, Sequence[int]] = {}
        flood: dict[str, float] = {}
        names = list(self._taking_part)
        first = number % len(names) if names else 0
        for name in names[first:] + names[:first]:
            exchange = self._taking_part[name]
            try:
                one_way[name] = exchange.one_way(sizes.one_way_messages)
                flood[name] = exchange.flood(sizes.flood_messages)
            except PeerFailed as error:
                one_way.pop(name, None)
                self._drop(name, error)
        for name, samples_ns in one_way.items():
            self.samples[name] += samples_ns
        self.one_way.append({name: statistics.median(samples) for name, samples in one_way.items()})
        self.flood.append(flood)

    def close(self) -> None:
        """Ends all of them."""
        for exchange in self._taking_part.values():
            exchange.close()

    def figures(self, base: str, message: str) -> tuple[Figure, ...]:
        """First the way of one message for every contender, then the flood."""
        rows = [(f"one way, {message}", self.one_way, True), (f"flood, {message}", self.flood, False)]
        return tuple(
            Figure(
                what=what,
                contender=name,
                waits=self.waits.get(name),
                ns=Spread.of(figures[name] for figures in rounds if name in figures),
                latency=Latency.of(self.samples[name]) if distributed and self.samples[name] else None,
                base=base,
                times_base=ratio(rounds, name, base),
                missing=self.missing.get(name),
            )
            for what, rounds, distributed in rows
            for name in self._contenders
        )

    def _drop(self, name: str, error: PeerFailed) -> None:
        self.missing[name] = str(error)
        exchange = self._taking_part.pop(name, None)
        if exchange is not None:
            exchange.close()


def compare(
    contenders: Mapping[str, Callable[[], Exchange] | str], budget: Budget, *, base: str, message: str
) -> PartResult:
    """Opens every contender, lets them take turns, and closes them.

    A contender that cannot take part is the reason why. ``base`` is the one that the others are compared
    with; ``message`` says in the table what is sent.
    """
    contest = _Contest(contenders)
    try:
        contest.open()
        for number in budget.each_round():
            contest.round(number, budget.sizes)
    except Cut:
        """The rounds before this one count."""
    finally:
        contest.close()
    return PartResult(
        rounds=len(contest.flood),
        figures=contest.figures(base, message),
        notes=(
            (
                f"one way: {budget.sizes.one_way_messages:,} messages a round, the sender asleep in between; "
                f"flood: {budget.sizes.flood_messages:,} messages a round, as fast as they go"
            ),
        ),
    )

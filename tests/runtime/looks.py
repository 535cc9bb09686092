"""Looks made by hand, for the controllers of the runtime: counters that a test sets as it likes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.control import looks as counters
from tests.control.looks import Feed, Sink
from tickpath.control.health.look import Look
from tickpath.core.state import State

if TYPE_CHECKING:
    from tickpath.control.health.look import SinkCounters

__all__ = ["Books", "Feed", "Figures", "Sink", "Stage", "StageWithBooks", "Window", "look", "seen"]


@dataclass
class Stage(counters.Stage):
    """A stage's counters; it has seen the first epoch."""

    epoch_seen: int | None = 1


@dataclass
class Books:
    """A ledger that knows the states of what was gated."""

    gated: list[int] = field(default_factory=lambda: [0, 0, 0, 0])


@dataclass
class StageWithBooks(Stage):
    """A stage of an engine's snapshot."""

    ledger: Books = field(default_factory=Books)


@dataclass
class Figures:
    """What a window of acks held."""

    count: int = 0
    p50_ns: int | None = None
    service_p50_ns: int | None = None


class Window:
    """Acks whose figures a test sets."""

    def __init__(self, *medians_ns: int | None, count: int = 500) -> None:
        self.takes = 0
        self._figures = [Figures(count, median, median) for median in medians_ns]

    def take(self) -> Figures:
        """The next of the medians; nothing once they are used up."""
        self.takes += 1
        return self._figures.pop(0) if self._figures else Figures()


def look(
    at_ns: int = 0,
    *,
    feed: Feed | None = None,
    executor: Stage | None = None,
    state: State = State.WARMUP,
    epoch: int = 1,
    sink: SinkCounters | None = None,
    **others: Stage,
) -> Look:
    """A look at an executor and at ``others``."""
    return Look(
        at_ns=at_ns,
        state=state,
        epoch=epoch,
        capacity_slots=64,
        feed=feed or Feed(),
        stages={"executor": executor or Stage(), **others},
        sink=sink,
    )


def seen(cursor: int, *, at_ns: int = 0, held: bool = False, done: bool = False, backlog: int = 0) -> Look:
    """A look at a run without losses, whose executor has come to ``cursor``."""
    feed = Feed(published=cursor + backlog, held=held, done=done)
    return look(at_ns, feed=feed, executor=Stage(processed=cursor, cursor=cursor, backlog=backlog))

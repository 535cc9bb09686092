"""A board over a lifecycle, as a session would set it up, with a clock that a test sets."""

from __future__ import annotations

from typing import Any

from tests.runtime.looks import Feed, Stage, look
from tickpath.control.health.look import Look
from tickpath.core.state import Lifecycle, State
from tickpath.runtime.readiness import Readiness
from tickpath.runtime.status import StatusBoard

INTERVAL_NS = 10


class Clock:
    """A clock that a test sets."""

    def __init__(self, at_ns: int = 1_000) -> None:
        self.at_ns = at_ns

    def __call__(self) -> int:
        """The time."""
        return self.at_ns


class Board(StatusBoard):
    """A board with its lifecycle and its clock."""

    def __init__(self, *states: State, **given: Any) -> None:
        self.lifecycle = Lifecycle()
        self.clock = Clock()
        known = {key: given[key] for key in ("warmup", "shutdown", "monitor") if key in given}
        readiness = Readiness(
            self.lifecycle, interval_ns=INTERVAL_NS, intervals_max=5, clock=self.clock, **known
        )
        super().__init__(self.lifecycle, readiness, **given)
        self.move(*states)

    def move(self, *states: State) -> None:
        """Moves the lifecycle through ``states``."""
        for state in states:
            self.lifecycle.transition_to(state)

    def see(self, given: Look | None = None) -> None:
        """A control step, which sees ``given`` or an executor that is up to date."""
        executor = Stage(processed=70, executed=60, lost=2, shed=1, backlog=5)
        executor.epoch_seen = self.lifecycle.epoch
        fine = look(
            2_000_000_000,
            feed=Feed(published=78),
            executor=executor,
            state=self.lifecycle.state,
            epoch=self.lifecycle.epoch,
        )
        self.step(given or fine)


def ready_board(**given: Any) -> Board:
    """The board of a run that is ready."""
    board = Board(State.WARMUP, State.READY, **given)
    board.see()
    return board

"""The runs of a sweep on this machine: in processes of their own, or one after the other in this one.

A process is told which runs to do, some at a time so that it never waits for us, and answers each as it ends:
what was answered is kept, whatever becomes of the process. One that dies is replaced; the run that it died of
is done once more, and is a failed one if it dies of that again. Processes are spawned, so that nothing is
inherited, and end with this one.

Blocks until the next run has ended, at most a twentieth of a second beyond a signal.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import multiprocessing
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Protocol, Self

from tickpath.core.time import now
from tickpath.errors import SweepFailed, ThreadUnavailable
from tickpath.lab.child import Child, be_a_child
from tickpath.lab.sweep.one_run import Done, Runs, failed

if TYPE_CHECKING:
    from types import TracebackType

    from tickpath.lab.sweep.grid import Grid

__all__ = ["InProcess", "LocalProcesses", "SweepEngine"]

_LOOK_S = 0.05
#: What a process is given at a time: as many runs as take so long.
_CHUNK_NS = 100_000_000
_CHUNK_MAX = 256
_DEATHS_MAX = 2
_UNREADY_MAX = 3


class SweepEngine(Protocol):
    """Where the runs of a sweep are done."""

    name: str
    """In the account."""

    def do(
        self, grid: Grid, runs: Iterator[int], count: int, should_stop: Callable[[], bool]
    ) -> Iterator[list[Done]]:
        """Does ``runs``, ``count`` of them, in about their order, and gives what has ended, as it ends.

        What ``should_stop`` ends is left out. Raises ``SweepFailed`` if it cannot go on.
        """


class InProcess:
    """One run after the other, here."""

    name = "this process"

    def do(
        self, grid: Grid, runs: Iterator[int], count: int, should_stop: Callable[[], bool]
    ) -> Iterator[list[Done]]:
        """See :class:`SweepEngine`."""
        doer = Runs(grid)
        for run in runs:
            done = None if should_stop() else doer.do(run, should_stop)
            if done is None:
                return
            yield [done]


class LocalProcesses:
    """So many processes."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self.name = f"{processes} processes"

    def do(
        self, grid: Grid, runs: Iterator[int], count: int, should_stop: Callable[[], bool]
    ) -> Iterator[list[Done]]:
        """See :class:`SweepEngine`."""
        with _Crew(grid, runs, count, min(self._processes, count)) as crew:
            while crew.busy:
                if should_stop():
                    crew.kill()
                    return
                yield crew.step()


class _Hand:
    """A process, and the runs that it was given and has not answered, the current one first."""

    def __init__(self, context: multiprocessing.context.SpawnContext, grid: Grid) -> None:
        self.child = Child(context, "sweep", _work, grid)
        self.given: collections.deque[int] = collections.deque()
        self.is_ready = False
        self._why = ""

    def give(self, runs: list[int]) -> None:
        self.given += runs
        # One that has just died is found at the next look.
        with contextlib.suppress(OSError):
            self.child.control.send(runs)

    def answers(self) -> Iterator[Done]:
        """What it has said. Raises ``EOFError`` or ``OSError`` if it has died."""
        while self.child.control.poll():
            said = self.child.control.recv()
            if said is None:
                self.is_ready = True
                continue
            if isinstance(said, str):
                self._why = f" ({said})"
                continue
            self.given.popleft()
            yield said

    def fate(self) -> str:
        """How it ended, for a message."""
        return f"{self.child.fate()}{self._why}"


class _Crew:
    """The processes of a sweep."""

    def __init__(self, grid: Grid, runs: Iterator[int], count: int, processes: int) -> None:
        self._grid = grid
        self._again: collections.deque[int] = collections.deque()
        self._runs = runs
        self._left = count
        self._processes = processes
        self._deaths: collections.Counter[int] = collections.Counter()
        self._context = multiprocessing.get_context("spawn")
        self._hands: list[_Hand] = []
        self._began_ns = now()
        self._answered = 0
        self._unready = 0

    def __enter__(self) -> Self:
        try:
            for _ in range(self._processes):
                self._hire()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.kill()
        # All at once, so that they end side by side.
        for hand in self._hands:
            hand.child.control.close()
        for hand in self._hands:
            hand.child.end()
        self._hands.clear()

    def kill(self) -> None:
        """Ends all of them at once; what they are at is lost."""
        for hand in self._hands:
            hand.child.kill()

    @property
    def busy(self) -> bool:
        """Whether there is something to be done, or to be waited for."""
        return self._left > 0 or any(hand.given for hand in self._hands)

    def step(self) -> list[Done]:
        """Gives work to who has little, waits for a while, and takes what was done."""
        chunk = self._chunk()
        for hand in self._hands:
            # One chunk at work, one waiting.
            if self._left and len(hand.given) <= chunk:
                hand.give(self._next(chunk))
        by_control = {hand.child.control: hand for hand in self._hands}
        done: list[Done] = []
        for ready in wait(list(by_control), _LOOK_S):
            done += self._heard(by_control[ready])
        self._answered += len(done)
        return done

    def _heard(self, hand: _Hand) -> list[Done]:
        """What it said, also where it dies in the middle."""
        done: list[Done] = []
        try:
            for answer in hand.answers():
                done.append(answer)  # noqa: PERF402 - what came before it died is kept
        except (EOFError, OSError):
            done += self._buried(hand)
        return done

    def _chunk(self) -> int:
        if not self._answered:
            return 1
        each_ns = (now() - self._began_ns) * len(self._hands) // self._answered
        wanted = min(_CHUNK_MAX, _CHUNK_NS // max(each_ns, 1))
        # Towards the end in ever smaller pieces: nobody is to wait for the last one.
        return max(1, min(wanted, self._left // (4 * len(self._hands))))

    def _next(self, most: int) -> list[int]:
        found = [self._again.popleft() for _ in range(min(most, len(self._again)))]
        found += itertools.islice(self._runs, most - len(found))
        self._left -= len(found)
        return found

    def _hire(self) -> None:
        try:
            self._hands.append(_Hand(self._context, self._grid))
        except OSError as error:
            if not self._hands:
                raise SweepFailed(f"the machine gave no process for the sweep: {error}") from error

    def _buried(self, hand: _Hand) -> list[Done]:
        """Another in its place, and its work put back; a run that two died of has failed."""
        fate = hand.fate()
        self._hands.remove(hand)
        hand.child.end()
        # Something may have killed this one; what ends each of them is no accident.
        self._unready = 0 if hand.is_ready else self._unready + 1
        if self._unready >= _UNREADY_MAX:
            words = f"{_UNREADY_MAX} processes of the sweep ended before their first run"
            raise SweepFailed(f"{words}, the last one with {fate}")
        done: list[Done] = []
        if hand.given and hand.is_ready:
            self._deaths[hand.given[0]] += 1
            if self._deaths[hand.given[0]] >= _DEATHS_MAX:
                words = f"the process that did it ended with {fate}, {_DEATHS_MAX} times"
                done.append(failed(hand.given.popleft(), words))
        self._again.extendleft(reversed(hand.given))
        self._left += len(hand.given)
        self._hire()
        return done


def _work(grid: Grid, control: Connection) -> None:
    """A process: does the runs that it is told, until there is nobody who tells it."""
    try:
        be_a_child()
    except ThreadUnavailable as error:
        with contextlib.suppress(OSError):
            control.send(str(error))
        return
    doer = Runs(grid)
    with contextlib.suppress(EOFError, OSError):
        control.send(None)
        while True:
            for run in control.recv():
                control.send(doer.do(run))

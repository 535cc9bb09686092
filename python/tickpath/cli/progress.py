"""Progress on stderr: a live line on a terminal, a plain line now and then elsewhere.

Nothing is shown of what takes less than a second, and nothing with ``--quiet``.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from tickpath.cli.streams import say
from tickpath.config.words import count, duration

if TYPE_CHECKING:
    from types import TracebackType

    from tickpath.core.engine import EngineSnapshot

__all__ = ["RunProgress"]

_SHOW_AFTER_S = 1.0
#: Plain lines come at 1, 2, 4, ... seconds, and then once a minute.
_PLAIN_EVERY_MAX_S = 60.0
_PLAYING_EVERY_S = 0.1
_DRILLING_EVERY_S = 0.5


class RunProgress:
    """What is going on, for whoever looks at stderr. A context: the live line is gone at its end."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._console = Console(stderr=True)
        self._live: Progress | None = None
        self._task: TaskID | None = None
        self._phase = ""
        self._began_s = time.monotonic()
        self._plain_after_s = _SHOW_AFTER_S
        self._drawn_s = 0.0

    def loading(self, done: int, total: int, events: int) -> None:
        """Bytes read, of how many, and events so far; for the loaders."""
        if not self._is_due("loading"):
            return
        if self._console.is_terminal:
            self._show(f"loading, {count(events)} events", done, total)
        elif self._is_plain_due():
            share = 100 * done // total if total else 0
            say(f"tickpath: loading: {share} %, {count(events)} events so far")

    def announce(self, events: int, plan_length_ns: int | None) -> None:
        """The run begins."""
        if self._quiet:
            return
        plan = "as fast as possible" if plan_length_ns is None else f"a plan of {duration(plan_length_ns)}"
        self._close()
        say(f"tickpath: running {count(events)} events, {plan}")

    def running(self, seen: EngineSnapshot, planned: int) -> None:
        """The counters of the moment; for the session."""
        if not self._is_due("running"):
            return
        executor = seen.stages[0]
        if self._console.is_terminal:
            self._show(f"running, {count(executor.ledger.executed)} executed", seen.published, planned)
            return
        if self._is_plain_due():
            say(
                f"tickpath: {count(seen.published)} of {count(planned)} events published, "
                f"{count(executor.ledger.executed)} executed, {count(executor.ledger.lost)} lost, "
                f"{count(executor.backlog)} in the ring"
            )

    def sizing(self, done: int, total: int) -> None:
        """So much of the work was done; for the sizing of a feed."""
        if not self._is_due("sizing"):
            return
        if self._console.is_terminal:
            self._show("sizing", done, total)
        elif self._is_plain_due():
            say(f"tickpath: sizing: {100 * done // total if total else 0} %")

    def judging(self, done: int, values: int) -> None:
        """So many values of a sweep were judged."""
        if not self._is_due("judging"):
            return
        if self._console.is_terminal:
            self._show(f"judging {count(values)} values", done, values)
        elif self._is_plain_due():
            say(f"tickpath: {count(done)} of {count(values)} values judged")

    def watching(self, done_ns: int, total_ns: int) -> None:
        """So much of the time was watched; for the doctor."""
        if not self._is_due("watching"):
            return
        if self._console.is_terminal:
            # Drawn between two slices: a thread that draws while a core is watched would be seen there.
            self._show("watching the machine", done_ns, total_ns, still=True)
        elif self._is_plain_due():
            say(f"tickpath: watching the machine: {duration(done_ns)} of {duration(total_ns)}")

    def sweeping(self, done: int, planned: int, failed: int) -> None:
        """So many runs of a sweep are done, and so many of those done now have failed."""
        if not self._is_due("sweep"):
            return
        words = f", {count(failed)} failed" if failed else ""
        if self._console.is_terminal:
            self._show(f"sweeping, {count(done)} of {count(planned)} runs{words}", done, planned)
        elif self._is_plain_due():
            say(f"tickpath: {count(done)} of {count(planned)} runs done{words}")

    def measuring(self, part: str, number: int, rounds: int) -> None:
        """Round ``number``, from 0, of a part of the bench begins."""
        if self._quiet:
            return
        if self._console.is_terminal:
            if part != self._phase:
                self._close()
                self._phase = part
            # Drawn once a round: a thread that draws while it is measured would be measured as well.
            self._show(f"{part}, round {number + 1} of {rounds}", number, rounds, still=True)
        elif number == 0:
            say(f"tickpath: measuring {part}, {rounds} round{'s' if rounds > 1 else ''}")

    def drilling(self, name: str, number: int, drills: int) -> None:
        """Drill ``number``, from 0, goes on; one line for all of them."""
        if not self._is_due("drills"):
            return
        if self._console.is_terminal:
            # By the thread that steers the run: one that draws by itself would take a core from a live drill.
            if time.monotonic() - self._drawn_s >= _DRILLING_EVERY_S:
                self._drawn_s = time.monotonic()
                self._show(f"drill {number + 1} of {drills}: {name}", number, drills, still=True)
        elif self._is_plain_due():
            say(f"tickpath: drill {number + 1} of {drills}: {name}")

    def comparing(self, name: str) -> None:
        """A scenario is run in other processes, which say nothing of how far they are."""
        if not self._is_due("comparing"):
            return
        if self._console.is_terminal:
            self._show(f"running {name} twice", 0, None)
        elif self._is_plain_due():
            say(f"tickpath: running {name} twice, for {time.monotonic() - self._began_s:.0f} s")

    def playing(self, what: str, done: int, total: int) -> None:
        """So much of a part of the demo was played: ten times a second, or a line for each part."""
        if self._quiet:
            return
        if what != self._phase:
            self._close()
            self._phase, self._began_s = what, time.monotonic()
            if not self._console.is_terminal:
                say(f"tickpath: {what}")
        elif not self._console.is_terminal or time.monotonic() - self._began_s < _PLAYING_EVERY_S:
            # Drawn by the thread that steers the run, and no oftener than it can spare.
            return
        if self._console.is_terminal:
            self._began_s = time.monotonic()
            self._show(what, done, total, still=True)

    def _is_plain_due(self) -> bool:
        elapsed_s = time.monotonic() - self._began_s
        if elapsed_s < self._plain_after_s:
            return False
        self._plain_after_s = elapsed_s + min(elapsed_s, _PLAIN_EVERY_MAX_S)
        return True

    def _is_due(self, phase: str) -> bool:
        if self._quiet:
            return False
        if phase != self._phase:
            self._close()
            self._phase, self._began_s = phase, time.monotonic()
            self._plain_after_s = _SHOW_AFTER_S
        return time.monotonic() - self._began_s >= _SHOW_AFTER_S

    def _show(self, what: str, done: int, total: int | None, *, still: bool = False) -> None:
        if self._live is None:
            self._live = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %"),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
                auto_refresh=not still,
            )
            self._live.start()
            self._task = self._live.add_task(what, total=total)
        if self._task is not None:
            self._live.update(self._task, description=what, completed=done, total=total, refresh=still)

    def _close(self) -> None:
        if self._live is not None:
            self._live.stop()
        self._live = self._task = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._close()

"""The thread that watches a run: four pictures a second of what the control plane left on its board.

It is a thread of its own, because a terminal may not take what is written (Ctrl-S), and the control plane
waits for nobody. Between two pictures it sleeps. It does not draw before the feed has begun, nor once the
last stage has left: the machine's floor is measured then.

Whatever goes wrong here ends the watching and not the run. What others say on stderr meanwhile is kept and
said afterwards, for it would be lost with the picture.

Threads: made, begun and left by the main one; :meth:`Watch.look` is the control plane's.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Self, TextIO

from tickpath.cli.streams import say
from tickpath.cli.watch.cost import WatchCost
from tickpath.cli.watch.moment import Moment, Plan, Rates
from tickpath.cli.watch.picture import picture_of
from tickpath.core.time import now

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

    from tickpath.cli.watch.terminal import Terminal
    from tickpath.core.engine import AckWindow, AckWindowFigures, EngineSnapshot
    from tickpath.core.state import Transition
    from tickpath.runtime.session import Session

    _Handler = Callable[[int, FrameType | None], object] | signal.Handlers

__all__ = ["Watch"]

_FRAME_S = 0.25
#: Until the control plane has looked for the first time.
_FIRST_S = 0.05
_JOIN_S = 1.0
_MOVES_SHOWN = 50
_QUIT = "q"
#: Signals that may interrupt the putting back before it is given up.
_ATTEMPTS = 5


class Watch:
    """A context around the run of ``session``, shown on ``terminal`` under ``name`` once it has begun.

    At its end the terminal is as it was.
    """

    def __init__(self, session: Session, terminal: Terminal, name: str) -> None:
        self._session = session
        self._terminal = terminal
        self._plan = Plan(name, session.events_planned, session.plan_length_ns)
        self._seen: EngineSnapshot | None = None
        self._moves: deque[Transition] = deque(maxlen=_MOVES_SHOWN)
        self._rates = Rates()
        self._window: AckWindow | None = None
        self._taken_ns = self._first_ns = 0
        self._is_over = False
        self._is_suspended = False
        self._wake_fds: tuple[int, int] | None = None
        self._thread: threading.Thread | None = None
        self._failure: str | None = None
        self._said = io.StringIO()
        self._stderr: TextIO | None = None
        self._handlers: dict[int, signal.Handlers] = {}
        self._unsubscribe = session.lifecycle.subscribe(self._moves.append)
        self.cost = WatchCost()
        """What it took; complete once the context is left."""

    def begin(self) -> None:
        """The feed has begun: from now on there are pictures."""
        self._window = self._session.ack_window()
        self._wake_fds = os.pipe()
        self._taken_ns = self._first_ns = now()
        self._stderr, sys.stderr = sys.stderr, self._said
        self._take_signals()
        self._thread = threading.Thread(target=self._live, name="tickpath-watch", daemon=True)
        self._thread.start()

    def look(self, seen: EngineSnapshot) -> None:
        """A control step has seen this."""
        self._seen = seen

    def _live(self) -> None:
        try:
            while not self._is_over:
                if self._is_to_draw():
                    self._draw()
                wait_s = _FIRST_S if self._seen is None else _FRAME_S
                self._obey(self._terminal.keys(self._wake_read, wait_s))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the run is not to end by its picture
            # SystemExit: Rich's answer to a reader that has gone.
            self._failure = str(error) or type(error).__name__
            self._terminal.leave()
        self.cost.processor_ns = time.thread_time_ns()

    @property
    def _wake_read(self) -> int:
        return -1 if self._wake_fds is None else self._wake_fds[0]

    def _is_to_draw(self) -> bool:
        if self._is_suspended:
            return False
        if not self._terminal.is_ours():
            # Somebody has put it into the background.
            self._terminal.leave()
            return False
        seen = self._seen
        return seen is None or not (seen.feed.done and all(stage.epoch_seen is None for stage in seen.stages))

    def _draw(self) -> None:
        began_ns = time.thread_time_ns()
        between, at_ns = self._take(), now()
        moment = self._moment(between, at_ns)
        self._taken_ns = at_ns
        self._terminal.enter()
        self._terminal.draw(lambda console, columns, lines: picture_of(moment, console, columns, lines))
        drawing = self._take()
        if between is not None and drawing is not None:
            self.cost.compare(between, drawing)
        self.cost.drew(time.thread_time_ns() - began_ns)
        self.cost.processor_ns = time.thread_time_ns()
        self.cost.watched_ns = now() - self._first_ns

    def _take(self) -> AckWindowFigures | None:
        return None if self._window is None else self._window.take()

    def _moment(self, acks: AckWindowFigures | None, at_ns: int) -> Moment:
        status, seen = self._session.board.read(), self._seen
        if status.look is not None:
            self._rates.see(status.look)
        return Moment(
            plan=self._plan,
            status=status,
            feed_per_s=self._rates.feed_per_s,
            stages_per_s=self._rates.stages_per_s,
            lags=self._session.lags(),
            acks=acks,
            acks_ns=at_ns - self._taken_ns,
            moves=tuple(self._moves),
            begin_ns=None if seen is None else seen.begin_ns,
            pause_ns_max=None if seen is None else seen.pause_ns_max,
            cost=self.cost,
            has_keys=self._terminal.has_keys,
        )

    def _obey(self, keys: str) -> None:
        for _ in range(keys.count(_QUIT)):
            self._session.shutdown.request(_QUIT)

    def _take_signals(self) -> None:
        """Those of a terminal that is given to somebody else, where nobody has taken them."""
        # A read that loses its terminal in that moment fails, and does not stop the run.
        wanted: dict[str, _Handler] = {"SIGTSTP": self._suspend, "SIGTTIN": signal.SIG_IGN}
        for name, handler in wanted.items():
            number = getattr(signal, name, None)
            with contextlib.suppress(ValueError):
                if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                    signal.signal(number, handler)
                    self._handlers[number] = signal.SIG_DFL

    def _suspend(self, number: int, _frame: FrameType | None) -> None:
        """Ctrl-Z: the screen as it was, until somebody lets the process go on."""
        self._is_suspended = True
        self._terminal.leave()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        signal.signal(number, self._suspend)
        self._is_suspended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        interrupted: KeyboardInterrupt | None = None
        for _ in range(_ATTEMPTS):
            try:
                self._end()
                break
            except KeyboardInterrupt as signalled:
                # The second signal means now, but not that the terminal is left as it is.
                interrupted = signalled
        if interrupted is not None and error is None:
            raise interrupted

    def _end(self) -> None:
        """Puts everything back; may be interrupted anywhere, and called again."""
        self._is_over = True
        self._unsubscribe()
        if self._thread is not None and self._wake_fds is not None:
            os.write(self._wake_fds[1], b"\0")
            self._thread.join(_JOIN_S)
            if not self._thread.is_alive():
                wake_fds, self._wake_fds = self._wake_fds, None
                for fd in wake_fds:
                    os.close(fd)
        self._terminal.leave()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if self._stderr is not None:
            sys.stderr, self._stderr = self._stderr, None
        if self._said.tell():
            said, self._said = self._said.getvalue(), io.StringIO()
            say(said.removesuffix("\n"))
        if self._failure is not None:
            failure, self._failure = self._failure, None
            say(f"tickpath: the picture of --watch ended before the run: {failure}")

"""Ctrl-C, SIGTERM and SIGHUP, from loading to the last line of the report.

While a file is loaded a signal raises ``KeyboardInterrupt``, which the loaders let through. While an
engine runs the first signal only asks for an orderly shutdown: the intake stops, what is in the ring is
drained to a deadline, accounted for and reported. A second one means now: it ends the shutdown in its next
step, and raises.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

from tickpath.runtime.stop_signals import heeded

__all__ = ["StopSignals"]

_Handler = Callable[[int, FrameType | None], object] | int | signal.Handlers | None


class StopSignals:
    """A context in which SIGINT, SIGTERM and SIGHUP ask for an orderly end.

    Installs its handlers only in the main thread, where signals arrive, and puts the old ones back. SIGHUP is
    left alone where the process was told to ignore it (``nohup``).
    """

    def __init__(self) -> None:
        self._received = 0
        # None: nothing runs yet that could be ended in order.
        self._ask: Callable[[str], object] | None = None
        self._previous: dict[int, _Handler] = {}

    @property
    def requested(self) -> bool:
        """Whether a signal has arrived."""
        return self._received > 0

    def defer(self, ask: Callable[[str], object] = lambda _name: None) -> None:
        """From now on the first signal sets :attr:`requested` and calls ``ask`` with its name.

        The second one does so, too, and raises ``KeyboardInterrupt``. ``ask`` is called in the handler,
        between any two steps of the main thread: it waits for nothing, as ``Shutdown.request`` does.
        """
        self._ask = ask
        # It may have come between the last look and this line.
        self.insist()

    def insist(self) -> None:
        """Raises ``KeyboardInterrupt`` if a signal has arrived: for who looks now and then."""
        if self._received:
            raise KeyboardInterrupt

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self._received += 1
        ask = self._ask
        if ask is not None:
            ask(signal.Signals(number).name)
        if ask is None or self._received > 1:
            raise KeyboardInterrupt

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in heeded():
                self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            # None: the old handler was not installed from Python, and cannot be put back from here.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._previous.clear()

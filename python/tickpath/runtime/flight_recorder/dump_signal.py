"""SIGUSR1 asks for a dump: of a run that goes on as if nothing had happened.

It ends nothing and raises nothing, whatever the run is at; the signals that end a run
(:mod:`tickpath.runtime.signals`) are others, and neither knows of the other. Without a recorder it is what it
is everywhere, and ends the process.
"""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import FrameType, TracebackType

    from tickpath.runtime.flight_recorder.recorder import FlightRecorder

__all__ = ["DumpSignal"]


class DumpSignal:
    """A context in which each SIGUSR1 asks ``recorder`` for a dump at the next control step.

    Installs its handler only in the main thread, where signals arrive, and only if ``recorder`` heeds a
    ``signal``; the old one is put back. The handler notes, and does nothing else.

    >>> import signal
    >>> from tickpath.runtime.flight_recorder import FlightRecorder
    >>> before = signal.getsignal(signal.SIGUSR1)
    >>> with DumpSignal(FlightRecorder()):
    ...     signal.raise_signal(signal.SIGUSR1)  # `kill -USR1` of a run
    >>> signal.getsignal(signal.SIGUSR1) == before
    True
    """

    def __init__(self, recorder: FlightRecorder) -> None:
        self._recorder = recorder
        self._previous: object = None
        self._is_installed = False

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self._recorder.request("SIGUSR1", by_signal=True)

    def __enter__(self) -> Self:
        heeds = any(trigger.kind == "signal" for trigger in self._recorder.settings.triggers)
        # Not every system has it.
        if heeds and hasattr(signal, "SIGUSR1") and threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGUSR1, self._handle)
            self._is_installed = True
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._is_installed:
            # None: the old handler was not installed from Python, and cannot be put back from here.
            before = signal.SIG_DFL if self._previous is None else self._previous
            signal.signal(signal.SIGUSR1, before)  # type: ignore[arg-type]  # it came from there
            self._is_installed = False

"""A terminal for tests: a pseudo-terminal of the system, and what its screen would show.

A thread reads it to the end, so that nobody who writes is held up, and feeds an independent emulation (pyte).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from typing import Any, Self, TextIO, cast

import pyte

#: Makes the terminal that a process was started on its own, so that Ctrl-C and hanging up mean something.
_OWN = """
import fcntl, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
# Whoever runs the tests may be deaf to it (nohup).
signal.signal(signal.SIGHUP, signal.SIG_DFL)
sys.argv[0] = "tickpath"
from tickpath.cli import main
sys.exit(main())
"""
_OWN_PROGRAM = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
# Whoever runs the tests may be deaf to it (nohup).
signal.signal(signal.SIGHUP, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""
#: What a process is told of its terminal, and not by it.
_OF_THE_TERMINAL = {"COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}
PATIENCE_S = 30
_OTHER_SCREEN, _FIRST_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"
_NO_CURSOR, _CURSOR = b"\x1b[?25l", b"\x1b[?25h"


class Terminal:
    """A context: at its end it has hung up."""

    def __init__(self, columns: int = 100, lines: int = 30) -> None:
        self.master, self.slave = pty.openpty()
        self.raw = b""
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._changed = threading.Condition()
        self._files: list[TextIO] = []
        self._wake_read, self._wake_write = os.pipe()
        self.resize(columns, lines)
        self.modes = self.now_modes()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def now_modes(self) -> list[Any]:
        """How it treats keys now."""
        return termios.tcgetattr(self.slave)

    def file(self, mode: str) -> TextIO:
        """One end of a program's: what it reads or writes."""
        file = cast("TextIO", open(os.dup(self.slave), mode, encoding="utf-8"))  # noqa: SIM115 - closed below
        self._files.append(file)
        return file

    def resize(self, columns: int, lines: int) -> None:
        """As if its window were drawn larger or smaller."""
        with self._changed:
            self._screen.resize(lines, columns)
            fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys: str) -> None:
        """Keys."""
        os.write(self.master, keys.encode())

    def shown(self) -> list[str]:
        """The lines of the screen."""
        with self._changed:
            return list(self._screen.display)

    def text(self) -> str:
        """The screen on one line, blanks run together."""
        return " ".join(" ".join(self.shown()).split())

    def wait(self, condition: Callable[[str], object]) -> str:
        """Waits until ``condition`` holds of :meth:`text`, which is returned."""
        with self._changed:
            held = self._changed.wait_for(lambda: condition(self._now()), PATIENCE_S)
            assert held, f"it never came: {self._now()}"
            return self._now()

    def _now(self) -> str:
        return " ".join(" ".join(self._screen.display).split())

    @property
    def is_as_before(self) -> bool:
        """Whether keys, screen and cursor are as they were."""
        raw = self.raw
        return (
            self.now_modes() == self.modes
            and raw.rfind(_FIRST_SCREEN) >= raw.rfind(_OTHER_SCREEN)
            and raw.rfind(_CURSOR) >= raw.rfind(_NO_CURSOR)
        )

    def wait_as_before(self) -> None:
        """Waits until it is: what was written last may not have been read yet."""
        self.wait(lambda _: self.is_as_before)

    def _read(self) -> None:
        while True:
            ready, _, _ = select.select([self.master, self._wake_read], [], [])
            if self.master not in ready:
                return
            data = os.read(self.master, 65_536)
            with self._changed:
                self.raw += data
                self._stream.feed(data)
                self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.hang_up()
        for file in self._files:
            with contextlib.suppress(OSError):
                file.close()
        for fd in (self.slave, self._wake_read, self._wake_write):
            os.close(fd)

    def hang_up(self) -> None:
        """As if its window were closed; once."""
        if self.master >= 0:
            os.write(self._wake_write, b"\0")
            self._thread.join()
            os.close(self.master)
            self.master = -1

    def process(
        self, *arguments: str, **environ: str
    ) -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
        """``tickpath ARGUMENTS`` in this terminal, but for its stdout, which is a pipe."""
        return self._started(
            [sys.executable, "-W", "error", "-c", _OWN, *arguments], environ, subprocess.PIPE
        )

    def program(
        self, *command: str, **environ: str
    ) -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
        """Any program, all of it in this terminal."""
        return self._started([sys.executable, "-c", _OWN_PROGRAM, *command], environ, self.slave)

    @contextlib.contextmanager
    def _started(
        self, command: list[str], environ: dict[str, str], stdout: int
    ) -> Iterator[subprocess.Popen[str]]:
        env = {key: value for key, value in os.environ.items() if key not in _OF_THE_TERMINAL}
        with subprocess.Popen(
            command,
            stdin=self.slave,
            stdout=stdout,
            stderr=self.slave,
            text=True,
            start_new_session=True,
            env=env | {"TERM": "xterm-256color"} | environ,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

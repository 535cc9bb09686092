"""A terminal for tests: a pseudo-terminal of the system, and what its screen would show.

A thread reads it to the end, so that nobody who writes is held up, and feeds an independent emulation (pyte).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self, TextIO, cast

import pyte

#: Makes the terminal that a process was started on its own, so that Ctrl-C and hanging up mean something.
_OWN = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.argv[0] = "tickpath"
from tickpath.cli import main
sys.exit(main())
"""
PATIENCE_S = 20
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
        self._is_read = True
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

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self.master, 65_536)
            except OSError:
                data = b""
            with self._changed:
                self.raw += data
                self._stream.feed(data)
                self._is_read = not data
                self._changed.notify_all()
            if not data:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        for file in self._files:
            with contextlib.suppress(OSError):
                file.close()
        # The last one that had it open: reading ends.
        os.close(self.slave)
        self._thread.join()
        os.close(self.master)

    @contextlib.contextmanager
    def process(
        self, *arguments: str, cwd: Path | None = None, **environ: str
    ) -> Iterator[subprocess.Popen[str]]:
        """``tickpath ARGUMENTS`` in this terminal, but for its stdout, which is a pipe."""
        command = [sys.executable, "-W", "error", "-c", _OWN, *arguments]
        given = {"TERM": "xterm-256color"} | environ
        env = {
            key: value for key, value in {**os.environ, **given}.items() if key not in {"COLUMNS", "LINES"}
        }
        with subprocess.Popen(
            command,
            stdin=self.slave,
            stdout=subprocess.PIPE,
            stderr=self.slave,
            text=True,
            start_new_session=True,
            cwd=cwd,
            env=env,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

"""The terminal: its other screen, its size, its keys, and how it was before.

The picture goes to stderr, so that stdout is the result's as ever; keys come from stdin, if that is a
terminal. Rich draws. Keys are read one by one (``cbreak``), and Ctrl-C and Ctrl-Z stay what they are. What
was changed is put back by :meth:`Terminal.leave`, from whichever thread, as often as it is called.

A process in the background neither draws nor reads: it would be stopped for it.

Blocking: a terminal that does not take what is written holds up whoever draws. Nothing else waits.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import select
import threading
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.segment import Segment

__all__ = ["Terminal", "why_no_screen"]

#: Off the other screen, colours as they were, the cursor back.
_LEAVE = b"\x1b[0m\x1b[?1049l\x1b[?25h"
_KEYS_MAX = 256
_FALLBACK_SIZE = (80, 24)
_PATIENCE_S = 1.0


def why_no_screen(stream: TextIO) -> str | None:
    """Why nothing can be drawn on ``stream``; ``None`` if it can."""
    console = Console(file=stream)
    if not console.is_terminal or not _is_tty(stream):
        return "stderr is no terminal"
    if importlib.util.find_spec("termios") is None:
        return "this system's terminals have no keys that could be read one by one"
    if not os.environ.get("TERM"):
        return "TERM does not say what the terminal can do"
    if console.is_dumb_terminal:
        return f"TERM={os.environ['TERM']} says that the terminal cannot move its cursor"
    return None


class Terminal:
    """The terminal behind ``screen``, and ``keys`` if that is a terminal as well."""

    def __init__(self, screen: TextIO, keys: TextIO | None) -> None:
        self._fd = screen.fileno()
        self._keys_fd = keys.fileno() if keys is not None and _is_tty(keys) else None
        self.console = Console(file=screen)
        self._is_shown = False
        self._before: list[Any] | None = None
        self._size = (0, 0)
        # Whoever leaves may be a signal's handler, in the middle of the same thread's leaving.
        self._lock = threading.RLock()

    @property
    def has_keys(self) -> bool:
        """Whether keys can be read."""
        return self._keys_fd is not None

    def is_ours(self) -> bool:
        """Whether this process is in the foreground of it."""
        try:
            return os.tcgetpgrp(self._fd) == os.getpgrp()
        except OSError:
            # Not our controlling terminal: nobody stops us for using it.
            return True

    def size(self) -> tuple[int, int]:
        """Columns and lines as of now."""
        try:
            columns, lines = os.get_terminal_size(self._fd)
        except OSError:
            columns, lines = 0, 0
        return columns or _FALLBACK_SIZE[0], lines or _FALLBACK_SIZE[1]

    def enter(self) -> None:
        """The other screen, without its cursor; keys one by one. Does nothing where that is so."""
        with self._lock:
            if self._is_shown:
                return
            self._is_shown = True
            self._read_keys()
            self._size = (0, 0)
            self.console.set_alt_screen(True)
            self.console.show_cursor(False)

    def draw(self, render: Callable[[Console, int, int], list[list[Segment]]]) -> None:
        """What ``render`` makes of console, columns and lines, if the other screen is on."""
        columns, lines = size = self.size()
        # What the environment says of the size is that of when it was started.
        self.console.size = size
        picture = render(self.console, columns, lines)
        with self._lock:
            if not self._is_shown:
                return
            if size != self._size:
                # A terminal that has grown or shrunk shows what it likes until it is told otherwise.
                self._size = size
                self.console.clear(home=True)
            self.console.update_screen_lines(picture)

    def keys(self, wake_fd: int, timeout_s: float) -> str:
        """The keys pressed since, or nothing after ``timeout_s`` or once ``wake_fd`` can be read."""
        listens = self._is_shown and self.is_ours()
        fds = [wake_fd, *([self._keys_fd] if self._keys_fd is not None and listens else [])]
        ready, _, _ = select.select(fds, [], [], timeout_s)
        # Whoever has the terminal now is meant by what was typed.
        if self._keys_fd is None or self._keys_fd not in ready or not self.is_ours():
            return ""
        try:
            pressed = os.read(self._keys_fd, _KEYS_MAX)
        except OSError:
            if not self.is_ours():
                return ""
            pressed = b""
        if not pressed:
            # It has hung up: asked again it would say so at once, for ever.
            self._keys_fd = None
        # Keys that are no letters are sequences which contain letters.
        return "" if pressed.startswith(b"\x1b") else pressed.decode("ascii", "replace")

    def leave(self) -> None:
        """Everything as it was before; once per :meth:`enter`."""
        # Whoever draws may be held up by the terminal for ever.
        has_lock = self._lock.acquire(timeout=_PATIENCE_S)
        try:
            if not self._is_shown:
                return
            with contextlib.suppress(OSError, ValueError):
                self._forget_keys()
            with contextlib.suppress(OSError, ValueError):
                # Past the streams, which may be in the middle of a picture.
                left = _LEAVE
                while left:
                    left = left[os.write(self._fd, left) :]
            self._is_shown = False
        finally:
            if has_lock:
                self._lock.release()

    def _read_keys(self) -> None:
        if self._keys_fd is None:
            return
        try:
            import termios
            import tty

            self._before = termios.tcgetattr(self._keys_fd)
            # Now, and not once the output is through: that may never come.
            tty.setcbreak(self._keys_fd, termios.TCSANOW)
        except (ImportError, OSError, termios.error):
            self._keys_fd = self._before = None

    def _forget_keys(self) -> None:
        if self._before is None or self._keys_fd is None:
            return
        import termios

        with contextlib.suppress(termios.error):
            # What was typed for the picture is nothing for the shell.
            termios.tcflush(self._keys_fd, termios.TCIFLUSH)
            termios.tcsetattr(self._keys_fd, termios.TCSANOW, self._before)
        self._before = None


def _is_tty(stream: TextIO) -> bool:
    try:
        return os.isatty(stream.fileno())
    except (OSError, ValueError, AttributeError):
        return False

"""What systemd is told: ready, status, stopping, and that the control plane still steps.

One datagram each to the socket in ``$NOTIFY_SOCKET``; nothing at all where there is none. It never waits and
never fails the run: what could not be sent is counted. A watchdog is fed at half of ``$WATCHDOG_USEC``, by
the control step, so that a control plane that hangs is restarted. Only the process that made this talks, no
fork of it.

Threads: one at a time.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tickpath.core.fork import HomeProcess
from tickpath.core.time import now

if TYPE_CHECKING:
    from tickpath.runtime.status import StatusBoard

__all__ = ["SystemdNotifier"]

_NS_PER_US = 1_000
_STATUS_NS_MIN = 1_000_000_000


class SystemdNotifier:
    """Talks to the service manager that ``environ`` names, if it names one.

    ``clock`` gives monotonic nanoseconds.
    """

    def __init__(self, environ: Mapping[str, str] | None = None, *, clock: Callable[[], int] = now) -> None:
        environ = os.environ if environ is None else environ
        path = environ.get("NOTIFY_SOCKET", "")
        # "@" begins the name of an abstract socket, which is a zero byte on the wire.
        self._address = "\0" + path[1:] if path.startswith("@") else path
        self._clock = clock
        self._feed_every_ns = _watchdog_ns(environ) // 2
        self._fed_ns: int | None = None
        self._told_ns: int | None = None
        self._is_ready = False
        self._failures = 0
        self._home = HomeProcess()

    @property
    def failures(self) -> int:
        """Messages that could not be sent."""
        return self._failures

    def step(self, board: StatusBoard) -> None:
        """A control step: READY at the first ready, the status at most once a second, the watchdog."""
        if not self._address:
            return
        at_ns = self._clock()
        if self._feed_every_ns and (self._fed_ns is None or at_ns - self._fed_ns >= self._feed_every_ns):
            self._fed_ns = at_ns
            self._send("WATCHDOG=1")
        is_ready = board.is_ready
        if is_ready and not self._is_ready:
            # Once: to systemd a service that has started stays so; what came after is in the status.
            self._is_ready = True
            self._told_ns = at_ns
            self._send("READY=1", f"STATUS={board.read().line()}")
        elif self._told_ns is None or at_ns - self._told_ns >= _STATUS_NS_MIN:
            self._told_ns = at_ns
            self._send(f"STATUS={board.read().line()}")

    def stopping(self, why: str = "") -> None:
        """An orderly end has begun."""
        self._send("STOPPING=1", f"STATUS=stopping{': ' if why else ''}{why}")

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        if not self._home.is_here():
            # A fork says nothing of a run that is not its own.
            self._failures += 1
            return
        # The words of a cause may hold a newline, and would then say more than they should.
        text = "\n".join(" ".join(line.split()) for line in lines)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as door:
                door.setblocking(False)
                door.sendto(text.encode("utf-8", "replace"), self._address)
        except (OSError, AttributeError, ValueError):
            # AttributeError: a system without such sockets. ValueError: a name that cannot be one.
            self._failures += 1


def _watchdog_ns(environ: Mapping[str, str]) -> int:
    """How long the service manager waits for a sign of life; 0 for no watchdog, or somebody else's."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0
    usec = environ.get("WATCHDOG_USEC", "")
    return int(usec) * _NS_PER_US if usec.isascii() and usec.isdigit() else 0

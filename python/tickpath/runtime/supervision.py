"""Everybody outside who is told how a run is: systemd, a probe file, HTTP.

All of it reads the status board, which the control step leaves its look on; nothing is near the hot path.
What is not asked for is not there. Threads: the control plane's, but for the HTTP server, which has its own.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from tickpath.runtime.endpoints import Endpoints
from tickpath.runtime.latency_buckets import AckLatency
from tickpath.runtime.notify import SystemdNotifier
from tickpath.runtime.probe_file import ProbeFile

if TYPE_CHECKING:
    from pathlib import Path

    from tickpath.core.engine import AckReader
    from tickpath.runtime.endpoints import HttpAddress
    from tickpath.runtime.status import StatusBoard

__all__ = ["Supervision"]


class Supervision:
    """Tells systemd (where ``$NOTIFY_SOCKET`` is set), ``probe_file`` and whoever asks at ``http``.

    A context: at its end the probe file says ``stopped`` and the endpoints are gone. Raises
    ``EndpointsUnavailable`` when it is entered and the address cannot be had, or the extra is missing.
    """

    def __init__(
        self, board: StatusBoard, *, http: HttpAddress | None = None, probe_file: Path | None = None
    ) -> None:
        self._board = board
        self._notifier = SystemdNotifier()
        self._probe_file = None if probe_file is None else ProbeFile(probe_file)
        self._http = http
        self._endpoints: Endpoints | None = None
        self._stack = ExitStack()
        self._is_stopping = False

    @property
    def url(self) -> str | None:
        """Where the endpoints are; ``None`` without any."""
        return None if self._endpoints is None else self._endpoints.url

    @property
    def probe_file_failures(self) -> int:
        """How often the probe file could not be written."""
        return 0 if self._probe_file is None else self._probe_file.failures

    def begin(self, acks: AckReader | None) -> None:
        """The stages run; ``acks`` is where the latencies of ``/metrics`` come from, if there is a ring."""
        if self._endpoints is not None and acks is not None:
            self._board.count_latency(AckLatency(acks))

    def step(self) -> None:
        """After each control step."""
        if self._probe_file is not None:
            self._probe_file.step(self._board)
        if self._board.phase != "running":
            self._tell_stopping()
        self._notifier.step(self._board)

    def _tell_stopping(self) -> None:
        """Once: when the end begins, which may be some draining before it comes."""
        if not self._is_stopping:
            self._is_stopping = True
            self._notifier.stopping()

    def __enter__(self) -> Self:
        if self._probe_file is not None:
            self._stack.callback(self._probe_file.close, self._board)
        # A run that never comes to its board has stopped all the same.
        self._stack.callback(self._board.close)
        if self._http is not None:
            self._endpoints = self._stack.enter_context(Endpoints(self._board, self._http))
        self._stack.callback(self._tell_stopping)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stack.close()

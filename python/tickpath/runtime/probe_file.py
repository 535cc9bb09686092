"""The probe file: the status as JSON in a file that always holds one whole object.

Written beside itself and renamed, so that a reader sees the old one or the new one; on each change of
readiness and at every so many control steps. It never fails a run that has begun: what could not be written
is counted. At the end it is left behind, marked ``"phase": "stopped"`` and not ready. It is written by the
process that made this, never by a fork of it.

Threads: one at a time.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tickpath.config.checks import whole
from tickpath.core.fork import HomeProcess
from tickpath.core.whole_file import is_special, why_not_written, write_whole
from tickpath.errors import ArgumentValueError

if TYPE_CHECKING:
    from tickpath.runtime.status import StatusBoard

__all__ = ["ProbeFile"]

_STEPS_MAX = 1_000_000_000


class ProbeFile:
    """Keeps the status of a board in the file ``path``, rewritten at least every ``every_steps`` steps.

    Raises ``ArgumentValueError`` if there cannot be such a file, and what ``every_steps`` breaks.
    """

    def __init__(self, path: str | os.PathLike[str], *, every_steps: int = 100) -> None:
        whole("every_steps", every_steps, 1, _STEPS_MAX)
        self._path = Path(path)
        if is_special(self._path):
            raise ArgumentValueError(
                f"the probe file {self._path} is a device or a pipe: name a regular file, which is replaced "
                "as a whole"
            )
        reason = why_not_written(self._path)
        if reason is not None:
            raise ArgumentValueError(f"the probe file {reason}")
        self._every_steps = every_steps
        self._steps = 0
        self._was_ready: bool | None = None
        self._failures = 0
        self._home = HomeProcess()

    @property
    def failures(self) -> int:
        """How often it could not be written."""
        return self._failures

    def step(self, board: StatusBoard) -> None:
        """A control step: writes if readiness has changed, or if it is time."""
        is_ready = board.is_ready
        if is_ready != self._was_ready or self._steps % self._every_steps == 0:
            self._was_ready = is_ready
            self._write(board.read().as_json())
        self._steps += 1

    def close(self, board: StatusBoard) -> None:
        """The last one; the board is closed by then, and says ``stopped``."""
        self._write(board.read().as_json())

    def _write(self, status: dict[str, Any]) -> None:
        if not self._home.is_here():
            # A fork says nothing of a run that is not its own.
            self._failures += 1
            return
        text = json.dumps(status | {"pid": self._home.pid}) + "\n"
        try:
            write_whole(self._path, text.encode("ascii"))
        except OSError:
            self._failures += 1

"""What a signal does to a command where it runs nothing: while it is imported, and once all is said.

Imported before the signals are taken, and so made of next to nothing.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

__all__ = ["EXIT_INTERRUPTED", "outside_a_run", "say_interrupted"]

EXIT_INTERRUPTED = 130


class _OutsideARun:
    """Ends the process, where there is nothing to account for, and nothing to clean up.

    Nothing is raised: whatever is being imported may catch it, or be left half imported.
    """

    is_said = False
    """Whether the result is out: what comes after that interrupts nothing."""

    def __call__(self, _signal: int, _frame: FrameType | None) -> None:
        if not self.is_said:
            say_interrupted()
            os._exit(EXIT_INTERRUPTED)


outside_a_run = _OutsideARun()
"""The handler of the process's signals, but where a run has its own."""


def say_interrupted() -> None:
    """One line on stderr."""
    # Past the stream, which the signal may have found in the middle of a line; nobody may have left one open.
    if sys.stderr is not None:
        try:  # noqa: SIM105  contextlib would be imported for it, before the signals are taken
            os.write(sys.stderr.fileno(), b"tickpath: interrupted outside a run\n")
        except (OSError, ValueError):
            pass

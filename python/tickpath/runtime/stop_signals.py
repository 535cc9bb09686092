"""Which signals ask a run to end.

Imported before anything else by the command line, and so made of next to nothing.
"""

from __future__ import annotations

import signal

__all__ = ["heeded"]


def heeded() -> tuple[signal.Signals, ...]:
    """Ctrl-C, SIGTERM, and the terminal that hangs up, unless the process is to outlive it (``nohup``)."""
    # Windows has none.
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is None or signal.getsignal(hang_up) is signal.SIG_IGN:
        return signal.SIGINT, signal.SIGTERM
    return signal.SIGINT, signal.SIGTERM, hang_up

"""The shutdown: stop the intake, drain to a deadline, account for the rest.

See ``docs/operating/shutdown.md``; signals reach it through :mod:`tickpath.runtime.signals`.
"""

from __future__ import annotations

from tickpath.runtime.shutdown.controller import Shutdown, ShutdownResult

__all__ = ["Shutdown", "ShutdownResult"]

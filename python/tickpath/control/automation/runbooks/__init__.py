"""The shipped runbooks: one for each row of the failure table, and one for each other cause of a probe.

``docs/operating/runbooks.md`` is the operator's page; ``tickpath runbook show NAME`` prints one.
"""

from __future__ import annotations

from tickpath.control.automation.runbooks.shipped import FAILURE_TABLE, SHIPPED, build, build_all

__all__ = ["FAILURE_TABLE", "SHIPPED", "build", "build_all"]

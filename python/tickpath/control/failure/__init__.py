"""Failure scenarios: degrade on purpose, restore with care.

A scenario moves a lifecycle to DEGRADED and back by the legal transitions and nothing else. It knows
no bus, no executor and no feed; see ``docs/concepts/failure.md``.
"""

from __future__ import annotations

from tickpath.control.failure.causes import held_causes
from tickpath.control.failure.scenario import ExecutionFailure, FailureScenario, MarketDataOutage

__all__ = ["ExecutionFailure", "FailureScenario", "MarketDataOutage", "held_causes"]

"""The readiness probe: why the run is not ready, as unmet conditions with their numbers.

See ``docs/operating/readiness.md``.
"""

from __future__ import annotations

from tickpath.runtime.readiness.conditions import UnmetCondition
from tickpath.runtime.readiness.probe import HasReadings, Readiness

__all__ = ["HasReadings", "Readiness", "UnmetCondition"]

"""What the operator of a scenario does, and when: the explicit actions that no runbook may take by itself.

Each happens once, by the same triggers as a fault, at the first control step that finds it due.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tickpath.config.scenario.injections import InjectionSettings
from tickpath.config.scenario.probes import Cause

__all__ = ["AcknowledgeSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeSettings(InjectionSettings):
    """The operator says that a cause has been seen to."""

    kind: ClassVar[str] = "acknowledge"

    cause: Cause
    """Which cause."""

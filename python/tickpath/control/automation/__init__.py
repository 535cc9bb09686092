"""Runbooks: what is done about a cause of degradation, in steps that are verified, audited and undone.

A cause begins a runbook; its steps act through :class:`Actions` and nothing else; what does not come true is
undone and escalated. See ``docs/concepts/automation.md``.
"""

from __future__ import annotations

from tickpath.control.automation.actions import Actions
from tickpath.control.automation.audit import AuditEntry, AuditTrail
from tickpath.control.automation.automation import Automation
from tickpath.control.automation.rehearsal import RehearsedStep, dry_run, look_at
from tickpath.control.automation.runbook import Condition, Runbook, Situation, Step

__all__ = [
    "Actions",
    "AuditEntry",
    "AuditTrail",
    "Automation",
    "Condition",
    "RehearsedStep",
    "Runbook",
    "Situation",
    "Step",
    "dry_run",
    "look_at",
]

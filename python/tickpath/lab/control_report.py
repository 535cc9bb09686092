"""What the control plane saw and did, as parts of a run's object: in the order it happened, in run time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tickpath.runtime.result import RunResult

__all__ = ["control_section"]

Report = dict[str, Any]


def control_section(result: RunResult) -> Report:
    """The fields ``warmups``, ``injections``, ``health``, ``audit``, ``control`` and ``shutdown``."""
    account, cost = result.control, result.control_cost
    return {
        "warmups": [certificate.as_json() for certificate in account.certificates],
        "injections": [
            {"at_ns": each.at_ns, "name": each.name, "kind": each.kind, "event": each.event}
            for each in account.injections
        ],
        "health": [
            {
                "at_ns": change.at_ns,
                "cause": change.cause.words,
                "raised": change.raised,
                "probe": change.probe,
                "value": change.reading.value,
                "threshold": change.reading.threshold,
            }
            for change in account.health
        ],
        "audit": [
            {
                "at_ns": entry.at_ns,
                "runbook": entry.runbook,
                "trigger": entry.trigger,
                "step": entry.step,
                "event": entry.event,
                "detail": entry.detail,
            }
            for entry in account.audit
        ],
        "control": {
            "interval_ns": result.settings.control_interval_ns,
            "steps": account.steps,
            "escalations": account.escalations,
            "injection_errors": account.errors.injections,
            "probe_errors": account.errors.probes,
            "audit_lines_unwritten": account.errors.audit_lines,
            # Of the machine, and so unknown in virtual time.
            "step_ns_mean": cost.total_ns // cost.steps if cost is not None and cost.steps else None,
            "step_ns_max": cost.max_ns if cost is not None else None,
        },
        "shutdown": None if result.shutdown is None else result.shutdown.as_json(),
    }

"""What a flight recorder did in a run, as part of the run's object, and as a line for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickpath.runtime.result import RunResult

__all__ = ["flight_facts", "flight_section"]

Report = dict[str, Any]


def flight_section(result: RunResult) -> Report | None:
    """The field ``flight_recorder``; ``None`` without one."""
    account = result.flight
    if account is None:
        return None
    return {
        "folder": account.folder,
        "last": account.settings.last,
        "dump_on": list(account.settings.dump_on),
        "dumps_max": account.settings.dumps_max,
        "gap_ns": account.settings.gap_ns,
        "dumps": [
            {
                "number": dump.number,
                "at_ns": dump.at_ns,
                "triggers": [{"trigger": one.trigger, "evidence": one.evidence} for one in dump.fired],
                "events": dump.events,
                "events_overwritten": dump.events_overwritten,
                "events_not_kept": dump.events_not_kept,
                "acks": dump.acks,
                "acks_overwritten": dump.acks_overwritten,
                "acks_not_kept": dump.acks_not_kept,
                "files": list(dump.files),
                "failure": dump.failure,
            }
            for dump in account.dumps
        ],
        "suppressed": [
            {"trigger": each.trigger, "why": each.why, "count": each.count} for each in account.suppressed
        ],
        "windows_unknown": account.windows_unknown,
        "acks_unseen": account.acks_unseen,
        "transitions_unseen": account.transitions_unseen,
    }


def flight_facts(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A line for each dump, and one for what was not dumped; nothing without a recorder."""
    flight = report["flight_recorder"]
    if flight is None:
        return []
    facts = []
    for dump in flight["dumps"]:
        lost = dump["events_overwritten"] + dump["acks_overwritten"]
        text = (
            f"{dump['at_ns'] / 1_000_000:,.3f} ms, {', '.join(one['trigger'] for one in dump['triggers'])}: "
            f"{dump['events']:,} events, {dump['acks']:,} acks"
        )
        text += f", {lost:,} overwritten while they were copied" if lost else ""
        where = ", ".join(dump["files"]) or "kept"
        facts.append(("flight", f"{text}; {dump['failure'] or where}"))
    left = [f"{each['trigger']} {each['count']:,} times ({each['why']})" for each in flight["suppressed"]]
    if left or not facts:
        facts.append(("flight", f"not dumped: {', '.join(left)}" if left else "nothing happened: no dump"))
    return facts

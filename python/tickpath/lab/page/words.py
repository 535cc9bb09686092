"""What a page says of a run beside its pictures: the figures at the top, provenance, settings.

Pure functions from a run's object to names and words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tickpath.lab.flight_section import flight_facts
from tickpath.lab.report_text import (
    clock_line,
    count,
    duration,
    floor_line,
    pace_line,
    sink_line,
    source_line,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ledger_terms", "name_of", "provenance", "setting_rows", "tiles", "why_nothing_over_time"]

#: Of a long list, such as measured service times, so many values are shown.
_VALUES_MAX = 40

Report = dict[str, Any]
Words = list[tuple[str, str]]


def name_of(report: Mapping[str, Any]) -> str:
    """What the run is called."""
    scenario = report["config"].get("scenario")
    return f"tickpath run, {report['mode']}" if scenario is None else str(scenario["name"])


def tiles(report: Mapping[str, Any]) -> Words:
    """What a reader asks first."""
    executor = report["ledger"]["consumers"]["executor"]
    way = report["latency"]["published_to_completed"]
    facts = [
        ("events published", count(executor["published"])),
        ("executed", count(executor["executed"])),
        ("lost or skipped", count(executor["lost"] + executor["shed"])),
        ("executed outside READY", count(report["executed_outside_ready"])),
        ("p50, published → completed", duration(way["p50_ns"])),
        ("p99, published → completed", duration(way["p99_ns"])),
    ]
    if report["mode"] == "live":
        facts.append(("p99 of the machine's floor", duration(report["floor"]["p99_ns"])))
    return facts


def why_nothing_over_time(report: Mapping[str, Any]) -> str:
    """Why there are no latencies over time, where there are none."""
    if report["wall_ns"] is None:
        return "The run ended before its first event."
    return "Nothing was recorded over time."


def ledger_terms(ledger: Mapping[str, Any]) -> list[str]:
    """The columns of the ledger."""
    terms = ["published", "executed", "gated", "lost", "shed", "unread"]
    if any("read" in books for books in ledger["consumers"].values()):
        terms.insert(3, "read")
    return terms


def provenance(report: Mapping[str, Any]) -> Words:
    """What it takes to trust the figures."""
    feed, told = report["feed"], report["latency_over_time"]
    lines = [("feed", source_line(source)) for source in feed["sources"]]
    lines.append(("pace", pace_line(report) if feed["sources"] else "nothing was loaded"))
    lines.append(("seed", "none: a recording" if report["seed"] is None else str(report["seed"])))
    if report["mode"] == "virtual":
        lines.append(("time", "virtual: nothing of a machine is in these figures"))
    else:
        lines.append(("clock", clock_line(report["clock"], report["config"]["stamp_per"])))
        lines.append(("floor", floor_line(report["floor"])))
    if told is not None:
        over_time = (
            f"slices of {duration(told['slice_ns'])} of the executor's acks, {count(told['dropped'])} of "
            "them missed; writing acks is part of the run"
        )
        lines.append(("over time", over_time))
    if report["observer"]["shown"] is not None:
        lines.append(("sink", sink_line(report["observer"])))
    lines += flight_facts(report)
    lines += [("refused by the machine", refusal) for refusal in report["refused"]]
    if report["digest"] is not None:
        lines.append(("digest", report["digest"]))
    return lines


def setting_rows(value: Any, path: str = "") -> Words:
    """A table's leaves by their dotted keys."""
    if isinstance(value, dict) and value:
        dot = "." if path else ""
        return [leaf for key, each in value.items() for leaf in setting_rows(each, f"{path}{dot}{key}")]
    if isinstance(value, list | tuple) and any(isinstance(each, dict | list | tuple) for each in value):
        return [leaf for index, each in enumerate(value) for leaf in setting_rows(each, f"{path}[{index}]")]
    return [(path, _setting(value))]


def _setting(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        more = f" and {len(value) - _VALUES_MAX:,} more" if len(value) > _VALUES_MAX else ""
        return (", ".join(_setting(each) for each in value[:_VALUES_MAX]) or "none") + more
    return "none" if isinstance(value, dict) else str(value)

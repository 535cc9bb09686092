"""What the doctor says to people: from the object of :mod:`tickpath.lab.doctor.examination` and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from tickpath.lab.fitted_table import FittedTable
from tickpath.lab.report_text import count, duration

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["headline", "print_doctor"]

_STYLES = {"good": "green", "costs": "bold yellow", "note": "", "unknown": "dim"}
_SUPPORTED = {True: ("yes", "green"), False: ("no", "bold red"), None: ("not known", "dim")}
_CORE_COLUMNS = (("p50", "p50_ns"), ("p99", "p99_ns"), ("p99.9", "p99_9_ns"), ("p99.99", "p99_99_ns"))


def print_doctor(report: Mapping[str, Any], console: Console) -> None:
    """Prints the report."""
    console.print(
        Group(
            Text(headline(report), style="bold"),
            *([Text("; ".join(report["reasons"]), style="bold red")] if report["reasons"] else []),
            Text(_how(report), style="dim"),
            Text(),
            _percentiles(report),
            Text(),
            _cores(report["cores"]),
            Text(),
            _findings(report["findings"]),
            Text(),
            *_changes(report),
        ),
        highlight=False,
    )


def headline(report: Mapping[str, Any]) -> str:
    """``Can support p99.9 for latencies of 10.0 µs, not p99.99: …``."""
    rows, latency = report["percentiles"], duration(report["config"]["latency_ns"])
    first = next((row for row in rows if not row["supported"]), None)
    can = (
        f"Can support {report['supports']} for latencies of {latency}"
        if report["supports"]
        else f"Can support no percentile for latencies of {latency}"
    )
    if first is None:
        return f"{can}."
    if first["supported"] is None:
        return f"{can}; {first['percentile']} is not known: too few samples ({count(first['samples'])})."
    explained = duration(first["explained_up_to_ns"])
    return f"{can}, not {first['percentile']}: there the machine alone explains up to {explained}."


def _how(report: Mapping[str, Any]) -> str:
    floor, machine = report["floor"], report["machine"]
    names = [str(core) for core in floor["cores"] if core is not None]
    where = f"cores {' and '.join(names)}" if names else "a thread that is tied to no core"
    if not floor["watched_ns"]:
        return f"nothing was watched: {'; '.join(report['refused']) or 'no time was given'}"
    where = where if len(names) != 1 else f"core {names[0]}"
    return (
        f"{machine['cpu'] or machine['architecture']}, {machine['system']}"
        f"{', virtual' if machine['virtual'] else ''}. Watched {where}, as a run takes them: "
        f"{duration(floor['watched_ns'])} in all, judged as {report['config']['rate_hz']:,} events a second "
        "would have met it. What happens more rarely was not seen: --seconds 30 before you trust p99.99."
    )


def _table(*headings: str) -> Table:
    table = FittedTable(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _percentiles(report: Mapping[str, Any]) -> Table:
    table = _table("percentile", "floor", "samples", "pauses beyond", "believe above", "supported")
    for row in report["percentiles"]:
        word, style = _SUPPORTED[row["supported"]]
        table.add_row(
            row["percentile"],
            duration(row["floor_ns"]),
            count(row["samples"]),
            count(row["pauses_beyond"]),
            duration(row["explained_up_to_ns"]),
            Text(word, style=style),
        )
    return table


def _cores(cores: list[Mapping[str, Any]]) -> Table:
    table = _table("core", *(name for name, _ in _CORE_COLUMNS), "longest", "taken off", "stolen", "supports")
    for core in cores:
        table.add_row(
            "any" if core["core"] is None else str(core["core"]),
            *(duration(core[key]) for _, key in _CORE_COLUMNS),
            duration(core["longest_pause_ns"]),
            count(core["switches"]),
            duration(core["stolen_ns"]),
            core["supports"] or "none",
        )
    return table


def _findings(findings: list[Mapping[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in findings:
        name = Text(each["name"].replace("_", " "), style=_STYLES[each["status"]])
        table.add_row(name, Text.assemble(each["found"], "\n", (each["means"], "dim")))
    return table


def _changes(report: Mapping[str, Any]) -> list[RenderableType]:
    by_name = {each["name"]: each for each in report["findings"]}
    if not report["changes"]:
        return [Text("Nothing to change was found.", style="bold")]
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    for number, name in enumerate(report["changes"], start=1):
        title = name.replace("_", " ")
        table.add_row(f"{number}.", Text(f"{title}: {by_name[name]['change']}"))
    return [Text("To change, what stalls longest first", style="bold"), table]

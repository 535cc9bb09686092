"""Drills for people: what happened, the grade as a table, and one line each where there are many.

Reads the objects of :mod:`tickpath.lab.drill_report`, :mod:`tickpath.lab.parity` and
:mod:`tickpath.lab.determinism` and nothing else, so that both say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from tickpath.lab.report_text import VERDICT_STYLES, count, duration
from tickpath.runtime.notebook import html_table, html_verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickpath.lab.drill import DrillResult

__all__ = [
    "graded_value",
    "html_of_grade",
    "print_determinism",
    "print_drill_list",
    "print_drills",
    "print_parity",
]

#: What a runbook did that a reader of the story wants to see; the JSON has every line.
_TOLD = (
    "triggered",
    "acted",
    "refused",
    "raised",
    "failed",
    "undone",
    "acknowledged",
    "escalated",
    "finished",
)
_ROW_STYLES = {"pass": "green", "fail": "bold red", "unknown": "bold red", "reported": "dim"}


def print_drills(report: Mapping[str, Any], console: Console, *, summary: bool) -> None:
    """Prints each drill, or with ``summary`` a line each and those that failed in full."""
    blocks: list[RenderableType] = []
    for drill in report["drills"]:
        if not summary or drill["verdict"] != "pass":
            blocks += [*_drill(drill), Text()]
    if summary:
        blocks += [_summary(report), Text()]
        blocks.append(_verdict(report["verdict"], _totals(report)))
    console.print(Group(*blocks), highlight=False)


def print_drill_list(report: Mapping[str, Any], console: Console) -> None:
    """Prints the drills there are."""
    table = _table()
    table.add_column("drill", no_wrap=True)
    table.add_column("what it is")
    table.add_column("--break switches off", no_wrap=True)
    for drill in report["drills"]:
        table.add_row(drill["name"], drill["description"], drill["disable"] or "nothing")
    console.print(table, highlight=False)


def print_parity(report: Mapping[str, Any], console: Console) -> None:
    """Prints virtual and live side by side."""
    table = _table()
    for heading in ("", "virtual", "live", ""):
        table.add_column(heading)
    for row in report["rows"]:
        same = Text("same", style="green") if row["same"] else Text("DIFFERS", style="bold red")
        table.add_row(row["name"], Text(row["virtual"]), Text(row["live"]), same)
    words = f": {report['scenario']}, seed {report['seed']}, in virtual time and live"
    console.print(Group(_verdict(report["verdict"], words), table), highlight=False)


def print_determinism(report: Mapping[str, Any], console: Console) -> None:
    """Prints whether two runs were the same, and where they parted."""
    found = report["difference"]
    words = f": {report['scenario']}, seed {report['seed']}, twice in fresh processes"
    lines = [_verdict(report["verdict"], words)]
    if found is None and report["verdict"] == "pass":
        lines.append(Text(f"{count(report['steps'])} steps, all the same; digest {report['digests'][0]}"))
    elif found is None:
        lines.append(Text(f"digests {report['digests'][0]} and {report['digests'][1]}"))
    else:
        when = "" if found["at_ns"] is None else f" at {duration(found['at_ns'])}"
        lines.append(
            Text(
                f"they part at step {count(found['step'])}{when}: {found['field']} is {found['first']!r} in "
                f"one and {found['second']!r} in the other"
            )
        )
    console.print(Group(*lines), highlight=False)


def _drill(drill: Mapping[str, Any]) -> list[RenderableType]:
    blocks: list[RenderableType] = [
        _verdict(drill["verdict"], f": {drill['name']}"),
        Text(drill["description"]),
    ]
    if drill["disabled"]:
        blocks.append(Text(f"switched off: {drill['disabled']}; a drill that passes now proves nothing"))
    blocks += [_story(drill), Text(), _grade(drill["grade"])]
    if drill["digest"]:
        blocks.append(Text(f"seed {drill['seed']}, digest {drill['digest']}", style="dim"))
    return blocks


def _story(drill: Mapping[str, Any]) -> Table:
    """What happened, in the order of time: faults, causes, transitions, what runbooks did."""
    lines: list[tuple[int, str, str]] = []
    for span in drill["injections"]:
        if span["begin_ns"] is None:
            continue
        lines.append((span["begin_ns"], "fault", f"{span['name']} ({span['kind']}) begins"))
        if span["end_ns"] is not None:
            lines.append((span["end_ns"], "fault", f"{span['name']} is over"))
    for event in drill["health"]:
        lines.append(
            (event["at_ns"], "health", f"{event['cause']}: {'raised' if event['raised'] else 'cleared'}")
        )
    for entry in drill["audit"]:
        if entry["event"] not in _TOLD:
            continue
        words = " ".join(filter(None, (entry["step"], entry["event"])))
        lines.append((entry["at_ns"], entry["runbook"] or "operator", words))
    for move in drill["lifecycle"]:
        cause = f" ({move['cause']})" if move["cause"] else ""
        lines.append((move["at_ns"], "lifecycle", f"{move['source']} -> {move['target']}{cause}"))
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right")
    for _ in range(2):
        table.add_column(overflow="fold")
    # Stable: at one moment the fault stands before what saw it, and that before what was done.
    for at_ns, who, what in sorted(lines, key=lambda line: line[0]):
        table.add_row(Text(_moment(at_ns), style="dim"), Text(who, style="dim"), Text(what))
    return table


def _moment(at_ns: int) -> str:
    return f"{at_ns / 1e6:,.3f} ms"


def _grade(rows: list[Mapping[str, Any]]) -> Table:
    table = _table()
    table.add_column("graded")
    for heading in ("measured", "limit"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    table.add_column("", overflow="fold")
    for row in rows:
        verdict = Text(row["verdict"], style=_ROW_STYLES[row["verdict"]])
        limit = "" if row["limit"] is None else graded_value(row["limit"], row["unit"])
        table.add_row(
            row["name"], graded_value(row["measured"], row["unit"]), limit, verdict, Text(row["note"])
        )
    return table


def html_of_grade(drill: DrillResult) -> str:
    """A drill for a notebook: its verdict, and every line of its grade."""
    rows = [
        (
            row.name,
            graded_value(row.measured, row.unit),
            "" if row.limit is None else graded_value(row.limit, row.unit),
            row.verdict,
            row.note,
        )
        for row in drill.grade.rows
    ]
    failed = [row.name for row in drill.grade.failures]
    verdict = html_verdict(drill.verdict, [drill.scenario.name, *failed])
    return verdict + html_table(("graded", "measured", "limit", "verdict", "note"), rows)


def _summary(report: Mapping[str, Any]) -> Table:
    table = _table()
    table.add_column("drill", no_wrap=True)
    table.add_column("")
    for heading in ("detect", "degrade", "recover", "lost", "outside READY"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for drill in report["drills"]:
        rows = {row["name"].partition(":")[0]: row for row in reversed(drill["grade"])}
        cells = [
            graded_value(rows[name]["measured"], rows[name]["unit"]) if name in rows else ""
            for name in (
                "time to detect",
                "time to degrade",
                "time to recover",
                "events lost by the executor",
                "executed while not READY",
            )
        ]
        failed = [row["name"] for row in drill["grade"] if row["verdict"] in ("fail", "unknown")]
        verdict = Text(drill["verdict"], style=VERDICT_STYLES[drill["verdict"]])
        table.add_row(drill["name"], verdict, *cells, Text("; ".join(failed)))
    return table


def _totals(report: Mapping[str, Any]) -> str:
    left_out = f", {count(report['left_out'])} left out" if report["left_out"] else ""
    return (
        f": {count(report['passed'])} passed, {count(report['failed'])} failed{left_out}, {report['mode']}, "
        f"in {duration(report['wall_ns'])}"
    )


def graded_value(value: Any, unit: str) -> str:
    """A measured value or a limit in words; ``unknown`` for ``None``."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, str):
        return "unknown" if value is None else value
    if unit == "ns":
        return duration(value)
    return f"{value:.2%}" if unit == "share" else count(value)


def _verdict(verdict: str, words: str) -> Text:
    line = Text(verdict.upper(), style=VERDICT_STYLES[verdict])
    return line.append(words, style="not bold")


def _table() -> Table:
    return Table(box=None, pad_edge=False, header_style="bold")

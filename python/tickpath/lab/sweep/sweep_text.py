"""A sweep for people: reads the object of :mod:`tickpath.lab.sweep.report` and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from tickpath.lab.fitted_table import FittedTable
from tickpath.lab.report_text import VERDICT_STYLES, count, duration
from tickpath.lab.sweep.axes import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["print_sweep"]

#: Points that are shown; the table in the file has them all.
_POINTS_SHOWN = 30
_ERRORS_SHOWN = 3
_FOOTNOTE = """\
p99: median and worst of a point's runs, published to completed. unknown: fewer than ten samples beyond it.
missed: lost or shed by the executor, of all events of the point's runs."""


def print_sweep(report: Mapping[str, Any], console: Console) -> None:
    """Prints ``report``."""
    console.print(Group(_verdict(report), _grid(_facts(report))), highlight=False)
    if report["points"]:
        points = Group(Text(), _points(report), Text(_FOOTNOTE, style="dim"))
        console.print(points, highlight=False)
    for words, run in _replays(report):
        # On one line however long it is: it is to be copied.
        console.print(Group(Text(), Text(words, style="bold")), highlight=False)
        console.print(Text(f"  {run['replay']}"), highlight=False, soft_wrap=True)


def _replays(report: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Runs that somebody will want to see once more."""
    found = [
        (f"replays the first run that ended with that error, {error['first']['run']}:", error["first"])
        for error in report["errors"][:1]
    ]
    worst = report["worst"]
    if worst is not None:
        found.append((f"replays run {worst['run']}, the worst p99 (digest {worst['digest']}):", worst))
    return found


def _verdict(report: Mapping[str, Any]) -> Text:
    line = Text(report["verdict"].upper(), style=VERDICT_STYLES[report["verdict"]])
    runs = report["runs"]
    words = f": {count(runs['done'])} of {count(runs['planned'])} runs are done"
    if runs["done_before"]:
        words += f", {count(runs['done_before'])} of them before"
    words += "".join(f"; {reason}" for reason in report["reasons"])
    if runs["left"]:
        words += f"; the same command does the other {count(runs['left'])}"
    return line.append(words, style="not bold")


def _facts(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    runs, seeds = report["runs"], report["seeds"]
    facts = [("scenario", report["scenario"])]
    facts += [(axis["key"], _values(axis["values"])) for axis in report["axes"]]
    last = seeds["first"] + seeds["count"] - 1
    facts.append(("seeds", f"{seeds['first']}" if seeds["count"] == 1 else f"{seeds['first']} to {last}"))
    facts.append(("engine", f"{report['engine']}, {duration(report['wall_ns'])}"))
    failed = runs["objectives_failed"]
    if failed:
        facts.append(("objectives", f"{count(failed)} runs do not meet the scenario's objectives"))
    if report["without_effect"]:
        facts.append(
            (
                "no effect",
                f"{', '.join(report['without_effect'])}: no difference wherever two runs differ in it alone",
            )
        )
    for error in report["errors"][:_ERRORS_SHOWN]:
        facts.append(("error", f"{count(error['runs'])} runs: {error['error']}"))
    more = len(report["errors"]) - _ERRORS_SHOWN
    if more > 0:
        facts.append(("", f"and {more} other errors: the column error of the table has them all"))
    facts += [(name, path) for name, path in report["files"].items()]
    return facts


def _values(values: list[Any]) -> str:
    words = [text_of(value) for value in values]
    return ", ".join(words if len(words) <= 12 else [*words[:9], "…", words[-1]]) + (
        f" ({count(len(words))} values)" if len(words) > 12 else ""
    )


def _grid(facts: list[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(Text(name), Text(value))
    return table


def _points(report: Mapping[str, Any]) -> Table:
    table = FittedTable(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for axis in report["axes"]:
        table.add_column(Text(axis["key"]), justify="right", overflow="fold")
    for heading in ("runs", "failed", "p99", "worst", "missed", "objectives"):
        table.add_column(heading, justify="right", no_wrap=True)
    points = report["points"]
    for point in points[:_POINTS_SHOWN]:
        failed = point["fail"] + point["error"]
        latency = point["latency_p99_ns"]
        table.add_row(
            *(Text(text_of(value)) for value in point["settings"].values()),
            count(point["runs"]),
            Text(count(failed), style="bold red") if failed else "0",
            duration(latency["median"]),
            duration(latency["max"]),
            _missed(point),
            _objectives(point),
        )
    if len(points) > _POINTS_SHOWN:
        table.add_row(*["…"] * len(table.columns))
        table.caption = f"{_POINTS_SHOWN} of {count(len(points))} points; the table in the file has all runs"
    return table


def _missed(point: Mapping[str, Any]) -> str:
    if not point["published"]:
        return "unknown"
    share = point["missed"] / point["published"]
    return f"{100 * share:.2g} %" if share else "0"


def _objectives(point: Mapping[str, Any]) -> str:
    graded = point["runs"] - point["error"]
    return f"{count(graded - point['objectives_failed'])} of {count(graded)}"

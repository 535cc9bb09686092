"""A comparison for people. Reads the object of :mod:`tickpath.lab.compare.compare` and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from tickpath.lab.fitted_table import FittedTable
from tickpath.lab.report_text import VERDICT_STYLES, count, duration

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["print_comparison"]

_STYLES = {
    "regression": "bold red",
    "undecided": "yellow",
    "unknown": "yellow",
    "within": "green",
    "machine": "dim",
    "shown": "dim",
}
#: Allowed differences that are listed.
_DIFFERENCES_MAX = 8
#: What is shown without being asked for.
_ALWAYS = ("published_to_completed", "intended_to_completed")


def print_comparison(report: Mapping[str, Any], console: Console) -> None:
    """Prints both sides, a row for each figure, and what was made of it."""
    blocks: list[RenderableType] = [_verdict(report), _sides(report), _table(report)]
    blocks += [Text(note, style="dim") for note in report["notes"]]
    console.print(Group(*blocks), highlight=False)


def _verdict(report: Mapping[str, Any]) -> Text:
    line = Text(report["verdict"].upper(), style=VERDICT_STYLES[report["verdict"]])
    plural = "" if report["regressions"] == 1 else "s"
    words = f"{count(report['regressions'])} regression{plural}, "
    words += ", ".join(f"{count(report[name])} {name}" for name in ("undecided", "unknown"))
    if report["same_digest"]:
        words += "; the runs are the same, byte for byte"
    return line.append(f": {words}", style="not bold")


def _sides(report: Mapping[str, Any]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name in ("a", "b"):
        side = report[name]
        runs = "1 run" if side["runs"] == 1 else f"{count(side['runs'])} runs"
        table.add_row(name.upper(), Text(f"{side['path']}: {runs}"))
    allowed = report["allowed"]
    for each in allowed[:_DIFFERENCES_MAX]:
        table.add_row("differs", Text(f"{each['key']}: {each['a']} in A, {each['b']} in B"))
    if len(allowed) > _DIFFERENCES_MAX:
        table.add_row("differs", f"{len(allowed) - _DIFFERENCES_MAX} settings more")
    return table


def _table(report: Mapping[str, Any]) -> Table:
    table = FittedTable(box=None, pad_edge=False, header_style="bold")
    table.add_column("figure", no_wrap=True)
    for heading in ("A", "B", "change", f"at {report['confidence']:.10g} confidence", "limit"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    table.add_column("", overflow="fold")
    for row in report["rows"]:
        if row["judgement"] == "shown" and not (
            row["unit"] == "events" or any(s in row["metric"] for s in _ALWAYS)
        ):
            continue
        style = _STYLES[row["judgement"]]
        judged = "" if row["judgement"] == "shown" else row["judgement"]
        table.add_row(
            Text(row["metric"].removeprefix("executor/")),
            _value(row["a"], row["unit"]),
            _value(row["b"], row["unit"]),
            *_change(row),
            (row["limit"] or "").rpartition("=")[2],
            Text(judged, style=style),
            Text(row["note"], style="dim"),
        )
    return table


def _change(row: Mapping[str, Any]) -> tuple[str, str]:
    change = row["change"]
    if change is None:
        return "", ""
    if change["method"] == "counted":
        in_words = change["ratio"] is not None and row["unit"] == "ns"
        told = _percent(change["ratio"]) if in_words else _signed(change["difference"], row["unit"])
        return told, "counted"
    if row["unit"] != "ns" or change["ratio"] is None:
        return _signed(change["difference"], row["unit"]), _between(
            change["difference_low"], change["difference_high"], lambda value: _signed(value, row["unit"])
        )
    return _percent(change["ratio"]), _between(change["ratio_low"], change["ratio_high"], _percent)


def _between(low: float | None, high: float | None, words: Any) -> str:
    return "unknown" if low is None or high is None else f"{words(low)} to {words(high)}"


def _percent(ratio: float) -> str:
    return f"{(ratio - 1) * 100:+.1f} %"


def _signed(value: float, unit: str) -> str:
    sign = "-" if value < 0 else "+"
    return f"{sign}{_value(abs(value), unit)}"


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return "unknown"
    return duration(round(value)) if unit == "ns" else f"{value:,.10g}"

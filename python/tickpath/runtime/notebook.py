"""What a notebook shows of a result: plain tables that take the colours of the page, light or dark.

Everything that was given by somebody, names, causes, reasons, is escaped. No script, no style sheet, nothing
from a network.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from tickpath.config.words import UNKNOWN, count, duration

if TYPE_CHECKING:
    from tickpath.runtime.result import RunResult

__all__ = ["html_of", "html_table", "html_verdict"]

#: Told apart on white and on black.
_COLOURS = {"pass": "#2e9e44", "fail": "#d9434e", "interrupted": "#c77700"}
_TABLE = '<table style="color:inherit">'
#: Latencies of the executor's, and the figures shown of each.
_SHOWN = ("count", "p50_ns", "p90_ns", "p99_ns", "p99_9_ns", "max_ns")
_ROWS_MAX = 200


def html_table(headings: Sequence[str], rows: Sequence[Sequence[object]], caption: str = "") -> str:
    """A table; numbers to the right, with their thousands apart, and what is unknown named so.

    Columns that end in ``_ns`` are said in the unit that a reader would use. Of more than 200 rows the first
    are shown, and how many are left out is said.
    """
    head = "".join(f"<th>{escape(_heading(heading))}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(map(_cell, headings, row))}</tr>" for row in rows[:_ROWS_MAX])
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    left_out = len(rows) - _ROWS_MAX
    more = f"<p>{count(left_out)} more rows</p>" if left_out > 0 else ""
    return f"{_TABLE}{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def html_verdict(verdict: str, reasons: Iterable[str] = ()) -> str:
    """The verdict, and why."""
    why = "; ".join(reasons)
    colour = _COLOURS.get(verdict, "inherit")
    return (
        f'<p><strong style="color:{colour}">{escape(verdict.upper())}</strong>'
        f"{': ' + escape(why) if why else ''}</p>"
    )


def html_of(result: RunResult) -> str:
    """A run: its verdict, lifecycle, books and latencies."""
    path = " → ".join(
        [move.source.name for move in result.history[:1]]
        + [
            f"{move.target.name} ({move.cause})" if move.cause else move.target.name
            for move in result.history
        ]
    )
    wall_ns = None if result.record is None else result.record.wall_ns
    facts = [
        ("mode", result.mode),
        ("wall time" if result.mode == "live" else "run time", duration(wall_ns)),
        ("lifecycle", path or "INIT"),
        ("executed outside READY", count(result.executed_outside_ready)),
    ]
    lines = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts)
    parts = [html_verdict(result.verdict, result.reasons), f"{_TABLE}<tbody>{lines}</tbody></table>"]
    ledger, latency = result.table("ledger"), result.table("latency")
    if ledger:
        headings = [name for name, _ in ledger.columns]
        parts.append(html_table(headings, ledger.rows, "Ledger"))
    at = {name: index for index, (name, _) in enumerate(latency.columns)}
    rows = []
    for row in latency.rows:
        # All states together, and what there was.
        if row[at["state"]] is None and row[at["count"]]:
            stage = str(row[at["stage"]]).replace("_", " ")
            rows.append([row[at["consumer"]] or "", stage, *(row[at[name]] for name in _SHOWN)])
    if rows:
        parts.append(html_table(["consumer", "stage", *_SHOWN], rows, "Latency"))
    return "".join(parts)


def _heading(column: str) -> str:
    name = column.removesuffix("_ns")
    return name.replace("_", ".") if name.startswith("p99") else name.replace("_", " ")


def _cell(heading: str, value: object) -> str:
    if isinstance(value, bool):
        text, is_number = "yes" if value else "no", False
    elif isinstance(value, int):
        text, is_number = duration(value) if heading.endswith("_ns") else count(value), True
    elif isinstance(value, float):
        text, is_number = f"{value:,.10g}", True
    else:
        text, is_number = UNKNOWN if value is None else str(value), False
    return f'<td style="text-align:{"right" if is_number else "left"}">{escape(text)}</td>'

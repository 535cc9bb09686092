"""The same object for people: one table, then the promises.

Reads the object of :mod:`tickpath.lab.bench.report` and nothing else, so that both say the same.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tickpath.lab.fitted_table import FittedTable
from tickpath.lab.report_text import count, duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.console import Console

__all__ = ["print_bench", "three_digits"]

_STYLES = {"pass": "bold green", "fail": "bold red", "interrupted": "bold yellow"}
_FOOTNOTE = """\
ns: median of the rounds [lowest, highest], per event; where percentiles stand beside it, the
median way of one message.
times base: time over that of the row marked 1, within each round; more than 1 is slower.
Percentiles: all rounds together; unknown: fewer than ten samples beyond it."""
_PER_MILLION = 1_000
_THREE = 3


def print_bench(report: Mapping[str, Any], console: Console) -> None:
    """Prints ``report``, and that of the other interpreter where there is one."""
    console.print(Group(*_blocks(report)), highlight=False)
    if report["also"] is not None:
        console.print()
        print_bench(report["also"], console)


def three_digits(value: float) -> str:
    """``value`` with three significant digits, thousands apart.

    >>> three_digits(0.04567), three_digits(4.5), three_digits(45.67), three_digits(45_678.9)
    ('0.0457', '4.50', '45.7', '45,679')
    """
    if value <= 0:
        return "0"
    digits = _THREE
    scaled = value
    while scaled >= 1 and digits:
        scaled, digits = scaled / 10, digits - 1
    while scaled < 0.1:
        scaled, digits = scaled * 10, digits + 1
    return f"{value:,.{digits}f}"


def _blocks(report: Mapping[str, Any]) -> list[RenderableType]:
    blocks: list[RenderableType] = [_verdict(report), _what_ran(report), Text(), _figures(report)]
    blocks.append(Text(_FOOTNOTE, style="dim"))
    notes = [
        f"{name}: {'; '.join([part['title'], *part['notes']])}" for name, part in report["parts"].items()
    ]
    if notes:
        blocks.append(Text("\n".join(notes), style="dim"))
    if any(part["promises"] for part in report["parts"].values()):
        blocks += [Text(), _promises(report)]
    return blocks


def _verdict(report: Mapping[str, Any]) -> Text:
    line = Text(report["verdict"].upper(), style=_STYLES[report["verdict"]])
    if report["missed"]:
        line.append(": missed " + "; ".join(report["missed"]), style="not bold")
    if not report["judged"]:
        line.append(": a debug build, promises are not judged; use `make bench`", style="not bold")
    return line


def _what_ran(report: Mapping[str, Any]) -> Table:
    machine = report["machine"]
    installed = [f"{name} {version}" for name, version in report["versions"].items() if version is not None]
    facts = [
        (
            "machine",
            (
                f"{machine['cpu'] or machine['architecture']}, {count(machine['cores'])} cores, "
                f"{machine['system']} {machine['release']}"
            ),
        ),
        ("python", f"{machine['python']} ({machine['executable']}, {machine['compiler']})"),
        ("versions", ", ".join(installed)),
        ("build", report["native"]["build"] or "unknown"),
        ("rounds", _rounds(report)),
        ("wall time", duration(report["wall_ns"])),
    ]
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(name, Text(value))
    return table


def _rounds(report: Mapping[str, Any]) -> str:
    planned = report["config"]["rounds"]
    made = [f"{name} {part['rounds']}" for name, part in report["parts"].items() if part["rounds"] != planned]
    left_out = [name for name in report["config"]["parts"] if name not in report["parts"]]
    text = f"{planned} of each part" + (f", but {', '.join(made)}" if made else "")
    return text + (f"; not begun: {', '.join(left_out)}" if left_out else "")


def _figures(report: Mapping[str, Any]) -> Table:
    table = FittedTable(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("contender", min_width=22)
    table.add_column("ns [low, high]", justify="right")
    for heading in ("M/s", "p99", "p99.9", "samples"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("times base [low, high]", justify="right")
    table.add_column("remarks")
    for name, part in report["parts"].items():
        table.add_section()
        table.add_row(Text(name if part["complete"] else f"{name}, interrupted", style="bold"))
        for what, rows in groupby(part["figures"], key=lambda row: row["what"]):
            table.add_row(Text(what, style="italic"))
            for row in rows:
                _add(table, row)
    return table


def _add(table: Table, row: Mapping[str, Any]) -> None:
    name = Text(f"  {row['contender']}")
    if row["ns"] is None:
        table.add_row(name, *[""] * 6, row["missing"] or "not measured")
        return
    ns, latency = row["ns"], row["latency"]
    table.add_row(
        name,
        _with_spread(ns, three_digits),
        "" if latency else three_digits(_PER_MILLION / ns["median"]),
        duration(latency["p99_ns"]) if latency else "",
        duration(latency["p99_9_ns"]) if latency else "",
        count(latency["count"]) if latency else _number(ns["rounds"], "round"),
        _times(row),
        ", ".join(filter(None, [row["waits"], _lost(row), row["missing"]])),
    )


def _with_spread(spread: Mapping[str, Any], text: Callable[[float], str]) -> str:
    return f"{text(spread['median'])} [{text(spread['low'])}, {text(spread['high'])}]"


def _number(number: int, noun: str) -> str:
    return f"{count(number)} {noun}" + ("" if number == 1 else "s")


def _lost(row: Mapping[str, Any]) -> str:
    if row["lost"] is None:
        return ""
    return f"{100 * row['lost'] / max(1, row['read'] + row['lost']):.1f} % lost"


def _times(row: Mapping[str, Any]) -> str:
    if row["times_base"] is None:
        return ""
    return "1" if row["base"] == row["contender"] else _with_spread(row["times_base"], _ratio)


def _ratio(value: float) -> str:
    return f"{value:.2f}"


def _promises(report: Mapping[str, Any]) -> Table:
    table = FittedTable(
        title="Promises", title_justify="left", title_style="bold", box=SIMPLE_HEAD, show_edge=False
    )
    table.add_column("what")
    table.add_column("measured [low, high]", justify="right", no_wrap=True)
    table.add_column("promised", no_wrap=True)
    table.add_column("", no_wrap=True)
    for part in report["parts"].values():
        for promise in part["promises"]:
            table.add_row(promise["what"], _value(promise), _bound(promise), _kept(promise, report["judged"]))
    return table


def _value(promise: Mapping[str, Any]) -> str:
    value = promise["value"]
    if value is None:
        return "not measured"
    show, unit = _UNITS[promise["unit"]]
    text = f"{_with_spread(value, show)}{unit}"
    floor = promise["floor"]
    return text if floor is None else f"{text}, floor {show(floor['median'])}{unit}"


def _bound(promise: Mapping[str, Any]) -> str:
    word, bound = ("at least", promise["at_least"])
    if bound is None:
        word, bound = ("at most", promise["at_most"])
    show, unit = _UNITS[promise["unit"]]
    return f"{word} {bound:g}" if promise["unit"] == "times" else f"{word} {show(bound)}{unit}"


def _millions(rate: float) -> str:
    return f"{rate / 1e6:,.1f}"


def _whole(number: float) -> str:
    return f"{number:,.0f}"


#: How a promise's value is shown, and its unit after it.
_UNITS: dict[str, tuple[Callable[[float], str], str]] = {
    "times": (_ratio, ""),
    "events/s": (_millions, " M/s"),
    "ns": (_whole, " ns"),
    "events": (_whole, ""),
}


def _kept(promise: Mapping[str, Any], judged: bool) -> Text:
    if promise["kept"] is None or not judged:
        return Text("not judged", style="dim")
    if promise["kept"]:
        return Text("ok", style="green")
    return Text("MISSED, at floor" if promise["at_floor"] else "MISSED", style="bold red")

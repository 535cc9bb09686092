"""The demo on one screen, 80 columns by 40 lines: from the object of ``tickpath/demo/1`` and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tickpath.lab.report_text import VERDICT_STYLES, count, duration

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["print_demo"]

_ROW_OF_TIME = (
    ("detected", "time to detect"),
    ("degraded", "time to degrade"),
    ("recovered", "time to recover"),
)
_STAGE = "published_to_completed"
_STORY_WIDTH = 76


def print_demo(report: Mapping[str, Any], console: Console) -> None:
    """Prints the report."""
    steady = report["steady"]
    blocks: list[RenderableType] = [_headline(report), _facts(_machine(report, steady))]
    if steady is not None:
        blocks += [Text(), Text("Steady state", style="bold"), _facts(_steady(steady, report["observer"]))]
    if report["acts"]:
        blocks += [Text(), *_acts(report["acts"])]
    blocks += [Text(), _facts(_account(report))]
    console.print(Group(*blocks), highlight=False)


def _headline(report: Mapping[str, Any]) -> Text:
    verdict = report["verdict"]
    line = Text(verdict.upper(), style=VERDICT_STYLES[verdict])
    played, planned = len(report["acts"]), report["acts_planned"]
    acts = f"{played} acts" if played == planned else f"{played} of {planned} acts"
    how = "live on this machine" if report["mode"] == "live" else "in virtual time"
    line.append(f": a run and {acts}, {how}, in {duration(report['wall_ns'])}", style="not bold")
    for reason in report["reasons"]:
        line.append(f"\n{reason}", style="not bold")
    for note in report["notes"]:
        line.append(f"\n{note} (tickpath doctor)", style="yellow not bold")
    return line


def _facts(facts: list[tuple[str, str | Text]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(name, value)
    return table


def _machine(report: Mapping[str, Any], steady: Mapping[str, Any] | None) -> list[tuple[str, str | Text]]:
    machine = report["machine"]
    where = (
        f"{machine['cpu'] or machine['architecture']}, {count(machine['cores'])} cores, {machine['system']}"
    )
    facts: list[tuple[str, str | Text]] = [("machine", where)]
    if steady is None or report["mode"] == "virtual":
        return facts
    floor = steady["floor"]
    facts.append(
        (
            "floor",
            (
                f"p50 {duration(floor['p50_ns'])}, p99 {duration(floor['p99_ns'])}, p99.9 "
                f"{duration(floor['p99_9_ns'])}; tickpath doctor says more"
            ),
        )
    )
    return facts


def _steady(steady: Mapping[str, Any], observer: Mapping[str, Any] | None) -> list[tuple[str, str | Text]]:
    figures, feed = steady["latency"][_STAGE], steady["feed"]
    marked = figures["at_floor"]

    def shown(name: str, key: str) -> str:
        return f"{name} {duration(figures[key])}{'*' if key in marked else ''}"

    latency = ", ".join(
        shown(name, key) for name, key in (("p50", "p50_ns"), ("p99", "p99_ns"), ("p99.9", "p99_9_ns"))
    )
    pace = f"{count(feed['events'])} events at 100,000/s"
    return [
        ("warm-up", _warmup(steady["warmups"])),
        (
            "latency",
            f"{latency} through the bus\n{pace}"
            + ("; * no longer than the floor explains" if marked else ""),
        ),
        ("observer", _observer(observer)),
    ]


def _warmup(warmups: list[Mapping[str, Any]]) -> str:
    if not warmups:
        return "none"
    last = warmups[-1]
    spread = "unknown" if last["spread"] is None else f"{last['spread']:.1%}"
    rounds = last["rounds"]
    if last["verdict"] != "passed":
        flat = f"never {last['flat_rounds']} medians in a row within {last['tolerance']:.0%}"
        return f"{last['verdict']}: {len(rounds)} rounds, {flat}"
    median = duration(rounds[-1]["p50_ns"]) if rounds else "unknown"
    flat = f"the last {last['flat_rounds']} medians within {spread} of {median}"
    return f"{last['verdict']}: {len(rounds)} rounds, {flat}"


def _observer(observer: Mapping[str, Any] | None) -> str:
    if observer is None:
        return "not measured"
    acks = f"{count(observer['dropped'])} of {count(observer['shown'] + observer['dropped'])} acks missed"
    low, high = observer["cost_ns_low"], observer["cost_ns_high"]
    seen = f"{_signed(low)} to {_signed(high)}, pairs: {observer['pairs']}"
    if low <= 0:
        return f"a sink's cost is lost in the noise ({seen})\n{acks}"
    return f"a sink costs {_signed(observer['cost_ns'])} at p50 ({seen})\n{acks}"


def _signed(ns: int) -> str:
    return f"-{duration(-ns)}" if ns < 0 else f"+{duration(ns)}"


def _acts(acts: list[Mapping[str, Any]]) -> list[RenderableType]:
    headings = [heading for heading, _ in _ROW_OF_TIME]
    blocks: list[RenderableType] = [_line(Text("Act", style="bold"), *headings, "lost", Text())]
    for number, act in enumerate(acts, start=1):
        lost = count(act["ledger"]["consumers"]["executor"]["lost"])
        verdict = Text(act["verdict"], style=VERDICT_STYLES[act["verdict"]])
        blocks.append(_line(Text(f"{number} {act['title']}", style="bold"), *_times(act), lost, verdict))
        blocks += [Padding(Text(line, style="dim"), (0, 0, 0, 2)) for line in _story(act)]
    return blocks


def _line(first: Text, *cells: str | Text) -> Table:
    """A row of the table of acts, whose stories stand between its rows."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=33)
    for _ in range(4):  # three times and a number
        table.add_column(width=9, justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_row(first, *cells)
    return table


def _times(act: Mapping[str, Any]) -> list[str]:
    rows = {row["name"].partition(":")[0]: row["measured"] for row in reversed(act["grade"])}
    values = [rows.get(name) for _, name in _ROW_OF_TIME]
    if not isinstance(values[1], int):
        # It was never DEGRADED, and had nothing to recover from.
        values[2] = None
    return ["" if value is None else value if isinstance(value, str) else duration(value) for value in values]


def _story(act: Mapping[str, Any]) -> list[str]:
    path, numbers = _path(act), _numbers(act)
    together = f"{path}; {numbers}" if numbers else path
    return [together] if len(together) <= _STORY_WIDTH else [path, numbers]


def _path(act: Mapping[str, Any]) -> str:
    """Where it was, and since when: ``READY 40 ms, DEGRADED 452 ms, READY 630 ms``."""
    moves = [move for move in act["lifecycle"] if move["target"] != "WARMUP"]
    if [move["target"] for move in moves] == ["READY"]:
        return "READY throughout"
    return " -> ".join(f"{move['target']} {max(0, move['at_ns']) / 1e6:,.0f} ms" for move in moves)


def _numbers(act: Mapping[str, Any]) -> str:
    """What it saw, in the words of its causes, and what it counted."""
    rows = {row["name"]: row["measured"] for row in act["grade"]}
    raised = dict.fromkeys(event["cause"] for event in act["health"] if event["raised"])
    words = [", ".join(raised)] if raised else []
    if act["waiting"] is not None:
        words.append(f"{count(act['waiting'])} events waited")
    words += [
        f"{count(books['lost'] + books['shed'])} skipped by the {name}, counted"
        for name, books in act["ledger"]["consumers"].items()
        if name != "executor"
    ]
    if "events lost at the source" in rows:
        words.append(f"{count(rows['events lost at the source'])} lost at source")
    if "time to drain" in rows:
        words.append(
            f"drained in {duration(rows['time to drain'])}, {count(rows['events left unread'])} unread"
        )
    return "; ".join(words)


def _account(report: Mapping[str, Any]) -> list[tuple[str, str | Text]]:
    ledger, terms = report["ledger"], report["ledger"]["executor"]
    balanced = (
        Text("balanced", style="green") if ledger["balanced"] else Text("NOT BALANCED", style="bold red")
    )
    parts = " + ".join(
        f"{count(terms[name])} {name}" for name in ("executed", "gated", "lost", "shed", "unread")
    )
    balanced.append(
        f", runs: {ledger['runs']}: {count(terms['published'])} published =\n{parts}", style="not bold"
    )
    outside = report["executed_outside_ready"]
    facts: list[tuple[str, str | Text]] = [
        ("ledger", balanced),
        ("gate", f"{count(outside)} executed outside READY, by epoch"),
        ("replay", report["replay"]),
    ]
    virtual = report["virtual"]
    if report["digest"] is not None:
        facts.append(("digest", report["digest"]))
    elif virtual is not None and virtual["digest"]:
        same = (
            "the same causes in the same order" if virtual["same"] else "the machine made other causes here"
        )
        facts += [("exactly", f"{report['replay']} --mode virtual\n{same}, digest"), ("", virtual["digest"])]
    return facts

"""What a feed needs, for people: reads the object of :mod:`tickpath.lab.sizing` and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from tickpath.lab.fitted_table import FittedTable
from tickpath.lab.report_text import COLUMNS, VERDICT_STYLES, count, duration, pace_line, source_line

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["print_sizing"]

_FOOTNOTE = """\
Nothing of the machine is in these figures: add what arrives in its longest pause (tickpath run: floor).
unknown: fewer than ten samples beyond that percentile."""


def print_sizing(report: Mapping[str, Any], console: Console) -> None:
    """Prints ``report``."""
    console.print(Group(*_blocks(report)), highlight=False)


def _blocks(report: Mapping[str, Any]) -> list[RenderableType]:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    for name, value in _facts(report):
        facts.add_row(name, Text(value))
    blocks: list[RenderableType] = [_verdict(report), facts]
    rows = list(_latencies(report))
    if rows:
        blocks += [Text(), _table(rows), Text(_FOOTNOTE, style="dim")]
    return blocks


def _verdict(report: Mapping[str, Any]) -> Text:
    line = Text(report["verdict"].upper(), style=VERDICT_STYLES[report["verdict"]])
    if report["reasons"]:
        line.append(": " + "; ".join(report["reasons"]), style="not bold")
    return line


def _facts(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = [("feed", source_line(source)) for source in report["feed"]["sources"]]
    if report["feed"]["plan_length_ns"] is not None:
        facts.append(("pace", f"{count(report['feed']['events'])} events, {pace_line(report)}"))
    sizing, in_ring, at_max = report["sizing"], report["in_ring"], report["at_service_ns_max"]
    if sizing is not None:
        facts += [
            ("service", _service(report["config"])),
            ("load", _load(sizing)),
            ("ring", _ring(sizing)),
        ]
    if in_ring is not None:
        facts.append((f"{count(in_ring['capacity_slots'])} slots", _losses(in_ring, report["config"])))
    if at_max is not None:
        facts += [
            ("longest service", f"{_exact(report['service_ns_max'])} keeps {_limits(report['config'])}"),
            ("its load", _load(at_max)),
            ("its ring", _ring(at_max)),
        ]
    elif report["verdict"] != "interrupted" and _limits(report["config"]):
        facts.append(("longest service", f"none keeps {_limits(report['config'])}"))
    return facts


def _exact(ns: int) -> str:
    return f"{ns:,} ns"


def _service(config: Mapping[str, Any]) -> str:
    service = config["service"]
    match service["kind"]:
        case "constant":
            return f"{_exact(service['ns'])} for every event"
        case "exponential":
            return f"exponential, mean {service['ns']:,.10g} ns, seed {config['service_seed']}"
        case "lognormal":
            return (
                f"lognormal, median {service['ns']:,.10g} ns, sigma {service['sigma']:,.10g}, "
                f"seed {config['service_seed']}"
            )
        case kind:
            return str(kind)


def _share(share: float | None) -> str:
    return "unknown" if share is None else f"{100 * share:.1f} %"


def _load(sizing: Mapping[str, Any]) -> str:
    text = f"{_share(sizing['offered_load'])} of the time between the first event and the last"
    if sizing["offered_load"] is not None and sizing["offered_load"] > 1:
        return text + ": more than there is, so that the backlog grows as long as the feed goes on"
    return text + f"; busy {_share(sizing['utilisation'])} up to the last completion"


def _ring(sizing: Mapping[str, Any]) -> str:
    backlog = sizing["backlog"]
    if sizing["capacity_slots_min"] == 1:
        return "1 slot loses nothing: every event is read before the next one comes"
    return (
        f"{count(sizing['capacity_slots_min'])} slots lose nothing, one fewer does; first needed for event "
        f"{count(backlog['event'])}, {duration(backlog['at_ns'])} into the feed (stamp {backlog['ts_ns']})"
    )


def _losses(in_ring: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    if in_ring["first_missed"] is None:
        return "nothing is lost"
    return (
        f"{count(in_ring['lost'])} lost and {count(in_ring['shed'])} shed of {count(in_ring['published'])}: "
        f"{count(in_ring['overruns'])} overruns, the first at event {count(in_ring['first_missed'])}; policy "
        f"{config['overrun']}"
    )


def _limits(config: Mapping[str, Any]) -> str:
    limits = []
    if config["p99_ns_max"] is not None:
        limits.append(f"p99 at {_exact(config['p99_ns_max'])} or less")
    if config["capacity_slots"] is not None:
        limits.append(f"{count(config['capacity_slots'])} slots without a loss")
    return " and ".join(limits)


def _latencies(report: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    in_ring, longest = report["in_ring"], report["service_ns_max"]
    named = (
        ("nothing lost", report["sizing"]),
        (f"{count(in_ring['capacity_slots'])} slots" if in_ring else "", in_ring),
        (f"service {_exact(longest)}" if longest is not None else "", report["at_service_ns_max"]),
    )
    return [(name, part["latency"]["published_to_completed"]) for name, part in named if part is not None]


def _table(rows: list[tuple[str, Mapping[str, Any]]]) -> Table:
    table = FittedTable(title="Publication to completion", title_justify="left", title_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column("events", justify="right", no_wrap=True)
    for heading, _ in COLUMNS:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, figures in rows:
        table.add_row(name, count(figures["count"]), *(duration(figures[field]) for _, field in COLUMNS))
    return table

"""The same report for people: tables on a terminal, plain text elsewhere.

Reads the object of :mod:`tickpath.lab.report` and nothing else, so that both say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from tickpath.config.words import UNKNOWN, count, duration
from tickpath.lab.fitted_table import FittedTable
from tickpath.lab.flight_section import flight_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "COLUMNS",
    "VERDICT_STYLES",
    "clock_line",
    "count",
    "duration",
    "floor_line",
    "pace_line",
    "print_report",
    "sink_line",
    "source_line",
]

COLUMNS = (
    ("min", "min_ns"),
    ("p50", "p50_ns"),
    ("p90", "p90_ns"),
    ("p99", "p99_ns"),
    ("p99.9", "p99_9_ns"),
    ("p99.99", "p99_99_ns"),
    ("max", "max_ns"),
)
_FOOTNOTE = """\
* explained by the machine's own pauses: at most 1.25 times the same percentile of its floor.
unknown: fewer than ten samples beyond that percentile, or no plan to be late against."""
_FOOTNOTE_VIRTUAL = (
    "unknown: fewer than ten samples beyond that percentile. Nothing of a machine is in these figures."
)
VERDICT_STYLES = {"pass": "bold green", "fail": "bold red", "interrupted": "bold yellow"}


def print_report(report: Mapping[str, Any], console: Console, *, replay: str) -> None:
    """Prints ``report``; ``replay`` is the command that runs the same again."""
    console.print(Group(*_blocks(report, replay)), highlight=False)


def _blocks(report: Mapping[str, Any], replay: str) -> list[RenderableType]:
    return [
        _verdict(report),
        _what_ran(report, replay),
        Text(),
        _ledger(report["ledger"]),
        *_losses(report["ledger"]),
        Text(),
        _latency(report),
        Text(_FOOTNOTE_VIRTUAL if _is_virtual(report) else _FOOTNOTE, style="dim"),
    ]


def _is_virtual(report: Mapping[str, Any]) -> bool:
    return bool(report["mode"] == "virtual")


def _verdict(report: Mapping[str, Any]) -> Text:
    verdict = report["verdict"]
    line = Text(verdict.upper(), style=VERDICT_STYLES[verdict])
    if report["reasons"]:
        line.append(": " + "; ".join(report["reasons"]), style="not bold")
    return line


def _what_ran(report: Mapping[str, Any], replay: str) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in _facts(report, replay):
        table.add_row(name, Text(value))
    return table


def _facts(report: Mapping[str, Any], replay: str) -> list[tuple[str, str]]:
    feed, config = report["feed"], report["config"]
    executor = report["ledger"]["consumers"]["executor"]
    facts = [("feed", source_line(source)) for source in feed["sources"]]
    facts += [
        ("events", f"{count(feed['events'])} planned, {count(executor['published'])} published"),
        ("pace", pace_line(report)),
        ("ring", f"{count(config['capacity'])} slots"),
        ("stages", _stages(report)),
        ("lifecycle", _lifecycle(report)),
        *_control(report),
        (
            "acks",
            (
                f"{count(executor['executed'])} executed, {count(executor['gated'])} gated, "
                f"{count(report['executed_outside_ready'])} executed outside READY"
            ),
        ),
        ("run time" if _is_virtual(report) else "wall time", duration(report["wall_ns"])),
        *([] if _is_virtual(report) else _machine(report)),
        *_control_cost(report["control"]),
    ]
    if report["observer"]["shown"] is not None:
        facts.append(("sink", sink_line(report["observer"])))
    # One of an earlier version has no such field.
    if report.get("watch") is not None:
        facts.append(("watch", _watch(report["watch"])))
    facts += flight_facts(report)
    facts += [("refused", refusal) for refusal in report["refused"]]
    facts.append(("seed", "none: a recording" if report["seed"] is None else str(report["seed"])))
    if report["digest"] is not None:
        facts.append(("digest", report["digest"]))
    return [*facts, ("replay", replay)]


def _control(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What went wrong, and what was done about it; nothing where nothing did."""
    begun = [each["name"] for each in report["injections"] if each["event"] == "start"]
    raised = [each["cause"] for each in report["health"] if each["raised"]]
    answered = [each["runbook"] for each in report["audit"] if each["event"] == "triggered"]
    escalations = report["control"]["escalations"]
    if escalations:
        answered.append(f"{count(escalations)} escalated")
    told = (("faults", begun), ("causes", raised), ("runbooks", answered))
    facts = [(name, ", ".join(dict.fromkeys(words))) for name, words in told if words]
    if report["shutdown"] is not None:
        facts.append(("shutdown", f"{', '.join(report['shutdown']['by'])}: {report['shutdown']['reason']}"))
    return facts


def _control_cost(control: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What its steps took by the machine's clock; nothing where that is unknown."""
    mean_ns = control["step_ns_mean"]
    if mean_ns is None:
        return []
    share = mean_ns / control["interval_ns"]
    text = (
        f"{count(control['steps'])} steps, {duration(mean_ns)} each on average ({share:.2%} of the "
        f"interval), {duration(control['step_ns_max'])} at most"
    )
    return [("control", text)]


def _machine(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    machine = report["machine"]
    return [
        (
            "machine",
            (
                f"{machine['cpu'] or machine['architecture']}, {count(machine['cores'])} cores, "
                f"{machine['system']}, {machine['python']}"
            ),
        ),
        ("clock", clock_line(report["clock"], report["config"]["stamp_per"])),
        ("floor", floor_line(report["floor"])),
    ]


def source_line(source: Mapping[str, Any]) -> str:
    """One of the feed's sources: its kind, where it is, and what it held."""
    rows = "row" if source["skipped"] == 1 else "rows"
    skipped = f", {count(source['skipped'])} {rows} skipped" if source["skipped"] else ""
    where = f" {source['path']}" if source["path"] else ""
    return f"{source['kind']}{where}: {count(source['events'])} events{skipped}"


def pace_line(report: Mapping[str, Any]) -> str:
    """When events are published, by ``config`` and ``feed`` of a report."""
    config, feed = report["config"], report["feed"]
    if config["pace"] == "max":
        return "as fast as possible: no plan, lateness unknown"
    if config["pace"] == "constant":
        text = f"constant, {config['rate_hz']:,.10g} events/s"
    else:
        text = _recorded_or_generated(config)
        if config["speed"] != 1:
            text += f" x {config['speed']:,.10g}"
        if feed["gaps_capped"]:
            text += (
                f"; {count(feed['gaps_capped'])} idle gaps cut to {duration(config['max_gap_ns'])}, "
                f"{duration(feed['left_out_ns'])} left out"
            )
    return f"open loop, {text}; plan of {duration(feed['plan_length_ns'])}"


def _recorded_or_generated(config: Mapping[str, Any]) -> str:
    """Whose stamps the plan has: of a run's options, or of a scenario's feed."""
    scenario = config.get("scenario")
    files, rate_hz = (
        (config["feeds"], config["model_rate_hz"])
        if scenario is None
        else (scenario["feed"]["files"], scenario["feed"]["rate_hz"])
    )
    if files:
        return "as recorded"
    return "as generated" if rate_hz is None else f"as generated, {rate_hz:,.10g} events/s"


def _stages(report: Mapping[str, Any]) -> str:
    machine = report["machine"]

    def placed(name: str, place: Mapping[str, Any]) -> str:
        where = "not pinned" if place["core"] is None else f"on core {place['core']}"
        return f"{name} {where} ({place['wait']})"

    if machine["feed"]["wait"] is None:
        return "never started"
    if _is_virtual(report):
        return f"feed, {', '.join(machine['stages'])}: simulated in virtual time"
    return ", ".join(
        placed(name, place) for name, place in {"feed": machine["feed"], **machine["stages"]}.items()
    )


def clock_line(clock: Mapping[str, Any], stamp_per: str) -> str:
    """The clock of the stamps: which, what it costs, how far it was off."""
    text = f"{clock['source'] or UNKNOWN}, {duration(clock['cost_ns'])} a stamp"
    if clock["error_ns"] is not None and clock["source"] == "tsc":
        text += f", at most {duration(clock['error_ns'])} off at the end"
        if clock["error_ppm"] is not None:
            text += f" ({clock['error_ppm']:+.2f} ppm)"
    return text + ("; one stamp for up to 64 events" if stamp_per == "batch" else "")


def floor_line(floor: Mapping[str, Any]) -> str:
    """When the machine was watched, and its longest pauses."""
    if not floor["watched_ns"]:
        return "not measured"
    when = (
        "before, during and after the run"
        if floor["continuous"]
        else "before and after the run, not during it"
    )
    text = f"watched {when}; longest pause {duration(floor['longest_pause_ns'])}"
    if floor["pauses"]:
        longest = duration(floor["pauses"][0]["length_ns"])
        text += f"; {count(floor['pauses_in_run'])} pauses seen in the run, the longest {longest}"
    return text


def sink_line(observer: Mapping[str, Any]) -> str:
    """What the sink was shown, and what not."""
    text = f"{count(observer['shown'])} acks shown, {count(observer['dropped'])} dropped"
    if observer["errors"]:
        text += f", {count(observer['errors'])} errors of its own"
    if observer["ended_by"]:
        text += f", ended its thread by {observer['ended_by']}"
    return text + (", left behind: it was still busy" if observer["abandoned"] else "")


def _watch(watch: Mapping[str, Any]) -> str:
    """What showing the run took of the processor, and of the events under way meanwhile."""
    if not watch["frames"]:
        return "no picture: the run was over before the first"
    mean_ns = watch["processor_ns"] // watch["frames"]
    share = f", {watch['processor_ns'] / watch['watched_ns']:.1%} of one core" if watch["watched_ns"] else ""
    many = "s" if watch["frames"] > 1 else ""
    text = (
        f"{count(watch['frames'])} picture{many}, {duration(mean_ns)} of a processor each{share}, "
        f"{duration(watch['frame_ns_max'])} at most"
    )
    if watch["p50_ratio"] is not None:
        text += (
            f"; the median from publication to completion while it drew: {watch['p50_ratio']:.2f} times that "
            f"between [{watch['p50_ratio_low']:.2f}, {watch['p50_ratio_high']:.2f}]"
        )
    if watch["drawing_ns_max"] is not None and watch["between_ns_max"] is not None:
        longest = f"{duration(watch['drawing_ns_max'])}, between {duration(watch['between_ns_max'])}"
        text += f"; the longest event while it drew {longest}"
    return text


def _lifecycle(report: Mapping[str, Any]) -> str:
    moves = report["lifecycle"]
    if not moves:
        return "INIT"
    path = [moves[0]["source"]] + [f"{move['target']} ({move['cause']})" for move in moves]
    return " -> ".join(path)


def _ledger(ledger: Mapping[str, Any]) -> Table:
    balanced = "balanced" if ledger["balanced"] else "NOT BALANCED"
    table = FittedTable(title=f"Ledger: {balanced}", title_justify="left", title_style="bold")
    table.add_column("consumer", no_wrap=True)
    consumers = ledger["consumers"]
    names = ["published", "executed", "gated", "lost", "shed", "unread"]
    if any("read" in terms for terms in consumers.values()):
        names.insert(3, "read")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for consumer, terms in consumers.items():
        table.add_row(consumer, *(count(terms[name]) if name in terms else "" for name in names))
    return table


def _losses(ledger: Mapping[str, Any]) -> list[Text]:
    """A sentence for each consumer that lost events: whose that was."""
    full_after_ns = ledger["ring_full_after_ns"]
    lengths_ns = [pause["length_ns"] for pause in ledger["machine_pauses"]]
    seen = f"{count(len(lengths_ns))} such, the longest {duration(max(lengths_ns, default=None))}"
    lines = []
    for consumer, is_machines in ledger["loss_is_machines"].items():
        terms = ledger["consumers"][consumer]
        who = f"{consumer} missed {count(terms['lost'] + terms['shed'])} events"
        if is_machines:
            why = (
                f"the machine's: each time after a pause longer than the {duration(full_after_ns)} in which "
                f"the ring is full ({seen})"
            )
        else:
            why = (
                "no recorded pause of the machine explains it; at the mean rate the ring is full after "
                f"{duration(full_after_ns)}"
            )
        lines.append(Text(f"{who}: {why}"))
    return lines


def _latency(report: Mapping[str, Any]) -> Table:
    table = FittedTable(title="Latency by stage", title_justify="left", title_style="bold")
    table.add_column("stage", no_wrap=True)
    table.add_column("samples", justify="right", no_wrap=True)
    for heading, _ in COLUMNS:
        table.add_column(heading, justify="right", no_wrap=True)
    for stage, figures in report["latency"].items():
        table.add_row(stage.replace("_", " "), count(figures["count"]), *_row(figures, figures["at_floor"]))
    table.add_section()
    for consumer, stages in report["latency_by_consumer"].items():
        if consumer != "executor":
            figures = stages["published_to_completed"]
            row = _row(figures, figures["at_floor"])
            table.add_row(f"{consumer}: published to completed", count(figures["count"]), *row)
    if not _is_virtual(report):
        table.add_section()
        floor = report["floor"]
        table.add_row("machine's floor", count(floor["count"]), *_row(floor, ()), style="dim")
    return table


def _row(figures: Mapping[str, Any], at_floor: Any) -> list[str]:
    return [duration(figures[name]) + ("*" if name in at_floor else "") for _, name in COLUMNS]

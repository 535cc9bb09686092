"""The parts of the picture: each a few lines made of a moment, for Rich to draw.

What is unknown says so or is left out; it is never 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from tickpath.config.words import count, duration
from tickpath.core.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType

    from tickpath.cli.watch.moment import Moment
    from tickpath.runtime.lag import Lag

__all__ = ["causes", "cost", "feed", "foot", "head", "latencies", "moves", "probes", "stages"]

_STYLES = {State.INIT: "blue", State.WARMUP: "yellow", State.READY: "green", State.DEGRADED: "red"}
_UNKNOWN = "?"
_BAR = "lag"
_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000
#: A ring filled so far is worth a colour.
_WARN, _ALARM = 0.5, 0.9
_BAR_MAX = 40
#: From so many columns on a stage's line has its age, a bar, what was gated and shed, and numbers in full.
_WITH_AGE_MIN, _WITH_BAR_MIN, _WITH_LOSSES_MIN, _WIDE_MIN = 38, 46, 66, 96
_NARROW_NUMBER, _WIDE_NUMBER = 7, 11
_SPELT_OUT_MAX, _MILLION = 1_000_000, 1_000_000


def head(moment: Moment, width: int) -> list[RenderableType]:
    """The state, what is run, and how far it is."""
    status = moment.status
    line = Text(overflow="ellipsis", no_wrap=True)
    line.append(f" {status.state.name} ", style=f"bold reverse {_STYLES[status.state]}")
    at_ns = status.at_ns
    elapsed = "starting" if at_ns is None else f"{at_ns / _NS_PER_S:.1f} s"
    length_ns = moment.plan.length_ns
    line.append(f" {elapsed}" + ("" if length_ns is None else f" of {length_ns / _NS_PER_S:.1f} s"))
    if status.phase != "running":
        line.append(f"  {status.phase.replace('_', ' ')}", style="bold yellow")
    line.append(f"  epoch {status.epoch}", style="dim")
    if len(line) + len(moment.plan.name) + 2 <= width:
        line.append(f"  {moment.plan.name}", style="bold")
    return [line]


def foot(moment: Moment) -> list[RenderableType]:
    """The keys."""
    line = Text(overflow="ellipsis", no_wrap=True, style="dim")
    if moment.has_keys:
        line.append("q ", style="bold")
        line.append("or ")
    line.append("Ctrl-C ", style="bold")
    line.append("ends the run in order, with its account; a second Ctrl-C at once, without")
    return [line]


def feed(moment: Moment) -> list[RenderableType]:
    """What was published, and what its receiver saw of it."""
    look = moment.status.look
    if look is None:
        return [Text("waiting for the first control step", style="dim")]
    published = look.feed.published
    share = f" ({100 * published // moment.plan.events} %)" if moment.plan.events else ""
    line = Text()
    line.append("feed  ", style="bold")
    line.append(f"{_rate(moment.feed_per_s)}   {count(published)} of {count(moment.plan.events)}{share}")
    if look.feed.held:
        line.append("   held", style="yellow")
    if look.feed.done:
        line.append("   done", style="green")
    for name in ("gaps", "repeats", "reordered", "withheld"):
        number = getattr(look.feed, name)
        if number:
            line.append(f"   {name} {count(number)}", style="yellow")
    if look.sink is not None:
        line.append(f"   sink {count(look.sink.shown)} shown, {count(look.sink.dropped)} dropped")
    return [line]


def stages(moment: Moment, width: int) -> list[RenderableType]:
    """A line for each consumer: its rate, how far behind it is, as a bar and in time, what it lost."""
    look = moment.status.look
    if look is None:
        return []
    columns = _stage_columns(width, max(map(len, look.stages)))
    table = _table(columns)
    is_wide = width >= _WIDE_MIN
    for name, stage in look.stages.items():
        lag = moment.lags.get(name)
        behind = stage.backlog if lag is None else lag.events
        has_ended = stage.epoch_seen is None
        gated = None if stage.executed is None else stage.processed - stage.executed
        cells = {
            "consumer": Text(name, style="dim" if has_ended else ""),
            "rate/s": _number(moment.stages_per_s.get(name), is_wide=is_wide),
            _BAR: _bar(behind, look.capacity_slots, columns.get(_BAR, 0)),
            "events": _number(behind, is_wide=is_wide),
            "age": Text("ended" if has_ended else _age(lag)),
            "gated": _number(gated, is_wide=is_wide) if name == "executor" else Text(),
            "shed": _number(stage.shed, is_wide=is_wide),
            "lost": _number(stage.lost, is_wide=is_wide),
        }
        if stage.lost:
            cells["lost"].stylize("bold red")
        table.add_row(*(cells[heading] for heading in columns))
    return [table]


def _stage_columns(width: int, name_length: int) -> dict[str, int]:
    """The columns that fit, and their widths: fixed, so that nothing jumps; the bar has the rest."""
    number = _WIDE_NUMBER if width >= _WIDE_MIN else _NARROW_NUMBER
    columns = {"consumer": max(8, min(name_length, width // 4)), "rate/s": number}
    if width >= _WITH_BAR_MIN:
        columns[_BAR] = 0
    columns["events"] = number
    if width >= _WITH_AGE_MIN:
        columns["age"] = 8
    if width >= _WITH_LOSSES_MIN:
        columns |= {"gated": number, "shed": number}
    columns["lost"] = number
    if _BAR in columns:
        columns[_BAR] = max(4, min(_BAR_MAX, width - sum(columns.values()) - len(columns) + 1))
    return columns


def latencies(moment: Moment, width: int) -> list[RenderableType]:
    """How long the executor's events took since the last picture, and what the machine did before the run."""
    acks = moment.acks
    if acks is None:
        return [Text("latency: unknown, the run has no ring of acks", style="dim")]
    is_narrow = width < _WITH_BAR_MIN
    since = f"last {max(0, moment.acks_ns) // _NS_PER_MS} ms"
    table = _table({since: 12 if is_narrow else 24, "p50": 8, "p99": 8, "max": 8})
    for name, short, p50_ns, p99_ns, max_ns in (
        ("intended → published", "late", acks.late_p50_ns, acks.late_p99_ns, None),
        ("published → polled", "in the ring", acks.in_ring_p50_ns, acks.in_ring_p99_ns, None),
        ("polled → completed", "at work", acks.service_p50_ns, acks.service_p99_ns, None),
        ("published → completed", "together", acks.p50_ns, acks.p99_ns, acks.max_ns),
    ):
        longest = Text("" if max_ns is None else duration(max_ns))
        table.add_row(Text(short if is_narrow else name), _short(p50_ns), _short(p99_ns), longest)
    pause_ns = moment.pause_ns_max
    floor = "not watched" if pause_ns is None else f"{duration(pause_ns)} the longest pause, before the run"
    missed = (
        f"; {count(acks.dropped)} of {count(acks.count + acks.dropped)} acks missed" if acks.dropped else ""
    )
    return [table, Text(f"machine's floor: {floor}{missed}", style="dim")]


def _table(columns: Mapping[str, int]) -> Table:
    """A table whose columns have these widths, a blank between them; the first is to the left."""
    # Without padding of Rich's, which takes a third of a picture.
    table = Table(box=None, padding=0, pad_edge=False, header_style="dim")
    for index, (heading, width) in enumerate(columns.items()):
        is_bar = heading == _BAR
        table.add_column(
            Text(f" {heading}" if is_bar else heading),
            width=width + (index > 0),
            justify="left" if index == 0 or is_bar else "right",
            no_wrap=True,
            overflow="ellipsis",
        )
    return table


def causes(moment: Moment) -> list[RenderableType]:
    """What holds it from being ready: the causes held, or else the first thing that is missing."""
    status = moment.status
    lines: list[RenderableType] = []
    for cause in status.causes:
        since = "" if cause.since_ns is None else f", since {duration(cause.since_ns)}"
        owner = f" [{cause.owner}]" if cause.owner else ""
        line = Text("cause ", style="bold red")
        line.append(f"{cause.words}{owner}{since}", style="not bold")
        lines.append(line)
        if cause.evidence:
            lines.append(Text(f"      {cause.evidence}", style="dim"))
    if not lines and status.unmet:
        line = Text("not ready: ", style="bold yellow")
        line.append(str(status.unmet[0]), style="not bold")
        lines.append(line)
    return lines


def moves(moment: Moment) -> list[RenderableType]:
    """The lifecycle's moves, the last one first."""
    if not moment.moves:
        return []
    lines: list[RenderableType] = [Text("lifecycle", style="dim")]
    for move in reversed(moment.moves):
        at_ms = None if moment.begin_ns is None else (move.at_ns - moment.begin_ns) / _NS_PER_MS
        when = "before" if at_ms is None or at_ms < 0 else f"{at_ms:,.0f} ms"
        line = Text(f"{when:>11}  ", style="dim")
        line.append(f"{move.source.name} → ", style="not dim")
        line.append(move.target.name, style=f"not dim {_STYLES[move.target]}")
        line.append(f"  {move.cause}", style="not dim")
        lines.append(line)
    return lines


def probes(moment: Moment) -> list[RenderableType]:
    """The probes that are not ok, and how many are."""
    readings = moment.status.probes
    if not readings:
        return []
    bad = [probe for probe in readings if probe.verdict != "ok"]
    lines: list[RenderableType] = []
    for probe in bad:
        line = Text(f"{probe.name} {probe.verdict}", style="red" if probe.verdict == "failing" else "yellow")
        value = _UNKNOWN if probe.value is None else f"{probe.value:,.10g}"
        most = "" if probe.threshold is None else f", at most {probe.threshold:,.10g}"
        line.append(f"  {value}{most} ({probe.what})", style="default")
        lines.append(line)
    lines.append(Text(f"{len(readings) - len(bad)} of {len(readings)} probes ok", style="dim"))
    return lines


def cost(moment: Moment) -> list[RenderableType]:
    """What watching and control take."""
    spent, control = moment.cost, moment.status.control
    lines: list[RenderableType] = []
    if control.steps:
        mean_ns = control.total_ns // control.steps
        most = duration(control.max_ns)
        text = f"control: {count(control.steps)} steps, {duration(mean_ns)} each, {most} at most"
        lines.append(Text(text, style="dim"))
    if spent.frames and spent.share is not None:
        mean_ns = spent.processor_ns // spent.frames
        text = f"watch: {duration(mean_ns)} a picture, {spent.share:.1%} of one core"
        ratios = spent.ratios()
        if ratios is not None:
            text += f"; median while it draws {ratios[1]:.2f} times"
        lines.append(Text(text, style="dim"))
    return lines


def _bar(events: int, capacity_slots: int, width: int) -> Text:
    share = min(1.0, events / capacity_slots)
    full = min(width, -(-events * width // capacity_slots))
    style = "red" if share >= _ALARM else "yellow" if share >= _WARN else "green"
    bar = Text(" ")
    bar.append("█" * full, style=style)
    bar.append("░" * (width - full), style="dim")
    return bar


def _age(lag: Lag | None) -> str:
    if lag is None:
        return _UNKNOWN
    return "overrun" if lag.age_ns is None else duration(lag.age_ns)


def _rate(per_s: int | None) -> str:
    return f"{_UNKNOWN if per_s is None else count(per_s)} events/s"


def _number(number: int | None, *, is_wide: bool) -> Text:
    if number is None:
        return Text(_UNKNOWN)
    if is_wide or number < _SPELT_OUT_MAX:
        return Text(count(number))
    return Text(f"{number / _MILLION:,.1f}M")


def _short(ns: int | None) -> Text:
    return Text(_UNKNOWN if ns is None else duration(ns))

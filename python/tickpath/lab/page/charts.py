"""The pictures of latencies: percentiles over time, and distributions in HdrHistogram's percentile scale.

Pure functions from a run's object to what the template draws and to the tables that say the same. Pictures
are 1,000 by 1,000 and stretched to their place: lines keep their width, and labels are text beside them.
"""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tickpath.control.metrics import LatencyHistogram
from tickpath.lab.page.scales import LogScale, PercentileScale, Tick, TimeScale
from tickpath.lab.page.timeline import state_spans
from tickpath.lab.report import STAGES
from tickpath.lab.report_text import count, duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Band", "Chart", "Line", "distribution_chart", "over_time_charts", "stage_words"]

_SIZE = 1_000
#: How far a point without neighbours reaches to each side at least, as a share of the picture.
_REACH_MIN = 0.004
_OVER_TIME = (("p50", "p50_ns"), ("p90", "p90_ns"), ("p99", "p99_ns"), ("max", "max_ns"))
#: A percentile needs as many samples beyond it.
_BEYOND_MIN = 10
#: Points of a line for each halving of what is left.
_POINTS_PER_HALVING = 6
_FLOOR = "machine's floor"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a picture."""

    name: str
    """What the legend says."""
    kind: str
    """A class of the style sheet."""
    path: str
    """Its way, as SVG has it."""


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the background."""

    left: float
    """Where it begins, from 0 to 1,000."""
    width: float
    """How wide it is."""
    kind: str
    """A class of the style sheet."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table beside a picture."""

    share: float
    """Where it stands in the picture, from 0 to 1."""
    cells: tuple[str, ...]
    """What it says."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture and the table that says the same."""

    title: str
    """What it shows."""
    summary: str
    """The picture in words."""
    x_name: str
    """What goes to the right."""
    x_ticks: Sequence[Tick]
    """Where that is labelled."""
    y_ticks: Sequence[Tick]
    """Where latency is labelled, the shortest at the bottom."""
    lines: Sequence[Line]
    """What is drawn."""
    bands: Sequence[Band]
    """What is behind it."""
    heading: tuple[str, ...]
    """The columns of the table."""
    rows: Sequence[Row]
    """Its rows."""


def stage_words(stage: str) -> str:
    """The name of a stage for people."""
    return stage.replace("_to_", " → ")


def over_time_charts(report: Mapping[str, Any], last_ns: int) -> list[Chart]:
    """A chart for each stage with samples, up to ``last_ns``; none where nothing was recorded over time."""
    told = report["latency_over_time"]
    if told is None:
        return []
    scale = TimeScale(0, last_ns)
    bands = _state_bands(report, scale)
    # What was asked first: how long an event takes, and then where.
    order = ("intended_to_completed", "published_to_completed", *STAGES[:3])
    charts = (_over_time(stage, told, scale, bands) for stage in order)
    return [chart for chart in charts if chart is not None]


def _over_time(stage: str, told: Mapping[str, Any], scale: TimeScale, bands: Sequence[Band]) -> Chart | None:
    slices = [each for each in told["slices"] if each["latency"][stage]["count"]]
    values = [
        each["latency"][stage][name]
        for each in slices
        for _, name in _OVER_TIME
        if each["latency"][stage][name] is not None
    ]
    if not values:
        return None
    latency = LogScale.of(values)
    places = _places(slices, told["slice_ns"], scale)
    reach = max(scale.share(scale.first_ns + told["slice_ns"]) / 2, _REACH_MIN)
    lines = []
    # The longest first, so that no line lies under one that says less.
    for heading, name in reversed(_OVER_TIME):
        points = [
            (share, _known(each["latency"][stage][name], latency), (each["start_ns"], each["state"]))
            for share, each in zip(places, slices, strict=True)
        ]
        lines.append(Line(heading, heading, _broken_path(points, told["slice_ns"], reach)))
    rows = [
        Row(share, _over_time_cells(each, each["latency"][stage]))
        for share, each in zip(places, slices, strict=True)
    ]
    last = slices[-1]["latency"][stage]
    return Chart(
        title=stage_words(stage),
        summary=(
            f"{stage_words(stage)}: p50, p90, p99 and longest in {len(slices)} slices of "
            f"{duration(told['slice_ns'])}; from {duration(min(values))} to {duration(max(values))}, in the "
            f"last slice p50 {duration(last['p50_ns'])} and p99 {duration(last['p99_ns'])}"
        ),
        x_name="run time",
        x_ticks=scale.ticks(6),
        y_ticks=latency.ticks(),
        lines=lines,
        bands=bands,
        heading=("from", "state", "events", "p50", "p90", "p99", "p99.9", "max"),
        rows=rows,
    )


def _over_time_cells(each: Mapping[str, Any], figures: Mapping[str, Any]) -> tuple[str, ...]:
    names = ("p50_ns", "p90_ns", "p99_ns", "p99_9_ns", "max_ns")
    percentiles = (duration(figures[name]) for name in names)
    return (f"{each['start_ns'] / 1e6:,.0f} ms", each["state"], count(figures["count"]), *percentiles)


def _places(slices: Sequence[Mapping[str, Any]], slice_ns: int, scale: TimeScale) -> list[float]:
    """The middle of each slice; those of one slice in different states lie side by side."""
    parts = Counter(each["start_ns"] for each in slices)
    seen: Counter[int] = Counter()
    places = []
    for each in slices:
        start_ns = each["start_ns"]
        offset_ns = slice_ns * (2 * seen[start_ns] + 1) // (2 * parts[start_ns])
        seen[start_ns] += 1
        places.append(scale.share(start_ns + offset_ns))
    return places


def _known(ns: int | None, latency: LogScale) -> float | None:
    return None if ns is None else latency.share(ns)


def _broken_path(
    points: Iterable[tuple[float, float | None, tuple[int, str]]], slice_ns: int, reach: float
) -> str:
    """A line through ``points``, broken where one is unknown, a slice is missing or the state another.

    A point without neighbours, which is often the one that matters, is a stroke that reaches so far to both
    sides: a dot of the line's width would hardly be seen.
    """
    strokes: list[list[tuple[float, float]]] = []
    before: tuple[int, str] | None = None
    for share, height, (start_ns, state) in points:
        if height is None:
            before = None
            continue
        if before is None or before[1] != state or start_ns - before[0] > slice_ns:
            strokes.append([])
        strokes[-1].append((share, height))
        before = (start_ns, state)
    for stroke in strokes:
        if len(stroke) == 1:
            ((share, height),) = stroke
            stroke[:] = [(max(share - reach, 0.0), height), (min(share + reach, 1.0), height)]
    return "".join(
        "M" + "L".join(f"{_x(share)} {_y(height)}" for share, height in stroke) for stroke in strokes
    )


def _x(share: float) -> str:
    return f"{share * _SIZE:.1f}".removesuffix(".0")


def _y(height: float) -> str:
    return f"{(1 - height) * _SIZE:.0f}"


def _state_bands(report: Mapping[str, Any], scale: TimeScale) -> list[Band]:
    bands = []
    for state, from_ns, to_ns, _ in state_spans(report, scale):
        left, right = scale.share(from_ns) * _SIZE, scale.share(to_ns) * _SIZE
        bands.append(Band(round(left, 1), round(right - left, 1), f"state-{state.lower()}"))
    return bands


def distribution_chart(report: Mapping[str, Any], consumer: str | None) -> Chart | None:
    """The stages of ``consumer``, or with ``None`` the way of each consumer, with the machine's floor."""
    told = report["histograms"]
    consumers = told["consumers"]
    if consumer is None:
        named = {
            name: stages["published_to_completed"]
            for name, stages in consumers.items()
            if "published_to_completed" in stages
        }
    else:
        named = {stage_words(stage): text for stage, text in consumers.get(consumer, {}).items()}
    if not named:
        return None
    figures = _figures_of(report, consumer)
    histograms = {name: _read(text, figures[name]) for name, text in named.items()}
    if told["floor"] is not None:
        histograms[_FLOOR] = _read(told["floor"], report["floor"])
    samples = max(histogram.count for histogram in histograms.values())
    scale = PercentileScale(min(_BEYOND_MIN / samples, 0.1))
    points = {name: _quantiles(histogram) for name, histogram in histograms.items()}
    latency = LogScale.of([ns for line in points.values() for _, ns in line])
    kinds = {name: f"series-{index % 8}" for index, name in enumerate(named)} | {_FLOOR: "floor"}
    what = "by consumer, published → completed" if consumer is None else f"by stage, {consumer}"
    return Chart(
        title=f"Distribution {what}",
        summary=_distribution_words(histograms),
        x_name="percentile, each further nine as wide as the one before it",
        x_ticks=scale.ticks(),
        y_ticks=latency.ticks(),
        lines=[Line(name, kinds[name], _path(line, scale, latency)) for name, line in points.items()],
        bands=[],
        heading=("percentile", *histograms),
        rows=_distribution_rows(histograms, scale),
    )


def _figures_of(report: Mapping[str, Any], consumer: str | None) -> dict[str, Mapping[str, Any]]:
    by_consumer = report["latency_by_consumer"]
    if consumer is None:
        return {name: stages["published_to_completed"] for name, stages in by_consumer.items()}
    return {stage_words(stage): figures for stage, figures in by_consumer[consumer].items()}


def _read(text: str, figures: Mapping[str, Any]) -> LatencyHistogram:
    return LatencyHistogram.from_v2(base64.b64decode(text), figures["min_ns"], figures["max_ns"])


def _quantiles(histogram: LatencyHistogram) -> list[tuple[float, int]]:
    """``(share beyond, latency)`` as far as ten samples lie beyond."""
    points: list[tuple[float, int]] = []
    step = 0
    while True:
        beyond = 2.0 ** (-step / _POINTS_PER_HALVING)
        ns = histogram.percentile(1 - beyond)
        if ns is None:
            return points
        points.append((beyond, ns))
        step += 1


def _path(points: Sequence[tuple[float, int]], scale: PercentileScale, latency: LogScale) -> str:
    words = [f"{_x(scale.share(beyond))} {_y(latency.share(ns))}" for beyond, ns in points]
    return "M" + "L".join(words) if words else ""


def _distribution_rows(histograms: Mapping[str, LatencyHistogram], scale: PercentileScale) -> list[Row]:
    rows = []
    halvings = 0
    while 2.0**-halvings >= scale.least_beyond:
        beyond = 2.0**-halvings
        known = [histogram.percentile(1 - beyond) for histogram in histograms.values()]
        percent = f"{100 * (1 - beyond):.6f}".rstrip("0").rstrip(".")
        rows.append(Row(scale.share(beyond), (f"{percent} %", *map(duration, known))))
        halvings += 1
    longest = tuple(duration(histogram.max_ns) for histogram in histograms.values())
    rows.append(Row(1.0, ("max", *longest)))
    return rows


def _distribution_words(histograms: Mapping[str, LatencyHistogram]) -> str:
    told = [
        f"{name}: {count(histogram.count)} samples, p50 {duration(histogram.percentile(0.5))}, "
        f"p99 {duration(histogram.percentile(0.99))}, longest {duration(histogram.max_ns)}"
        for name, histogram in histograms.items()
    ]
    return "; ".join(told)

"""The picture of a sweep: heat maps of p99 and of losses, an SVG that is the same for the same rows.

The first axis goes to the right, the second upwards; of further axes each combination has a pair of maps of
its own. matplotlib is an extra, imported when it is needed.
"""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tickpath.lab.report_text import count, duration
from tickpath.lab.sweep.axes import text_of

if TYPE_CHECKING:
    from tickpath.lab.sweep.axes import Axis
    from tickpath.lab.sweep.tally import PointFigures, Tally

__all__ = ["PANELS_MAX", "draw"]

PANELS_MAX = 12
"""Combinations of further axes that are drawn."""

_CELL_INCHES, _MAP_INCHES_MIN, _MAP_INCHES_MAX = 0.75, 4.0, 14.0
#: More cells than this are not labelled, and not drawn one by one.
_LABELLED_MAX, _SINGLE_MAX = 200, 5_000
_TICKS_MAX = 25
_NONE, _FAILED = "#ececec", "#b9a3c9"

Cell = tuple[float | None, str]
"""What colours a cell, and its words."""


def draw(tally: Tally) -> bytes:
    """The SVG file."""
    import matplotlib as mpl

    # The object-oriented way: pyplot would look for a window.
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    grid = tally.grid
    across, up, others = _first(grid.axes), _first(grid.axes[1:]), grid.axes[2:]
    panels = list(itertools.islice(itertools.product(*(range(len(a.values)) for a in others)), PANELS_MAX))
    width = _inches(across)
    height = _inches(up, least=1.2) + 1.1
    figure = Figure(figsize=(2 * width + 2.5, height * len(panels) + 0.8), layout="constrained")
    FigureCanvasSVG(figure)
    all_axes = figure.subplots(len(panels), 2, squeeze=False)
    for row, panel in zip(all_axes, panels, strict=True):
        points = _points(tally, across, up, panel)
        where = ", ".join(
            f"{axis.key} = {text_of(axis.values[index])}" for axis, index in zip(others, panel, strict=True)
        )
        for axes, (title, cell, words, colours) in zip(row, _MAPS, strict=True):
            _map(axes, [[cell(each) for each in line] for line in points], words, colours)
            _label(axes, across, up)
            axes.set_title(f"{title}{': ' if where else ''}{where}", fontsize="small", loc="left")
    figure.suptitle(_title(tally, math.prod(len(axis.values) for axis in others)), fontsize="medium")
    picture = io.BytesIO()
    # No date, and no names that are drawn by lot.
    with mpl.rc_context({"svg.hashsalt": "tickpath"}):
        figure.savefig(picture, format="svg", metadata={"Date": None})
    return picture.getvalue()


def _first(axes: tuple[Axis, ...]) -> Axis | None:
    return axes[0] if axes else None


def _p99(point: PointFigures) -> Cell:
    p99_ns = point.p99_median_ns
    if p99_ns is None:
        return None, _why_empty(point)
    return max(p99_ns, 1), duration(p99_ns)


def _missed(point: PointFigures) -> Cell:
    if not point.published:
        return None, _why_empty(point)
    share = point.missed / point.published
    return share, "0" if not point.missed else _percent(share)


def _why_empty(point: PointFigures) -> str:
    if point.outcomes["error"]:
        return "error"
    return "?" if point.runs else ""


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"


_MAPS: tuple[tuple[str, Callable[[PointFigures], Cell], Callable[[float], str], str], ...] = (
    ("p99, published to completed: median of the seeds", _p99, lambda ns: duration(round(ns)), "viridis"),
    ("events lost or shed by the executor, all seeds", _missed, _percent, "YlOrRd"),
)
_SCALE_SHARE = (1e-3, 1.0)


def _points(
    tally: Tally, across: Axis | None, up: Axis | None, panel: Sequence[int]
) -> list[list[PointFigures]]:
    """The points of one map: a list for each value of ``up``, from below."""
    rest = math.prod(len(axis.values) for axis in tally.grid.axes[2:])
    ups = len(up.values) if up else 1
    offset = 0
    for axis, index in zip(tally.grid.axes[2:], panel, strict=True):
        offset = offset * len(axis.values) + index
    return [[tally.points[(x * ups + y) * rest + offset] for x in _ordered(across)] for y in _ordered(up)]


def _ordered(axis: Axis | None) -> list[int]:
    """Numbers by size, all else as it was given."""
    if axis is None:
        return [0]
    indices = list(range(len(axis.values)))
    if all(isinstance(value, int | float) for value in axis.values):
        indices.sort(key=lambda index: axis.values[index])
    return indices


def _map(axes: Any, cells: list[list[Cell]], words_of: Callable[[float], str], colours: str) -> None:
    import matplotlib as mpl
    import numpy as np
    from matplotlib.colors import ListedColormap, LogNorm
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    values = np.array([[math.nan if value is None else value for value, _ in line] for line in cells], float)
    known = values[np.isfinite(values) & (values > 0)]
    least, most = (float(known.min()), float(known.max())) if known.size else (1e-6, 1.0)
    if words_of is _percent:
        # How bad it is, and not only where it is worst.
        least, most = min(least, _SCALE_SHARE[0]), _SCALE_SHARE[1]
    norm = LogNorm(least, most if most > least else least * 2)
    map_of = mpl.colormaps[colours].with_extremes(bad=_NONE, under="#ffffff")
    many = values.size > _SINGLE_MAX
    # A logarithm has no place for 0: it lies under everything.
    drawn = np.ma.masked_invalid(np.where(values == 0, least / 2, values))
    shown = axes.pcolormesh(drawn, cmap=map_of, norm=norm, rasterized=many)
    failed = np.ma.masked_equal([[int(word == "error") for _, word in line] for line in cells], 0)
    axes.pcolormesh(failed, cmap=ListedColormap([_FAILED]), rasterized=many)
    if known.size:
        bar = axes.figure.colorbar(shown, ax=axes)
        bar.ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words_of(value)))
        bar.ax.yaxis.set_minor_locator(NullLocator())
        bar.ax.tick_params(labelsize="x-small")
    if values.size > _LABELLED_MAX:
        return
    for y, line in enumerate(cells):
        for x, (value, words) in enumerate(line):
            dark = value is not None and value > 0 and sum(map_of(norm(value))[:3]) < 1.5
            colour = "white" if dark else "black"
            axes.text(x + 0.5, y + 0.5, words, ha="center", va="center", fontsize="x-small", color=colour)


def _label(axes: Any, across: Axis | None, up: Axis | None) -> None:
    for axis, set_ticks, set_label, turned in (
        (across, axes.set_xticks, axes.set_xlabel, 45),
        (up, axes.set_yticks, axes.set_ylabel, 0),
    ):
        if axis is None:
            set_ticks([])
            continue
        order = _ordered(axis)
        every = -(-len(order) // _TICKS_MAX)
        places = range(0, len(order), every)
        labels = [_short(axis.values[order[place]]) for place in places]
        long = turned if max(map(len, labels)) > 5 else 0
        set_ticks([place + 0.5 for place in places], labels, rotation=long, fontsize="x-small")
        set_label(axis.key)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else text_of(value)
    return text if len(text) <= 24 else f"{text[:23]}…"


def _title(tally: Tally, panels: int) -> str:
    grid = tally.grid
    failed = tally.outcomes["fail"] + tally.outcomes["error"]
    words = [f"tickpath sweep: {grid.scenario}", f"{count(tally.runs)} runs of {count(len(grid))}"]
    words.append(f"{count(len(grid.seeds))} seed{'s' if len(grid.seeds) > 1 else ''} at each point")
    words += [f"{count(failed)} failed"] if failed else []
    words += [f"{PANELS_MAX} of {count(panels)} pairs of maps"] if panels > PANELS_MAX else []
    return ", ".join(words)


def _inches(axis: Axis | None, least: float = _MAP_INCHES_MIN) -> float:
    cells = 1 if axis is None else len(axis.values)
    return min(max(cells * _CELL_INCHES, least), _MAP_INCHES_MAX)

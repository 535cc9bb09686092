"""A picture of the latency distributions, drawn from the object of :mod:`tickpath.lab.bench.report`."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tickpath.core.whole_file import why_not_written, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FORMATS", "draw", "why_not_drawn"]

FORMATS = (".svg", ".png")
_INSTALL = "pip install 'tickpath[picture]'"
#: Where the axis is labelled.
_TICKS = ((0.0, "min"), (0.5, "50 %"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (0.9999, "99.99 %"))
_SIZE_INCHES = (11, 5)


def why_not_drawn(path: Path) -> str | None:
    """Why no picture can be drawn into ``path``, and what to do; ``None`` if it can."""
    if path.suffix.lower() not in FORMATS:
        return f"{path}: a picture is a {' or '.join(FORMATS)} file"
    reason = why_not_written(path)
    if reason is not None:
        return reason
    if importlib.util.find_spec("matplotlib") is None:
        return f"{path}: a picture needs matplotlib, which is not installed: {_INSTALL}"
    return None


def draw(report: Mapping[str, Any], path: Path) -> bool:
    """Draws into ``path``; ``False`` if ``report`` holds no distribution. Raises ``OSError``."""
    panels = [
        (part["title"], lines)
        for part in report["parts"].values()
        if (lines := [row for row in part["figures"] if row["latency"] and row["latency"]["quantiles"]])
    ]
    if not panels:
        return False
    # The object-oriented way: pyplot would look for a window.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width, height = _SIZE_INCHES
    figure = Figure(figsize=(width, height * len(panels)), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (title, lines) in zip(
        figure.subplots(len(panels), 1, squeeze=False)[:, 0], panels, strict=True
    ):
        _panel(axes, title, lines)
    machine = report["machine"]
    figure.suptitle(
        f"tickpath bench: one-way latency, {machine['cpu'] or machine['architecture']}, {machine['python']}",
        fontsize="medium",
    )
    picture = io.BytesIO()
    figure.savefig(picture, format=path.suffix.lower().removeprefix("."))
    write_whole(path, picture.getvalue())
    return True


def _panel(axes: Any, title: str, lines: list[Mapping[str, Any]]) -> None:
    """Latency over quantile, the tail stretched: each nine takes as much room as the one before it."""
    from matplotlib import ticker

    things = {row["what"] for row in lines}
    for row in lines:
        latency = row["latency"]
        quantiles, ns = zip(*latency["quantiles"], strict=True)
        # A thing is named where there is more than one.
        name = row["contender"] if len(things) == 1 else f"{row['what']}: {row['contender']}"
        about = ", ".join(filter(None, [row["waits"], f"{latency['count']:,} samples"]))
        label = f"{name} ({about})"
        axes.plot(
            [1 / (1 - quantile) for quantile in quantiles], [value / 1_000 for value in ns], label=label
        )
    axes.set_xscale("log")
    axes.set_yscale("log")

    furthest = max(point[0] for row in lines for point in row["latency"]["quantiles"])
    shown = [(quantile, label) for quantile, label in _TICKS if quantile <= furthest]
    axes.set_xticks([1 / (1 - quantile) for quantile, _ in shown], [label for _, label in shown])
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_locator(ticker.NullLocator())
    axes.yaxis.set_major_formatter(ticker.StrMethodFormatter("{x:,g}"))
    axes.set_title(title, fontsize="medium", loc="left")
    axes.set_xlabel("part of the messages that took no longer; drawn where ten samples lie beyond")
    axes.set_ylabel("µs from sender to receiver")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize="small")

"""The page: what of a run's object goes where, and the templates that it is put into."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

from tickpath.lab.drill_text import graded_value
from tickpath.lab.page.charts import distribution_chart, over_time_charts, stage_words
from tickpath.lab.page.timeline import timeline_of
from tickpath.lab.page.words import (
    ledger_terms,
    name_of,
    provenance,
    setting_rows,
    tiles,
    why_nothing_over_time,
)
from tickpath.lab.report_text import COLUMNS, count, duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import jinja2

__all__ = ["BYTES_MAX", "drills_page", "run_page"]

#: What a page may have. One that would have more goes without the settings and the tables of latencies over
#: time, and if that is not enough without their pictures, and says so.
BYTES_MAX = 2_000_000

Report = dict[str, Any]


def run_page(report: Mapping[str, Any], *, replay: str) -> bytes:
    """The page of a run: its object, and the command that runs the same again."""
    view = _run_view(report, replay, prefix="r1")
    title = name_of(report)
    return _rendered(title=f"{title}: {report['verdict']}", runs=[view], drills=None)


def drills_page(report: Mapping[str, Any], runs: Sequence[tuple[Mapping[str, Any], str]]) -> bytes:
    """The page of drills: their object, and for each that was run its run's object and the command.

    One whose run left nothing has a run's object all the same.
    """
    views = [
        _run_view(run, replay, prefix=f"r{number}", drill=drill, detailed=len(runs) == 1)
        for number, ((run, replay), drill) in enumerate(zip(runs, report["drills"], strict=True), 1)
    ]
    title = views[0]["name"] if len(views) == 1 else f"{len(views)} drills"
    return _rendered(title=f"{title}: {report['verdict']}", runs=views, drills=report)


def _rendered(**values: Any) -> bytes:
    """The page, with as much detail as fits: the JSON has everything, and a page is to be opened."""
    template = _templates().get_template("page.html")
    content = b""
    for detail in ("full", "plain", "least"):
        content = template.render(detail=detail, **values).encode("utf-8", "backslashreplace")
        if len(content) <= BYTES_MAX:
            break
    return content


@cache
def _templates() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tickpath.lab.page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"duration": duration, "count": count, "stage": stage_words, "value": graded_value}
    loader = environment.loader
    assert loader is not None  # noqa: S101 - it was given
    style, script = (loader.get_source(environment, name)[0] for name in ("page.css", "page.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # Ours, and no markup of anybody's: put in as they are.
    environment.globals |= {"style": style, "script": script, "script_sha256": digest, "columns": COLUMNS}
    return environment


def _run_view(
    report: Mapping[str, Any],
    replay: str,
    *,
    prefix: str,
    drill: Mapping[str, Any] | None = None,
    detailed: bool = True,
) -> Report:
    timeline = timeline_of(report)
    consumers = list(report["histograms"]["consumers"])
    distributions = [distribution_chart(report, consumers[0] if consumers else "executor")]
    if len(consumers) > 1:
        distributions.append(distribution_chart(report, None))
    return {
        "id": prefix,
        "name": name_of(report),
        "description": (report["config"].get("scenario") or {}).get("description", ""),
        "report": report,
        "replay": replay,
        "drill": drill,
        "facts": tiles(report),
        "timeline": timeline,
        "over_time": over_time_charts(report, timeline.scale.last_ns)[: None if detailed else 2],
        "no_over_time": why_nothing_over_time(report),
        "distributions": [chart for chart in distributions if chart is not None],
        "ledger_terms": ledger_terms(report["ledger"]),
        "provenance": provenance(report),
        "machine": setting_rows(report["machine"]),
        "config": setting_rows(report["config"]),
    }

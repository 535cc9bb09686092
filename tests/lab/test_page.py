"""The page of a run: it holds together, says what the JSON says, needs nothing else, escapes everything."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from tests.lab.pages import parsed
from tickpath.config.run import RunSettings
from tickpath.lab.drill import load_drill, run_drill
from tickpath.lab.drill_report import drill_report
from tickpath.lab.feed_account import nothing_loaded
from tickpath.lab.page import BYTES_MAX, drills_page, run_page
from tickpath.lab.page.charts import distribution_chart, over_time_charts
from tickpath.lab.page.timeline import timeline_of
from tickpath.lab.report import STAGES, run_report
from tickpath.lab.report_text import count, duration
from tickpath.lab.scenario_run import run_scenario

REPLAY = "tickpath run feed-freeze --mode virtual --seed 1"
EVIL = "</script></style>\"'><evil onload=alert(1)>&amp;"


def drilled(*names: str) -> tuple[dict[str, Any], list[tuple[Mapping[str, Any], str]]]:
    told: list[tuple[Mapping[str, Any], str]] = []
    results = [
        run_drill(
            load_drill(name),
            "virtual",
            lambda scenario, mode: run_scenario(
                scenario, mode, report_to=lambda run: told.append((run, REPLAY))
            ),
        )
        for name in names
    ]
    return drill_report(results, mode="virtual", wall_ns=1), told


def evil(value: Any) -> Any:
    """``value`` with markup at the end of everything that a user, a file or a machine may have named."""
    free = {
        "name",
        "cause",
        "detail",
        "reason",
        "path",
        "description",
        "cpu",
        "note",
        "probe",
        "step",
        "kind",
    }
    if isinstance(value, dict):
        return {
            key: each + EVIL if key in free and isinstance(each, str) else evil(each)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [each + EVIL if isinstance(each, str) else evil(each) for each in value]
    return value


def test_a_page_holds_together_and_fetches_nothing(
    report: dict[str, Any], eventful_report: dict[str, Any]
) -> None:
    for each in (report, eventful_report):
        page = parsed(run_page(each, replay=REPLAY))
        assert page.wrong == []
        assert page.addresses == ["data:,"]
        assert page.tags["script"] == 1
        assert page.tags["h1"] == 1


def test_every_picture_has_words_and_a_table_beside_it(eventful_report: dict[str, Any]) -> None:
    page = parsed(run_page(eventful_report, replay=REPLAY))
    charts = page.tags["figure"] - 1  # the timeline, whose table stands below it
    assert charts == 6
    assert page.words.count("As a table") == charts
    assert page.words.count("What happened, in order") == 1


def test_it_says_what_the_report_says(eventful_report: dict[str, Any]) -> None:
    page = parsed(run_page(eventful_report, replay=REPLAY))
    figures = eventful_report["latency"]["published_to_completed"]
    said = [REPLAY, eventful_report["digest"], duration(figures["p99_ns"]), count(figures["count"])]
    said += [move["cause"] for move in eventful_report["lifecycle"]]
    said += [each["name"] for each in eventful_report["injections"]]
    said += [entry["detail"] for entry in eventful_report["audit"] if entry["detail"]]
    said += ["executor", "READY", "scenario.feed.rate_hz", eventful_report["machine"]["architecture"]]
    for words in said:
        assert " ".join(words.split()) in page.words, words


def test_whatever_has_a_name_stays_text(eventful_report: dict[str, Any]) -> None:
    page = parsed(run_page(evil(eventful_report), replay=REPLAY + EVIL))
    assert page.wrong == []
    assert page.tags["evil"] == 0
    assert page.tags["script"] == 1
    assert page.words.count(EVIL) > 20


def test_a_drill_has_its_grade_and_several_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    report, told = drilled("feed-freeze", "overlapping-outages")
    content = drills_page(report, told)
    page = parsed(content)
    assert page.wrong == []
    assert page.tags["article"] == 2
    for row in report["drills"][1]["grade"]:
        assert row["name"] in page.words
    assert len(content) < BYTES_MAX * 2 // 18  # all eighteen shipped ones on one page
    assert drills_page(*drilled("feed-freeze", "overlapping-outages")) == content
    # A page that would be too large goes without some of its tables, and says so.
    monkeypatch.setattr("tickpath.lab.page.page.BYTES_MAX", len(content) - 1)
    smaller = drills_page(report, told)
    assert len(smaller) < len(content) * 3 // 4
    monkeypatch.setattr("tickpath.lab.page.page.BYTES_MAX", len(smaller) - 1)
    smallest = drills_page(report, told)
    assert len(smallest) < len(smaller) * 3 // 4
    for page in (parsed(smaller), parsed(smallest)):
        assert page.wrong == []
        assert "were left out" in page.words


def test_a_run_that_left_nothing_has_a_page(eventful_report: dict[str, Any]) -> None:
    from tickpath.runtime.session import RunResult

    for verdict in ("interrupted", "fail"):
        result = RunResult.without_record(RunSettings(), verdict, *(["a stage ended"] * (verdict == "fail")))
        config = {"scenario": eventful_report["config"]["scenario"], "sink": False}
        page = parsed(run_page(run_report(result, nothing_loaded(), seed=0, config=config), replay=REPLAY))
        assert page.wrong == []
        assert "The run ended before its first event." in page.words


def test_the_timeline_has_a_lane_for_each_thing_that_happened(eventful_report: dict[str, Any]) -> None:
    timeline = timeline_of(eventful_report)
    lanes = {(lane.group, lane.name): lane for lane in timeline.lanes}
    injections = load_drill("feed-freeze").injections
    assert [name for group, name in lanes if group == "injection"] == [
        f"{each.name} ({each.kind})" for each in injections
    ]
    assert {cause for group, cause in lanes if group == "detection"} == {
        each["cause"] for each in eventful_report["health"]
    }
    states = [bar.label for bar in lanes["lifecycle", "state"].bars]
    assert states == [move["target"] for move in eventful_report["lifecycle"]]
    widths = sum(bar.width for bar in lanes["lifecycle", "state"].bars)
    assert widths == pytest.approx(100, abs=0.1)
    assert [moment.at_ns for moment in timeline.moments] == sorted(m.at_ns for m in timeline.moments)


def test_a_distribution_ends_where_ten_samples_lie_beyond(report: dict[str, Any]) -> None:
    chart = distribution_chart(report, "executor")
    assert chart is not None
    names = [line.name for line in chart.lines]
    assert len(names) == len(STAGES) + 1
    assert names[-1] == "machine's floor"
    assert chart.rows[-2].cells[0] == "98.4375 %"  # of 1,000 samples
    assert chart.rows[-1].cells[0] == "max"
    expected = duration(report["latency"]["published_to_completed"]["p50_ns"])
    assert expected in chart.rows[1].cells


def test_percentiles_over_time_are_those_of_the_slices(eventful_report: dict[str, Any]) -> None:
    told = eventful_report["latency_over_time"]
    charts = over_time_charts(eventful_report, timeline_of(eventful_report).scale.last_ns)
    rows = [row.cells for row in charts[0].rows]
    assert charts[0].title == "intended → completed"
    figures = told["slices"][0]["latency"]["intended_to_completed"]
    assert rows[0][3:5] == (duration(figures["p50_ns"]), duration(figures["p90_ns"]))
    assert len(rows) == len([each for each in told["slices"] if each["count"]])
    without = copy.copy(eventful_report) | {"latency_over_time": None}
    assert over_time_charts(without, timeline_of(without).scale.last_ns) == []


def test_a_slice_without_neighbours_is_as_wide_as_it_is_long(eventful_report: dict[str, Any]) -> None:
    report = copy.deepcopy(eventful_report)
    told = report["latency_over_time"]
    told["slice_ns"], slices = 50_000_000, [copy.deepcopy(told["slices"][0]) for _ in range(4)]
    # Two in a row, and one by itself; the last has no neighbour but the end of the picture.
    for each, start_ns in zip(slices, (100_000_000, 150_000_000, 500_000_000, 950_000_000), strict=True):
        each["start_ns"], each["state"] = start_ns, "READY"
    told["slices"] = slices
    (chart, *_) = over_time_charts(report, 1_000_000_000)
    (path,) = (line.path for line in chart.lines if line.name == "p50")
    strokes = [[point.split()[0] for point in stroke.split("L")] for stroke in path.split("M")[1:]]
    assert strokes == [["125", "175"], ["500", "550"], ["950", "1000"]]

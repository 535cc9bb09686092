"""The report of drills: every field documented, both forms alike, nothing unknown made zero."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.lab.drills import facts, objectives
from tickpath.config.scenario import Scenario
from tickpath.config.scenario.responses import BreakSettings
from tickpath.control.automation.audit import AuditEntry
from tickpath.errors import ArgumentTypeError, ArgumentValueError
from tickpath.lab.drill import DrillResult, run_drill
from tickpath.lab.drill_report import drill_list, drill_report
from tickpath.lab.drill_text import print_drill_list, print_drills
from tickpath.lab.facts import DrillFacts, Mode
from tickpath.lab.scenario_run import run_scenario

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "drill-json.md"

SCENARIO = Scenario(
    name="outage",
    description="The feed is gone.",
    objectives=objectives(),
    break_=BreakSettings(disable="probe:feed-staleness"),
)
AUDITED = (AuditEntry(410_000_000, "market-data-outage", "market data stale", "degrade", "acted", "asked"),)


def drilled(*, broken: bool = False, **changes: Any) -> DrillResult:
    def run(scenario: Scenario, mode: Mode) -> DrillFacts:
        return facts(audit=AUDITED, **changes)

    return run_drill(SCENARIO, "virtual", run, broken=broken)


def test_a_name_is_no_scenario() -> None:
    name: Any = "feed-freeze"
    words = "scenario must be of the type Scenario, got 'feed-freeze'"
    with pytest.raises(ArgumentTypeError, match=words):
        run_drill(name, "virtual", run_scenario)
    with pytest.raises(ArgumentTypeError, match=words):
        run_scenario(name, "virtual")


def report(*results: DrillResult) -> dict[str, Any]:
    return drill_report(results, mode="virtual", wall_ns=1)


def text_of(*results: DrillResult, summary: bool) -> str:
    out = io.StringIO()
    print_drills(report(*results), Console(file=out, width=130), summary=summary)
    return out.getvalue()


def fields(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from fields(item, f"{path}[]")
    elif isinstance(value, dict):
        for name, below in value.items():
            shown = "<consumer>" if path.endswith("consumers") else name
            yield from fields(below, f"{path}.{shown}" if path else shown)
    else:
        yield path


def documented(schema: str) -> set[str]:
    """The fields of one object, as the reference lists them."""
    sections = re.split(r"^## ", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    [section] = [part for part in sections if part.startswith(f"`{schema}`")]
    names = re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)
    rows = {row.name.partition(":")[0] for row in drilled().grade.rows}
    fields_of = {name for name in names if name.partition(":")[0] not in rows and " " not in name}
    return fields_of - {"drills[]"}


def test_every_field_is_documented_and_every_documented_field_is_there() -> None:
    assert sorted(set(fields(report(drilled())))) == sorted(documented("tickpath/drill/1"))
    listed = drill_list([dataclasses.replace(SCENARIO, injections=())])
    listed["drills"][0]["injections"] = ["feed_outage"]
    assert sorted(set(fields(listed))) == sorted(documented("tickpath/drill-list/1"))


def test_it_is_json() -> None:
    whole = report(drilled(), drilled(verdict="interrupted", ended_ns=None))
    assert json.loads(json.dumps(whole, allow_nan=False)) == whole


@pytest.mark.parametrize(
    ("verdicts", "together"),
    [
        (["pass", "pass"], "pass"),
        (["pass", "fail"], "fail"),
        (["fail", "interrupted"], "interrupted"),
        ([], "fail"),
    ],
)
def test_one_that_failed_fails_them_all(verdicts: list[str], together: str) -> None:
    made = report(*(drilled(verdict=verdict) for verdict in verdicts))
    assert made["verdict"] == together
    assert (made["passed"], made["failed"]) == (verdicts.count("pass"), verdicts.count("fail"))


def test_the_broken_variant_runs_without_what_it_names() -> None:
    seen = []

    def run(scenario: Scenario, mode: Mode) -> DrillFacts:
        seen.append([probe.enabled for probe in scenario.probes if probe.name == "feed-staleness"])
        return facts()

    result = run_drill(SCENARIO, "virtual", run, broken=True)
    run_drill(SCENARIO, "virtual", run)
    assert seen == [[False], [True]]
    assert result.disabled == "probe:feed-staleness"
    assert "switched off: probe:feed-staleness" in text_of(result, summary=False)


def test_a_scenario_that_names_nothing_has_no_broken_variant() -> None:
    plain = dataclasses.replace(SCENARIO, break_=BreakSettings())
    with pytest.raises(ArgumentValueError, match=r"outage names nothing to switch off: expected \[break\]"):
        run_drill(plain, "virtual", lambda _scenario, _mode: facts(), broken=True)


def test_what_is_printed_for_one_drill_tells_the_story_and_the_grade() -> None:
    text = text_of(drilled(), summary=False)
    for words in ("PASS: outage", "outage (feed_outage) begins", "READY -> DEGRADED", "market-data-outage"):
        assert words in text
    assert re.search(r"time to recover +10\.0 ms +10\.0 ms +pass", text)
    assert re.search(r"executed share +70\.00% +70\.00% +pass", text)
    order = [text.index(words) for words in ("outage (feed_outage) begins", "stale: raised", "is over")]
    assert order == sorted(order)


def test_many_drills_are_a_line_each_and_those_that_failed_are_told_in_full() -> None:
    text = text_of(drilled(), drilled(balanced=False), summary=True)
    assert text.count("FAIL: outage") == 1
    assert "PASS: outage" not in text
    assert re.search(r"outage +pass +110 ms +110 ms +10\.0 ms +0 +0", text)
    assert re.search(r"outage +fail .* ledger balanced", text)
    assert "FAIL: 1 passed, 1 failed" in text


def test_the_list_names_drills_and_what_break_does() -> None:
    out = io.StringIO()
    print_drill_list(drill_list([SCENARIO]), Console(file=out, width=130))
    assert re.search(r"outage +The feed is gone\. +probe:feed-staleness", out.getvalue())


def test_a_notebook_shows_the_verdict_and_every_line_of_the_grade() -> None:
    html = drilled()._repr_html_()
    assert ">PASS</strong>: outage" in html
    assert html.count("<tr>") == 1 + len(drilled().grade.rows)
    assert "10.0 ms" in html
    failed = drilled(balanced=False)
    assert ">FAIL</strong>: outage; ledger balanced" in failed._repr_html_()

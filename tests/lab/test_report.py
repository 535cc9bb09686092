"""The report of a run: every field documented, nothing unknown made zero, both forms alike."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.lab.conftest import CONFIG
from tickpath.cli.watch import WatchCost
from tickpath.config.run import RunSettings
from tickpath.core.state import State
from tickpath.lab.feed_account import nothing_loaded
from tickpath.lab.machine import machine_facts
from tickpath.lab.report import PERCENTILES, STAGES, run_report
from tickpath.lab.report_text import duration, print_report
from tickpath.runtime.session import RunResult

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "run-json.md"


@pytest.fixture
def interrupted(report_settings: RunSettings) -> dict[str, Any]:
    result = RunResult.without_record(report_settings, "interrupted")
    return run_report(result, nothing_loaded(), seed=0, config=CONFIG)


def text_of(report: dict[str, Any]) -> str:
    out = io.StringIO()
    print_report(report, Console(file=out, width=130), replay="tickpath run --seed 0")
    return out.getvalue()


def fields(value: Any, path: str = "") -> Iterator[str]:
    """Every field as the reference writes it: names that are data stand in angle brackets."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from fields(item, f"{path}[]")
        return
    if not isinstance(value, dict):
        yield path
        return
    for name, below in value.items():
        shown = name
        if name in STAGES:
            shown = "<stage>"
        elif name in State.__members__:
            shown = "<state>"
        elif name in ("executor", "log") and path != "config":
            shown = "<consumer>"
        yield from fields(below, f"{path}.{shown}" if path else shown)


def test_every_field_is_documented_and_every_documented_field_is_there(
    report: dict[str, Any], eventful_report: dict[str, Any]
) -> None:
    documented = set(re.findall(r"^\| `([^`]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    present = set(fields(report)) | set(fields(eventful_report))
    # It takes a terminal.
    present |= set(fields({"watch": WatchCost().as_json()}))
    # A scenario has a page of its own.
    present = {re.sub(r"^config\.scenario\..*", "config.scenario", field) for field in present}
    present = {re.sub(r"^shutdown\.phases\[\]\[\]$", "shutdown.phases[]", field) for field in present}
    # Fields whose list is empty in a run that was refused nothing and failed at nothing.
    present |= {f"{name}" for name in ("reasons", "refused", "config.feeds")}
    pauses = ("ledger.machine_pauses[]", "floor.pauses[]")
    present |= {f"{pause}.{name}" for pause in pauses for name in ("start_ns", "length_ns")}
    present |= {"ledger.loss_is_machines.<consumer>"}
    present -= {"refused[]"}
    # A setting that is a list of plain values is one field, empty or not.
    present = {re.sub(r"\.after\[\]$", ".after", field) for field in present}
    stages = ("config.executor", "config.consumers[]")
    present |= {f"{stage}.{name}" for stage in stages for name in ("after", "service.samples_ns")}
    present = {re.sub(r"\.at_floor(\[\])?$", ".at_floor", field) for field in present}
    assert sorted(present - documented) == []
    assert sorted(documented - present - {f"latency{by}.<stage>.at_floor" for by in BY}) == []


BY = ("", "_by_state.<state>", "_by_consumer.<consumer>")


def test_it_is_json_and_its_times_are_integers(report: dict[str, Any]) -> None:
    again = json.loads(json.dumps(report, allow_nan=False))
    assert again == json.loads(json.dumps(report))

    def check(value: Any, name: str) -> None:
        if isinstance(value, dict):
            for key, below in value.items():
                check(below, key)
        elif isinstance(value, list):
            for below in value:
                check(below, name)
        elif name.endswith("_ns"):
            assert value is None or type(value) is int, name

    check(again, "")


def test_what_is_unknown_is_null_and_not_zero(report: dict[str, Any]) -> None:
    assert report["digest"] is None
    assert report["observer"]["cost_ns"] is None
    # The machine's own clock is not off from itself.
    assert [report["clock"][name] for name in ("error_ppm", "error_ns", "fallback")] == [0.0, 0, None]
    for stage in report["latency"].values():
        # A thousand samples: one beyond p99.9.
        assert (stage["p99_9_ns"], stage["p99_99_ns"]) == (None, None)
        assert isinstance(stage["p99_ns"], int)
        assert stage["unknown"] == "fewer than ten samples beyond"


def test_a_figure_says_what_it_rests_on(report: dict[str, Any], interrupted: dict[str, Any]) -> None:
    for stages in (report["latency"], *report["latency_by_consumer"].values()):
        assert {stage["dropped"] for stage in stages.values()} == {0}
    # In which state an event would have been processed is not known.
    for stages in report["latency_by_state"].values():
        assert {stage["dropped"] for stage in stages.values()} == {None}
    for stage in interrupted["latency"].values():
        assert (stage["unknown"], stage["dropped"]) == ("no samples", None)


def test_the_floor_says_when_the_machine_was_watched(report: dict[str, Any]) -> None:
    cores, floor = report["machine"]["cores"], report["floor"]
    # Feed, executor and log: a fourth core can be there for watching.
    assert floor["continuous"] is False or cores > 3
    watched = {
        **floor,
        "watched_ns": 5,
        "continuous": True,
        "longest_pause_ns": 9_000,
        "pauses_in_run": 1_200,
    }
    pauses = [{"start_ns": 7, "length_ns": 8_000}, {"start_ns": 1, "length_ns": 3_000}]
    assert (
        "watched before, during and after the run; longest pause 9.00 µs; 1,200 pauses seen in the run, "
        "the longest 8.00 µs"
    ) in text_of({**report, "floor": {**watched, "pauses": pauses}})
    before = {**watched, "continuous": False, "pauses": []}
    assert "before and after the run, not during it; longest pause 9.00 µs\n" in text_of(
        {**report, "floor": before}
    ).replace(" \n", "\n")
    assert "not measured" in text_of({**report, "floor": {**floor, "watched_ns": 0}})


def test_the_longest_pauses_of_the_run_are_listed(report: dict[str, Any]) -> None:
    lengths = [pause["length_ns"] for pause in report["floor"]["pauses"]]
    assert lengths == sorted(lengths, reverse=True)
    assert len(lengths) == min(report["floor"]["pauses_in_run"], 10)


def test_states_add_up_to_the_whole(report: dict[str, Any]) -> None:
    by_state = report["latency_by_state"]
    assert sorted(by_state) == ["READY", "WARMUP"]
    for stage in STAGES:
        counts = {state: by_state[state][stage]["count"] for state in by_state}
        assert counts == {"WARMUP": 100, "READY": 900}
        assert report["latency"][stage]["count"] == 1_000
    assert report["ledger"]["consumers"]["executor"]["gated_by_state"] == {"WARMUP": 100}


def test_a_mark_at_the_floor_follows_from_the_figures(report: dict[str, Any]) -> None:
    floor = report["floor"]
    for stage in report["latency"].values():
        for name in PERCENTILES:
            known = stage[name] is not None and floor[name] is not None
            assert (name in stage["at_floor"]) == (known and stage[name] * 4 <= floor[name] * 5)


def test_people_read_the_same(report: dict[str, Any]) -> None:
    text = text_of(report)
    assert text.startswith("PASS")
    assert "Ledger: balanced" in text
    assert duration(report["wall_ns"]) in text
    assert "tickpath run --seed 0" in text
    assert "seed" in text
    assert "unknown" in text
    for stage in STAGES:
        assert stage.replace("_", " ") in text


def test_people_read_what_went_wrong_and_what_was_done(
    report: dict[str, Any], eventful_report: dict[str, Any]
) -> None:
    text = text_of(eventful_report)
    assert text.startswith("INTERRUPTED")
    for line in (
        "as generated, 25,000 events/s",
        "feed, executor: simulated in virtual time",
        "faults     feed-freeze",
        "causes     market data outage",
        "market-data-outage",
        "shutdown   caller: everything published was read",
        eventful_report["digest"],
        "Nothing of a machine",
    ):
        assert line in text
    assert "floor" not in text
    assert not {"faults", "causes", "runbooks", "digest", "shutdown"} & set(text_of(report).split())


def test_people_read_what_the_control_plane_took_live_and_nothing_of_it_in_virtual_time(
    report: dict[str, Any], eventful_report: dict[str, Any]
) -> None:
    control = {**report["control"], "steps": 1_200, "step_ns_mean": 15_000, "step_ns_max": 240_000}
    line = "control    1,200 steps, 15.0 µs each on average (0.15% of the interval), 240 µs at most"
    assert line in text_of({**report, "control": control})
    assert "each on average" not in text_of(eventful_report)


def test_a_failure_and_a_refusal_are_said(report: dict[str, Any]) -> None:
    failed = {
        **report,
        "verdict": "fail",
        "reasons": ["the ledger does not balance"],
        "refused": ["pin thread to core 1: Operation not permitted [here]"],
        "ledger": {**report["ledger"], "balanced": False},
    }
    text = text_of(failed)
    assert text.startswith("FAIL: the ledger does not balance")
    assert "NOT BALANCED" in text
    # Square brackets are text, not markup.
    assert "pin thread to core 1: Operation not permitted [here]" in text


def test_a_plain_consumer_reads_and_neither_executes_nor_gates(report: dict[str, Any]) -> None:
    terms = report["ledger"]["consumers"]["log"]
    assert terms == {"published": 1_000, "read": 1_000, "lost": 0, "shed": 0, "unread": 0}
    assert "read" not in report["ledger"]["consumers"]["executor"]
    for stage in STAGES:
        assert report["latency_by_consumer"]["log"][stage]["count"] == 1_000
    assert set(report["machine"]["stages"]) == {"executor", "log"}
    assert "log: published to completed" in text_of(report)


def test_a_sink_is_accounted_for(report: dict[str, Any], interrupted: dict[str, Any]) -> None:
    observer = report["observer"]
    assert observer["shown"] + observer["dropped"] == 1_000
    assert (observer["errors"], observer["abandoned"]) == (0, False)
    assert set(interrupted["observer"].values()) == {None}
    left = {**report, "observer": {**observer, "errors": 3, "abandoned": True}}
    assert "3 errors of its own, left behind" in text_of(left)
    ended = {**report, "observer": {**observer, "ended_by": "SystemExit"}}
    assert "ended its thread by SystemExit" in text_of(ended)
    assert "acks shown" not in text_of({**report, "observer": interrupted["observer"]})


def test_what_watching_took_is_said_as_far_as_it_is_known(report: dict[str, Any]) -> None:
    assert report["watch"] is None
    assert "pictures" not in text_of(report)
    nothing = WatchCost().as_json()
    assert "no picture: the run was over before the first" in text_of({**report, "watch": nothing})
    one = nothing | {"frames": 1, "processor_ns": 2_000_000, "frame_ns_max": 2_000_000}
    assert "1 picture, 2.00 ms of a processor each, 2.00 ms at most" in text_of({**report, "watch": one})
    many = one | {"frames": 20, "watched_ns": 1_000_000_000, "pairs": 20}
    many |= {"p50_ratio_low": 0.9, "p50_ratio": 1.011, "p50_ratio_high": 1.2}
    many |= {"drawing_ns_max": 4_000_000, "between_ns_max": 130_000}
    said = " ".join(text_of({**report, "watch": many}).split())
    assert "20 pictures, 100 µs of a processor each, 0.2% of one core" in said
    assert "while it drew: 1.01 times that between [0.90, 1.20]" in said
    assert "the longest event while it drew 4.00 ms, between 130 µs" in said


def test_the_clock_says_what_it_is_and_how_far_off(report: dict[str, Any]) -> None:
    assert "clock_gettime" in text_of(report)
    tsc = {"source": "tsc", "cost_ns": 9, "error_ppm": -0.25, "error_ns": 40, "fallback": None}
    text = text_of({**report, "clock": tsc, "config": {**report["config"], "stamp_per": "batch"}})
    assert (
        "tsc, 9 ns a stamp, at most 40 ns off at the end (-0.25 ppm); one stamp for up to 64 events" in text
    )


def test_a_run_that_never_began_has_an_account_too(interrupted: dict[str, Any]) -> None:
    assert interrupted["verdict"] == "interrupted"
    assert interrupted["ledger"]["consumers"]["executor"]["published"] == 0
    assert interrupted["latency"]["published_to_completed"]["p50_ns"] is None
    assert interrupted["feed"]["events"] is None
    assert text_of(interrupted).startswith("INTERRUPTED")


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (None, "unknown"),
        (0, "0 ns"),
        (999, "999 ns"),
        (1_000, "1.00 µs"),
        (12_345, "12.3 µs"),
        (999_499, "999 µs"),
        (999_500, "1.00 ms"),
        (12_345_678, "12.3 ms"),
        (3_004_514_516, "3.00 s"),
        (3_600 * 10**9, "3,600 s"),
    ],
)
def test_a_duration_has_three_digits_and_a_unit(ns: int | None, text: str) -> None:
    assert duration(ns) == text


def test_a_machine_that_does_not_say_which_cores_are_ours_costs_no_report(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_pid: int) -> set[int]:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_getaffinity", refuse, raising=False)
    assert machine_facts()["cores"] == os.cpu_count()

"""Runs compared: what may be compared, what is a regression, and what no file may do."""

from __future__ import annotations

import base64
import copy
import json
import random
import re
import zlib
from pathlib import Path
from typing import Any

import pytest

from tickpath.control.metrics import LatencyHistogram
from tickpath.errors import ArgumentValueError, ReportError
from tickpath.lab.compare import compare_sides, parse_limit, read_side
from tickpath.lab.compare.comparable import check_comparable, differences_of
from tickpath.lab.compare.limits import DEFAULT_LIMITS
from tickpath.lab.compare.reading import Side
from tickpath.lab.report import STAGES

Report = dict[str, Any]


@pytest.fixture
def run(report: Report) -> Report:
    """A live run's report with a short history, to be changed at will."""
    copied: Report = json.loads(json.dumps(report))
    return copied


def with_latencies(report: Report, latencies_ns: list[int], *, at_floor: list[str] | None = None) -> Report:
    """``report`` with these latencies in the executor's ``published_to_completed``."""
    changed = copy.deepcopy(report)
    histogram = LatencyHistogram(latencies_ns)
    names = {"p50_ns": 0.5, "p90_ns": 0.9, "p99_ns": 0.99, "p99_9_ns": 0.999, "p99_99_ns": 0.9999}
    figures = changed["latency_by_consumer"]["executor"]["published_to_completed"]
    figures |= {name: histogram.percentile(quantile) for name, quantile in names.items()}
    figures |= {"count": histogram.count, "min_ns": histogram.min_ns, "max_ns": histogram.max_ns}
    figures["at_floor"] = at_floor or []
    encoded = base64.b64encode(histogram.to_v2()).decode()
    changed["histograms"]["consumers"]["executor"]["published_to_completed"] = encoded
    return changed


def side(folder: Path, name: str, *reports: Report) -> Side:
    path = folder / f"{name}.json"
    path.write_text("".join(json.dumps(report) + "\n" for report in reports), encoding="utf-8")
    return read_side(str(path))


def compared(a: Side, b: Side, *limits: str, allow: tuple[str, ...] = ()) -> Report:
    allowed = check_comparable(a, b, allow)
    asked = [parse_limit(text) for text in limits or DEFAULT_LIMITS]
    return compare_sides(a, b, asked, confidence=0.95, allowed=allowed)


def row(report: Report, metric: str) -> Report:
    return next(each for each in report["rows"] if each["metric"] == metric)


# -- what is a regression ----------------------------------------------------------------------------------


def test_a_run_against_itself_is_no_regression(tmp_path: Path, run: Report) -> None:
    a = side(tmp_path, "a", with_latencies(run, list(range(1_000, 101_000))))
    report = compared(a, a, "p50=10%", "p99=10%", "lost=0")
    assert report["verdict"] == "pass"
    judged = {each["metric"]: each["judgement"] for each in report["rows"] if each["limit"]}
    assert set(judged.values()) == {"within"}
    assert any("one run a side" in note for note in report["notes"])
    assert report["between_runs"] is False


def test_a_slower_run_is_a_regression_beyond_its_limit_and_none_within(tmp_path: Path, run: Report) -> None:
    fast, slow = (list(range(1_000, 101_000, 10)), list(range(1_200, 121_200, 12)))
    a = side(tmp_path, "a", with_latencies(run, fast))
    b = side(tmp_path, "b", with_latencies(run, slow))
    report = compared(a, b, "p99=10%", "p99=30%", "p99=20%", "p99=1us", "p50=100us")
    rows = [each for each in report["rows"] if each["limit"] and each["unit"] == "ns"]
    judged = {each["limit"]: each["judgement"] for each in rows}
    assert judged == {
        "p99=10%": "regression",
        "p99=30%": "within",
        "p99=20%": "undecided",
        "p99=1us": "regression",
        "p50=100us": "within",
    }
    assert (report["verdict"], report["regressions"], report["undecided"]) == ("fail", 2, 1)
    change = row(report, "executor/published_to_completed.p99")["change"]
    assert change["method"] == "within runs"
    assert change["ratio_low"] < 1.2 < change["ratio_high"]
    assert compared(b, a, "p99=10%")["verdict"] == "pass"


def test_what_the_machine_explains_is_no_regression(tmp_path: Path, run: Report) -> None:
    slow = with_latencies(run, list(range(2_000, 202_000, 10)), at_floor=["p99_ns"])
    a = side(tmp_path, "a", with_latencies(run, list(range(1_000, 101_000, 10))))
    b = side(tmp_path, "b", slow)
    report = compared(a, b, "p99=10%", "p50=10%")
    assert row(report, "executor/published_to_completed.p99")["judgement"] == "machine"
    assert row(report, "executor/published_to_completed.p50")["judgement"] == "regression"


def test_losses_are_counted_and_a_failed_run_is_worse_than_one_that_passed(
    tmp_path: Path, run: Report
) -> None:
    lossy, failed, machines = (copy.deepcopy(run) for _ in range(3))
    for each in (lossy, machines):
        each["ledger"]["consumers"]["log"]["lost"] = 12
        each["ledger"]["consumers"]["log"]["published"] = 1_000
        each["ledger"]["loss_is_machines"] = {"log": each is machines}
    failed["verdict"] = "fail"
    a = side(tmp_path, "a", run)
    b = side(tmp_path, "b", lossy)
    assert compared(a, b, "log/lost=11")["verdict"] == "fail"
    assert compared(a, b, "log/lost=12", "lost=0", "log/lost=2%")["verdict"] == "pass"
    assert compared(a, b, "log/lost=1%")["verdict"] == "fail"
    report = compared(a, side(tmp_path, "c", machines), "log/lost=0")
    assert row(report, "log/lost")["judgement"] == "machine"
    d = side(tmp_path, "d", failed)
    assert row(compared(a, d), "failed")["judgement"] == "regression"
    assert row(compared(d, d), "failed")["judgement"] == "undecided"


def test_several_runs_are_held_against_their_spread(tmp_path: Path, run: Report) -> None:
    def runs(*scales: int) -> list[Report]:
        return [with_latencies(run, [ns * scale for ns in range(100, 1_100)]) for scale in scales]

    noisy = side(tmp_path, "a", *runs(90, 100, 110, 95, 105))
    same = side(tmp_path, "b", *runs(94, 104, 99, 111, 93))
    slow = side(tmp_path, "c", *runs(190, 200, 210, 195, 205))
    report = compared(noisy, same, "p50=20%", "p50=1%")
    assert report["between_runs"] is True
    assert report["notes"] == []
    judged = {
        each["limit"]: each["judgement"] for each in report["rows"] if each["unit"] == "ns" and each["limit"]
    }
    assert judged == {"p50=20%": "within", "p50=1%": "undecided"}
    report = compared(noisy, slow, "p50=20%")
    assert row(report, "executor/published_to_completed.p50")["judgement"] == "regression"
    # With too few runs nothing is shown, and how many it takes is said.
    few = compared(side(tmp_path, "d", *runs(90, 100)), side(tmp_path, "e", *runs(190, 200)), "p50=20%")
    assert row(few, "executor/published_to_completed.p50")["judgement"] == "undecided"
    assert "4 runs a side" in few["notes"][0]


def test_what_is_unknown_is_not_judged(tmp_path: Path, run: Report) -> None:
    a = side(tmp_path, "a", with_latencies(run, list(range(100))))
    b = side(tmp_path, "b", with_latencies(run, list(range(50_000))))
    report = compared(a, b, "p99=10%")
    assert row(report, "executor/published_to_completed.p99")["judgement"] == "unknown"
    assert report["unknown"] == 1
    with pytest.raises(ReportError, match=r"there is no nobody/published_to_completed\.p99"):
        compared(a, b, "nobody/p99=10%")


def test_in_virtual_time_every_difference_is_one(tmp_path: Path, eventful_report: Report) -> None:
    a = side(tmp_path, "a", json.loads(json.dumps(eventful_report | {"verdict": "pass"})))
    report = compared(a, a)
    assert report["same_digest"] is True
    change = row(report, "executor/published_to_completed.p50")["change"]
    assert (change["method"], change["ratio"]) == ("counted", 1.0)


# -- what may be compared ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda r: r["config"].update(capacity=1), "config.capacity"),
        (lambda r: r["config"]["executor"].update(overrun="head"), "config.executor.overrun"),
        (lambda r: r["machine"].update(cpu="another"), "machine.cpu"),
        (lambda r: r["machine"]["stages"]["executor"].update(wait="nap"), "machine.executor.wait"),
        (lambda r: r["feed"].update(events=7), "feed.events"),
        (lambda r: r["clock"].update(source="sundial"), "clock.source"),
        (lambda r: r.update(mode="virtual"), "mode"),
        (lambda r: r.update(seed=99), "seed"),
        (lambda r: r.update(verdict="interrupted"), "interrupted"),
    ],
)
def test_runs_of_something_else_are_refused_and_can_be_allowed(
    tmp_path: Path, run: Report, change: Any, key: str
) -> None:
    other = copy.deepcopy(run)
    change(other)
    a, b = side(tmp_path, "a", run), side(tmp_path, "b", other)
    assert [each.key for each in differences_of(a, b)] == [key]
    with pytest.raises(ReportError, match=rf"cannot be compared: {key} is .* --allow {key}"):
        compared(a, b)
    for allowed in {key, key.partition(".")[0]}:
        assert [each["key"] for each in compared(a, b, allow=(allowed,))["allowed"]] == [key]
    with pytest.raises(ReportError):
        compared(a, b, allow=("config.capacit",))


def test_a_key_that_there_is_not_is_no_permission(tmp_path: Path, run: Report) -> None:
    a = side(tmp_path, "a", run)
    with pytest.raises(ArgumentValueError, match='did you mean "machine"'):
        check_comparable(a, a, ["machin"])


@pytest.mark.parametrize(
    "text",
    [
        "p99",
        "p98=1%",
        "p99=3",
        "p99=-1%",
        "p99=x",
        "lost=3us",
        "nope.p99=1%",
        "/p99=1%",
        "p99=1%%",
        "",
        "=1%",
    ],
)
def test_a_limit_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ArgumentValueError, match="is no limit"):
        parse_limit(text)


def test_limits_are_read_as_they_are_written() -> None:
    assert parse_limit("p99.9=1.5us").amount == 1_500
    assert parse_limit("log/intended_to_completed.p50=5%").metric == "log/intended_to_completed.p50"
    assert parse_limit("log/lost=0.5%").share == 0.005
    assert parse_limit("a/b/lost=7").consumer == "a/b"


# -- what no file may do -----------------------------------------------------------------------------------

BAD = {
    "": "is empty",
    "{": "line 1",
    "[1]": "is no report",
    "{}": "is no report",
    '{"schema": "tickpath/drill/1"}': "expected 'tickpath/run/1'",
    '{"schema": "tickpath/run/1"}': "config is missing",
    '{"schema": NaN}': "NaN is no number",
    "[" * 100_000: "is no report",
    "9" * 5_000: "is no report",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_what_is_no_report_is_told_in_a_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ReportError) as raised:
        read_side(str(path))
    assert BAD[text] in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_file_that_cannot_be_read_is_told_in_a_line(tmp_path: Path) -> None:
    binary = tmp_path / "b"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path, tmp_path / "none", binary, Path("a\0b")):
        with pytest.raises(ReportError):
            read_side(str(path))


@pytest.mark.parametrize("claimed", [0, 2**31 - 1, 2**32 - 1])
def test_an_encoding_is_not_believed_about_its_size(tmp_path: Path, run: Report, claimed: int) -> None:
    broken = copy.deepcopy(run)
    stages = broken["histograms"]["consumers"]["executor"]
    encoded = base64.b64decode(stages["published_to_completed"])
    plain = bytearray(zlib.decompress(encoded[8:]))
    plain[4:8] = claimed.to_bytes(4, "big")
    stages["published_to_completed"] = base64.b64encode(encoded[:8] + zlib.compress(bytes(plain))).decode()
    with pytest.raises(ReportError, match="its length is not what its header says"):
        side(tmp_path, "a", broken)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every value of a report stands."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(each for key, part in below for each in paths(part, (*path, key)))]


def test_no_value_anywhere_does_more_than_to_be_refused(tmp_path: Path, run: Report) -> None:
    seed = 7
    chance = random.Random(seed)  # noqa: S311 - no secret
    used = (
        "latency_by_consumer",
        "ledger",
        "histograms",
        "verdict",
        "mode",
        "seed",
        "digest",
        "config",
        "machine",
    )
    places = [path for path in paths(run) if path and path[0] in used]
    a, refused = side(tmp_path, "a", run), 0
    for _ in range(60):
        broken = copy.deepcopy(run)
        *above, last = chance.choice(places)
        owner = broken
        for key in above:
            owner = owner[key]
        owner[last] = chance.choice([None, True, -1, 1.5, 2**64, "x", "AAAA", [], {}, [[]], {"a": None}])
        try:
            compared(a, side(tmp_path, "b", broken), allow=("config", "machine", "mode", "seed"))
        except ReportError:
            refused += 1
    assert refused > 10, f"seed {seed}"


def fields(value: Any, path: str = "") -> set[str]:
    """Every field as the reference writes it."""
    if isinstance(value, list):
        return set().union(
            *(fields(each, f"{path}[]") for each in value), {f"{path}[]"} if not value else set()
        )
    if not isinstance(value, dict):
        return {path}
    dot = "." if path else ""
    return set().union(*(fields(each, f"{path}{dot}{name}") for name, each in value.items()))


def test_every_field_is_documented_and_every_documented_field_is_there(tmp_path: Path, run: Report) -> None:
    document = Path(__file__).resolve().parents[2] / "docs" / "reference" / "compare-json.md"
    documented = set(re.findall(r"^\| `([^`]+)` \|", document.read_text(encoding="utf-8"), re.MULTILINE))
    other = copy.deepcopy(run)
    other["config"]["capacity"] = 1
    report = compared(side(tmp_path, "a", run), side(tmp_path, "b", other), allow=("config",))
    assert fields(report) | {"rows[].change"} == documented


def test_a_file_has_so_many_runs_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("{}\n" * 201)
    with pytest.raises(ReportError, match="holds 201 runs: expected at most 200"):
        read_side(str(path))


def test_several_runs_in_a_file_are_told_apart(tmp_path: Path, run: Report) -> None:
    broken = copy.deepcopy(run)
    broken["ledger"]["consumers"]["executor"]["lost"] = "many"
    with pytest.raises(ReportError, match=r"run 2: ledger\.consumers\.executor\.lost is 'many'"):
        side(tmp_path, "a", run, broken)
    assert {stage for _, stage in side(tmp_path, "b", run, run).runs[1].stages} == set(STAGES)

"""A run of parts, its verdict, its report in both forms, and its picture."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tickpath.lab.bench import Budget, Figure, Latency, Part, PartResult, Promise, Spread
from tickpath.lab.bench.bench import BenchSettings, MeasuredPart, measure_parts, verdict_of
from tickpath.lab.bench.parts import PartEntry
from tickpath.lab.bench.picture import draw, why_not_drawn
from tickpath.lab.bench.provenance import build_of
from tickpath.lab.bench.report import bench_report
from tickpath.lab.bench.table import print_bench, three_digits

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "reference" / "bench-json.md"
MISSED = Promise(what="ours / theirs", unit="times", value=Spread(2.0, 1.5, 2.5, 9), at_least=3)
KEPT = Promise(what="rate", unit="events/s", value=Spread(5e7, 4.5e7, 6e7, 9), at_least=4e7)
AT_FLOOR = Promise(
    what="p99",
    unit="ns",
    value=Spread(2_345.0, 900.0, 9e6, 9),
    at_most=1_500,
    floor=Spread(1_600.0, 9.0, 9e6, 9),
)
NONE_LOST = Promise(what="lost", unit="events", value=Spread(0.0, 0.0, 0.0, 9), at_most=0)
FIGURES = (
    Figure(
        what="one way",
        contender="ours",
        waits="polls",
        ns=Spread(12_345.6, 12_000.0, 13_000.0, 9),
        latency=Latency.of(list(range(10_000, 20_000))),
        base="ours",
        times_base=Spread(1.0, 1.0, 1.0, 9),
    ),
    Figure(
        what="flood",
        contender="theirs",
        ns=Spread(250.0, 240.0, 260.0, 9),
        base="ours",
        times_base=Spread(2.5, 2.4, 2.6, 9),
        read=75,
        lost=25,
    ),
    Figure(what="flood", contender="gone", missing="hung: no word"),
)


class Scripted:
    """A part that returns what it was given."""

    name = "scripted"
    title = "a part for tests"

    def __init__(self, *promises: Promise, rounds: int = 9) -> None:
        self._result = PartResult(rounds=rounds, figures=FIGURES, promises=promises, notes=("a note",))
        self.budget: Budget | None = None

    def run(self, budget: Budget) -> PartResult:
        self.budget = budget
        for _ in budget.each_round():
            """Announced."""
        return self._result


def entry(part: Part, seconds_max: float = 12) -> PartEntry:
    return PartEntry(load=lambda: part, seconds_max=seconds_max, has_latency=True)


def measured(*promises: Promise, complete: bool = True) -> list[MeasuredPart]:
    part = Scripted(*promises)
    return [MeasuredPart(part.name, part.title, part._result, complete, 1_000)]


def report_of(*promises: Promise, interrupted: bool = False, **more: Any) -> dict[str, Any]:
    settings = BenchSettings(parts=("scripted", "later"))
    parts = measured(*promises, complete=not interrupted)
    return bench_report(settings, parts, interrupted=interrupted, wall_ns=5_000_000_000, **more)


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module under test is a release build, whatever it is."""
    monkeypatch.setattr("tickpath.lab.bench.provenance.build_of", lambda _path: "release")


def text_of(report: dict[str, Any]) -> str:
    out = io.StringIO()
    print_bench(report, Console(file=out, width=130))
    return out.getvalue()


def test_the_parts_run_in_their_order_with_the_budget_of_the_settings() -> None:
    first, second = Scripted(), Scripted()
    heard: list[tuple[str, int, int]] = []
    done = measure_parts(
        BenchSettings(parts=("a", "b"), quick=True),
        should_stop=lambda: False,
        on_round=lambda *round_: heard.append(round_),
        entries={"a": entry(first), "b": entry(second)},
    )
    assert [part.name for part in done] == ["a", "b"]
    assert heard == [(name, number, 3) for name in "ab" for number in range(3)]
    assert second.budget is not None
    assert (second.budget.rounds, second.budget.seconds_max) == (3, 2)


def test_rounds_that_were_asked_for_are_made_however_long_they_take() -> None:
    budget = BenchSettings(rounds=50).budget(entry(Scripted()), lambda: False, lambda _number: None)
    assert (budget.rounds, budget.seconds_max) == (50, None)


def test_an_interruption_leaves_the_later_parts_out_and_says_where_it_hit() -> None:
    stops = iter([False, True, True, True, True])
    done = measure_parts(
        BenchSettings(parts=("a", "b")),
        should_stop=lambda: next(stops),
        on_round=lambda *_: None,
        entries={"a": entry(Scripted()), "b": entry(Scripted())},
    )
    assert [(part.name, part.complete) for part in done] == [("a", False)]


@pytest.mark.parametrize(
    ("promises", "interrupted", "judged", "expected"),
    [
        ((KEPT,), False, True, ("pass", [])),
        ((KEPT, MISSED), False, True, ("fail", ["ours / theirs"])),
        ((MISSED,), False, False, ("pass", [])),
        ((MISSED,), True, True, ("interrupted", ["ours / theirs"])),
    ],
)
def test_the_verdict(
    promises: tuple[Promise, ...], interrupted: bool, judged: bool, expected: tuple[str, list[str]]
) -> None:
    assert verdict_of(measured(*promises), interrupted=interrupted, judged=judged) == expected


@pytest.mark.usefixtures("release")
def test_what_another_interpreter_misses_is_missed() -> None:
    also = report_of(MISSED)
    report = report_of(KEPT, also=also)
    assert report["verdict"] == "fail"
    assert report["missed"] == [f"ours / theirs ({also['machine']['executable']})"]


def test_a_debug_build_is_told_apart_and_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    debug, release = tmp_path / "debug.so", tmp_path / "release.so"
    debug.write_bytes(b"\x7fELF unsafe precondition(s) violated: ptr::read")
    release.write_bytes(b"\x7fELF and nothing of it")
    assert (build_of(debug), build_of(release), build_of(tmp_path / "none.so")) == ("debug", "release", None)
    monkeypatch.setattr("tickpath.lab.bench.provenance.build_of", lambda _path: "debug")
    report = report_of(MISSED)
    assert (report["verdict"], report["judged"]) == ("pass", False)
    assert "a debug build, promises are not judged" in text_of(report)


def fields(value: Any, path: str = "") -> Iterator[str]:
    """Every field as the reference writes it."""
    if isinstance(value, list):
        for item in value:
            yield from fields(item, f"{path}[]")
        if not value or not isinstance(value[0], dict):
            yield f"{path}[]"
        return
    if not isinstance(value, dict):
        yield path
        return
    for name, below in value.items():
        shown = {"parts": "<part>", "versions": "<distribution>"}.get(path, str(name))
        yield from fields(below, f"{path}.{shown}" if path else shown)


@pytest.mark.usefixtures("release")
def test_every_field_is_documented_and_every_documented_field_is_there() -> None:
    documented = set(re.findall(r"^\| `([^`]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    present = {field.replace("[][]", "[]") for field in fields(report_of(MISSED, KEPT, AT_FLOOR))}
    # What a figure without figures has in the place of an object.
    present -= {f"parts.<part>.figures[].{name}" for name in ("ns", "latency", "times_base")}
    present -= {"parts.<part>.promises[].floor"}
    assert sorted(present - documented) == []
    assert sorted(documented - present) == []


@pytest.mark.usefixtures("release")
def test_the_report_is_json_and_unknown_is_null() -> None:
    report = json.loads(json.dumps(report_of(KEPT), allow_nan=False))
    gone = report["parts"]["scripted"]["figures"][2]
    assert (gone["ns"], gone["latency"], gone["times_base"], gone["lost"]) == (None, None, None, None)
    assert report["schema"] == "tickpath/bench/1"


@pytest.mark.usefixtures("release")
def test_the_table_says_what_the_report_says() -> None:
    text = text_of(report_of(MISSED, KEPT, AT_FLOOR, NONE_LOST))
    assert "FAIL: missed ours / theirs" in text
    assert re.search(r"ours +12,346 \[12,000, 13,000\] +19\.9 µs +20\.0 µs +10,000 +1 +polls", text)
    assert re.search(r"theirs +250 \[240, 260\] +4\.00 +9 rounds +2\.50 \[2\.40, 2\.60\] +25\.0 % lost", text)
    assert re.search(r"gone +hung: no word", text)
    assert re.search(r"ours / theirs +2\.00 \[1\.50, 2\.50\] +at least 3 +MISSED", text)
    assert re.search(r"rate +50\.0 \[45\.0, 60\.0\] M/s +at least 40\.0 M/s +ok", text)
    assert re.search(
        r"p99 +2,345 \[900, 9,000,000\] ns, floor 1,600 ns +at most 1,500 ns +MISSED, at floor", text
    )
    assert re.search(r"lost +0 \[0, 0\] +at most 0 +ok", text)
    assert "not begun: later" in text
    assert "a note" in text


@pytest.mark.usefixtures("release")
def test_an_interrupted_part_says_so() -> None:
    text = text_of(report_of(KEPT, interrupted=True))
    assert text.startswith("INTERRUPTED")
    assert "scripted, interrupted" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.0678, "0.0678"), (0.999, "0.999"), (9.996, "10.00"), (12_345.6, "12,346")],
)
def test_three_digits_are_shown(value: float, text: str) -> None:
    assert three_digits(value) == text


@pytest.mark.slow
@pytest.mark.parametrize(("suffix", "magic"), [(".svg", b"<?xml"), (".png", b"\x89PNG")])
@pytest.mark.usefixtures("release")
def test_the_distributions_are_drawn(suffix: str, magic: bytes, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the picture belongs to the extra `picture`")
    path = tmp_path / f"latency{suffix}"
    assert why_not_drawn(path) is None
    assert draw(report_of(KEPT), path)
    content = path.read_bytes()
    assert content.startswith(magic)
    if suffix == ".svg":
        # One curve for the one figure that has a distribution: its legend is drawn as text or as paths.
        assert b"ours (polls, 10,000 samples)" in content


def test_without_a_distribution_nothing_is_drawn(tmp_path: Path) -> None:
    report = report_of(KEPT)
    for figure in report["parts"]["scripted"]["figures"]:
        figure["latency"] = None
    assert not draw(report, tmp_path / "none.svg")
    assert list(tmp_path.iterdir()) == []


def test_why_a_picture_cannot_be_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ".svg or .png" in (why_not_drawn(tmp_path / "a.gif") or "")
    assert "there is no folder" in (why_not_drawn(tmp_path / "none" / "a.svg") or "")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert "pip install 'tickpath[picture]'" in (why_not_drawn(tmp_path / "a.svg") or "")

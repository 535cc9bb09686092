"""Sizing: the longest service time, which limits are broken, and the report with every field documented."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tickpath.config.engine import ConsumerSettings, EngineSettings, ServiceTime
from tickpath.core.ingest import MarketDataSource
from tickpath.errors import ArgumentTypeError, ArgumentValueError
from tickpath.lab.feed_account import account_of, nothing_loaded
from tickpath.lab.sizing import SizingAnswer, SizingQuestion, answer, longest, sizing_report
from tickpath.lab.sizing_text import print_sizing

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "size-json.md"
CONFIG: dict[str, Any] = {
    "feeds": [],
    "columns": None,
    "symbol": None,
    "policy": None,
    "out_of_order": None,
    "model": "hawkes",
    "model_rate_hz": 100_000.0,
    "model_events": 5_000,
}


@pytest.fixture(scope="module")
def bursty() -> MarketDataSource:
    return MarketDataSource.synthetic(model="hawkes", rate_hz=100_000, events=5_000, seed=7)


def constant(ns: int) -> ServiceTime:
    return ServiceTime.constant(ns)


def report_of(source: MarketDataSource, question: SizingQuestion) -> dict[str, Any]:
    stamps = source.events["ts_ns"]
    return sizing_report(
        question,
        answer(source, question),
        account_of(source, None),
        seed=7,
        config=CONFIG,
        recorded_ts_ns=lambda event: int(stamps[event]),
    )


def text_of(report: dict[str, Any]) -> str:
    out = io.StringIO()
    print_sizing(report, Console(file=out, width=150))
    return out.getvalue()


def fields(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from fields(item, f"{path}[]")
    elif isinstance(value, dict):
        for name, below in value.items():
            yield from fields(below, f"{path}.{name}" if path else name)
    else:
        yield path


@given(limit=st.integers(-1, 1_000), ceiling=st.integers(0, 1_000))
def test_bisection_finds_the_last_that_holds(limit: int, ceiling: int) -> None:
    asked: list[int] = []

    def holds(ns: int) -> bool:
        asked.append(ns)
        return ns <= limit

    assert longest(holds, ceiling) == (None if limit < 0 else min(limit, ceiling))
    assert len(asked) <= ceiling.bit_length() + 2


def test_the_longest_service_time_keeps_the_limits_and_a_nanosecond_more_does_not(
    bursty: MarketDataSource,
) -> None:
    for capacity_slots, p99_ns_max in ((None, 200_000), (100, None), (100, 200_000)):
        limits: dict[str, Any] = {"capacity_slots": capacity_slots, "p99_ns_max": p99_ns_max}
        found = answer(bursty, SizingQuestion(**limits))
        assert found.verdict == "pass"
        assert found.service_ns_max is not None
        at = [
            answer(bursty, SizingQuestion(service=constant(found.service_ns_max + more), **limits))
            for more in (0, 1)
        ]
        assert [tried.verdict for tried in at] == ["pass", "fail"], limits


def test_each_limit_that_is_broken_is_named_with_its_figures(bursty: MarketDataSource) -> None:
    question = SizingQuestion(service=constant(8_000), capacity_slots=16, p99_ns_max=1_000)
    failed = answer(bursty, question)
    assert failed.verdict == "fail"
    assert failed.sized is not None
    assert failed.in_ring is not None
    missed = failed.in_ring.lost + failed.in_ring.shed
    assert failed.reasons == (
        (
            f"a ring of 16 slots misses {missed:,} of 5,000 events ({failed.in_ring.lost:,} lost, "
            f"{failed.in_ring.shed:,} shed): {failed.sized.backlog:,} slots would lose none"
        ),
        f"p99 is {failed.in_ring.latency.p99_ns:,} ns, above 1,000 ns",
    )


def test_bursts_that_no_service_time_helps_are_a_failure() -> None:
    at_once = MarketDataSource.synthetic(model="constant", rate_hz=1e9, events=100)
    question = SizingQuestion(settings=EngineSettings(speed=1e9), capacity_slots=50)
    found = answer(at_once, question)
    assert (found.verdict, found.service_ns_max, found.at_service_ns_max) == ("fail", None, None)
    assert found.reasons == ("no service time keeps the limits: the feed's own bursts break them",)


def test_a_p99_of_few_events_is_refused_and_not_guessed(bursty: MarketDataSource) -> None:
    few = SizingQuestion(settings=EngineSettings(events_max=999), p99_ns_max=1_000_000)
    with pytest.raises(ArgumentValueError, match="p99 of 999 events is unknown"):
        answer(bursty, few)
    enough = SizingQuestion(settings=EngineSettings(events_max=1_000), p99_ns_max=1_000_000)
    assert answer(bursty, enough).verdict == "pass"


def test_a_question_that_asks_nothing_is_refused() -> None:
    with pytest.raises(ArgumentValueError, match="nothing is asked"):
        SizingQuestion()
    with pytest.raises(ArgumentValueError, match="capacity_slots must be"):
        SizingQuestion(capacity_slots=0)
    with pytest.raises(ArgumentTypeError, match="p99_ns_max must be"):
        SizingQuestion(p99_ns_max=1.5)  # type: ignore[arg-type]


def test_progress_never_runs_backwards_nor_over_the_end() -> None:
    source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=100_000)
    seen: list[int] = []

    def note(done: int, in_all: int) -> None:
        seen.append(done)
        assert done <= in_all

    answer(source, SizingQuestion(service=constant(10), p99_ns_max=1_000), on_progress=note)
    assert seen
    assert seen == sorted(seen)


def test_every_field_is_documented_and_every_documented_field_is_there(bursty: MarketDataSource) -> None:
    question = SizingQuestion(service=constant(8_000), capacity_slots=16, p99_ns_max=1_000_000)
    report = report_of(bursty, question)
    again = json.loads(json.dumps(report, allow_nan=False))
    present = {re.sub(r"(symbols|reasons)\[\]$", r"\1", field) for field in fields(again)} | {"config.feeds"}
    documented = set(re.findall(r"^\| `([^`]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    # The shape of `at_service_ns_max` is that of `sizing`, and said once.
    present = {field for field in present if not field.startswith("at_service_ns_max.")} | {
        "at_service_ns_max"
    }
    assert sorted(present ^ documented) == []
    assert list(again["at_service_ns_max"]) == list(again["sizing"])


def test_without_an_answer_everything_is_unknown_and_nothing_zero() -> None:
    question = SizingQuestion(service=constant(1), capacity_slots=1)
    report = sizing_report(
        question,
        SizingAnswer(verdict="interrupted"),
        nothing_loaded(),
        seed=0,
        config=CONFIG,
        recorded_ts_ns=lambda _event: 0,
    )
    names = ("sizing", "in_ring", "service_ns_max", "at_service_ns_max")
    assert [report[name] for name in names] == [None] * 4
    assert report["feed"]["plan_length_ns"] is None
    assert text_of(report) == "INTERRUPTED\n"


def test_both_forms_say_the_same(bursty: MarketDataSource) -> None:
    service = ServiceTime.lognormal(7_000, 0.25)
    settings = EngineSettings(executor=ConsumerSettings(name="executor", seed=3))
    report = report_of(
        bursty, SizingQuestion(settings=settings, service=service, capacity_slots=16, p99_ns_max=1_000_000)
    )
    text = text_of(report)
    for words in (
        "FAIL: a ring of 16 slots misses",
        "lognormal, median 7,000 ns, sigma 0.25, seed 3",
        f"{report['sizing']['capacity_slots_min']:,} slots lose nothing",
        f"{report['in_ring']['lost']:,} lost and {report['in_ring']['shed']:,} shed of 5,000",
        f"{report['service_ns_max']:,} ns keeps p99 at 1,000,000 ns or less and 16 slots without a loss",
    ):
        assert words in text


def test_more_work_than_time_is_said() -> None:
    source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=2_000)
    report = report_of(source, SizingQuestion(service=constant(2_000)))
    assert report["sizing"]["offered_load"] == pytest.approx(2.0, rel=1e-3)
    assert report["sizing"]["utilisation"] == 1.0
    assert "the backlog grows as long as the feed goes on" in text_of(report)


def test_a_ring_of_one_slot_is_not_held_against_one_of_none() -> None:
    source = MarketDataSource.synthetic(model="constant", rate_hz=1_000, events=10)
    service = ServiceTime.constant(1_000)
    text = text_of(report_of(source, SizingQuestion(settings=EngineSettings(), service=service)))
    assert "1 slot loses nothing: every event is read before the next one comes" in text
    assert "one fewer" not in text

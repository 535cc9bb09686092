"""The demo: its acts in virtual time are exact, a broken promise fails it, and an end is accounted for."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tickpath.config.scenario import Scenario
from tickpath.errors import EngineFailed
from tickpath.lab.demo import show
from tickpath.lab.demo.acts import ACTS, Act, Stage, act_scenario, play
from tickpath.lab.demo.show import Size, perform
from tickpath.lab.demo.text import print_demo

VIRTUAL = Stage(mode="virtual", seed=1, should_stop=lambda: False, progress=lambda *_: None)
OBSERVER = (
    *("cost_ns", "cost_ns_low", "cost_ns_high", "pairs", "events", "off_p50_ns", "on_p50_ns"),
    *("shown", "dropped", "unaccounted"),
)
SMALL = Size(steady_events=5_000)


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """The whole demo in virtual time, with a short steady state."""
    return perform(VIRTUAL, SMALL)


def rows(act: dict[str, Any]) -> dict[str, Any]:
    """What was measured of an act, by name."""
    return {row["name"]: row["measured"] for row in act["grade"]}


def screen(report: dict[str, Any], width: int = 80) -> list[str]:
    """What is printed."""
    text = io.StringIO()
    print_demo(report, Console(file=text, width=width))
    return text.getvalue().splitlines()


def test_all_of_it_passes_and_every_event_is_accounted_for(report: dict[str, Any]) -> None:
    assert (report["verdict"], report["reasons"], report["executed_outside_ready"]) == ("pass", [], 0)
    assert [act["verdict"] for act in report["acts"]] == ["pass"] * len(ACTS)
    ledger = report["ledger"]
    terms = dict(ledger["executor"])
    assert (ledger["balanced"], ledger["runs"]) == (True, 5)
    assert terms.pop("published") == sum(terms.values())
    assert report["steady"]["warmups"][0]["verdict"] == "passed"
    assert report["observer"] is report["virtual"] is None


def test_the_same_seed_gives_the_same_digest_and_another_one_another(report: dict[str, Any]) -> None:
    again = perform(VIRTUAL, SMALL)
    assert len(report["digest"]) == 64
    assert again["digest"] == report["digest"]
    other = perform(dataclasses.replace(VIRTUAL, seed=2), SMALL)
    assert (other["verdict"], other["digest"] == report["digest"]) == ("pass", False)


def test_a_slow_logger_is_skipped_and_the_executor_never_degraded(report: dict[str, Any]) -> None:
    act = report["acts"][0]
    assert rows(act)["time to degrade"] == "never"
    books = act["ledger"]["consumers"]
    assert books["executor"]["lost"] == 0
    assert books["logger"]["lost"] + books["logger"]["shed"] > 5_000


def test_the_feed_freezes_while_the_burst_is_worked_on(report: dict[str, Any]) -> None:
    act = report["acts"][1]
    # Two milliseconds at 2 µs each after 6,000 came at once.
    assert act["waiting"] == 5_000
    assert rows(act)["time to detect: market data outage"] == 150_000_000


def test_ready_comes_once_and_only_when_both_causes_are_over(report: dict[str, Any]) -> None:
    act = report["acts"][2]
    raised = [event["cause"] for event in act["health"] if event["raised"]]
    assert raised[:2] == ["execution failure", "market data outage"]
    after = [move["target"] for move in act["lifecycle"]][2:]
    assert after == ["DEGRADED", "READY"]
    ends = [span["end_ns"] for span in act["injections"]]
    assert act["lifecycle"][-1]["at_ns"] > max(ends)


def test_sigterm_finds_thousands_waiting_and_leaves_none_unread(report: dict[str, Any]) -> None:
    act = report["acts"][3]
    measured = rows(act)
    assert measured["ended by"] == "SIGTERM"
    assert act["waiting"] > 4_000
    assert (measured["drained"], measured["events left unread"]) == (True, 0)
    assert act["ledger"]["consumers"]["executor"]["published"] < 20_000


def test_it_fits_one_screen(report: dict[str, Any]) -> None:
    lines = screen(report)
    assert len(lines) <= 38  # the prompt before and after
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    for words in ("PASS: a run and 4 acts", "warm-up", "observer", report["replay"], report["digest"]):
        assert words in text
    for act in ACTS:
        assert act.title in text


def test_a_last_act_that_nobody_ends_fails() -> None:
    late = Act("sigterm-under-load", "late", 10**12, is_ended=True)
    result, waiting = play(late, VIRTUAL)
    assert (result.verdict, waiting) == ("fail", None)
    assert result.grade.failures[0].name == "ended by"


def without_detection(act: Act, seed: int) -> Scenario:
    """An act in which nobody notices."""
    return act_scenario(act, seed).broken()


def test_an_act_whose_detection_is_gone_fails_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickpath.lab.demo.acts.act_scenario", without_detection)
    report = perform(VIRTUAL, dataclasses.replace(SMALL, acts=ACTS[:1]))
    assert report["verdict"] == "fail"
    assert report["reasons"] == ["slow-logger: time to detect: slow consumer, runbook slow-consumer"]
    assert "slow-logger: time to detect" in " ".join(screen(report))


def broken(report: dict[str, Any], **changed: Any) -> Callable[..., dict[str, Any]]:
    return lambda *_: {**report["steady"], **changed}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"verdict": "fail", "reasons": ["the ledger does not balance"]}, "the steady state: the ledger"),
        ({"warmups": []}, "no steady state: "),
    ],
)
def test_a_steady_state_that_is_none_fails_the_demo(
    report: dict[str, Any], changed: dict[str, Any], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show, "steady_state", broken(report, **changed))
    failed = perform(VIRTUAL, dataclasses.replace(SMALL, acts=()))
    assert failed["verdict"] == "fail"
    assert failed["reasons"][0].startswith(reason)


def test_a_bug_is_a_failure_with_what_was_played_before(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise EngineFailed("a stage ended by a bug")

    monkeypatch.setattr(show, "play", fail)
    failed = perform(VIRTUAL, SMALL)
    assert (failed["verdict"], failed["reasons"]) == ("fail", ["a stage ended by a bug"])
    assert (failed["steady"]["verdict"], failed["digest"]) == ("pass", None)


@pytest.mark.parametrize("looks", [0, 3, 25, 150, 300])
def test_whoever_ends_it_has_an_account_of_what_was_played(looks: int) -> None:
    left = iter(range(looks))
    stage = dataclasses.replace(VIRTUAL, should_stop=lambda: next(left, None) is None)
    report = perform(stage, SMALL)
    assert (report["verdict"], report["digest"]) == ("interrupted", None)
    terms = dict(report["ledger"]["executor"])
    assert (report["ledger"]["balanced"], terms.pop("published")) == (True, sum(terms.values()))
    assert screen(report)[0].startswith(f"INTERRUPTED: a run and {len(report['acts'])} of 4 acts")


def test_the_second_signal_means_now_and_what_was_over_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(show, "play", interrupt)
    report = perform(VIRTUAL, SMALL)
    assert (report["verdict"], report["acts"], report["ledger"]["runs"]) == ("interrupted", [], 1)


def test_live_a_machine_too_busy_for_a_steady_state_is_no_broken_promise(
    report: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show, "steady_state", broken(report, warmups=[]))
    monkeypatch.setattr(show, "observer_cost", lambda *_: None)
    live = perform(dataclasses.replace(VIRTUAL, mode="live"), dataclasses.replace(SMALL, acts=()))
    assert (live["verdict"], live["reasons"], len(live["notes"])) == ("pass", [], 1)
    assert "no steady state" in screen(live)[1]


def test_the_readme_shows_the_digest_that_everybody_gets() -> None:
    readme = Path(__file__).resolve().parents[3] / "README.md"
    assert perform(VIRTUAL, Size())["digest"] in readme.read_text(encoding="utf-8")


def test_every_field_of_its_own_is_documented(report: dict[str, Any]) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "demo-json.md").read_text(
        encoding="utf-8"
    )
    names = [*report, *(f"ledger.{name}" for name in report["ledger"]), "virtual.digest", "virtual.same"]
    names += ["acts[].title", "acts[].waiting", *(f"observer.{name}" for name in OBSERVER)]
    missing = [
        name
        for name in names
        if f"`{name}`" not in page and f"`{name}." not in page and f"`{name}[]" not in page
    ]
    assert missing == []

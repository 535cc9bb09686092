"""``tickpath runbook`` end to end: exit codes, one object on stdout, and names that are misspelt."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tickpath.cli import main
from tickpath.control.automation.runbooks import FAILURE_TABLE, SHIPPED, build

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def runbook(capsys: pytest.CaptureFixture[str]) -> Call:
    """Run ``tickpath runbook ARGUMENTS``: exit code, stdout, stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["runbook", *arguments])
        return code, *capsys.readouterr()

    return call


def report_of(call: tuple[int, str, str]) -> dict[str, Any]:
    """The one object on stdout."""
    code, stdout, stderr = call
    assert (code, stderr, stdout.count("\n")) == (0, "", 1)
    report: dict[str, Any] = json.loads(stdout)
    return report


def test_the_list_names_every_runbook_and_every_row_of_the_failure_table(runbook: Call) -> None:
    report = report_of(runbook("list", "--json"))
    assert report["schema"] == "tickpath/runbook-list/1"
    assert [one["name"] for one in report["runbooks"]] == list(SHIPPED)
    assert {one["row"] for one in report["runbooks"]} == {*FAILURE_TABLE, None}
    code, stdout, _ = runbook("list")
    assert code == 0
    assert all(name in stdout for name in (*SHIPPED, *FAILURE_TABLE))


@pytest.mark.parametrize("name", SHIPPED)
def test_show_prints_every_step_with_its_conditions_and_timeouts(runbook: Call, name: str) -> None:
    report = report_of(runbook("show", name, "--json"))
    book = build(name)
    assert report["schema"] == "tickpath/runbook/1"
    assert [step["name"] for step in report["steps"]] == [step.name for step in book.steps]
    assert [step["timeout_ns"] for step in report["steps"]] == [step.timeout_ns for step in book.steps]
    code, stdout, _ = runbook("show", name)
    assert code == 0
    text = " ".join(stdout.split())
    for step in book.steps:
        for condition in (step.pre, step.post, step.gives_up, step.undo_post):
            assert condition is None or condition.words in text
    assert "each wait takes at most: 30 s" in text
    assert all(trigger in text for trigger in book.triggers)


def test_a_dry_run_says_what_holds_and_what_would_be_done(runbook: Call) -> None:
    ready = report_of(runbook("dry-run", "market-data-outage", "--json"))
    assert ready["schema"] == "tickpath/runbook-dry-run/1"
    assert (ready["state"], ready["causes"]) == ("READY", ["market data outage"])
    assert [step["would"] for step in ready["steps"]] == ["act", "wait", "wait"]
    degraded = report_of(
        runbook("dry-run", "market-data-outage", "--state", "degraded", "--held", "clock skew", "--json")
    )
    assert degraded["causes"] == ["market data outage", "clock skew"]
    assert [step["would"] for step in degraded["steps"]] == ["nothing", "wait", "wait"]
    code, stdout, _ = runbook("dry-run", "market-data-outage")
    assert code == 0
    assert "1. degrade: would act: moves the lifecycle to DEGRADED" in stdout
    assert "before: no cause is held, and no other runbook holds: does not hold" in stdout
    assert "Nothing was called." in stdout


def test_a_dry_run_does_not_know_what_only_counters_say(runbook: Call) -> None:
    report = report_of(runbook("dry-run", "slow-consumer", "--cause", "slow consumer: log", "--json"))
    assert report["trigger"] == "slow consumer: log"
    assert (report["steps"][0]["would"], report["steps"][0]["post_holds"]) == ("act", None)


def test_a_dry_run_is_begun_by_its_own_state(runbook: Call) -> None:
    report = report_of(runbook("dry-run", "cold-start", "--state", "INIT", "--json"))
    assert (report["trigger"], report["causes"]) == ("state INIT", [])
    assert [step["would"] for step in report["steps"]] == ["nothing", "wait", "nothing", "wait"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "stale-fed"], 'there is no runbook "stale-fed"; did you mean "stale-feed"?'),
        (["dry-run", "cold start"], 'did you mean "cold-start"?'),
        (["dry-run", "cold-start", "--state", "WARM"], "'WARM' is not one of"),
        (["dry-run", "sink-loss", "--cause", "sink"], 'does not answer "sink": its triggers are "sink loss"'),
        (["show"], "Missing argument 'NAME'"),
        (["shwo"], "No such command 'shwo'"),
    ],
)
def test_what_is_misspelt_is_one_line_and_exit_code_2(
    runbook: Call, arguments: list[str], message: str
) -> None:
    code, stdout, stderr = runbook(*arguments)
    assert (code, stdout, stderr.count("\n")) == (2, "", 1)
    assert stderr.startswith("tickpath: error: ")
    assert message in stderr


def test_without_a_subcommand_the_help_says_how(runbook: Call) -> None:
    code, stdout, stderr = runbook()
    assert (code, stderr) == (0, "")
    assert "tickpath runbook show execution-backlog" in stdout

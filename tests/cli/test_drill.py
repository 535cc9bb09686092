"""``tickpath drill``, and the checks of ``tickpath run SCENARIO``: exit codes, JSON objects, usage errors."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tickpath.cli import main
from tickpath.lab.drill import drill_names, run_drill

Run = Callable[..., tuple[int, str, str]]

INCIDENT = """
schema = "tickpath/scenario/1"
extends = "market-data-outage"
name = "incident"
description = "Shorter, and stricter than it can be."

[feed]
events = 30_000

[objectives]
{objectives}
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``tickpath ARGUMENTS``: exit code, stdout, stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        return code, *capsys.readouterr()

    return call


def report_of(stdout: str, schema: str) -> dict[str, Any]:
    """The one object on stdout."""
    assert stdout.count("\n") == 1
    report: dict[str, Any] = json.loads(stdout)
    assert report["schema"] == schema
    return report


def incident(folder: Path, objectives: str = "") -> str:
    path = folder / "incident.toml"
    path.write_text(INCIDENT.format(objectives=objectives), encoding="utf-8")
    return str(path)


def test_the_list_names_every_drill(run: Run) -> None:
    code, stdout, _ = run("drill", "list")
    assert code == 0
    assert [name for name in drill_names() if name not in stdout] == []
    code, stdout, _ = run("drill", "list", "--json")
    report = report_of(stdout, "tickpath/drill-list/1")
    assert [drill["name"] for drill in report["drills"]] == list(drill_names())
    assert all(drill["disable"] for drill in report["drills"])


@pytest.mark.slow
def test_a_drill_that_passes_exits_with_0_and_tells_what_happened(run: Run) -> None:
    code, stdout, _ = run("drill", "run", "feed-freeze")
    assert code == 0
    for words in ("PASS: feed-freeze", "READY -> DEGRADED", "time to recover", "executed while not READY"):
        assert words in stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("at", "code", "verdict", "left_out"), [(0, 130, "interrupted", 1), (1, 0, "pass", 0)]
)
def test_a_signal_between_two_drills_leaves_the_rest_out_and_says_so(
    at: int, code: int, verdict: str, left_out: int, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever comes after the last one interrupts nothing."""
    ended: list[str] = []

    def signalled(scenario: Any, *given: Any, **more: Any) -> Any:
        result = run_drill(scenario, *given, **more)
        if len(ended) == at:
            signal.raise_signal(signal.SIGINT)
        ended.append(scenario.name)
        return result

    monkeypatch.setattr("tickpath.cli.drill.run_drill", signalled)
    found, stdout, _ = run("drill", "run", "feed-freeze", "market-data-outage", "--json")
    report = report_of(stdout, "tickpath/drill/1")
    assert (found, report["verdict"], report["left_out"]) == (code, verdict, left_out)
    assert [drill["name"] for drill in report["drills"]] == ended
    assert (report["passed"], report["failed"]) == (2 - left_out, 0)


@pytest.mark.slow
def test_without_its_detection_it_exits_with_1(run: Run) -> None:
    code, stdout, _ = run("drill", "run", "feed-freeze", "--break", "--json")
    report = report_of(stdout, "tickpath/drill/1")
    assert (code, report["verdict"], report["failed"]) == (1, "fail", 1)
    [drill] = report["drills"]
    assert drill["disabled"] == "probe:feed-staleness"
    assert drill["executed_outside_ready"] == 0
    assert drill["ledger"]["balanced"] is True


@pytest.mark.slow
def test_the_seed_is_the_command_lines_and_gives_the_same_again(run: Run) -> None:
    arguments = ("drill", "run", "market-data-outage", "--seed", "5", "--json")
    [first], [again] = (report_of(run(*arguments)[1], "tickpath/drill/1")["drills"] for _ in range(2))
    assert first["seed"] == 5
    assert first["digest"] == again["digest"]
    assert first["grade"] == again["grade"]


@pytest.mark.slow
def test_a_file_of_ones_own_is_run_and_one_that_fails_is_told_in_full(run: Run, tmp_path: Path) -> None:
    code, _, _ = run("drill", "run", incident(tmp_path))
    assert code == 0
    code, stdout, _ = run("drill", "run", incident(tmp_path, "degrade_ns_max = 1"), "feed-freeze")
    assert code == 1
    assert "FAIL: incident" in stdout
    assert "PASS: feed-freeze" not in stdout
    assert "FAIL: 1 passed, 1 failed" in stdout


@pytest.mark.slow
def test_all_of_them_pass_in_one_command(run: Run) -> None:
    code, stdout, _ = run("drill", "run", "--all", "--json")
    report = report_of(stdout, "tickpath/drill/1")
    assert code == 0
    assert (report["passed"], report["failed"]) == (len(drill_names()), 0)
    assert [drill["name"] for drill in report["drills"]] == list(drill_names())


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_ctrl_c_ends_the_drill_under_way_and_reports_those_that_were_run() -> None:
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "tickpath",
        "drill",
        "run",
        "--all",
        "--mode",
        "live",
        "--json",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("tickpath: drill ")
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate()
    report = report_of(stdout, "tickpath/drill/1")
    assert (process.returncode, report["verdict"]) == (130, "interrupted")
    assert 1 <= len(report["drills"]) < len(drill_names())
    assert all(drill["ledger"]["balanced"] for drill in report["drills"])
    assert "Traceback" not in stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run",), "name the drills to run, or give --all"),
        (("run", "feed-freeze", "--all"), "--all runs every drill"),
        (("run", "feed-freze"), 'did you mean "feed-freeze"'),
        (("run", "nowhere.toml"), "nowhere.toml"),
        (("run", "feed-freeze", "--symbol", "X"), "name one with --feed"),
        (("run", "feed-freeze", "--mode", "dream"), "--mode"),
        (("run", "feed-freeze", "--feed", "lobster:nowhere.csv"), "nowhere.csv"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(run: Run, arguments: tuple[str, ...], words: str) -> None:
    code, stdout, stderr = run("drill", *arguments)
    assert (code, stdout) == (2, "")
    assert stderr.startswith("tickpath: error: ")
    assert stderr.count("\n") == 1
    assert words in stderr


@pytest.mark.slow
def test_a_broken_variant_needs_something_to_break(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "plain.toml"
    path.write_text('schema = "tickpath/scenario/1"\nname = "plain"\n', encoding="utf-8")
    code, stdout, stderr = run("drill", "run", str(path), "--break")
    assert (code, stdout) == (2, "")
    assert "names nothing to switch off" in stderr


@pytest.mark.slow
def test_the_check_of_determinism_passes_and_prints_the_digest(run: Run) -> None:
    code, stdout, _ = run("run", "feed-gap", "--check-determinism", "--json")
    report = report_of(stdout, "tickpath/determinism/1")
    assert (code, report["verdict"], report["difference"]) == (0, "pass", None)
    assert len(set(report["digests"])) == 1


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_virtual_time_and_a_live_run_tell_the_same_story(run: Run) -> None:
    code, stdout, _ = run("run", "feed-freeze", "--parity", "--json", "--quiet")
    report = report_of(stdout, "tickpath/parity/1")
    assert [row for row in report["rows"] if not row["same"]] == []
    assert code == 0

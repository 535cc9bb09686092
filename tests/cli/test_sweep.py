"""``tickpath sweep`` end to end: table, picture, account; resumed, refused, interrupted; exit codes."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars
import pytest

from tests.lab.sweep.small import FILE, deep
from tickpath.cli import main
from tickpath.cli import sweep as cli_sweep
from tickpath.lab.sweep.one_run import Done, Runs

SET = ["--set", "ring.capacity=8,64", "--set", "executor.service_ns=100,900", "--seeds", "2"]
HERE = ["--processes", "1", "--json", "--quiet"]

Tickpath = Callable[..., tuple[int, str, str]]


@pytest.fixture(name="_nobody_looks")
def _nobody_looks_fixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes longer than all that these tests are about."""
    monkeypatch.setattr(cli_sweep, "draw", lambda _tally: b"<svg/>")


@pytest.fixture(name="tickpath")
def _tickpath(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Tickpath:
    """Run ``tickpath ARGUMENTS`` beside ``small.toml``: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(FILE, encoding="ascii")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        return code, *capsys.readouterr()

    return call


def report_of(stdout: str) -> dict[str, Any]:
    """The one object on stdout."""
    assert stdout.count("\n") == 1
    report: dict[str, Any] = json.loads(stdout)
    assert report["schema"] == "tickpath/sweep/1"
    return report


def test_a_sweep_leaves_a_table_and_a_picture_and_its_rows_can_be_replayed(tickpath: Tickpath) -> None:
    code, stdout, stderr = tickpath("sweep", "small.toml", *SET, *HERE)
    report = report_of(stdout)
    assert (code, report["verdict"], stderr) == (0, "pass", "")
    assert report["files"] == {"table": "small-sweep/sweep.parquet", "picture": "small-sweep/sweep.svg"}
    frame = polars.read_parquet(report["files"]["table"])
    assert frame.height == report["runs"]["done"] == 8
    row = frame.row(5, named=True)
    words = shlex.split(row["replay"])
    code, stdout, _ = tickpath(*words[1:], "--json", "--quiet")
    assert (code, json.loads(stdout)["digest"]) == (0, row["digest"])
    assert json.loads(stdout)["latency"]["published_to_completed"]["p99_ns"] == row["latency_p99_ns"]


@pytest.mark.usefixtures("_nobody_looks")
def test_the_same_command_does_nothing_twice_and_another_grid_is_refused(tickpath: Tickpath) -> None:
    sweep = ["sweep", "small.toml", *HERE, "-o", "kept"]
    assert report_of(tickpath(*sweep, *SET)[1])["runs"]["done_before"] == 0
    rows = Path("kept/runs.jsonl").read_bytes()
    again = report_of(tickpath(*sweep, *SET)[1])
    assert (again["runs"]["done_before"], Path("kept/runs.jsonl").read_bytes()) == (8, rows)
    code, stdout, stderr = tickpath(*sweep, *SET[:-1], "3")
    assert (code, stdout) == (2, "")
    assert "kept holds another sweep" in stderr
    assert "seeds.count was 2 and is 3" in stderr


@pytest.mark.usefixtures("_nobody_looks")
def test_what_is_printed_for_people_says_how_to_replay_and_what_had_no_effect(tickpath: Tickpath) -> None:
    given = [*SET, "--set", "executor.thread.core=none,auto"]
    code, stdout, stderr = tickpath("sweep", "small.toml", *given, "--processes", "1")
    assert code == 0
    assert stdout.startswith("PASS: 16 of 16 runs are done")
    assert "tickpath run small.toml --mode virtual --seed" in stdout
    assert re.search(r"no effect +executor\.thread\.core: no difference", stdout)
    assert "executor.thread.core: no run in virtual time depends on it" in stderr
    assert "sweeping 16 runs (8 points, 2 seeds) into small-sweep, on this process" in stderr


@pytest.mark.usefixtures("_nobody_looks")
def test_brackets_in_the_name_of_a_setting_are_no_markup(tickpath: Tickpath) -> None:
    given = ["--set", "probes[backlog].enabled=true,false", "--processes", "1", "--quiet"]
    _, stdout, _ = tickpath("sweep", "small.toml", *given)
    assert re.search(r"^ *probes\[backlog\]\.enabled +runs +failed", stdout, re.MULTILINE)


@pytest.mark.usefixtures("_nobody_looks")
def test_runs_that_fail_are_rows_and_an_exit_code(tickpath: Tickpath) -> None:
    wrong = [
        "executor.service.ns=100",
        "executor.service.kind=constant,lognormal",
        "executor.service.sigma=0,1",
    ]
    given = [word for each in wrong for word in ("--set", each)]
    code, stdout, _ = tickpath("sweep", "small.toml", *given, *HERE)
    report = report_of(stdout)
    assert (code, report["verdict"], report["runs"]["error"]) == (1, "fail", 1)
    assert report["reasons"] == ["1 runs ended with an error"]
    (error,) = report["errors"]
    assert "has no sigma, got 1" in error["error"]
    code, _, stderr = tickpath(*shlex.split(error["first"]["replay"])[1:])
    assert (code, "has no sigma, got 1" in stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "ring.capacity=0,8"], "ring.capacity_slots must be an integer from 1"),
        (["--set", "ring.capacity"], "must be PATH=VALUE"),
        (["--set", "ring.capcity=1"], 'did you mean "capacity_slots"?'),
        (["--set", "ring.capacity=8,8"], "has the value 8 twice"),
        (["--seeds", "0"], "--seeds: must be at least one seed"),
        (
            ["--set", "ring.capacity=1..1000", "--seeds", "1000"],
            "a grid of 1,000,000 runs (1,000 of ring.capacity",
        ),
        (["--engine", "spark://x"], "--engine is local or dask://HOST:PORT, got 'spark://x'"),
        (["--processes", "0"], "--processes"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_run_or_written(
    tickpath: Tickpath, arguments: list[str], words: str
) -> None:
    code, stdout, stderr = tickpath("sweep", "small.toml", *arguments)
    assert (code, stdout) == (2, "")
    assert words in stderr
    assert stderr.count("\n") == 1
    assert [path.name for path in Path().iterdir()] == ["small.toml"]


def test_a_missing_package_names_the_extra(tickpath: Tickpath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    code, _, stderr = tickpath("sweep", "small.toml", *SET)
    assert (code, "pip install 'tickpath[sweep]'" in stderr) == (2, True)
    assert not Path("small-sweep").exists()


@pytest.mark.usefixtures("_nobody_looks")
def test_an_interrupt_leaves_an_account_and_the_rest_is_done_by_the_same_command(
    tickpath: Tickpath, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Runs.do

    def do(self: Runs, run: int, should_stop: Callable[[], bool]) -> Done | None:
        if run == 4:
            signal.raise_signal(signal.SIGINT)
        return honest(self, run, should_stop)

    assert threading.current_thread() is threading.main_thread()
    with monkeypatch.context() as patch:
        patch.setattr(Runs, "do", do)
        code, stdout, _ = tickpath("sweep", "small.toml", *SET, *HERE)
    report = report_of(stdout)
    assert (code, report["verdict"]) == (130, "interrupted")
    assert 0 < report["runs"]["done"] < 8
    assert polars.read_parquet("small-sweep/sweep.parquet").height == report["runs"]["done"]
    code, stdout, _ = tickpath("sweep", "small.toml", *SET, *HERE)
    assert (code, report_of(stdout)["runs"]["done_before"]) == (0, report["runs"]["done"])
    assert sorted(polars.read_parquet("small-sweep/sweep.parquet")["run"]) == list(range(8))


def test_set_puts_a_value_in_the_place_of_the_files(tickpath: Tickpath) -> None:
    run = ["run", "small.toml", "--mode", "virtual", "--json", "--quiet"]
    code, stdout, _ = tickpath(*run, "--set", "ring.capacity=8", "--set", "executor.service_ns=900")
    report = json.loads(stdout)
    assert (code, report["config"]["capacity"]) == (0, 8)
    assert report["config"]["scenario"]["executor"]["service"]["ns"] == 900
    code, stdout, _ = tickpath(*run[:4], "--set", "ring.capacity=8")
    assert "--set ring.capacity=8" in stdout
    code, _, stderr = tickpath("run", "--set", "ring.capacity=8")
    assert (code, "--set changes a setting of a scenario" in stderr) == (2, True)
    code, _, stderr = tickpath(*run, "--set", "ring.capacity=8,9")
    assert (code, "must be an integer, got '8,9'" in stderr) == (2, True)


@pytest.mark.slow
@pytest.mark.timeout(120)
@deep
def test_a_sweep_that_is_killed_goes_on_without_losing_a_run_or_doing_one_twice(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(FILE, encoding="ascii")
    command = [sys.executable, "-m", "tickpath", "sweep", "small.toml", *SET[:4], "--seeds", "40", "--quiet"]
    rows = tmp_path / "small-sweep" / "runs.jsonl"
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and (not rows.exists() or rows.stat().st_size < 10_000):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
        process.kill()
    before = [
        json.loads(line)["run"] for line in rows.read_bytes().splitlines(keepends=True) if line[-1:] == b"\n"
    ]
    assert 0 < len(before) < 160
    done = subprocess.run([*command, "--json"], cwd=tmp_path, capture_output=True, check=True)
    report = json.loads(done.stdout)
    assert (report["runs"]["done_before"], report["runs"]["done"]) == (len(before), 160)
    assert sorted(json.loads(line)["run"] for line in rows.read_bytes().splitlines()) == list(range(160))

"""``tickpath run`` end to end: exit codes, one line on stderr, one object on stdout, the ledger in it."""

from __future__ import annotations

import json
import os
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tickpath.cli import main
from tickpath.core.ingest import MarketDataSource
from tickpath.errors import EngineFailed
from tickpath.runtime.session import Session

FAST = ["--rate", "1e6", "--events", "2000", "--floor-ms", "0.1"]
LOBSTER = "".join(
    f"{34_200 + second}.{second:09d},1,{7_000 + second},100,5853300,{1 if second % 2 else -1}\n"
    for second in range(50)
)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``tickpath run ARGUMENTS``: exit code, stdout, stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["run", *arguments])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def lobster(tmp_path: Path) -> Path:
    path = tmp_path / "AAPL_2012-06-21_34200000_57600000_message_1.csv"
    path.write_text(LOBSTER)
    return path


def report_of(stdout: str) -> dict[str, Any]:
    """The one object on stdout."""
    assert stdout.count("\n") == 1
    report: dict[str, Any] = json.loads(stdout)
    assert report["schema"] == "tickpath/run/1"
    return report


def executor(report: dict[str, Any]) -> dict[str, Any]:
    terms: dict[str, Any] = report["ledger"]["consumers"]["executor"]
    accounted = sum(terms[name] for name in ("executed", "gated", "lost", "shed", "unread"))
    assert terms["published"] == accounted
    assert report["ledger"]["balanced"] is True
    return terms


def only_line(stderr: str) -> str:
    """The one line an error is."""
    assert stderr.count("\n") == 1
    assert stderr.startswith("tickpath: error: ")
    return stderr


def test_a_synthetic_run_passes_and_accounts_for_every_event(run: Run) -> None:
    code, stdout, _ = run(*FAST, "--json")
    report = report_of(stdout)
    assert (code, report["verdict"]) == (0, "pass")
    terms = executor(report)
    assert (terms["published"], terms["executed"], terms["gated"]) == (2_000, 1_800, 200)
    assert report["executed_outside_ready"] == 0
    assert report["seed"] == 0
    assert report["config"]["model"] == "hawkes"
    for stage in report["latency"].values():
        assert stage["count"] == 2_000


def test_what_is_printed_for_people_names_what_matters(run: Run) -> None:
    code, stdout, stderr = run(*FAST, "--seed", "7", "--model", "poisson")
    assert code == 0
    for words in ("PASS", "balanced", "2,000 published", "1,800 executed", "200 gated", "machine's floor"):
        assert words in stdout
    for stage in ("intended to published", "published to completed"):
        assert stage in stdout
    assert stderr == "tickpath: running 2,000 events, a plan of " + stderr.partition("a plan of ")[2]
    replay = next(line for line in stdout.splitlines() if line.startswith("replay"))
    assert "--seed 7" in replay
    again = shlex.split(replay.removeprefix("replay"))[2:]
    code, stdout, _ = run(*again, "--json")
    assert (code, report_of(stdout)["seed"]) == (0, 7)


def test_quiet_says_nothing_on_stderr(run: Run) -> None:
    assert run(*FAST, "--quiet", "--json")[2] == ""


def test_as_fast_as_possible_knows_no_lateness(run: Run) -> None:
    code, stdout, _ = run("--max", "--events", "2000", "--floor-ms", "0.1", "--json")
    report = report_of(stdout)
    assert code == 0
    executor(report)
    assert report["latency"]["intended_to_published"]["count"] == 0
    assert report["latency"]["intended_to_completed"]["p50_ns"] is None
    assert report["feed"]["plan_length_ns"] is None
    assert report["config"]["pace"] == "max"


def test_what_a_tiny_ring_loses_is_in_the_ledger_and_no_failure(run: Run) -> None:
    code, stdout, _ = run(
        "--max",
        "--events",
        "100000",
        "--capacity",
        "5",
        "--floor-ms",
        "0.1",
        "--warmup-events",
        "0",
        "--json",
    )
    terms = executor(report_of(stdout))
    assert code == 0
    assert terms["lost"] + terms["shed"] > 0


def test_a_recording_runs_at_its_own_pace_times_the_speed(run: Run, lobster: Path) -> None:
    code, stdout, _ = run("--feed", f"lobster:{lobster}", "--speed", "1e5", "--floor-ms", "0.1", "--json")
    report = report_of(stdout)
    assert code == 0
    assert executor(report)["published"] == 50
    feed = report["feed"]
    assert feed["events"] == 50
    assert feed["symbols"] == ["AAPL"]
    assert (feed["first_ts_ns"], feed["last_ts_ns"]) == (34_200 * 10**9, 34_249 * 10**9 + 49)
    assert feed["plan_length_ns"] == 490_000
    assert feed["sources"] == [{"kind": "lobster", "path": str(lobster), "events": 50, "skipped": 0}]
    assert report["seed"] is None


def test_a_path_alone_is_recognised_and_several_are_merged(run: Run, lobster: Path, tmp_path: Path) -> None:
    other = tmp_path / "MSFT_2012-06-21_34200000_57600000_message_1.csv"
    other.write_text(LOBSTER)
    code, stdout, _ = run(
        "--feed", str(lobster), "--feed", str(other), "--max", "--floor-ms", "0.1", "--json"
    )
    report = report_of(stdout)
    assert code == 0
    assert executor(report)["published"] == 100
    assert sorted(report["feed"]["symbols"]) == ["AAPL", "MSFT"]
    assert [source["kind"] for source in report["feed"]["sources"]] == ["lobster", "lobster"]


def test_idle_gaps_are_capped_and_the_rest_of_the_plan_kept(run: Run, lobster: Path) -> None:
    arguments = ["--feed", str(lobster), "--max-gap-ms", "0.001", "--floor-ms", "0.1", "--json"]
    feed = report_of(run(*arguments)[1])["feed"]
    assert (feed["gaps_capped"], feed["plan_length_ns"]) == (49, 49_000)
    assert feed["left_out_ns"] == 49 * 10**9 + 49 - 49_000


def test_a_recording_can_be_published_at_a_constant_rate_and_in_part(run: Run, lobster: Path) -> None:
    arguments = ["--feed", str(lobster), "--rate", "1e6", "--events", "20", "--floor-ms", "0.1", "--json"]
    report = report_of(run(*arguments)[1])
    assert executor(report)["published"] == report["feed"]["events"] == 20
    assert report["feed"]["plan_length_ns"] == 19_000
    assert report["feed"]["last_ts_ns"] == 34_219 * 10**9 + 19
    assert report["feed"]["sources"][0]["events"] == 50


def test_a_table_is_read_by_its_columns(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "trades.csv"
    table.write_text("time,price\n1,10.5\n2,10.25\n3,11\n")
    columns = "ts_ns=time:us,price_e9=price"
    code, stdout, _ = run("--feed", f"table:{table}", "--columns", columns, "--floor-ms", "0.1", "--json")
    report = report_of(stdout)
    assert code == 0
    assert executor(report)["published"] == 3
    assert (report["feed"]["first_ts_ns"], report["feed"]["last_ts_ns"]) == (1_000, 3_000)
    assert report["config"]["columns"] == {"ts_ns": ["time", "us"], "price_e9": "price"}


def test_a_bad_row_stops_or_is_skipped_and_counted(run: Run, lobster: Path) -> None:
    lobster.write_text(LOBSTER + "34300.0,1,broken,100,5853300,1\n")
    code, stdout, stderr = run("--feed", f"lobster:{lobster}", "--max", "--json")
    assert (code, stdout) == (2, "")
    assert "line 51" in only_line(stderr)
    code, stdout, _ = run(
        "--feed", f"lobster:{lobster}", "--policy", "skip", "--max", "--floor-ms", "0.1", "--json"
    )
    assert code == 0
    assert report_of(stdout)["feed"]["sources"][0]["skipped"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["scenario.toml"], "scenario.toml"),
        (["--mode", "virtual", "--max"], "give a pace"),
        (["--mode", "virtual", "--http", "0"], "--http is for a live run"),
        (["--mode", "dead"], "dead"),
        (["--rate", "1", "--speed", "2"], "--rate and --speed"),
        (["--rate", "1", "--max"], "--rate and --max"),
        (["--speed", "2", "--max"], "--speed and --max"),
        (["--rate", "0"], "--rate"),
        (["--rate", "2e9"], "--rate"),
        (["--rate", "nan"], "rate"),
        (["--speed", "-1"], "--speed"),
        (["--speed", "inf"], "speed"),
        (["--events", "0"], "--events"),
        (["--events", "many"], "many"),
        (["--seed", "-1"], "--seed"),
        (["--capacity", "0"], "--capacity"),
        (["--capacity", str(2**70)], "capacity"),
        (["--warmup-events", "-1"], "--warmup-events"),
        (["--max-gap-ms", "nan"], "max-gap-ms"),
        (["--floor-ms", "nan"], "floor-ms"),
        (["--wait", "sleep"], "sleep"),
        (["--model", "brownian"], "brownian"),
        (["--policy", "lax"], "lax"),
        (["--columns", "ts_ns"], "field=column"),
        (["--columns", "ts_ns=a,ts_ns=b"], "twice"),
        (["--feed", "lobstr:nowhere.csv"], "lobstr"),
        (["--feed", "lobster:"], "names no file"),
        (["--feed", ""], "no file"),
        (["--feed", "lobster:nowhere.csv"], "nowhere.csv"),
        (["--feed", "nowhere.csv"], "nowhere.csv"),
        (["--feed", "lobster:a", "--feed", "itch:b"], "same kind"),
        (["--feed", "table:a.csv"], "--columns ts_ns=time:us,price_e9=price"),
        (["--feed", "a.csv", "--columns", "ts_ns=t"], "this feed is auto: say --feed table:a.csv"),
        (["--columns", "ts_ns=#0"], "name one with --feed"),
        (["--symbol", "A"], "name one with --feed"),
        (["--policy", "strict"], "name one with --feed"),
        (["--out-of-order", "sort"], "name one with --feed"),
        (["--feed", "nowhere.csv", "--model", "poisson"], "--model is of the synthetic feed"),
        (["--rate", "1e-300"], "1e-300"),
        (["--feed", "a\nb\x1b[31m\u202e.csv"], r"a\nb\x1b[31m\u202e.csv"),
        (["--unknown"], "--unknown"),
        (["one", "two"], "two"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_code_2(
    run: Run, arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, stdout, stderr = run(*arguments, "--json")
    assert (code, stdout) == (2, "")
    assert words in only_line(stderr)


@pytest.mark.parametrize("content", [b"", b"\x00\xff\x13 garbage \x1f\x8b" * 50, b"a,b\n"], ids=repr)
def test_a_file_that_is_none_is_one_line_and_code_2(run: Run, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    for feed in (str(path), f"lobster:{path}", f"dbn:{path}", f"itch:{path}", f"collector:{path}"):
        code, stdout, stderr = run("--feed", feed)
        assert (code, stdout) == (2, ""), feed
        only_line(stderr)


def test_a_folder_is_one_line_and_code_2(run: Run, tmp_path: Path) -> None:
    code, _, stderr = run("--feed", f"lobster:{tmp_path}")
    assert code == 2
    assert str(tmp_path) in only_line(stderr)


def test_a_ring_beyond_all_memory_is_one_line_and_code_2(run: Run) -> None:
    code, stdout, stderr = run(*FAST, "--capacity", str(1 << 57))
    assert (code, stdout) == (2, "")
    assert "memory" in only_line(stderr)


def test_ctrl_c_while_loading_is_code_130_with_an_account(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(MarketDataSource, "synthetic", interrupted)
    code, stdout, stderr = run("--json")
    report = report_of(stdout)
    assert (code, report["verdict"], stderr) == (130, "interrupted", "")
    assert executor(report)["published"] == 0
    assert report["wall_ns"] is None
    assert report["feed"]["events"] is None
    code, stdout, _ = run()
    assert code == 130
    assert stdout.startswith("INTERRUPTED")


def test_a_second_ctrl_c_after_the_account_says_what_may_be_missing(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def insisted(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    page = tmp_path / "page.html"
    with monkeypatch.context() as patched:
        patched.setattr("tickpath.cli.run._write_report", insisted)
        code, stdout, stderr = run(*FAST, "--quiet", "--json", "--report", str(page))
    assert (code, json.loads(stdout)["verdict"], page.exists()) == (130, "pass", False)
    assert stderr == (
        "tickpath: interrupted after the account: what was to be written after it may not be there\n"
    )
    # And the next command of this process has said nothing yet.
    monkeypatch.setattr(Session, "run", insisted)
    assert run(*FAST, "--quiet", "--json")[2].endswith("ended without an account\n")


def test_a_second_ctrl_c_ends_it_now_without_an_account(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def insisted(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Session, "run", insisted)
    code, stdout, stderr = run(*FAST, "--quiet", "--json")
    assert (code, stdout) == (130, "")
    assert stderr == "tickpath: interrupted, ended without an account\n"


def test_a_bug_in_a_stage_fails_the_run_and_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise EngineFailed("the executor ended by a bug in tickpath: planted")

    monkeypatch.setattr(Session, "run", broken)
    code, stdout, _ = run(*FAST, "--json")
    report = report_of(stdout)
    assert (code, report["verdict"]) == (1, "fail")
    assert "planted" in report["reasons"][0]
    assert report["executed_outside_ready"] is None


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, words in (
        (["--version"], "tickpath 0."),
        (["--help"], "Exit codes"),
        ([], "run"),
        (["run", "--help"], "tickpath run --feed lobster:"),
    ):
        assert main(arguments) == 0
        stdout, stderr = capsys.readouterr()
        assert words in stdout
        assert stderr == ""


def test_an_unknown_command_is_one_line_and_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["walk"]) == 2
    assert "walk" in only_line(capsys.readouterr().err)


def test_a_table_without_a_header_is_mapped_by_position(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1,5\n2,6\n")
    code, stdout, _ = run(
        "--feed",
        f"table:{path}",
        "--columns",
        "ts_ns=#0:us,price_e9=#1",
        "--max",
        "--floor-ms",
        "0.1",
        "--json",
    )
    report = report_of(stdout)
    assert (code, report["feed"]["first_ts_ns"], report["feed"]["last_ts_ns"]) == (0, 1_000, 2_000)
    code, stdout, _ = run("--feed", f"table:{path}", "--columns", "ts_ns=#0", "--max", "--floor-ms", "0.1")
    # The table of facts folds long lines, and the path is as long as the machine makes it.
    facts = stdout[stdout.index("replay") : stdout.index("Ledger")]
    assert "ts_ns=#0" in "".join(line.strip() for line in facts.splitlines())


def test_a_name_that_is_no_text_is_loaded_and_reported(run: Run, tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv")
    Path(path).write_text(LOBSTER)
    arguments = ["--feed", f"lobster:{path}", "--max", "--floor-ms", "0.1"]
    code, stdout, _ = run(*arguments, "--json")
    assert (code, report_of(stdout)["config"]["feeds"]) == (0, [f"lobster:{path}"])
    assert run(*arguments)[0] == 0


def test_a_load_of_over_a_second_shows_progress(
    run: Run, lobster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter(range(10**6))
    monkeypatch.setattr("tickpath.cli.progress.time.monotonic", lambda: float(next(seconds)))
    table = lobster.with_name("t.csv")
    table.write_text("t\n1\n2\n")
    for feed in (
        ["--events", "2000"],
        ["--feed", str(lobster)],
        ["--feed", f"table:{table}", "--columns", "ts_ns=t"],
    ):
        code, _, stderr = run(*feed, "--max", "--floor-ms", "0.1")
        assert code == 0
        assert stderr.startswith("tickpath: loading: "), feed
        assert " events so far" in stderr

"""``tickpath run SCENARIO``: what the file says, what may be said beside it, and who is told of the run."""

from __future__ import annotations

import json
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_run import executor, only_line, report_of
from tickpath.cli import main
from tickpath.core.ingest import MarketDataSource

Run = Callable[..., tuple[int, str, str]]

SMALL = """
schema = "tickpath/scenario/1"
name = "small"
seed = 5
feed = { model = "constant", rate_hz = 10_000, events = 2_000 }
engine = { floor_window_ns = 100_000 }
warmup = { kind = "count", events = 100 }
probes = [{ kind = "feed_staleness", staleness_ns_max = 20_000_000 }]
runbooks = [{ name = "market-data-outage" }]
injections = [{ kind = "feed_outage", at_ns = 60_000_000, duration_ns = 60_000_000 }]
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``tickpath run ARGUMENTS``: exit code, stdout, stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["run", *arguments])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def small(tmp_path: Path) -> str:
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return str(path)


def virtual(run: Run, *arguments: str) -> dict[str, Any]:
    """The report of a run in virtual time that passed."""
    code, stdout, _ = run(*arguments, "--mode", "virtual", "--json")
    report = report_of(stdout)
    assert (code, report["verdict"]) == (0, "pass")
    return report


def test_a_rate_stands_in_the_place_of_a_file_that_runs_as_fast_as_it_can(run: Run, small: str) -> None:
    report = virtual(run, small, "--set", "feed.pace=max", "--rate", "20000")
    assert (report["config"]["pace"], report["feed"]["plan_length_ns"]) == ("recorded", 1_999 * 50_000)


def test_a_scenario_in_virtual_time_tells_everything_that_happened(run: Run, small: str) -> None:
    report = virtual(run, small)
    assert (report["mode"], report["seed"], report["begin_ns"]) == ("virtual", 5, 0)
    assert len(bytes.fromhex(report["digest"])) == 32
    terms = executor(report)
    assert terms["published"] < 2_000
    assert terms["gated_by_state"]["WARMUP"] == 100
    assert report["executed_outside_ready"] == 0
    assert [move["target"] for move in report["lifecycle"]] == ["WARMUP", "READY", "DEGRADED", "READY"]
    assert [(line["name"], line["kind"], line["event"], line["at_ns"]) for line in report["injections"]] == [
        ("feed-outage", "feed_outage", "start", 60_000_000),
        ("feed-outage", "feed_outage", "end", 120_000_000),
    ]
    assert [(change["cause"], change["raised"]) for change in report["health"]] == [
        ("market data outage", True),
        ("market data outage", False),
    ]
    raised = report["health"][0]
    assert raised["value"] > raised["threshold"] == 20_000_000
    degraded = report["lifecycle"][2]
    assert degraded["at_ns"] == raised["at_ns"] == report["audit"][0]["at_ns"]
    assert report["audit"][0]["runbook"] == "market-data-outage"
    [certificate] = report["warmups"]
    assert (certificate["verdict"], certificate["events"]) == ("passed", 100)
    control = report["control"]
    assert (control["interval_ns"], control["escalations"]) == (10_000_000, 0)
    assert (control["injection_errors"], control["probe_errors"]) == (0, 0)
    # What the machine took for a step is not known in virtual time.
    assert (control["step_ns_mean"], control["step_ns_max"]) == (None, None)
    assert report["shutdown"] is None
    assert report["config"]["scenario"]["feed"]["events"] == 2_000
    assert report["config"]["faults"] is True


def test_the_same_again_is_the_same_object(run: Run, small: str) -> None:
    assert virtual(run, small) == virtual(run, small)
    assert virtual(run, small)["digest"] != virtual(run, small, "--events", "1_999")["digest"]


@pytest.mark.slow
def test_what_is_printed_ends_with_a_command_that_gives_the_same_digest(run: Run, small: str) -> None:
    # More digits than a number that is rounded for people would keep.
    given = ["--seed", "7", "--events", "12345", "--rate", "123456.5"]
    code, stdout, _ = run(small, "--mode", "virtual", *given)
    assert code == 0
    facts = {line.split()[0]: line.split(maxsplit=1)[1] for line in stdout.splitlines() if " " in line}
    again = shlex.split(stdout.partition("replay")[2].partition("\n\n")[0])
    assert again[again.index("--events") + 1] == "12345"
    assert again[again.index("--rate") + 1] == "123456.5"
    assert virtual(run, *again[2:])["digest"] == facts["digest"].strip()


def test_a_plain_run_in_virtual_time_is_the_same_twice_and_holds_back_nothing(run: Run) -> None:
    arguments = ["--events", "5000", "--service", "lognormal:500:0.3", "--seed", "3"]
    first, again = (virtual(run, *arguments) for _ in range(2))
    assert first == again
    assert first["digest"] is not None
    assert executor(first)["executed"] == 4_500
    assert first["config"]["scenario"] is None


@pytest.mark.slow
def test_a_live_run_has_no_digest_and_knows_what_its_steps_took(run: Run, small: str) -> None:
    code, stdout, _ = run(small, "--json")
    report = report_of(stdout)
    assert (code, report["mode"], report["digest"]) == (0, "live", None)
    executor(report)
    assert 0 < report["control"]["step_ns_mean"] <= report["control"]["step_ns_max"]
    ready = report["lifecycle"][1]
    assert 0 < ready["at_ns"] - report["begin_ns"] < report["injections"][0]["at_ns"]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["live", "virtual"])
def test_what_runbooks_do_is_written_line_by_line(run: Run, small: str, tmp_path: Path, mode: str) -> None:
    audit = tmp_path / "audit.jsonl"
    code, stdout, _ = run(small, "--mode", mode, "--audit", str(audit), "--json")
    assert code == 0
    lines = [json.loads(line) for line in audit.read_text(encoding="ascii").splitlines()]
    written = [{key: line[key] for key in line if key != "schema"} for line in lines]
    assert written == report_of(stdout)["audit"]
    assert {line["schema"] for line in lines} == {"tickpath/audit/1"}


@pytest.mark.slow
def test_a_live_run_answers_and_leaves_its_probe_file(run: Run, small: str, tmp_path: Path) -> None:
    probe = tmp_path / "probe.json"
    code, stdout, stderr = run(small, "--http", "127.0.0.1:0", "--probe-file", str(probe), "--json")
    assert code == 0
    assert "tickpath: answering at http://127.0.0.1:" in stderr
    assert json.loads(probe.read_text(encoding="utf-8"))["phase"] == "stopped"
    # Whoever scrapes it finds latencies: there is a ring of acks for that.
    assert report_of(stdout)["config"]["ack_capacity"] == 65_536


def test_a_recording_takes_the_place_of_the_scenario_s_feed(run: Run, small: str, tmp_path: Path) -> None:
    table = tmp_path / "AAPL_2012-06-21_34200000_57600000_message_1.csv"
    rows = (f"{34_200 + n // 10}.{n % 10}00000000,1,{n},100,5853300,1\n" for n in range(500))
    table.write_text("".join(rows))
    report = virtual(run, small, "--feed", f"lobster:{table}")
    assert report["feed"]["events"] == 500
    assert report["feed"]["sources"][0]["path"] == str(table)
    assert report["config"]["scenario"]["feed"]["files"] == [{"kind": "lobster", "path": str(table)}]
    executor(report)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["market-data-outag"], 'did you mean "market-data-outage"'),
        (["nowhere.toml"], "nowhere.toml"),
        (["market-data-outage", "--capacity", "5"], "--capacity is a setting of market-data-outage"),
        (["market-data-outage", "--consumer", "log"], "tickpath config explain names the keys"),
        (["market-data-outage", "--sink"], "--sink is a setting of"),
        (["market-data-outage", "--model", "constant"], "--model is a setting of"),
        (["--parity"], "--parity compares two runs of a scenario: name one"),
        (["--check-determinism"], "--check-determinism compares two runs of a scenario: name one"),
        (["feed-gap", "--parity", "--check-determinism"], "exclude each other"),
        (["feed-gap", "--parity", "--rate", "5"], "--rate is for one run, and --parity makes two"),
        (["feed-gap", "--parity", "--mode", "live"], "--mode is for one run"),
        (["feed-gap", "--check-determinism", "--audit", "x"], "--audit is for one run"),
        (["feed-gap", "--mode", "virtual", "--http", "0"], "--http is for a live run"),
        (["feed-gap", "--mode", "virtual", "--probe-file", "x"], "--probe-file is for a live run"),
        (["--mode", "virtual", "--wait", "spin"], "--wait is for a live run"),
        (["--mode", "virtual", "--priority", "nice:1"], "--priority is for a live run"),
        (["--mode", "virtual", "--max"], "give a pace, recorded or constant"),
        (["--mode", "virtual", "--stamp-per", "batch"], "take one per event"),
        (["--audit", "x"], "--audit writes what runbooks do"),
        (["--http-allow-remote"], "give --http too"),
        (["--http", "somewhere:80"], "--http: the host of an HTTP address"),
        (["--http", "70000"], "port from 0 to 65535"),
        (["--http", "0.0.0.0:80"], "--http-allow-remote"),
        (["feed-gap", "--audit", "/no/such/folder/x"], "--audit /no/such/folder/x: there is no folder"),
        (
            ["--events", "10", "--probe-file", "/no/such/folder/x"],
            "--probe-file /no/such/folder/x: there is no folder",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_does_not_go_together_is_one_line_and_code_2(
    run: Run, arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, stdout, stderr = run(*arguments, "--json", "--quiet")
    assert (code, stdout) == (2, "")
    assert words in only_line(stderr)
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_a_scenario_is_loaded_leaves_an_account(
    run: Run, small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(MarketDataSource, "synthetic", interrupted)
    code, stdout, _ = run(small, "--mode", "virtual", "--json")
    report = report_of(stdout)
    assert (code, report["verdict"], report["mode"]) == (130, "interrupted", "virtual")
    assert report["config"]["scenario"]["name"] == "small"
    assert (report["digest"], report["feed"]["events"]) == (None, None)


def test_ctrl_c_in_virtual_time_drains_and_leaves_an_account(
    run: Run, small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tickpath.runtime.control_plane import ControlPlane

    step, steps = ControlPlane.step, iter(range(10**6))

    def interrupting(plane: ControlPlane, look: Any) -> bool:
        if next(steps) == 10:
            signal.raise_signal(signal.SIGTERM)
        return step(plane, look)

    monkeypatch.setattr(ControlPlane, "step", interrupting)
    code, stdout, _ = run(small, "--mode", "virtual", "--json")
    report = report_of(stdout)
    assert (code, report["verdict"]) == (130, "interrupted")
    terms = executor(report)
    assert (terms["unread"], report["digest"] is None) == (0, False)
    shutdown = report["shutdown"]
    assert (shutdown["by"], shutdown["drained"], shutdown["hurried"]) == (["SIGTERM"], True, False)
    assert shutdown["phases"][-1][0] == "done"

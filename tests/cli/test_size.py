"""``tickpath size`` end to end: exit codes, one object on stdout, one line on stderr, real recordings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tickpath.cli import main
from tickpath.core.ingest import MarketDataSource

AAPL = Path(__file__).resolve().parents[3] / "shared" / "data" / "LOBSTER_SampleFile_AAPL_2012-06-21_1.zip"
SMALL = ["--events", "5000", "--seed", "7"]

Size = Callable[..., tuple[int, str, str]]


@pytest.fixture
def size(capsys: pytest.CaptureFixture[str]) -> Size:
    """Run ``tickpath size ARGUMENTS``: exit code, stdout, stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["size", *arguments])
        return code, *capsys.readouterr()

    return call


def report_of(stdout: str) -> dict[str, Any]:
    """The one object on stdout."""
    assert stdout.count("\n") == 1
    report: dict[str, Any] = json.loads(stdout)
    assert report["schema"] == "tickpath/size/1"
    return report


def test_a_synthetic_feed_is_sized_and_the_same_again(size: Size) -> None:
    code, stdout, stderr = size(*SMALL, "--service-ns", "8000", "--json")
    report = report_of(stdout)
    assert (code, report["verdict"], report["seed"], stderr) == (0, "pass", 7, "")
    assert report["config"]["service"] == {"kind": "constant", "ns": 8_000, "sigma": 0.0}
    assert report["in_ring"] is report["service_ns_max"] is report["at_service_ns_max"] is None
    assert size(*SMALL, "--service-ns", "8000", "--json")[1] == stdout


def test_the_capacity_that_is_said_is_the_smallest(size: Size) -> None:
    given = [*SMALL, "--service-ns", "8000"]
    slots = report_of(size(*given, "--json")[1])["sizing"]["capacity_slots_min"]
    assert size(*given, "--capacity", str(slots), "--quiet")[0] == 0
    code, stdout, _ = size(*given, "--capacity", str(slots - 1), "--json")
    in_ring = report_of(stdout)["in_ring"]
    assert code == 1
    assert in_ring["lost"] > 0
    assert in_ring["published"] == 5_000 == in_ring["read"] + in_ring["lost"] + in_ring["shed"]


def test_what_is_printed_for_people_names_what_matters(size: Size) -> None:
    code, stdout, stderr = size(*SMALL, "--service-ns", "8000", "--capacity", "16")
    assert (code, stderr) == (1, "")
    for words in ("FAIL: a ring of 16 slots", "8,000 ns for every event", "longest service", "p99.9"):
        assert words in stdout


def test_a_limit_alone_asks_for_the_longest_service_time(size: Size) -> None:
    code, stdout, _ = size(*SMALL, "--p99-ns-max", "100000", "--json")
    report = report_of(stdout)
    assert (code, report["sizing"]) == (0, None)
    at = report["at_service_ns_max"]["latency"]["published_to_completed"]
    assert at["p99_ns"] <= 100_000
    more = str(report["service_ns_max"] + 1)
    assert size(*SMALL, "--service-ns", more, "--p99-ns-max", "100000", "--quiet")[0] == 1


def test_policy_and_drawn_service_times_count(size: Size) -> None:
    given = [*SMALL, "--service", "lognormal:7000:0.5", "--capacity", "16", "--json"]
    oldest, head = (
        report_of(size(*given, "--overrun", policy)[1])["in_ring"] for policy in ("oldest", "head")
    )
    assert oldest["overruns"] > 0
    assert oldest != head


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing is asked: give --service-ns, or a limit"),
        (["--service-ns", "1", "--service", "2"], "exclude each other"),
        (["--service-ns", "-1"], "--service-ns"),
        (["--service-ns", "1", "--rate", "5", "--speed", "2"], "--rate and --speed exclude each other"),
        (["--service-ns", "1", "--symbol", "X"], "--symbol is of a recorded feed"),
        (["--service-ns", "1", "--feed", "lobster:absent_message_1.csv"], "absent_message_1.csv"),
        (["--service-ns", "1", "--overrun", "detach"], "--overrun"),
        (["--p99-ns-max", "1000", "--events", "100"], "p99 of 100 events is unknown"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(size: Size, arguments: list[str], words: str) -> None:
    code, stdout, stderr = size(*arguments)
    assert (code, stdout, stderr.count("\n")) == (2, "", 1)
    assert stderr.startswith("tickpath: error: ")
    assert words in stderr


def test_an_interrupt_while_it_works_prints_what_there_is(
    size: Size, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tickpath.lab.sizing.answer", interrupted)
    code, stdout, stderr = size(*SMALL, "--service-ns", "1", "--json")
    report = report_of(stdout)
    assert (code, report["verdict"], report["sizing"], stderr) == (130, "interrupted", None, "")
    assert report["feed"]["events"] == 5_000
    monkeypatch.setattr(MarketDataSource, "synthetic", interrupted)
    code, stdout, _ = size(*SMALL, "--service-ns", "1")
    assert (code, stdout.strip()) == (130, "INTERRUPTED")


def test_help_has_examples_and_exit_codes(size: Size) -> None:
    code, stdout, _ = size("--help")
    assert code == 0
    for words in ("Examples:", "tickpath size --service-ns 5000", "Exit codes:", "--p99-ns-max"):
        assert words in stdout


@pytest.mark.skipif(not AAPL.exists(), reason=f"no recording: {AAPL} is absent")
def test_a_recording_is_sized_at_any_speed(size: Size) -> None:
    given = ["--feed", f"lobster:{AAPL}", "--speed", "100", "--json"]
    code, stdout, _ = size(*given, "--service-ns", "20000")
    report = report_of(stdout)
    assert (code, report["seed"], report["feed"]["events"]) == (0, None, 118_497)
    assert report["feed"]["sources"][0]["kind"] == "lobster"
    backlog = report["sizing"]["backlog"]
    assert backlog["events"] > 1
    # The moment of the recording, and that of the plan.
    first_ts_ns = report["feed"]["first_ts_ns"]
    assert backlog["at_ns"] == (backlog["ts_ns"] - first_ts_ns) // 100
    slower = report_of(size(*given, "--service-ns", "20001")[1])
    assert slower["sizing"]["capacity_slots_min"] >= backlog["events"]

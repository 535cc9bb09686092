"""``tickpath doctor`` end to end: exit codes, one object on stdout, one line on stderr."""

from __future__ import annotations

import json

import pytest

from tickpath.cli import main

SHORT = ["doctor", "--seconds", "0.01"]


@pytest.mark.parametrize(
    ("arguments", "code", "supported"),
    [
        (["--latency-ns", "1000000000000", "--require", "p90"], 0, True),
        (["--latency-ns", "1", "--require", "p50"], 1, False),
        (["--seconds", "0", "--require", "p50"], 1, None),
        (["--seconds", "0"], 0, None),
    ],
)
def test_what_is_required_decides_the_exit_code(
    arguments: list[str], code: int, supported: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SHORT, *arguments, "--json"]) == code
    stdout, stderr = capsys.readouterr()
    report = json.loads(stdout)
    assert (stdout.count("\n"), stderr) == (1, "")
    assert (report["schema"], report["verdict"]) == ("tickpath/doctor/1", "fail" if code else "pass")
    assert report["percentiles"][0]["supported"] is supported


@pytest.mark.parametrize("arguments", [["--seconds", "-1"], ["--require", "p98"], ["--core", "none"]])
def test_bad_usage_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", *arguments]) == 2
    stdout, stderr = capsys.readouterr()
    assert (stdout, stderr.count("\n")) == ("", 1)


def test_for_people_it_says_what_may_be_believed_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SHORT, "--latency-ns", "1000000000000"]) == 0
    stdout, _ = capsys.readouterr()
    assert stdout.startswith("Can support p")
    assert "believe above" in stdout

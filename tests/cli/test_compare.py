"""``tickpath compare``: exit codes, one object, and errors in a line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tickpath.cli import main

VIRTUAL = ["run", "--mode", "virtual", "--events", "5000", "--quiet", "--json"]


def run(capsys: pytest.CaptureFixture[str], path: Path, *options: str) -> str:
    assert main([*VIRTUAL, *options]) == 0
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    return str(path)


def test_exit_codes_say_what_was_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = run(capsys, tmp_path / "before.json", "--service", "500")
    after = run(capsys, tmp_path / "after.json", "--service", "900")
    assert main(["compare", before, before, "--json"]) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert (report["schema"], report["verdict"], report["same_digest"]) == (
        "tickpath/compare/1",
        "pass",
        True,
    )
    assert err == ""

    assert main(["compare", before, after]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tickpath: error: these runs cannot be compared: config.executor.service.ns is 500")
    assert err.count("\n") == 1

    meant = ["--allow", "config.executor.service"]
    assert main(["compare", before, after, *meant]) == 1
    told = capsys.readouterr().out
    assert told.startswith("FAIL: 2 regressions")
    assert "config.executor.service.ns: 500" in told
    assert main(["compare", before, after, *meant, "--fail-on", "p50=200%", "--fail-on", "lost=0"]) == 0
    assert main(["compare", before, before, "--fail-on", "p99=1%", "--strict"]) == 0
    capsys.readouterr()
    # Of five thousand samples no p99.99 is known.
    assert main(["compare", before, before, "--fail-on", "p99.99=1%"]) == 0
    assert "1 unknown" in capsys.readouterr().out
    assert main(["compare", before, before, "--fail-on", "p99.99=1%", "--strict"]) == 1
    capsys.readouterr()
    assert main(["compare", before, before, "--fail-on", "nobody/p99=1%"]) == 2
    assert "there is no nobody/published_to_completed.p99" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--fail-on", "p99"], "is no limit"),
        (["--confidence", "1"], "--confidence"),
        (["--allow", "confg"], 'did you mean "config"'),
        ([], "No such file"),
    ],
)
def test_bad_usage_is_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    before = run(capsys, tmp_path / "before.json") if options else str(tmp_path / "none.json")
    assert main(["compare", before, before, *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert err.count("\n") == 1

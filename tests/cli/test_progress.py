"""What is told on stderr while something takes its time: nothing for a second, then a line now and then."""

from __future__ import annotations

import itertools
import re
import time
from pathlib import Path

import pytest

from tickpath.cli import main
from tickpath.cli import progress as shown
from tickpath.cli.progress import RunProgress


def test_a_sweep_tells_how_far_it_is_and_how_many_have_failed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = itertools.count()
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds) / 2)
    with RunProgress(quiet=False) as progress:
        for value in range(4):
            progress.judging(value, 1_000)
        for done in (0, 1, 1_500, 2_000):
            progress.sweeping(done, 2_000, failed=done // 1_000)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "tickpath: 1 of 1,000 values judged"
    assert lines[-1] == "tickpath: 2,000 of 2,000 runs done, 2 failed"


def test_whoever_wants_to_be_left_alone_is(capsys: pytest.CaptureFixture[str]) -> None:
    with RunProgress(quiet=True) as progress:
        progress.judging(1, 2)
        progress.sweeping(1, 2, 0)
        progress.drilling("feed-freeze", 0, 1)
        progress.comparing("feed-freeze")
    assert capsys.readouterr().err == ""


def test_two_processes_that_say_nothing_are_said_to_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = itertools.count()
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds) / 4)
    with RunProgress(quiet=False) as progress:
        for _ in range(4):
            progress.comparing("incident")
    assert re.match(r"tickpath: running incident twice, for [1-9] s\n", capsys.readouterr().err)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["drill", "run"], "tickpath: drill 1 of 1: short\n"),
        (["run", "--parity"], "tickpath: drill 2 of 2: short, live\n"),
    ],
    ids=["drill", "parity"],
)
def test_a_single_drill_that_takes_long_is_told_while_it_goes_on(
    arguments: list[str],
    line: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "short.toml"
    path.write_text(
        'name = "short"\nfeed = { model = "constant", rate_hz = 100_000, events = 6_000 }\n'
        "engine = { floor_window_ns = 100_000 }\n"
    )
    monkeypatch.setattr(shown, "_SHOW_AFTER_S", 0.0)
    monkeypatch.setattr(shown, "_PLAIN_EVERY_MAX_S", 0.0)
    # A machine that stands still meanwhile tells another story live.
    assert main([*arguments, str(path)]) in {0, 1}
    # More often than once, so that it is not only its beginning.
    assert capsys.readouterr().err.count(line) > 1

"""What is told on stderr while a sweep goes on: nothing within a second, then a line now and then."""

from __future__ import annotations

import itertools
import time

import pytest

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
    assert capsys.readouterr().err == ""

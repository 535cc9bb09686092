"""Ctrl-C at random moments of a run with consumers: the account is printed, and it balances."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys

import pytest

from tests.core.engine.depth import INTERRUPTED_RUNS

TICKPATH = [sys.executable, "-W", "error", "-m", "tickpath"]
CONSUMERS = ["risk", "log,after=executor+risk,service=exp:2000", "slow,overrun=head,service=50000"]


def interrupted(seed: int) -> tuple[int, str, str]:
    """A run of a tenth of a second that gets Ctrl-C within it, or a moment after: code, stdout, stderr."""
    moments = random.Random(seed)  # noqa: S311 - moments, not secrets
    command = [*TICKPATH, "run", "--events", "20000", "--rate", "200000", "--floor-ms", "1", "--json"]
    command += ["--capacity", str(moments.choice([16, 1_024, 65_536])), "--sink"]
    command += ["--service", moments.choice(["0", "500", "lognormal:500:0.3"])]
    for consumer in CONSUMERS:
        command += ["--consumer", consumer]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        try:
            process.wait(moments.random() * 0.12)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate()
    return process.returncode, stdout, first + stderr


@pytest.mark.slow
def test_ctrl_c_at_any_moment_leaves_a_balanced_account() -> None:
    for _ in range(INTERRUPTED_RUNS):
        seed = int.from_bytes(os.urandom(4))
        print(f"seed {seed}")  # noqa: T201 - shown with a failure
        code, stdout, stderr = interrupted(seed)
        assert "Traceback" not in stderr
        report = json.loads(stdout)
        # It may come after the last event, and then interrupts nothing.
        assert (code, report["verdict"]) in ((130, "interrupted"), (0, "pass"))
        assert report["ledger"]["balanced"] is True
        assert report["executed_outside_ready"] == 0
        assert set(report["ledger"]["consumers"]) == {"executor", "risk", "log", "slow"}
        observer, executor = report["observer"], report["ledger"]["consumers"]["executor"]
        assert observer["shown"] + observer["dropped"] == executor["executed"] + executor["gated"]
        shutdown = report["shutdown"]
        if report["verdict"] == "interrupted":
            assert shutdown["by"] == ["SIGINT"]
        # What it says was never read is what the books say.
        for name, unread in (shutdown or {"unread": {}})["unread"].items():
            assert report["ledger"]["consumers"][name]["unread"] == unread
            assert not shutdown["drained"] or not unread


@pytest.mark.slow
def test_ctrl_c_ends_a_run_of_a_day_with_consumers() -> None:
    # The slow one is at work on its only event for a minute: the stop ends that as well.
    command = [*TICKPATH, "run", "--model", "constant", "--rate", "0.001", "--events", "100", "--json"]
    command += ["--warmup-events", "0", "--consumer", "log,after=executor"]
    command += ["--consumer", "slow,service=60000000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("tickpath: running 100 events")
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate()
    report = json.loads(stdout)
    assert (process.returncode, report["verdict"]) == (130, "interrupted")
    assert report["ledger"]["balanced"] is True
    assert "Traceback" not in stderr

"""``tickpath run --watch`` as a process in a terminal of its own, driven by keys, sizes and signals.

One in the suite; with ``make watch`` all of it: it takes a second or two for each.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminals import PATIENCE_S, Terminal
from tests.core.engine.depth import EVERY_TERMINAL

DEEP = pytest.mark.skipif(not EVERY_TERMINAL, reason="some seconds: make watch")
#: A plan of minutes.
LONG = ["run", "--watch", "--rate", "20000", "--events", "3000000", "--floor-ms", "1", "--json"]
CONSUMERS = ["--consumer", "log,after=executor", "--consumer", "slow,service=200000", "--capacity", "4096"]


def published(text: str) -> int:
    """How many events the picture says were published."""
    found = re.search(r"events/s ([\d,]+) of", text)
    return int(found[1].replace(",", "")) if found else -1


def report_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What it printed, once it has ended."""
    out, _ = process.communicate(timeout=PATIENCE_S)
    report: dict[str, Any] = json.loads(out)
    return report


def has_begun(text: str) -> bool:
    return "running 3,000,000" in text


def has_figures(text: str) -> bool:
    return published(text) > 0 and "READY" in text


@pytest.mark.slow
def test_the_figures_move_the_picture_fits_every_size_and_q_ends_it_with_its_account() -> None:
    with Terminal() as terminal, terminal.process(*LONG, *CONSUMERS) as process:
        first = published(terminal.wait(has_figures))
        terminal.wait(lambda text: published(text) > first)
        terminal.resize(24, 5)
        terminal.wait(lambda text: "READY" in text and len(text) <= 24 * 5 + 5)
        terminal.resize(220, 50)
        text = terminal.wait(lambda text: "lifecycle" in text and "published → completed" in text)
        assert "slow" in text
        terminal.press("q")
        report = report_of(process)
        terminal.wait_as_before()
    assert (process.returncode, report["verdict"], report["shutdown"]["by"]) == (130, "interrupted", ["q"])
    assert report["ledger"]["balanced"] is True
    assert set(report["ledger"]["consumers"]) == {"executor", "log", "slow"}
    assert report["watch"]["frames"] >= 3


@DEEP
@pytest.mark.parametrize("by", ["Ctrl-C", "SIGINT", "SIGTERM"])
def test_a_signal_leaves_the_account_of_a_run_that_nobody_watched(by: str) -> None:
    reports = []
    for arguments in (LONG, [word for word in LONG if word != "--watch"]):
        with Terminal() as terminal, terminal.process(*arguments, *CONSUMERS) as process:
            terminal.wait(has_figures if "--watch" in arguments else has_begun)
            if by == "Ctrl-C":
                terminal.press("\x03")
            else:
                process.send_signal(signal.Signals[by])
            reports.append(report_of(process))
            terminal.wait_as_before()
        assert process.returncode == 130
        assert "Traceback" not in terminal.raw.decode()
    watched, alone = reports
    assert watched.keys() == alone.keys()
    assert watched["watch"] is not None
    assert alone["watch"] is None
    for report in reports:
        assert report["verdict"] == "interrupted"
        assert report["shutdown"]["by"] == ["SIGINT" if by == "Ctrl-C" else by]
        assert report["ledger"]["balanced"] is True


@DEEP
def test_the_second_signal_means_now_and_the_terminal_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "stalled.toml"
    path.write_text(
        'schema = "tickpath/scenario/1"\n'
        'feed = { model = "constant", rate_hz = 1_000, events = 1_000_000 }\n'
        "engine = { floor_window_ns = 100_000 }\n"
        'warmup = { kind = "count", events = 0 }\n'
        "control = { drain_ns = 3_600_000_000_000 }\n"
        'injections = [{ kind = "stall", at_ns = 0 }]\n'
    )
    with Terminal() as terminal, terminal.process("run", str(path), "--watch", "--json") as process:
        terminal.wait(lambda text: published(text) > 0)
        terminal.press("\x03")
        terminal.wait(lambda text: "draining" in text)
        terminal.press("\x03")
        out, _ = process.communicate(timeout=PATIENCE_S)
        text = terminal.wait(lambda text: "without an account" in text)
        terminal.wait_as_before()
    assert (process.returncode, out, "Traceback" in text) == (130, "", False)


@DEEP
def test_a_scenario_shows_its_causes_as_they_come_and_go(tmp_path: Path) -> None:
    path = tmp_path / "frozen.toml"
    # The freeze of the drill is over within a picture.
    path.write_text(
        'extends = "feed-freeze"\n'
        "feed = { events = 60_000 }\n"
        'injections = [{ kind = "feed_freeze", at_ns = 400_000_000, duration_ns = 1_000_000_000 }]\n'
    )
    with Terminal() as terminal, terminal.process("run", str(path), "--watch", "--json") as process:
        terminal.wait(lambda text: "DEGRADED" in text and "cause market data outage" in text)
        terminal.wait(lambda text: "DEGRADED → READY" in text and "cause market" not in text)
        report = report_of(process)
        terminal.wait_as_before()
    assert (process.returncode, report["verdict"]) == (0, "pass")


@DEEP
def test_a_terminal_that_takes_nothing_does_not_hold_up_the_run() -> None:
    with Terminal() as terminal, terminal.process(*LONG) as process:
        first = published(terminal.wait(has_figures))
        terminal.press("\x13")  # Ctrl-S
        time.sleep(1)  # Nobody tells when nothing happens.
        terminal.press("\x11")  # Ctrl-Q
        # It went on all the while: more than a second of the feed.
        terminal.wait(lambda text: published(text) > first + 15_000)
        terminal.press("\x13\x03")
        report = report_of(process)
        terminal.wait_as_before()
    assert (report["verdict"], report["ledger"]["balanced"]) == ("interrupted", True)


@DEEP
def test_a_terminal_that_goes_away_ends_the_run_in_order() -> None:
    with Terminal() as terminal, terminal.process(*LONG) as process:
        terminal.wait(has_figures)
        terminal.hang_up()
        report = report_of(process)
    assert (process.returncode, report["verdict"]) == (130, "interrupted")
    assert report["shutdown"]["by"] == ["SIGHUP"]


@DEEP
@pytest.mark.parametrize(
    ("environ", "check"),
    [
        ({"NO_COLOR": "1"}, lambda raw: not re.search(rb"\x1b\[[\d;]*3\dm", raw) and b"\x1b[?1049h" in raw),
        ({"TERM": "dumb"}, lambda raw: b"\x1b" not in raw and b"TERM=dumb says" in raw),
        ({"PYTHONIOENCODING": "ascii"}, lambda raw: raw.isascii() and b"\x1b[?1049h" in raw),
        ({"TERM": "linux"}, lambda raw: b"\x1b[?1049h" in raw),
        ({"COLUMNS": "20", "LINES": "5"}, lambda raw: b"published" in raw),
    ],
    ids=["no color", "dumb", "ascii", "console", "stale size"],
)
def test_what_the_environment_says_of_the_terminal_is_heard(
    environ: dict[str, str], check: Callable[[bytes], bool]
) -> None:
    arguments = ["run", "--watch", "--events", "60000", "--json"]
    with Terminal() as terminal, terminal.process(*arguments, **environ) as process:
        report = report_of(process)
        terminal.wait_as_before()
    assert (process.returncode, report["verdict"]) == (0, "pass")
    assert check(terminal.raw)


@DEEP
def test_nothing_is_drawn_into_a_file_or_a_pipe(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "tickpath",
        "run",
        "--watch",
        "--events",
        "5000",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["watch"] is None
    assert done.stderr.startswith("tickpath: nothing to draw --watch on, for stderr is no terminal")
    assert "\x1b" not in done.stderr


@DEEP
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash, for its job control")
def test_ctrl_z_gives_the_shell_its_terminal_and_fg_takes_it_again() -> None:
    command = f"{sys.executable} -m tickpath {' '.join(LONG)} > /dev/null\n"
    with (
        Terminal() as terminal,
        terminal.program("bash", "--norc", "--noediting", "-i", PS1="ready> ") as shell,
    ):
        terminal.wait(lambda text: "ready>" in text)
        terminal.press(command)
        first = published(terminal.wait(has_figures))
        terminal.press("\x1a")
        terminal.wait(lambda text: "Stopped" in text)
        assert terminal.is_as_before
        terminal.press("bg\n")
        terminal.press("echo still-$((40 + 2))\n")
        terminal.wait(lambda text: "still-42" in text)
        assert terminal.is_as_before
        terminal.press("fg\n")
        terminal.wait(lambda text: published(text) > first)
        terminal.press("q")
        terminal.wait_as_before()
        terminal.press("echo code-$?\n")
        terminal.wait(lambda text: "code-130" in text)
        terminal.press("exit\n")
        assert shell.wait(PATIENCE_S) is not None


@DEEP
def test_started_in_the_background_it_waits_until_it_is_in_front() -> None:
    command = f"{sys.executable} -m tickpath {' '.join(LONG)} > /dev/null &\n"
    with (
        Terminal() as terminal,
        terminal.program("bash", "--norc", "--noediting", "-i", PS1="ready> ") as shell,
    ):
        terminal.wait(lambda text: "ready>" in text)
        terminal.press(command)
        terminal.wait(lambda text: "running 3,000,000" in text)
        assert b"\x1b[?1049h" not in terminal.raw
        terminal.press("fg\n")
        terminal.wait(has_figures)
        terminal.press("q")
        terminal.wait_as_before()
        terminal.press("exit\n")
        assert shell.wait(PATIENCE_S) is not None

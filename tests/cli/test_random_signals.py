"""Signals at random moments of every command, from its first instruction on: no hang, no half object.

What of the process is Python's own (until the handlers are there) is told apart: SIGTERM and SIGHUP end it
without a word then, and SIGINT in Python's way. Each run is by its seed, which is printed, and so are the
figures at the end.
"""

from __future__ import annotations

import collections
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.commands import ALL, prints_json
from tests.core.engine.depth import SIGNALLED_COMMANDS

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Signals that a command gets one after the other; to itself, or (``group``) to everybody at its terminal.
STORMS: list[tuple[signal.Signals, ...]] = [
    *((number,) for number in STOPS),
    (signal.SIGINT, signal.SIGINT),
    (signal.SIGTERM, signal.SIGINT),
    (signal.SIGINT,) * 4,
    (signal.SIGTSTP, signal.SIGCONT),
    (signal.SIGTSTP, signal.SIGCONT, signal.SIGINT),
    (signal.SIGWINCH,),
    (signal.SIGUSR1,),
    (signal.SIGQUIT,),
]
#: These are Python's and the system's business: they end the process, and nobody accounts for it.
LEFT_ALONE = (signal.SIGUSR1, signal.SIGQUIT)
PATIENCE_S = 120.0
#: What fits into a pipe that nobody reads, nearly.
PIPE_BYTES = 65_000


@dataclass(frozen=True)
class Storm:
    """What is sent to one run of a command, and when."""

    seed: int

    def __post_init__(self) -> None:
        draws = random.Random(self.seed)  # noqa: S311  moments, not secrets
        object.__setattr__(self, "name", draws.choice(sorted(ALL)))
        object.__setattr__(self, "signals", draws.choice(STORMS))
        object.__setattr__(self, "is_group", draws.random() < 0.25)
        object.__setattr__(self, "closes_stdout", draws.random() < 0.1)
        # A quarter of the moments lies where Python starts and imports.
        until_s = 0.3 if draws.random() < 0.25 else 3.0
        object.__setattr__(
            self, "moments_s", [draws.random() * until_s, *(draws.random() * 0.03 for _ in "abc")]
        )

    name: str = ""
    signals: tuple[signal.Signals, ...] = ()
    is_group: bool = False
    closes_stdout: bool = False
    moments_s: Sequence[float] = ()


@dataclass(frozen=True)
class Seen:
    """What came of it."""

    code: int
    stdout: str
    stderr: str
    left: list[str]
    """Processes of its session that it left running."""
    files: list[str]
    """Files that it left where temporary ones go."""
    sent: int
    """Signals that found it alive."""


def send(process: subprocess.Popen[str], storm: Storm) -> int:
    sent = 0
    for number, moment_s in zip(storm.signals, storm.moments_s, strict=False):
        try:
            process.wait(moment_s)
        except subprocess.TimeoutExpired:
            (os.killpg if storm.is_group else os.kill)(process.pid, number)
            sent += 1
    return sent


def session_of(leader: int) -> list[str]:
    """The processes of a session, by their command lines; those that are dead and not yet buried are none."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.getsid(int(entry.name)) == leader:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found += [words] if words else []
        except OSError:
            continue  # it has ended since it was listed
    return found


def weather(storm: Storm, folder: Path) -> Seen:
    """A run of the command under the storm."""
    words = [word.format(folder=folder, python=sys.executable) for word in ALL[storm.name]]
    with subprocess.Popen(
        [sys.executable, "-m", "tickpath", *words],
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        if storm.closes_stdout:
            process.stdout.close()
            process.stdout = None
        sent = send(process, storm)
        try:
            stdout, stderr = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    files = [path.name for path in folder.iterdir() if not path.name.startswith("kept.")]
    return Seen(process.returncode, stdout or "", stderr, settled(process.pid), files, sent)


def settled(leader: int) -> list[str]:
    """Who is left of a session once those that end with their parent have ended."""
    for _ in range(100):
        if not (left := session_of(leader)):
            return []
        # Long enough for a process that has seen its parent go; nothing is measured by it.
        signal.sigtimedwait([], 0.05)
    return left


def judge(storm: Storm, seen: Seen) -> str:
    """What kind of end it was; raises ``AssertionError`` for one that must not be."""
    killed_by = -seen.code if seen.code < 0 else None
    is_said = "tickpath:" in seen.stderr
    if killed_by in LEFT_ALONE and killed_by in storm.signals:
        return "killed by what is left alone"
    if killed_by in (signal.SIGTERM, signal.SIGHUP) and killed_by in storm.signals:
        assert (seen.stdout, is_said) == ("", False)
        return "ended by the system before Python was up"
    if "Traceback" in seen.stderr and "tickpath/cli/app.py" not in seen.stderr:
        assert (seen.stdout, is_said, signal.SIGINT in storm.signals) == ("", False, True)
        return "ended by Python before our code was up"
    assert killed_by is None
    assert "Traceback" not in seen.stderr
    assert "Exception ignored" not in seen.stderr
    assert seen.code in (0, 1, 130)
    assert seen.left == []
    assert seen.files == []
    hurried = sum(number in STOPS for number in storm.signals) > 1
    if hurried and seen.code == 130 and len(seen.stdout) >= PIPE_BYTES:
        # Nobody reads while the signals are sent: the second one ends a process that waits for its reader.
        return "interrupted while its reader slept"
    if seen.stdout and prints_json(ALL[storm.name]):
        verdict = json.loads(seen.stdout).get("verdict")
        # Interrupted while a file was written, after the account, it says so.
        is_late = hurried and "interrupted after the account" in seen.stderr
        assert seen.code != 130 or verdict == "interrupted" or is_late
    if seen.code == 130:
        assert is_said or seen.stdout or storm.closes_stdout
        if storm.name.startswith("run ") and "tickpath: running" in seen.stderr and not hurried:
            assert seen.stdout or storm.closes_stdout, "a run that was under way has an account"
        return "interrupted, with an account" if seen.stdout else "interrupted"
    return "came to its end" if seen.sent else "was over before"


@pytest.mark.slow
def test_signals_at_random_moments_of_every_command(tmp_path: Path) -> None:
    ends: collections.Counter[str] = collections.Counter()
    for number in range(SIGNALLED_COMMANDS):
        storm = Storm(int.from_bytes(os.urandom(4)))
        print(storm)  # noqa: T201 - shown with a failure
        folder = tmp_path / str(number)
        folder.mkdir()
        seen = weather(storm, folder)
        try:
            ends[judge(storm, seen)] += 1
        except (AssertionError, ValueError):
            print(seen)  # noqa: T201
            raise
    print(dict(ends))  # noqa: T201

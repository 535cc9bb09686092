"""A signal at the n-th call of a function of every command: the same moments every time, imports included.

What another process sends at random moments is in ``test_random_signals.py``.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from tests.cli.commands import SMALL, prints_json
from tickpath.cli import main
from tickpath.cli.output import print_whole

#: Shares of a command at which the signal comes.
MOMENTS = [0.05, 0.5, 0.95]


class Moments:
    """Counts the calls of functions in this thread, and raises SIGINT at the ``at``-th."""

    def __init__(self, at: int = 0) -> None:
        self.calls = 0
        self._at = at

    def _count(self, _frame: FrameType, event: str, _arg: object) -> None:
        if event == "call":
            self.calls += 1
            if self.calls == self._at:
                signal.raise_signal(signal.SIGINT)

    def of(self, command: Callable[[], int]) -> int:
        """What ``command`` returns."""
        sys.setprofile(self._count)
        try:
            return command()
        finally:
            sys.setprofile(None)


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> Callable[[], tuple[str, str]]:
    return lambda: tuple(capsys.readouterr())  # type: ignore[return-value]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", sorted(set(SMALL) - {"drill list", "run live"}))
def test_an_interrupt_at_any_call_leaves_a_whole_object_or_none(
    name: str, out: Callable[[], tuple[str, str]]
) -> None:
    # Where Python closes a generator, what a handler raises is lost: a process of ours raises nothing there.
    arguments = SMALL[name]
    whole = Moments()
    own_code = whole.of(lambda: main(arguments))
    out()
    threads = threading.active_count()
    for share in MOMENTS:
        at = max(5, int(whole.calls * share))
        code = Moments(at).of(lambda: main(arguments))
        stdout, stderr = out()
        assert code in (130, own_code)
        assert "Traceback" not in stderr
        if stdout and prints_json(arguments):
            report: dict[str, Any] = json.loads(stdout)
            # Whoever was interrupted after the words were out has said what there was to say.
            assert code == own_code or report.get("verdict") in ("interrupted", "pass", None)
        assert code != own_code or stdout
        assert threading.active_count() == threads
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


PROGRAM = """
import signal, sys
calls, at, signals = 0, {at}, {signals}
def count(frame, event, arg):
    global calls, at
    if event == "call":
        calls += 1
        if signals and at and calls >= at and handlers_are_there():
            signal.raise_signal(signals.pop(0))
def handlers_are_there():
    return signal.getsignal(signal.SIGTERM) not in (signal.SIG_DFL, None)
sys.argv = ["tickpath", *{arguments}]
from tickpath.cli import main
from tickpath.cli.output import print_whole
sys.setprofile(count)
code = main()
sys.setprofile(None)
print("calls", calls, file=sys.stderr)
sys.exit(code)
"""


def process(arguments: list[str], at: int, *signals: signal.Signals) -> tuple[int, str, str]:
    """Exit code, stdout, stderr of a process that gets these at the ``at``-th call and after it."""
    code = PROGRAM.format(at=at, signals=[int(number) for number in signals], arguments=arguments)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("signals", "at"),
    [
        ((signal.SIGINT, signal.SIGINT, signal.SIGINT), 1_000),
        ((signal.SIGHUP,), 20_000),
        ((signal.SIGTERM, signal.SIGINT), 30_000),
    ],
    ids=["importing", "importing later", "twice"],
)
def test_a_process_that_is_told_to_end_ends_with_the_code_of_it(
    signals: tuple[signal.Signals, ...], at: int
) -> None:
    code, stdout, stderr = process(SMALL["run virtual"], at, *signals)
    assert (code, "Traceback" in stderr, "Exception ignored" in stderr) == (130, False, False)
    assert not stdout or json.loads(stdout)["verdict"] == "interrupted"


@pytest.mark.slow
def test_who_is_told_to_outlive_its_terminal_does(monkeypatch: pytest.MonkeyPatch) -> None:
    # As nohup starts it; SIGHUP is raised by the program all the same.
    code = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + PROGRAM.format(
        at=100, signals=[int(signal.SIGHUP)], arguments=SMALL["runbook list"]
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert json.loads(done.stdout)["schema"] == "tickpath/runbook-list/1"


NUMPY = """
import signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy._core._multiarray_umath":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Finder())
"""
EXEC = """
import sys, tickpath.cli.app
def run(_arguments):
    exec("raise KeyboardInterrupt")
tickpath.cli.app.run_command_line = run
"""


@pytest.mark.slow
@pytest.mark.parametrize("before", [NUMPY, EXEC], ids=["in an import", "in code made from text"])
def test_an_interrupt_where_python_has_ways_of_its_own_ends_the_process_all_the_same(before: str) -> None:
    # NumPy cannot be imported twice; Python itself ends a process by SIGINT if it came up in code from text.
    code = before + PROGRAM.format(at=0, signals=[], arguments=SMALL["size"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "tickpath: interrupted outside a run\n"


def test_a_signal_while_the_result_is_written_tears_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # More than a pipe holds, through a stdout that Python does not buffer: a signal finds it in the middle.
    text, seen = "x" * 500_000 + "\n", []
    read_end, write_end = os.pipe()

    def read() -> None:
        seen.append(os.read(read_end, 1))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        while words := os.read(read_end, 65_536):
            seen.append(words)

    reader = threading.Thread(target=read)
    out = io.TextIOWrapper(io.FileIO(write_end, "w"), encoding="ascii", write_through=True)
    monkeypatch.setattr(sys, "stdout", out)
    reader.start()
    print_whole(text)
    monkeypatch.undo()
    out.close()
    reader.join()
    os.close(read_end)
    assert b"".join(seen) == text.encode()

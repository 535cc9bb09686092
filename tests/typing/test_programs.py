"""Users' programs against the installed package: mypy --strict and pyright find real types."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).with_name("programs")
# A type checker without its cache takes many seconds, and minutes where the machine is busy.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def errors_by_mypy(program: Path) -> dict[int, str]:
    """Run ``mypy --strict`` outside the checkout; return the errors by line."""
    pytest.importorskip("mypy", reason="mypy belongs to the dependency group `check`")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary", program.name]
    done = subprocess.run(command, cwd=program.parent, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    found = re.findall(r"^[^:]+:(\d+): error: (.*)$", done.stdout, re.MULTILINE)
    assert len(found) == done.stdout.count(": error: ")
    return {int(line): message for line, message in found}


def errors_by_pyright(program: Path) -> dict[int, str]:
    """Run pyright outside the checkout; return the errors by line."""
    pytest.importorskip("pyright", reason="pyright belongs to the dependency group `check`")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, program.name]
    done = subprocess.run(command, cwd=program.parent, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == 1, done.stdout
    return {
        found["range"]["start"]["line"] + 1: found["message"]
        for found in report["generalDiagnostics"]
        if found["severity"] == "error"
    }


Checker = Callable[[Path], dict[int, str]]
CHECKERS = pytest.mark.parametrize("checker", [errors_by_mypy, errors_by_pyright])


@CHECKERS
def test_a_users_program_has_the_types_it_should(checker: Checker, tmp_path: Path) -> None:
    program = Path(shutil.copy(PROGRAMS / "user.py", tmp_path))
    assert checker(program) == {}


@CHECKERS
def test_what_is_wrong_is_reported_line_by_line(checker: Checker, tmp_path: Path) -> None:
    program = Path(shutil.copy(PROGRAMS / "wrong.py", tmp_path))
    lines = program.read_text(encoding="utf-8").split("\n")
    expected = [number for number, line in enumerate(lines, 1) if line.endswith("# error")]
    assert sorted(checker(program)) == expected


def test_the_programs_run(tmp_path: Path) -> None:
    """The program that type-checks is not only well typed (it polls an item before it is overwritten)."""
    program = Path(shutil.copy(PROGRAMS / "user.py", tmp_path))
    source = program.read_text(encoding="utf-8")
    # Nothing may be executed or degraded before READY; the types above that line need no run.
    source = source.split("ExecutionFailure(lifecycle)")[0].split("with MarketDataOutage")[0]
    program.write_text(source, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        stderr=subprocess.PIPE,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")

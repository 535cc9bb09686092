"""``tickpath --help`` is there at once: it loads click, and of ours next to nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

MODULES = "\nimport sys\nprint(*sys.modules, file=sys.stderr)"
#: Of ours, what a command line needs before it knows the command ...
OURS = {
    "tickpath",
    "tickpath.cli",
    "tickpath.cli.app",
    "tickpath.cli.interrupts",
    "tickpath.cli.streams",
    "tickpath.errors",
    "tickpath.runtime",
    "tickpath.runtime.stop_signals",
}
#: ... and of Python, what click loads to write a help.
MORE_MAX = 20


def loaded(program: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", program + MODULES], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.slow
def test_the_help_loads_little_beside_click() -> None:
    asked = loaded("from tickpath.cli import main\nmain(['--help'])")
    assert {name for name in asked if name.startswith("tickpath")} == OURS
    more = asked - loaded("import click") - OURS
    assert len(more) <= MORE_MAX, more

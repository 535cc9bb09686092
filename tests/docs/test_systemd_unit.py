"""The unit of docs/operating/systemd.md: systemd accepts it, and its command is one that tickpath takes."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from tests.docs.blocks import ROOT, blocks
from tickpath.cli import app

UNIT = next(
    block.text
    for block in blocks(ROOT / "docs" / "operating" / "systemd.md")
    if "file=tickpath.service" in block.marks
)


def test_its_command_line_is_understood() -> None:
    (line,) = [line for line in UNIT.splitlines() if line.startswith("ExecStart=")]
    program, name, *arguments = shlex.split(line.removeprefix("ExecStart="))
    assert (Path(program).name, name) == ("tickpath", "run")
    command = app._group.get_command(click.Context(app._group), name)
    assert command is not None
    context = command.make_context("run", arguments, resilient_parsing=True)
    assert context.params["as_json"] is True
    known = {option for parameter in command.params for option in parameter.opts}
    assert {argument for argument in arguments if argument.startswith("-")} <= known


ANALYZE = shutil.which("systemd-analyze") or ""


@pytest.mark.skipif(not ANALYZE, reason="systemd-analyze is not installed")
def test_systemd_accepts_it(tmp_path: Path) -> None:
    program = tmp_path / "tickpath"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "tickpath.service"
    unit.write_text(UNIT.replace("/opt/tickpath/bin/tickpath", str(program)))
    done = subprocess.run([ANALYZE, "verify", str(unit)], capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if "tickpath.service" in line]
    assert (done.returncode, said) == (0, []), done.stderr

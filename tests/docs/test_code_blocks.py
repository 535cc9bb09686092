"""The documentation runs: Python blocks, and ``tickpath`` commands in console blocks.

The ``python`` blocks of one file share a namespace, in the order of the file, in an empty folder, with
warnings as errors; one marked ``no-run`` (```` ```python no-run ````) is only compiled. In ``console``
blocks every ``$ tickpath …`` line is run and must exit with 0, or with N where the block is marked
``exit=N``; a block marked ``no-run`` is left out, and so is, visibly, a command on data that this
machine does not have. Those of pages other than the README are run by ``make docs``. A block marked
``file=NAME`` (```` ```toml file=incident.toml ````) lies under that name where the others of its document
run.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, Block, blocks, commands, documents

TICKPATH = Path(sys.executable).with_name("tickpath")
SHARED = ROOT.parent / "shared"


def where(block: Block | Path) -> str:
    """Return a test's id."""
    if isinstance(block, Path):
        return str(block.relative_to(ROOT))
    return f"{block.path.relative_to(ROOT)}:{block.line}"


def write_files(path: Path, folder: Path) -> None:
    """Write the blocks of a document that are files."""
    for block in blocks(path):
        for mark in block.marks:
            if mark.startswith("file="):
                (folder / mark.removeprefix("file=")).write_text(block.text, encoding="utf-8")


PYTHON = [path for path in documents() if any(block.language == "python" for block in blocks(path))]
#: Of pages other than the README they take half a minute, and are run with the site they belong to.
WITH_THE_SITE = pytest.mark.skipif(
    "TICKPATH_DOCS" not in os.environ, reason="commands of pages are run by make docs"
)
CONSOLE = [
    pytest.param(block, marks=[WITH_THE_SITE] if path != ROOT / "README.md" else [], id=where(block))
    for path in documents()
    for block in blocks(path)
    if block.language == "console"
    and "no-run" not in block.marks
    and any(command.startswith("tickpath ") for command in commands(block))
]


@pytest.mark.parametrize("path", PYTHON, ids=where)
def test_the_python_blocks_of_a_file_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_files(path, tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}
    compiled = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for block in blocks(path):
            if block.language != "python":
                continue
            # Line numbers of a traceback are those of the document.
            code = compile("\n" * (block.line - 1) + block.text, str(path), "exec", dont_inherit=True)
            compiled += 1
            if "no-run" not in block.marks:
                exec(code, namespace)  # noqa: S102 - our own documents; what a block promises, it asserts
    assert compiled > 0, "the file was chosen for its blocks"


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("block", CONSOLE)
def test_the_commands_of_a_console_block_do_what_they_say(block: Block, tmp_path: Path) -> None:
    expected = {int(mark.removeprefix("exit=")) for mark in block.marks if mark.startswith("exit=")} or {0}
    if SHARED.exists():
        (tmp_path / "shared").symlink_to(SHARED)
    here = tmp_path / "tickpath"
    here.mkdir()
    write_files(block.path, here)
    for command in commands(block):
        if not command.startswith("tickpath "):
            continue
        words = shlex.split(command, comments=True)[1:]
        absent = [path for path in re.findall(r"\.\./shared/[^\s,:]+", command) if not (here / path).exists()]
        if absent:
            pytest.skip(f"no {absent[0]} on this machine")
        done = subprocess.run(
            [str(TICKPATH), *words],
            cwd=here,
            env={**os.environ, "COLUMNS": "100", "PYTHONWARNINGS": "error"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in expected, f"$ {command}\n{done.stdout}{done.stderr}"


def test_the_readme_shows_python() -> None:
    assert ROOT / "README.md" in PYTHON

"""Show that a tool finds every bug that was planted for it, by the test that is to find it.

One build with the feature ``planted-bugs`` has them all; the environment variable ``TICKPATH_PLANTED_BUG``
says which one is in the code. ``rust/core/tests/planted_bugs.toml`` lists them.

    python tools/planted_bugs.py TOOL COMMAND...    COMMAND is the `cargo test` of TOOL: loom, stress or tsan

Exit code 1 if a bug was not found, 2 if it could not be looked for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BUGS = ROOT / "rust" / "core" / "tests" / "planted_bugs.toml"
VARIABLE = "TICKPATH_PLANTED_BUG"
# No test takes so long but one that a bug keeps from ending.
TIMEOUT_S = 120


class Unlooked(Exception):
    """There is nothing to judge: the core did not build, or a test is not there."""


@dataclass(frozen=True)
class Tool:
    """A tool that finds bugs: what it says of one, and how often it may try."""

    name: str
    words: str
    runs: int = 1


TOOLS = {
    "loom": Tool("loom", "test result: FAILED"),
    # One run is a draw: a busy machine lets threads take turns, and no read meets a write.
    "stress": Tool("the stress test", "test result: FAILED", runs=50),
    "tsan": Tool("ThreadSanitizer", "ThreadSanitizer: reported"),
}


@dataclass(frozen=True)
class Bug:
    """A bug that can be planted: its number, what it breaks, and by tool the test that finds it."""

    number: int
    what: str
    tests: dict[str, str]


def planted() -> list[Bug]:
    """Return every bug, as the file lists them."""
    tables: list[dict[str, Any]] = tomllib.loads(BUGS.read_text(encoding="utf-8"))["bug"]
    return [
        Bug(table["number"], table["what"], {tool: table[tool] for tool in TOOLS if tool in table})
        for table in tables
    ]


def built(command: list[str]) -> str:
    """Build what ``command`` tests, with the bugs in it, and return the program of its tests."""
    options = ["--features", "planted-bugs", "--no-run", "--message-format=json"]
    done = subprocess.run([*command, *options], stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - ours
    programs = [
        message["executable"]
        for line in done.stdout.splitlines()
        if line.startswith("{") and (message := json.loads(line)).get("executable")
    ]
    if done.returncode != 0 or len(programs) != 1:
        raise Unlooked(f"the core with planted bugs does not build, or not to one program: {programs}")
    return str(programs[0])


def run(program: str, test: str, number: int) -> tuple[bool, str]:
    """Run one test with a bug planted; whether it passed, and what it said."""
    environment = {**os.environ, VARIABLE: str(number)}
    command = [program, "--exact", test]
    try:
        done = subprocess.run(  # noqa: S603 - ours
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        return False, f"{expired}"
    if "running 1 test" not in done.stdout:
        raise Unlooked(f"there is no test {test}:\n{done.stdout}")
    return done.returncode == 0, done.stdout


def missed(key: str, command: list[str]) -> list[int]:
    """Plant one bug after the other, say of each whether it was found, and return those that were not."""
    tool, bugs = TOOLS[key], [bug for bug in planted() if key in bug.tests]
    program = built(command)
    # Without a bug the same program passes: it is the bug that is found, and not the build.
    for test in sorted({bug.tests[key] for bug in bugs}):
        passed, said = run(program, test, 0)
        if not passed:
            raise Unlooked(f"{test} fails without a bug:\n{said}")
    numbers = []
    for bug in bugs:
        runs = (run(program, bug.tests[key], bug.number) for _ in range(tool.runs))
        found = any(tool.words in said for _, said in runs)
        sys.stdout.write(
            f"planted bug {bug.number} ({bug.what}): {'' if found else 'NOT '}found by {tool.name}\n"
        )
        numbers += [] if found else [bug.number]
    return numbers


def main(arguments: list[str]) -> int:
    """Look for the bugs of one tool."""
    if len(arguments) < 2 or arguments[0] not in TOOLS:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    try:
        numbers = missed(arguments[0], arguments[1:])
    except Unlooked as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 1 if numbers else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Measure what both test suites together run of Rust and of Python, and say it room by room.

Rust is built with LLVM's counters, once for its own tests and once as the extension that pytest drives; what
either runs has been run. Python is traced with branches, in every process that a test starts. What stands in
``rules.toml`` is left out, each rule with its reason; so are the tests that are written inside a file of the
core, which would only make the share look better.

    python -m tools.coverage             run everything, then report; exit code 1 if a room is below the floor
    python -m tools.coverage --report    report what the last run left behind

Needs cargo-llvm-cov (`make coverage` builds it where there is none) and the llvm-cov of LLVM 19 or newer:
those of LLVM_COV and LLVM_PROFDATA, or of /usr/lib/llvm-*/bin. Takes minutes. Pages: build/coverage.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tools.cargo_tools import cargo_tool
from tools.coverage.rooms import Room, python_rooms, rust_rooms, table
from tools.coverage.rust import Rules, measured

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "coverage"
#: What each traced process leaves, a file each.
DATA = OUT / "data"
TARGET = ROOT / "target-coverage"
RULES = Path(__file__).with_name("rules.toml")
BUILT = ROOT / ".venv" / ".built"
PYTHON = str(ROOT / ".venv" / "bin" / "python")
FLOOR = 0.95
JUDGED = ("rust/core", "core", "control", "runtime")


def llvm() -> dict[str, str]:
    """Return where LLVM's readers of counters are, the newest of those that are installed."""
    if "LLVM_COV" in os.environ and "LLVM_PROFDATA" in os.environ:
        return {name: os.environ[name] for name in ("LLVM_COV", "LLVM_PROFDATA")}
    found = [path for path in Path("/usr/lib").glob("llvm-*/bin/llvm-cov") if _version(path) >= 19]
    if not found:
        sys.exit(
            "coverage: llvm-cov of LLVM 19 or newer is missing: `apt-get install llvm-19`, or name one with"
            " LLVM_COV=/path/to/llvm-cov LLVM_PROFDATA=/path/to/llvm-profdata"
        )
    newest = max(found, key=_version)
    return {"LLVM_COV": str(newest), "LLVM_PROFDATA": str(newest.with_name("llvm-profdata"))}


def _version(path: Path) -> int:
    number = path.parts[3].removeprefix("llvm-").partition(".")[0]
    return int(number) if number.isdigit() else 0


def environment() -> dict[str, str]:
    """Return the environment in which builds carry counters and processes of Python are traced."""
    where = Path(cargo_tool("cargo-llvm-cov")).parent
    path = os.pathsep.join((os.environ["PATH"], str(where), str(Path.home() / ".cargo" / "bin")))
    plain = {
        **os.environ,
        **llvm(),
        "PATH": path,
        "CARGO_TARGET_DIR": str(TARGET),
        "COVERAGE_FILE": str(DATA / "python"),
        "TICKPATH_DOCS": "1",
    }
    said = output(plain, "cargo", "llvm-cov", "show-env", "--sh", "--no-cfg-coverage")
    exported = (shlex.split(line.removeprefix("export "))[0] for line in said.splitlines() if "=" in line)
    return plain | dict(line.split("=", 1) for line in exported)


def output(env: dict[str, str], *command: str | Path) -> str:
    """Run a command in the project's folder and return what it printed; its complaints go to our stderr."""
    return subprocess.run(  # noqa: S603 - the commands are ours
        command, cwd=ROOT, env=env, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ).stdout


def run_tests(env: dict[str, str], rules: Rules) -> bool:
    """Pass both suites on what carries counters, and leave the plain extension; False if a test failed."""
    shutil.rmtree(OUT, ignore_errors=True)
    DATA.mkdir(parents=True)
    for left in TARGET.glob("*.profraw"):
        left.unlink()
    was_built = BUILT.exists()
    BUILT.unlink(missing_ok=True)  # so that make builds the extension anew, with counters in it
    left_out = " ".join(f"--deselect={rule.pattern.pattern}" for rule in rules.tests)
    options = f"-p no:cacheprovider --override-ini timeout=600 {left_out}"
    traced = f"PYTEST={PYTHON} -m coverage run -m pytest {options}"
    try:
        tests = ("make", "--no-print-directory", "test-core", "test-python", traced)
        passed = subprocess.run(tests, cwd=ROOT, env=env, check=False).returncode == 0  # noqa: S603 - ours
    finally:
        BUILT.unlink(missing_ok=True)  # an extension with counters writes a file wherever it is used
        if was_built:
            plain = ("make", "--no-print-directory", str(BUILT.relative_to(ROOT)))
            subprocess.run(plain, cwd=ROOT, check=False)  # noqa: S603 - ours
    output(env, PYTHON, "-m", "coverage", "combine", "--quiet", DATA)
    return passed


def report(env: dict[str, str], rules: Rules) -> list[Room]:
    """Write the pages and return the rooms."""
    output(env, "cargo", "llvm-cov", "report", "--json", "--output-path", OUT / "rust.json")
    output(env, "cargo", "llvm-cov", "report", "--lcov", "--output-path", OUT / "rust.lcov")
    output(env, "cargo", "llvm-cov", "report", "--html", "--output-dir", OUT / "rust")
    output(env, PYTHON, "-m", "coverage", "json", "--quiet", "-o", OUT / "python.json")
    output(env, PYTHON, "-m", "coverage", "html", "--quiet", "-d", OUT / "python-html")
    files = measured(ROOT, OUT / "rust.lcov", OUT / "rust.json", rules)
    missing = {name: sorted(file.lines_missing) for name, file in files.items() if file.lines_missing}
    (OUT / "rust-missing.json").write_text(json.dumps(missing, indent=1), encoding="utf-8")
    traced = json.loads((OUT / "python.json").read_text(encoding="utf-8"))["files"]
    return rust_rooms(files) + python_rooms(traced)


def main(arguments: list[str]) -> int:
    """Run, report, judge."""
    if arguments not in ([], ["--report"]):
        sys.exit(__doc__)
    rules = Rules.read(tomllib.loads(RULES.read_text(encoding="utf-8")))
    env = environment()
    passed = bool(arguments) or run_tests(env, rules)
    rooms = report(env, rules)
    sys.stdout.write(table(rooms))
    sys.stdout.write(f"pages: {OUT.relative_to(ROOT)}/rust/html, {OUT.relative_to(ROOT)}/python-html\n")
    low = [room.name for room in rooms if room.name in JUDGED and room.share < FLOOR]
    gone = [name for name in JUDGED if name not in {room.name for room in rooms}]
    if not passed:
        sys.stderr.write("coverage: tests failed, so the figures are of a run that was not whole\n")
    if low or gone:
        sys.stderr.write(f"coverage: below {FLOOR:.0%}, or not there at all: {', '.join(low + gone)}\n")
    return 1 if low or gone or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

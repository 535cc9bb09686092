"""Fuzz every loader, and the scenario file: ``make fuzz``.

    python -m tools.fuzz [--seconds 600] [--sanitizer none] [--list] [TARGET ...]

Each target starts from seeds (``seeds.py``) and what earlier runs found interesting, below ``build/fuzz/``. A
finding is a crash, a broken promise of ``rust/core/tests/hostile``, more than 10 s for an input, or more
memory than a load of so small a file may take. Exit code 1: something was found, and its file is named.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tools.fuzz import seeds

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "fuzz"
RUST = ("lobster", "collector", "dbn", "itch", "csv", "hlog", "detect")
PYTHON = ("scenario",)
#: The bounds that fuzzing loads with lie below what an input of 64 KiB decompresses to.
_BOUNDS = ("-max_len=65536", "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1")


def main() -> int:
    """Fuzzes the targets one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="by default all")
    parser.add_argument("--seconds", type=int, default=600, help="for each target (600)")
    parser.add_argument(
        "--sanitizer",
        choices=("none", "address"),
        default="none",
        help="address looks for what unsafe code of others does to memory, at a fiftieth of the speed",
    )
    parser.add_argument("--list", action="store_true", help="name the targets, and end")
    given = parser.parse_args()
    if given.list:
        print(*RUST, *PYTHON)
        return 0
    unknown = sorted(set(given.targets) - {*RUST, *PYTHON})
    if unknown:
        parser.error(f"no target {', '.join(unknown)}; expected {', '.join((*RUST, *PYTHON))}")
    found = []
    for target in given.targets or (*RUST, *PYTHON):
        lacking = _lacks(target)
        if lacking:
            print(f"{target:10} SKIPPED: {lacking}", flush=True)
        elif not _fuzz(target, given.seconds, given.sanitizer):
            found.append(target)
    print(f"findings: {', '.join(found) or 'none'}")
    return 1 if found else 0


def _lacks(target: str) -> str:
    """What this machine lacks to fuzz ``target``; empty if nothing."""
    if target in PYTHON:
        there = importlib.util.find_spec("atheris") is not None
        return (
            ""
            if there
            else "atheris is not there: `make fuzz` installs it, where it has a wheel for this Python"
        )
    if shutil.which("cargo-fuzz") is None:
        return "cargo-fuzz is not on the path: `make fuzz` installs it"
    rustup = shutil.which("rustup")
    toolchains = (
        subprocess.run([rustup, "toolchain", "list"], capture_output=True, text=True, check=False).stdout  # noqa: S603
        if rustup
        else ""
    )
    needs = "needs a nightly Rust, and this machine has none (rustup toolchain install nightly)"
    return "" if "nightly" in toolchains else needs


def _fuzz(target: str, seconds: int, sanitizer: str) -> bool:
    """One target; whether nothing was found."""
    corpus, artifacts = WORK / "corpus" / target, WORK / "artifacts" / target
    artifacts.mkdir(parents=True, exist_ok=True)
    count = seeds.write(corpus, target)
    bounds = (f"-max_total_time={seconds}", *_BOUNDS, f"-artifact_prefix={artifacts}/")
    if target in PYTHON:
        command = [sys.executable, "-m", f"tools.fuzz.{target}", str(corpus), *bounds]
    else:
        options = ["--fuzz-dir", "rust/core/fuzz", "--sanitizer", sanitizer]
        command = ["cargo", "+nightly", "fuzz", "run", *options, target, str(corpus), "--", *bounds]
    # Every input becomes a file: in memory, where there is such a place.
    memory = {"TMPDIR": "/dev/shm"} if Path("/dev/shm").is_dir() else {}  # noqa: S108 - it is what it is for
    build = {"CARGO_TARGET_DIR": str(ROOT / "target-fuzz" / sanitizer), "RUSTUP_AUTO_INSTALL": "0"}
    began_s = time.monotonic()
    log = WORK / f"{target}.log"
    with log.open("w", encoding="utf-8") as out:
        done = subprocess.run(  # noqa: S603 - commands of ours
            command,
            cwd=ROOT,
            env={**os.environ, **memory, **build},
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        )
    text = log.read_text(encoding="utf-8", errors="replace")
    runs = re.search(r"stat::number_of_executed_units: (\d+)", text)
    coverage = re.findall(r" cov: (\d+)", text)
    end, edges = "ok" if done.returncode == 0 else "FOUND", coverage[-1] if coverage else "?"
    print(
        f"{target:10} {end:6} {time.monotonic() - began_s:5.0f} s"
        f" {int(runs[1]) if runs else 0:12,} inputs, {count} seeds, {edges} edges",
        flush=True,
    )
    if done.returncode != 0:
        print("\n".join(text.splitlines()[-30:]), f"see {log} and {artifacts}/", sep="\n", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())

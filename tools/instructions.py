"""Count the instructions an event costs, and compare with the committed table.

Callgrind counts, so a busy machine changes nothing: two runs of the same program give the same figures. Each
kernel of ``rust/core/benches/instructions.rs`` runs with n and with 2 n rounds; the difference is what the
events of n rounds cost. One of them has work planted in it: the comparison must call it a regression, or it
would not see one.

    python tools/instructions.py             compare; exit code 1 if an event costs more than the table says
    python tools/instructions.py --accept    write the table anew

Another compiler or processor makes other code of the same source: then the counts are shown and not judged.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "rust" / "core" / "benches" / "instructions.toml"
COUNTS = ROOT / "build" / "callgrind"
ACCEPT = "make instructions ARGS=--accept"
TOLERANCE = 0.03
ROUNDS = 10
EVENTS_PER_ROUND = 1_024
PLANTED, PLANTED_IN = "publish_with_planted_work", "publish"
HEADER = f"""\
# Instructions per event, counted by callgrind (tools/instructions.py). `{ACCEPT}` writes this file.
"""


def output(*command: str | Path) -> str:
    """Run a command in the project's folder and return what it printed; its complaints go to our stderr."""
    return subprocess.run(  # noqa: S603 - the commands are ours
        command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ).stdout


def compiler() -> dict[str, str]:
    """Return what decides which instructions a source becomes."""
    said = dict(line.split(": ", 1) for line in output("rustc", "-vV").splitlines() if ": " in line)
    return {"rustc": said["release"], "target": said["host"]}


def built() -> Path:
    """Build the kernels as the wheel is built, optimised for any processor, and return the program."""
    command = "cargo build --quiet --release -p tickpath-core --no-default-features --bench instructions"
    messages = output(*command.split(), "--message-format=json-render-diagnostics").splitlines()
    programs = [Path(path) for message in messages if (path := json.loads(message).get("executable"))]
    if len(programs) != 1:
        sys.exit(f"instructions: expected one program of {command!r}, found {programs}")
    return programs[0]


def total(program: Path, kernel: str, rounds: int) -> int:
    """Return the instructions of a whole run."""
    counts = COUNTS / f"{kernel}.{rounds}"
    callgrind = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={counts}", f"--log-file={counts}.log")
    output(*callgrind, program, kernel, str(rounds))
    found = re.search(r"^(?:summary|totals): (\d+)", counts.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        sys.exit(f"instructions: callgrind left no total in {counts}")
    return int(found[1])


def per_event(program: Path, kernel: str) -> float:
    """Return the instructions of one event, to a hundredth."""
    difference = total(program, kernel, 2 * ROUNDS) - total(program, kernel, ROUNDS)
    return round(difference / (ROUNDS * EVENTS_PER_ROUND), 2)


def verdict(expected: float | None, counted: float) -> str:
    """Say what a count means: ``ok``, ``better``, ``REGRESSION``, or ``NEW`` without an expected value."""
    if expected is None:
        return "NEW"
    if counted > expected * (1 + TOLERANCE):
        return "REGRESSION"
    return "better" if counted < expected * (1 - TOLERANCE) else "ok"


def accept(counted: dict[str, float]) -> None:
    """Write the table."""
    made_by = "".join(f'{name} = "{value}"\n' for name, value in compiler().items())
    rows = "".join(f"{kernel} = {count}\n" for kernel, count in counted.items())
    TABLE.write_text(f"{HEADER}{made_by}\n[instructions_per_event]\n{rows}", encoding="utf-8")
    sys.stdout.write(f"written: {TABLE.relative_to(ROOT)}\n")


def compare(counted: dict[str, float]) -> int:
    """Print the counts beside the table and return the exit code."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    expected: dict[str, float] = table["instructions_per_event"]
    verdicts = {kernel: verdict(expected.get(kernel), count) for kernel, count in counted.items()}
    sys.stdout.write(f"{'instructions per event':<24}{'table':>10}{'counted':>10}\n")
    for kernel, count in counted.items():
        known = f"{expected[kernel]:.2f}" if kernel in expected else "-"
        sys.stdout.write(f"{kernel:<24}{known:>10}{count:>10.2f}  {verdicts[kernel]}\n")
    made_by = {name: table[name] for name in ("rustc", "target")}
    if made_by != compiler():
        sys.stdout.write(f"NOT JUDGED: the table was made with {made_by}, this is {compiler()}; `{ACCEPT}`\n")
        return 0
    gone = sorted(expected.keys() - counted.keys())
    wrong = [kernel for kernel, said in verdicts.items() if said in ("REGRESSION", "NEW")] + gone
    if wrong:
        sys.stderr.write(
            f"instructions: {', '.join(wrong)}: not what the table says (more than {TOLERANCE:.0%} above it,"
            f" or not in both). Find out why; if it is worth its price, `{ACCEPT}` and commit the table.\n"
        )
    elif "better" in verdicts.values():
        sys.stdout.write(f"Cheaper than the table: keep it so with `{ACCEPT}`\n")
    return 1 if wrong else 0


def main(arguments: list[str]) -> int:
    """Count, then compare or accept."""
    if arguments not in ([], ["--accept"]):
        sys.exit(__doc__)
    if shutil.which("valgrind") is None:
        sys.stdout.write("SKIPPED: make instructions needs valgrind, and this machine has none\n")
        return 0
    program = built()
    COUNTS.mkdir(parents=True, exist_ok=True)
    counted = {kernel: per_event(program, kernel) for kernel in output(program).split()}
    planted = counted.pop(PLANTED)
    if verdict(counted[PLANTED_IN], planted) != "REGRESSION":
        sys.exit(f"instructions: work planted in {PLANTED_IN} was not seen: {planted} instructions")
    if arguments:
        accept(counted)
        return 0
    return compare(counted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

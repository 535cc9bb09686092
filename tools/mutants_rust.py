"""Mutate the core's rooms with cargo-mutants, and judge what its tests did not notice.

    python -m tools.mutants_rust                          every room; takes a while
    python -m tools.mutants_rust -F src/state             what cargo-mutants takes: here a part of them
    python -m tools.mutants_rust --iterate                once more, without what was caught last time

Exit code 1 if a mutant survives that tests/MUTATION.md does not know. In a run of all of them also if less
than 90 % of a room's viable mutants are caught, or if one of the document's survives no more. A mutant that
hangs is caught: the suite has limits of its own. What is mutated and how it is built stands in
.cargo/mutants.toml.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tools.cargo_tools import cargo_tool

ROOT = Path(__file__).resolve().parents[1]
KNOWN = ROOT / "tests" / "MUTATION.md"
RESULTS = ROOT / "build" / "mutants-rust"
OUTCOMES = RESULTS / "mutants.out" / "outcomes.json"
CAUGHT_SHARE_MIN = 0.9
# A mutant of a size may ask for all the memory there is.
MEMORY_BYTES_MAX = 8 << 30
# What cargo-mutants says of mutants, not of itself: all caught, some missed, some that hang.
JUDGED = (0, 2, 3)
_ROW = re.compile(r"^\| `(rust/core/\S+: .+?)` \| (\d+) \| \S.* \|$", re.MULTILINE)
# Arguments that leave no mutant out: how many are looked at side by side.
_ALL = re.compile(r"(-j ?\d+)?")
_PLACE = re.compile(r"^(\S+\.rs):\d+:\d+: ")


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant: ``CaughtMutant``, ``MissedMutant``, ``Timeout`` or ``Unviable``."""

    room: str
    mutant: str
    summary: str


def mutate(arguments: list[str]) -> None:
    """Run cargo-mutants; what it says of its progress goes where ours goes."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, resource.getrlimit(resource.RLIMIT_AS)[1]))
    RESULTS.mkdir(parents=True, exist_ok=True)
    command: list[str | Path] = [cargo_tool("cargo-mutants"), "mutants", "--output", RESULTS, *arguments]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - the command is ours
    if code not in JUDGED:
        sys.exit(f"mutants-rust: cargo-mutants ended with {code}: it judged nothing")


def outcomes(text: str) -> list[Outcome]:
    """Read cargo-mutants' own account. A mutant is named without its line, which the next edit moves."""
    found = []
    for outcome in json.loads(text)["outcomes"]:
        if outcome["scenario"] != "Baseline":
            mutant = outcome["scenario"]["Mutant"]
            room = Path(mutant["file"]).parent.name
            found.append(Outcome(room, _PLACE.sub(r"\1: ", mutant["name"]), outcome["summary"]))
    return found


def known_survivors(text: str) -> Counter[str]:
    """Return how often each mutant of the document may survive; two places of a function may share a name."""
    return Counter({mutant.replace("\\|", "|"): int(times) for mutant, times in _ROW.findall(text)})


def row_of(mutant: str, times: int) -> str:
    """Return the document's line for a survivor, without its reason."""
    cell = mutant.replace("|", "\\|")
    return f"| `{cell}` | {times} |  |"


def room_passes(room: str, found: list[Outcome]) -> bool:
    """Print a room's figures; whether enough was caught."""
    count = Counter(outcome.summary for outcome in found)
    caught = count["CaughtMutant"] + count["Timeout"]
    viable = caught + count["MissedMutant"]
    share = caught / viable if viable else 1.0
    sys.stdout.write(
        f"{room:<10}{len(found):>8}{viable:>8}{count['CaughtMutant']:>8}{count['Timeout']:>10}"
        f"{count['MissedMutant']:>10}{count['Unviable']:>10}{share:>9.1%}\n"
    )
    return share >= CAUGHT_SHARE_MIN


def judge(found: list[Outcome], known: Counter[str], *, is_all: bool) -> int:
    """Print the figures and what is new, and return the exit code; of a part, survivors alone are judged."""
    header = ("mutants", "viable", "killed", "timeouts", "survived", "unviable", "caught")
    sys.stdout.write("{:<10}{:>8}{:>8}{:>8}{:>10}{:>10}{:>10}{:>9}\n".format("room", *header))
    rooms = sorted({outcome.room for outcome in found})
    poor = [room for room in rooms if not room_passes(room, [o for o in found if o.room == room])]
    survived = Counter(outcome.mutant for outcome in found if outcome.summary == "MissedMutant")
    new = survived - known
    for mutant, times in sorted(new.items()):
        sys.stdout.write(f"{row_of(mutant, times)}\n")
    if new:
        sys.stderr.write(
            f"mutants-rust: {new.total()} survivors that tests/MUTATION.md does not know: write a test, or,"
            " if no test can tell, the line above with its reason\n"
        )
    if poor and is_all:
        sys.stderr.write(f"mutants-rust: less than {CAUGHT_SHARE_MIN:.0%} caught: {', '.join(poor)}\n")
    gone = sorted((known - survived).elements()) if is_all else []
    for mutant in gone:
        sys.stderr.write(f"mutants-rust: does not survive, take it out of tests/MUTATION.md: {mutant}\n")
    return 1 if new or gone or (poor and is_all) else 0


def main(arguments: list[str]) -> int:
    """Mutate, then judge."""
    mutate(arguments)
    found = outcomes(OUTCOMES.read_text(encoding="utf-8"))
    known = known_survivors(KNOWN.read_text(encoding="utf-8"))
    return judge(found, known, is_all=_ALL.fullmatch(" ".join(arguments)) is not None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

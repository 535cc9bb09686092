"""What is kept between runs, the survivors that tests/MUTATION.md knows, and the verdict.

A result is kept in ``build/mutants/ROOM.jsonl`` and holds until its basis is another: see ``basis.py``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict, dataclass

from tools.mutation.mutants import Mutant
from tools.mutation.rooms import PACKAGE, ROOT

RESULTS = ROOT / "build" / "mutants"
KNOWN = ROOT / "tests" / "MUTATION.md"
KILLED_SHARE_MIN = 0.9
_ROW = re.compile(r"^\| `([0-9a-f]{8})` \|.*\| ([^|]*\S) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Result:
    """The outcome of one mutant: killed, timeout, survived or unviable."""

    id: str
    module: str
    scope: str
    line: int
    before: str
    after: str
    outcome: str
    seconds: float
    basis: str
    """A digest of what the outcome depends on."""


class Record:
    """The results of one room, written down one by one."""

    def __init__(self, room: str) -> None:
        RESULTS.mkdir(parents=True, exist_ok=True)
        self._path = RESULTS / f"{room.replace('/', '-')}.jsonl"
        self._results: dict[tuple[str, str], Result] = {}
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                result = Result(**json.loads(line))
                self._results[result.module, result.id] = result

    def get(self, mutant: Mutant) -> Result | None:
        """What is known of ``mutant``, whatever it was judged by."""
        return self._results.get((mutant.module, mutant.id))

    def put(self, mutant: Mutant, outcome: str, seconds: float, basis: str) -> Result:
        """Keeps an outcome."""
        result = Result(
            mutant.id,
            mutant.module,
            mutant.scope,
            mutant.line,
            mutant.before,
            mutant.after,
            outcome,
            round(seconds, 2),
            basis,
        )
        self._results[mutant.module, mutant.id] = result
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(result)) + "\n")
        return result


def known_survivors() -> dict[str, str]:
    """The reasons by id."""
    text = KNOWN.read_text(encoding="utf-8") if KNOWN.exists() else ""
    return dict(_ROW.findall(text))


def row_of(result: Result) -> str:
    """The line of tests/MUTATION.md for a survivor, without its reason."""
    cells = (f"{result.module} {result.scope}".strip(), f"`{result.before}` → `{result.after}`")
    return f"| `{result.id}` | " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |  |"


def report(room: str, results: list[Result], left_out: int, known: dict[str, str]) -> bool:
    """Prints the room's figures and its unknown survivors; whether it passes."""
    count = Counter(result.outcome for result in results)
    caught = count["killed"] + count["timeout"]
    viable = caught + count["survived"]
    share = caught / viable if viable else 1.0
    print(
        f"{room}: {len(results)} mutants, {viable} viable: "
        f"{count['killed']} killed, {count['timeout']} timeouts, {count['survived']} survived "
        f"({share:.1%} caught); {count['unviable']} unviable, "
        f"{left_out} of prose left out"
    )
    survivors = [result for result in results if result.outcome == "survived"]
    new = [result for result in survivors if result.id not in known]
    for result in new:
        print(row_of(result))
    if new:
        print(
            f"{room}: {len(new)} survivors without a reason in tests/MUTATION.md: write a test, or the reason"
        )
    if share < KILLED_SHARE_MIN:
        print(
            f"{room}: {share:.1%} of the viable mutants were caught, at least {KILLED_SHARE_MIN:.0%} must be"
        )
    return not new and share >= KILLED_SHARE_MIN


def source_of(module: str) -> str:
    """The text of ``module``."""
    return (PACKAGE / module).read_text(encoding="utf-8")

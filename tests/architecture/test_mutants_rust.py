"""What `make mutants-rust` calls a failure; the survivors it lets through are of code that exists."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tools.mutants_rust import KNOWN, ROOT, Outcome, judge, known_survivors, outcomes, row_of

KNOWN_MUTANT = "rust/core/src/bus/slot.rs: replace || with && in Slot::read"


def found(caught: int, *missed: str) -> list[Outcome]:
    """A room in which `caught` mutants were noticed and these were not."""
    noticed = [Outcome("bus", f"rust/core/src/bus/slot.rs: {n}", "CaughtMutant") for n in range(caught)]
    return noticed + [Outcome("bus", mutant, "MissedMutant") for mutant in missed]


@pytest.mark.parametrize(
    ("of", "known", "is_all", "code"),
    [
        (found(9, KNOWN_MUTANT), [KNOWN_MUTANT], True, 0),
        (found(9, KNOWN_MUTANT), [], True, 1),
        (found(18, KNOWN_MUTANT, KNOWN_MUTANT), [KNOWN_MUTANT], True, 1),
        (found(8, KNOWN_MUTANT), [KNOWN_MUTANT], True, 1),
        (found(9), [KNOWN_MUTANT], True, 1),
        (found(9), [KNOWN_MUTANT], False, 0),
    ],
    ids=["known", "unknown", "once too often", "too few caught", "does not survive", "not looked for"],
)
def test_a_run_fails_for_what_nobody_gave_a_reason_for(
    of: list[Outcome], known: list[str], is_all: bool, code: int
) -> None:
    assert judge(of, Counter(known), is_all=is_all) == code


def test_a_hang_is_caught_and_what_does_not_build_does_not_count() -> None:
    others = [Outcome("bus", "x", "Timeout"), *[Outcome("bus", "y", "Unviable")] * 9]
    assert judge([*found(8, KNOWN_MUTANT), *others], Counter([KNOWN_MUTANT]), is_all=True) == 0


def test_a_survivor_is_the_one_of_the_document_wherever_its_line_went() -> None:
    mutant = {"file": "rust/core/src/bus/slot.rs", "name": KNOWN_MUTANT.replace("rs: ", "rs:12:34: ")}
    account = {
        "outcomes": [
            {"scenario": "Baseline", "summary": "Success"},
            {"scenario": {"Mutant": mutant}, "summary": "MissedMutant"},
        ]
    }
    assert outcomes(json.dumps(account)) == [Outcome("bus", KNOWN_MUTANT, "MissedMutant")]
    for times in (1, 3):
        row = row_of(KNOWN_MUTANT, times).removesuffix(" |") + "the reason |"
        assert known_survivors(row) == Counter({KNOWN_MUTANT: times})


def test_every_survivor_of_the_document_is_of_code_that_exists() -> None:
    known = known_survivors(KNOWN.read_text(encoding="utf-8"))
    for mutant in known:
        path, _, change = mutant.partition(": ")
        function = change.split(" in ")[-1].split(" -> ")[0].split(" with ")[0].split("::")[-1].split()[-1]
        assert f"fn {function}" in (ROOT / path).read_text(encoding="utf-8"), mutant

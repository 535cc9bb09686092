"""The page of faults names tests that exist, and each of its rows has one."""

from __future__ import annotations

import re

from tests.docs.blocks import ROOT

PAGE = ROOT / "docs" / "operating" / "faults.md"
#: ``tests/core/engine/test_x.py::test_y``, or in Rust ``rust/core/tests/engine/x.rs::y``.
TEST = re.compile(r"`([\w./-]+\.(?:py|rs))::(\w+)`")


def rows() -> list[list[str]]:
    """Return the cells of each row, without the headers of the tables."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [row for row in cells if row[0] != "fault" and set("".join(row)) != {"-"}]


def missing(test: tuple[str, str]) -> bool:
    """Say whether there is no such test."""
    file, definition = ROOT / test[0], rf"^ *(?:def|fn) {test[1]}\b"
    return not file.exists() or not re.search(definition, file.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_fault_has_a_promise_a_sight_and_a_test() -> None:
    assert [row for row in rows() if len(row) != 4 or not all(row) or not TEST.findall(row[3])] == []


def test_every_test_that_is_named_exists() -> None:
    named = [test for row in rows() for test in TEST.findall(row[3])]
    assert [test for test in named if missing(test)] == []


def test_a_test_that_does_not_exist_is_missed() -> None:
    here = "tests/docs/test_faults_page.py"
    assert not missing((here, "test_a_test_that_does_not_exist_is_missed"))
    assert missing((here, "test_a_test_that_does_not"))
    assert missing(("tests/docs/test_no_such_file.py", "test_a_test_that_does_not_exist_is_missed"))

"""What `make coverage` leaves out is named with its reason, and it counts what LLVM and coverage.py say."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.architecture import rust_source
from tools.coverage.rooms import Room, python_rooms, rust_rooms, table
from tools.coverage.rust import Measured, Rules, measured

ROOT = Path(__file__).resolve().parents[2]
RULES = tomllib.loads((ROOT / "tools" / "coverage" / "rules.toml").read_text(encoding="utf-8"))
SOURCES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (ROOT / "rust" / "core").rglob("*.rs")
}
PRAGMA = re.compile(r"#\s*pragma:\s*no\s+(?:cover|branch)(?P<reason>.*)")
REASON = re.compile(r"^ - \w.{10,}")


def unreasoned(text: str) -> list[str]:
    return [match[0] for match in PRAGMA.finditer(text) if not REASON.match(match["reason"])]


def test_every_pragma_says_why() -> None:
    package = ROOT / "python" / "tickpath"
    wrong = {str(path): found for path in package.rglob("*.py") if (found := unreasoned(path.read_text()))}
    assert wrong == {}


def test_a_pragma_without_a_reason_is_found() -> None:
    planted = "a  # pragma: no cover\nb  # pragma: no branch - why\nc  # pragma: no cover - because it is so"
    assert unreasoned(planted) == ["# pragma: no cover", "# pragma: no branch - why"]


def test_every_rule_leaves_something_out() -> None:
    rules = Rules.read(RULES)
    for rule in rules.files:
        assert any(rule.pattern.search(path) for path in SOURCES), rule
    for rule in rules.lines:
        assert any(rule.pattern.search(line) for text in SOURCES.values() for line in text.split("\n")), rule
    for rule in rules.tests:
        file, _, name = rule.pattern.pattern.partition("::")
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), rule


@pytest.mark.parametrize(
    "document",
    [{"file": [{"pattern": "x"}]}, {"line": [{"pattern": "x", "reason": " "}]}, {"files": []}],
    ids=["no reason", "an empty reason", "an unknown kind"],
)
def test_a_rule_without_a_reason_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="coverage"):
        Rules.read(document)


SOURCE = """\
//! A file.
fn run(n: u64) -> u64 {
    if n > 0 {
        unreachable!()
    }
    n
}

#[cfg(test)]
mod tests {
    fn body() {}
}
fn behind() {}
"""


def test_the_lines_of_a_test_module_are_known() -> None:
    assert rust_source.test_lines(SOURCE) == {9, 10, 11, 12}


def test_what_ran_anywhere_counts_and_what_is_left_out_does_not(tmp_path: Path) -> None:
    path = tmp_path / "rust" / "core" / "src" / "bus" / "a.rs"
    path.parent.mkdir(parents=True)
    path.write_text(SOURCE)
    (other := tmp_path / "rust" / "core" / "tests" / "b.rs").parent.mkdir()
    other.write_text("fn test() {}\n")
    lcov = tmp_path / "lcov"
    counts = {path: {2: 1, 3: 1, 4: 0, 6: 0, 11: 0, 13: 0}, other: {1: 0}, Path("/elsewhere.rs"): {1: 0}}
    lcov.write_text(
        "".join(
            f"SF:{name}\n" + "".join(f"DA:{line},{count}\n" for line, count in lines.items())
            for name, lines in counts.items()
        )
    )
    # Two instances of one generic function: the region on line 2 ran in the second, that on line 6 in none.
    regions = [
        [2, 1, 3, 5, 0, 0, 0, 0],
        [6, 1, 6, 2, 0, 0, 0, 0],
        [11, 1, 11, 2, 0, 0, 0, 0],
        [3, 1, 3, 2, 0, 0, 0, 2],
    ]
    second = [[2, 1, 3, 5, 7, 0, 0, 0]]
    functions = [{"filenames": [str(path)], "regions": found} for found in (regions, second)]
    (export := tmp_path / "json").write_text(json.dumps({"data": [{"functions": functions}]}))
    rules = Rules.read(
        {
            "file": [{"pattern": "/tests/", "reason": "tests"}],
            "line": [{"pattern": "unreachable!", "reason": "cannot happen"}],
        }
    )
    (found,) = measured(tmp_path, lcov, export, rules).items()
    name, file = found
    assert name == "rust/core/src/bus/a.rs"
    assert (file.lines, file.lines_missing) == ({2, 3, 6, 13}, {6, 13})
    assert (file.regions, file.regions_run) == ({(2, 1, 3, 5), (6, 1, 6, 2)}, {(2, 1, 3, 5)})


def test_rooms_are_judged_by_what_the_issue_says() -> None:
    rust = rust_rooms({"rust/core/src/bus/a.rs": Measured({1, 2, 3, 4}, {4}, {(1, 1, 1, 2)}, {(1, 1, 1, 2)})})
    assert [(room.name, room.share) for room in rust] == [("rust/core", 0.75), ("rust/core/bus", 0.75)]
    summary = {"num_statements": 6, "covered_lines": 6, "num_branches": 4, "covered_branches": 2}
    python = python_rooms({"python/tickpath/core/bus/x.py": {"summary": summary}})
    assert [(room.name, room.share) for room in python] == [("core", 0.8)]
    assert table([Room("empty")]).split("\n")[1].split() == ["empty", "0", "0", "-", "0", "0", "-", "100.00"]

"""docs/SAFETY.md, the code, the loom models and the planted bugs tell one story of what threads share."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.architecture import rust_source

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "rust" / "core"
SOURCE = CORE / "src"
MODELS = CORE / "tests" / "interleavings"
SAFETY = (ROOT / "docs" / "SAFETY.md").read_text(encoding="utf-8")
# The doors to the atomics themselves.
DOORS = {SOURCE / "sync.rs", SOURCE / "planted.rs"}
FILES = {
    str(path.relative_to(SOURCE)): rust_source.without_tests(text)
    for path in sorted(SOURCE.rglob("*.rs"))
    if path not in DOORS and re.search("Ordering|planted|SYNC POINT|fence", text := path.read_text("utf-8"))
}
BUGS = {
    bug["number"]: bug
    for bug in tomllib.loads((CORE / "tests" / "planted_bugs.toml").read_text(encoding="utf-8"))["bug"]
}
_PLANTED = re.compile(r"planted::(bug|order|order_or|fence)\(\s*(\d+)")
_ORDERING = re.compile(r"\bOrdering::(?:Acquire|Release|AcqRel|SeqCst)\b")
_NUMBERED = re.compile(r"planted::(?:order|order_or|fence)\(\s*\d+,[^()]*$")


@dataclass(frozen=True)
class Row:
    """A row of the table of sync points."""

    name: str
    release: str
    acquire: str
    models: tuple[str, ...]
    bugs: tuple[int, ...]


def rows() -> list[Row]:
    """Every row of the table under *Sync points*."""
    section = SAFETY.split("\n## Sync points\n")[1].split("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("| `")
    ]
    return [
        Row(
            name.strip("`"),
            release,
            acquire,
            tuple(re.findall(r"`([\w:]+)`", models)),
            tuple(int(number) for number in bugs.split(",")),
        )
        for name, release, acquire, _, models, bugs in cells
    ]


ROWS = rows()


def unnumbered(text: str) -> list[str]:
    """Return the orderings in ``text`` that no planted bug weakens."""
    code = rust_source.code(text)
    return [
        f"line {code.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for match in _ORDERING.finditer(code)
        if not _NUMBERED.search(code, 0, match.start())
    ]


def marked(name: str) -> set[tuple[str, str]]:
    """Return the functions in which a sync point is named, each with its file."""
    found = set()
    for file, text in FILES.items():
        if f"SYNC POINT {name}:" not in text:
            continue
        lines = text.splitlines()
        for function in rust_source.functions(text):
            body = lines[function.line - 1 : function.line - 1 + function.length]
            if any(f"SYNC POINT {name}:" in line for line in body):
                found.add((file, function.name))
    return found


def sides(cell: str) -> list[tuple[str, str]]:
    """Return the functions that a cell names, each with its file."""
    file, *functions = re.findall(r"`([^`]+)`", cell)
    assert functions, cell
    return [(file, function) for function in functions]


def test_every_ordering_is_weakened_by_a_planted_bug() -> None:
    wrong = [f"{file}, {place}" for file, text in FILES.items() for place in unnumbered(text)]
    wrong += [f"{file}: a fence of its own" for file, text in FILES.items() if "sync::fence" in text]
    wrong += [f"{file}: orderings by another name" for file, text in FILES.items() if "Ordering::{" in text]
    assert wrong == []


def test_an_ordering_without_a_number_is_seen() -> None:
    planted = "let a = x.load(planted::order(3, Ordering::Acquire));\n"
    assert unnumbered(planted + "let b = planted::order_or(4, Ordering::AcqRel, Ordering::Acquire);\n") == []
    assert unnumbered(planted + "y.store(1, Ordering::Release); // planted::order(5, \n") == [
        "line 2: Ordering::Release"
    ]
    assert unnumbered("f(planted::order(3, right), Ordering::SeqCst);") == ["line 1: Ordering::SeqCst"]


def test_the_planted_bugs_are_those_that_are_listed() -> None:
    used = [int(number) for text in FILES.values() for _, number in _PLANTED.findall(rust_source.code(text))]
    assert sorted(used) == sorted(BUGS), "each number stands in one place"
    assert sorted(BUGS) == list(range(1, len(BUGS) + 1))


def test_every_planted_bug_names_a_model_that_is_there() -> None:
    for bug in BUGS.values():
        if "loom" not in bug:
            assert (CORE / "tests" / "shuttle" / f"{bug['shuttle']}.rs").exists(), bug
            continue
        module, function = bug["loom"].split("::")
        text = (MODELS / f"{module}.rs").read_text(encoding="utf-8")
        assert f"#[test]\nfn {function}()" in text, bug


def test_every_sync_point_of_the_code_is_on_the_page_and_no_other() -> None:
    points = rust_source.sync_points([SOURCE / file for file in FILES])
    assert sorted(row.name for row in ROWS) == sorted(points)


def test_both_sides_of_a_sync_point_are_where_the_page_says() -> None:
    for row in ROWS:
        told = {side for cell in (row.release, row.acquire) for side in sides(cell)}
        assert marked(row.name) == told, row.name


def test_each_ordering_bug_belongs_to_one_sync_point_and_its_models() -> None:
    orderings = {
        int(number)
        for text in FILES.values()
        for kind, number in _PLANTED.findall(rust_source.code(text))
        if kind != "bug"
    }
    listed = [number for row in ROWS for number in row.bugs]
    assert set(listed) == orderings
    for row in ROWS:
        assert {BUGS[number]["loom"] for number in row.bugs} <= set(row.models), row.name
        for model in row.models:
            module, function = model.split("::")
            assert f"fn {function}()" in (MODELS / f"{module}.rs").read_text(encoding="utf-8"), model


def test_every_file_with_unsafe_code_is_on_the_page() -> None:
    section = SAFETY.split("\n## Unsafe code\n")[1]
    told = set(re.findall(r"`(?:rust/[\w/]+/)?(\w+\.rs)`", section))
    folders = (SOURCE, ROOT / "rust" / "python" / "src")
    found = {
        path.name
        for folder in folders
        for path in folder.rglob("*.rs")
        if "unsafe {" in (text := path.read_text(encoding="utf-8"))
        and rust_source.lines_with(text, r"\bunsafe \{")
    }
    assert found == told

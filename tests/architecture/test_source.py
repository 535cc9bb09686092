"""The house rules that no linter knows: sizes, docstrings, where unsafe and atomics may stand."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture import rust_source

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "rust" / "core"
BINDINGS = ROOT / "rust" / "python" / "src"
PACKAGE = ROOT / "python" / "tickpath"

RIVALS = ROOT / "benches" / "rust"

# What cargo makes is nobody's source.
RUST = sorted(
    path
    for folder in (CORE, ROOT / "rust" / "python", RIVALS)
    for path in folder.rglob("*.rs")
    if RIVALS / "target" not in path.parents
)
PYTHON = sorted(path for folder in ("python", "tests", "tools") for path in (ROOT / folder).rglob("*.py"))

LINES_MAX = 400
BINDING_LINES_MAX = 250
FUNCTION_LINES_MAX = 70
UNSAFE_ALLOWED = {
    CORE / "src" / "bus" / "slot.rs",
    CORE / "src" / "time" / "tsc.rs",
    CORE / "src" / "os" / "memory.rs",
    CORE / "src" / "os" / "priority.rs",
    RIVALS / "src" / "prefetch.rs",
    *(BINDINGS / "memory").glob("*.rs"),
}
ATOMICS_DOOR = CORE / "src" / "sync.rs"
# A test that counts allocations has to replace the allocator, and its threads have nothing to explore.
TESTS = CORE / "tests"


def name(path: Path) -> str:
    """Return the path as people write it."""
    return str(path.relative_to(ROOT))


def test_there_is_something_to_read() -> None:
    assert len(RUST) > 15
    assert len(PYTHON) > 25


@pytest.mark.parametrize("path", RUST, ids=name)
def test_a_rust_file_is_small(path: Path) -> None:
    lines = rust_source.without_tests(path.read_text(encoding="utf-8")).count("\n")
    assert lines <= (BINDING_LINES_MAX if BINDINGS in path.parents else LINES_MAX)


@pytest.mark.parametrize("path", PYTHON, ids=name)
def test_a_python_file_is_small(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= LINES_MAX


def test_functions_are_short() -> None:
    long = []
    for path in RUST:
        text = path.read_text(encoding="utf-8")
        long += [
            f"{name(path)}:{f.line} {f.name}: {f.length} lines"
            for f in rust_source.functions(text)
            if f.length > FUNCTION_LINES_MAX
        ]
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES_MAX:
                    long.append(f"{name(path)}:{node.lineno} {node.name}: {length} lines")
    assert long == []


def _undocumented(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    missing = [] if ast.get_docstring(tree) else [name(path)]
    scopes: list[ast.Module | ast.ClassDef] = [tree]
    while scopes:
        for node in scopes.pop().body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.name.startswith("_"):
                continue
            overload = any("overload" in ast.unparse(decorator) for decorator in node.decorator_list)
            if not overload and not ast.get_docstring(node):
                missing.append(f"{name(path)}:{node.lineno} {node.name}")
            if isinstance(node, ast.ClassDef):
                scopes.append(node)
    return missing


def test_everything_public_in_the_package_is_documented() -> None:
    assert [line for path in sorted(PACKAGE.rglob("*.py")) for line in _undocumented(path)] == []


def test_every_python_file_says_what_it_is_for() -> None:
    silent = [
        name(path) for path in PYTHON if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_every_rust_file_says_what_it_is_for() -> None:
    silent = [name(path) for path in RUST if not path.read_text(encoding="utf-8").startswith(("//!", "#!"))]
    assert silent == []


def test_unsafe_stands_where_it_may_and_says_why() -> None:
    """Blocks and impls each say why; an ``unsafe fn`` is a demand on its callers, which clippy documents."""
    wrong = []
    for path in RUST:
        text = path.read_text(encoding="utf-8")
        declared = rust_source.lines_with(text, r"\bunsafe\s+(?:extern\s+)?fn\b")
        for line in rust_source.lines_with(text, r"\bunsafe\b(?!\()"):
            if path not in UNSAFE_ALLOWED and TESTS not in path.parents:
                wrong.append(f"{name(path)}:{line}: unsafe outside {sorted(map(name, UNSAFE_ALLOWED))}")
            elif line not in declared and not rust_source.explained(text, line):
                wrong.append(f"{name(path)}:{line}: no SAFETY line")
    assert wrong == []


def test_atomics_come_through_one_door() -> None:
    wrong = [
        f"{name(path)}:{line}"
        for path in RUST
        if path != ATOMICS_DOOR and TESTS not in path.parents
        for line in rust_source.lines_with(
            path.read_text(encoding="utf-8"), r"\b(?:std|core)::sync::atomic\b"
        )
    ]
    assert wrong == []


def test_the_core_knows_no_python() -> None:
    assert "pyo3" not in (CORE / "Cargo.toml").read_text(encoding="utf-8")
    wrong = [name(path) for path in CORE.rglob("*.rs") if "pyo3" in rust_source.code(path.read_text())]
    assert wrong == []


def test_every_sync_point_has_two_sides() -> None:
    points = rust_source.sync_points([path for path in RUST if TESTS not in path.parents])
    assert "gate" in points
    assert {point: places for point, places in points.items() if len(places) < 2} == {}


PLANTED = """//! A file.
/// Words: unsafe, std::sync::atomic. It's one.
fn quiet<'a>(x: &'a str) -> char {
    let s = "unsafe { std::sync::atomic }"; let r = r#"unsafe "quoted" {"#;
    // unsafe
    '{'
}
fn loud(_: [[u8; 2]; 3]) -> [u8; 2] {
    unsafe { go() }
}
trait Promise { fn kept(&self, _: [u8; 2]); }
fn fine() {
    // SAFETY: nothing happens.
    unsafe { go() }
}
#[cfg(test)]
mod tests {
    fn inside() { }
}
"""


def test_the_reader_of_rust_tells_code_from_words() -> None:
    assert rust_source.lines_with(PLANTED, r"\bunsafe\b") == [9, 14]
    assert [rust_source.explained(PLANTED, line) for line in (9, 14)] == [False, True]
    assert rust_source.lines_with(PLANTED, "sync::atomic") == []
    assert [(f.name, f.line, f.length) for f in rust_source.functions(PLANTED)] == [
        ("quiet", 3, 5),
        ("loud", 8, 3),
        ("fine", 12, 4),
        ("inside", 18, 1),
    ]
    assert "inside" not in rust_source.without_tests(PLANTED)
    assert "fine" in rust_source.without_tests(PLANTED)

"""Read what LLVM counted in the core: lines from its lcov export, regions from its JSON export.

A generic function is compiled many times; a line or a region counts as run if one of them ran. Lines of tests
that are written inside a file are left out, and what a rule leaves out is counted nowhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.architecture import rust_source

__all__ = ["Measured", "Rules", "lines_of", "measured", "regions_of"]

#: First line, first column, last line, last column.
Region = tuple[int, int, int, int]
CODE_REGION = 0


@dataclass(frozen=True)
class Rule:
    """Something that is left out, and why."""

    pattern: re.Pattern[str]
    reason: str

    @classmethod
    def read(cls, table: Mapping[str, str]) -> Self:
        """Read a table of the rules' file; a rule without a reason is an error."""
        if not table.get("reason", "").strip():
            message = f"a rule of coverage says what it leaves out and why; got {dict(table)!r}"
            raise ValueError(message)
        return cls(re.compile(table["pattern"]), table["reason"])


@dataclass(frozen=True)
class Rules:
    """What is left out: of the core files by their path and lines by what stands in them; tests by name."""

    files: tuple[Rule, ...] = ()
    lines: tuple[Rule, ...] = ()
    tests: tuple[Rule, ...] = ()

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read the rules' file."""
        kinds = ("file", "line", "test")
        if unknown := sorted(document.keys() - kinds):
            message = f"rules of coverage are tables {', '.join(kinds)}; got {unknown}"
            raise ValueError(message)
        return cls(*(tuple(map(Rule.read, document.get(kind, ()))) for kind in kinds))

    def leave_out_file(self, path: str) -> bool:
        """Whether nothing of this file counts."""
        return any(rule.pattern.search(path) for rule in self.files)

    def lines_left_out(self, text: str) -> set[int]:
        """Return the lines of a file that do not count: its tests, and those that a rule names."""
        named = {
            number
            for number, line in enumerate(text.split("\n"), 1)
            if any(rule.pattern.search(line) for rule in self.lines)
        }
        return named | rust_source.test_lines(text)


@dataclass
class Measured:
    """One file: what could run, and what did not."""

    lines: set[int] = field(default_factory=set)
    lines_missing: set[int] = field(default_factory=set)
    regions: set[Region] = field(default_factory=set)
    regions_run: set[Region] = field(default_factory=set)


def lines_of(lcov: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    """Return path, line and count of every line that an lcov export knows."""
    path = ""
    for record in lcov:
        kind, _, value = record.strip().partition(":")
        if kind == "SF":
            path = value
        elif kind == "DA":
            line, count = value.split(",")[:2]
            yield path, int(line), int(count)


def regions_of(export: Mapping[str, Any]) -> Iterator[tuple[str, Region, int]]:
    """Return path, place and count of every code region, of each instance of a generic function anew."""
    for function in export["data"][0]["functions"]:
        for *place, count, file, _expanded, kind in function["regions"]:
            if kind == CODE_REGION:
                yield function["filenames"][file], (place[0], place[1], place[2], place[3]), count


class _Sources:
    """What of the sources below ``root`` counts."""

    def __init__(self, root: Path, rules: Rules) -> None:
        self._root = root
        self._rules = rules
        #: By path: the lines that do not count; None for a file that counts nowhere.
        self._left_out: dict[str, set[int] | None] = {}
        self.found: dict[str, Measured] = {}

    def file_of(self, path: str, line: int) -> Measured | None:
        """Return where this line is counted, or None."""
        if path not in self._left_out:
            self._left_out[path] = self._lines_left_out(Path(path))
        left_out = self._left_out[path]
        if left_out is None or line in left_out:
            return None
        return self.found.setdefault(str(Path(path).relative_to(self._root)), Measured())

    def _lines_left_out(self, path: Path) -> set[int] | None:
        if not path.is_relative_to(self._root / "rust"):
            return None
        if self._rules.leave_out_file(str(path.relative_to(self._root))):
            return None
        return self._rules.lines_left_out(path.read_text(encoding="utf-8"))


def measured(root: Path, lcov: Path, export: Path, rules: Rules) -> dict[str, Measured]:
    """Return what was run of each file below ``root/rust``, by its path from ``root`` on."""
    sources = _Sources(root, rules)
    with lcov.open(encoding="utf-8") as records:
        for path, line, count in lines_of(records):
            if file := sources.file_of(path, line):
                file.lines.add(line)
                if count == 0:
                    file.lines_missing.add(line)
    for path, region, count in regions_of(json.loads(export.read_text(encoding="utf-8"))):
        if file := sources.file_of(path, region[0]):
            file.regions.add(region)
            if count:
                file.regions_run.add(region)
    return sources.found

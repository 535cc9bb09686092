"""What the house rules need to know of a Rust file, without a compiler: code apart from words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Longest first: raw strings, block comments, line comments, strings, then characters (never a lifetime).
_WORDS = re.compile(
    r'b?r(?P<hashes>#*)".*?"(?P=hashes)'
    r"|/\*.*?\*/"
    r"|//[^\n]*"
    r'|[bc]?"(?:\\.|[^"\\])*"'
    r"|b?'(?:\\(?:u\{[0-9a-fA-F]+\}|x..|.)|[^'\\\n])'",
    re.DOTALL,
)
_FUNCTION = re.compile(
    r"^[ \t]*(?:pub(?:\([^)]*\))?\s+)?(?:(?:const|async|unsafe|extern)\s+)*fn\s+(\w+)", re.MULTILINE
)
_TESTS = re.compile(
    r"^[ \t]*#\[cfg\((?:all\()?test\b[^\n]*\]\n(?:[ \t]*#\[[^\n]*\n)*[ \t]*mod\s+\w+\s*\{", re.MULTILINE
)


@dataclass(frozen=True)
class Function:
    """A function and its length, signature and body, in lines."""

    name: str
    line: int
    length: int


def code(text: str) -> str:
    """Blank out comments, strings and characters; every line stays where it is."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    return _WORDS.sub(blank, text)


def _closing(text: str, opening: int) -> int:
    """Return the index after the brace that closes the one at ``opening``."""
    depth = 0
    for index in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return index + 1
    return len(text)


def _opening(text: str, start: int) -> int | None:
    """Return where the body of the function begins whose name ends at ``start``; one without is a promise."""
    # The semicolon of an array's type, which may be an array itself, ends no signature.
    depth = 0
    for match in re.compile(r"[\[\]{;]").finditer(text, start):
        depth += {"[": 1, "]": -1}.get(match[0], 0)
        if depth == 0 and match[0] in "{;":
            return match.start() if match[0] == "{" else None
    return None


def without_tests(text: str) -> str:
    """Cut the test modules that are written inside the file."""
    bare = code(text)
    while match := _TESTS.search(bare):
        end = _closing(bare, match.end() - 1)
        bare, text = bare[: match.start()] + bare[end:], text[: match.start()] + text[end:]
    return text


def test_lines(text: str) -> set[int]:
    """Return the lines, counted from 1, of the test modules that are written inside the file."""
    bare, found = code(text), set[int]()
    for match in _TESTS.finditer(bare):
        end = _closing(bare, match.end() - 1)
        found.update(range(bare.count("\n", 0, match.start()) + 1, bare.count("\n", 0, end) + 2))
    return found


def functions(text: str) -> list[Function]:
    """Every function with a body."""
    bare = code(text)
    found = []
    for match in _FUNCTION.finditer(bare):
        opening = _opening(bare, match.end())
        if opening is None:
            continue
        end = _closing(bare, opening)
        found.append(
            Function(
                match[1], bare.count("\n", 0, match.start(1)) + 1, bare.count("\n", match.start(1), end) + 1
            )
        )
    return found


def lines_with(text: str, pattern: str) -> list[int]:
    """Return the numbers of the lines whose code, not comment or string, matches ``pattern``."""
    return [n for n, line in enumerate(code(text).split("\n"), 1) if re.search(pattern, line)]


def explained(text: str, line: int) -> bool:
    """Tell whether the ``unsafe`` on ``line`` says why it is sound: ``SAFETY:`` or ``# Safety`` above it."""
    lines = text.split("\n")
    index = line - 1
    if "SAFETY:" in lines[index]:
        return True
    above = index - 1
    # Comments and attributes belong to what follows; a statement may begin a line or two higher.
    for start in range(above, max(above - 4, -1), -1):
        run = start
        while run >= 0 and lines[run].strip().startswith(("//", "#[")):
            if "SAFETY:" in lines[run] or "# Safety" in lines[run]:
                return True
            run -= 1
        if lines[start].strip().endswith((";", "}", "{")):
            return False
    return False


def sync_points(paths: list[Path]) -> dict[str, list[str]]:
    """Return where each ``SYNC POINT name`` stands."""
    found: dict[str, list[str]] = {}
    for path in paths:
        for n, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if match := re.search(r"SYNC POINT ([\w-]+)", line):
                found.setdefault(match[1], []).append(f"{path.name}:{n}")
    return found

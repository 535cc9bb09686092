"""The code blocks of the Markdown files: where they stand and what they hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```[ \t]*$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what else its info string says, its first line and its text."""

    path: Path
    line: int
    language: str
    marks: frozenset[str]
    text: str


def documents() -> list[Path]:
    """Every Markdown file of the project."""
    folders = ("docs", "tests", "rust", "benches")
    return [
        *sorted(ROOT.glob("*.md")),
        *sorted(p for folder in folders for p in (ROOT / folder).rglob("*.md")),
    ]


def blocks(path: Path) -> list[Block]:
    """Return the fenced blocks of a file in order; ```` ```python no-run ```` has the mark ``no-run``."""
    text = path.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        language, *marks = match["info"].split() or [""]
        indent = len(match["indent"])
        body = "".join(
            line[indent:] if line.strip() else line for line in match["body"].splitlines(keepends=True)
        )
        line = text.count("\n", 0, match.start("body")) + 1
        found.append(Block(path, line, language, frozenset(marks), body))
    return found


def commands(block: Block) -> list[str]:
    """Return the commands behind ``$`` of a console block, continued lines joined."""
    text = block.text.replace("\\\n", " ")
    return [line[2:].strip() for line in text.splitlines() if line.startswith("$ ")]

"""Files into rooms, and rooms into a table.

A room of Python is judged by its lines and branches together, one of Rust by its lines: only a nightly
compiler counts branches, so its regions stand beside them, which are as fine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tools.coverage.rust import Measured

__all__ = ["Room", "python_rooms", "rust_rooms", "table"]

#: What a room is called that holds the rest: files of the package that lie in no folder.
LOOSE = "(files)"


@dataclass(frozen=True)
class Room:
    """One room's sums. ``finer`` is what stands beside lines: regions of Rust, branches of Python."""

    name: str
    lines: int = 0
    lines_run: int = 0
    finer: int = 0
    finer_run: int = 0
    #: Whether the share is of lines alone.
    by_lines: bool = False

    @property
    def share(self) -> float:
        """What the room is judged by; 1 where there is nothing to run."""
        total, run = self.lines, self.lines_run
        if not self.by_lines:
            total, run = total + self.finer, run + self.finer_run
        return run / total if total else 1.0

    def with_more(self, lines: int, lines_run: int, finer: int, finer_run: int) -> Room:
        """Return the room with one more file in it."""
        return replace(
            self,
            lines=self.lines + lines,
            lines_run=self.lines_run + lines_run,
            finer=self.finer + finer,
            finer_run=self.finer_run + finer_run,
        )


def _sums(rooms: Iterable[tuple[str, tuple[int, int, int, int]]], *, by_lines: bool) -> list[Room]:
    found: dict[str, Room] = {}
    for name, sums in rooms:
        found[name] = found.get(name, Room(name, by_lines=by_lines)).with_more(*sums)
    return [found[name] for name in sorted(found)]


def rust_rooms(files: Mapping[str, Measured]) -> list[Room]:
    """Return the core as a whole, each folder of it, and the bindings."""
    rows = []
    for path, file in files.items():
        lines_run = len(file.lines) - len(file.lines_missing)
        sums = (len(file.lines), lines_run, len(file.regions), len(file.regions_run))
        crate, *below = path.removeprefix("rust/").split("/")
        rows.append((f"rust/{crate}", sums))
        if crate == "core":
            rows.append((f"rust/core/{below[1] if len(below) > 2 else LOOSE}", sums))
    return _sums(rows, by_lines=True)


def python_rooms(files: Mapping[str, Mapping[str, Any]]) -> list[Room]:
    """Return each folder of the package, and for those that are judged each folder of theirs."""
    rows = []
    for path, file in files.items():
        summary = file["summary"]
        names = ("num_statements", "covered_lines", "num_branches", "covered_branches")
        sums = tuple(int(summary[name]) for name in names)
        room, *below = path.partition("tickpath/")[2].split("/")
        rows.append((room if below else LOOSE, (sums[0], sums[1], sums[2], sums[3])))
    return _sums(rows, by_lines=False)


def table(rooms: Iterable[Room]) -> str:
    """Return one line per room, for people."""
    head = (
        f"{'room':<22}{'lines':>8}{'missing':>9}{'%':>8}{'finer':>9}{'missing':>9}{'%':>8}{'judged by':>12}\n"
    )
    rows = [head]
    for room in rooms:
        of_lines = f"{room.lines:>8}{room.lines - room.lines_run:>9}{_percent(room.lines_run, room.lines):>8}"
        of_finer = f"{room.finer:>9}{room.finer - room.finer_run:>9}{_percent(room.finer_run, room.finer):>8}"
        rows.append(f"{room.name:<22}{of_lines}{of_finer}{100 * room.share:>12.2f}\n")
    rows.append(
        "finer: regions of Rust, branches of Python; judged by: lines of Rust, lines and branches of Python\n"
    )
    return "".join(rows)


def _percent(run: int, total: int) -> str:
    return f"{100 * run / total:.2f}" if total else "-"

"""The picture: a moment as lines of exactly the screen's width, as many as it has.

Blocks stand in one order, or in two columns where there is room, and are left out in another: what tells
most stays longest. A screen of one character has a picture, too. Nothing here asks or waits for anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style

from tickpath.cli.watch import blocks
from tickpath.config.words import ASCII

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, RenderableType

    from tickpath.cli.watch.moment import Moment

__all__ = ["picture_of"]

Lines = list[list[Segment]]

#: From so many columns on there are two of blocks.
_TWO_COLUMNS_MIN = 132
_GAP = 3


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that belong together, and how much they matter: 0 stays longest."""

    rank: int
    lines: Lines


def picture_of(moment: Moment, console: Console, columns: int, lines: int) -> Lines:
    """``moment`` on ``lines`` lines of ``columns`` columns."""
    columns, lines = max(1, columns), max(1, lines)
    head = _rendered(console, blocks.head(moment, columns), columns)
    foot = _rendered(console, blocks.foot(moment), columns)[:1]
    room = lines - len(head) - len(foot)
    if room < 1:
        # The state, and how far it is.
        return _padded((head + foot)[:lines], columns, lines)
    has_two = columns >= _TWO_COLUMNS_MIN
    width = (columns - _GAP) // 2 if has_two else columns
    left = [
        _Block(3, _rendered(console, blocks.feed(moment), width)),
        _Block(0, _rendered(console, blocks.stages(moment, width), width)),
        _Block(4, _rendered(console, blocks.latencies(moment, width), width)),
    ]
    right = [
        _Block(1, _rendered(console, blocks.causes(moment), width)),
        _Block(5, _rendered(console, blocks.moves(moment), width)),
        _Block(2, _rendered(console, blocks.probes(moment), width)),
        _Block(6, _rendered(console, blocks.cost(moment), width)),
    ]
    if has_two:
        body = _beside(_fitted(left, room), _fitted(right, room), width, columns)
    else:
        body = _fitted([*left, *right], room)
    body += [[]] * (room - len(body))
    return _padded(head + body + foot, columns, lines)


def _rendered(console: Console, what: Sequence[RenderableType], width: int) -> Lines:
    options = console.options.update(width=width, height=None, no_wrap=True, overflow="ellipsis")
    lines: Lines = []
    for renderable in what:
        lines += console.render_lines(renderable, options, pad=False)
    return [_in_ascii(line) for line in lines] if options.ascii_only else lines


def _in_ascii(line: list[Segment]) -> list[Segment]:
    return [Segment(segment.text.translate(ASCII), segment.style) for segment in line]


def _fitted(given: Sequence[_Block], room: int) -> Lines:
    """As many of the blocks as ``room`` lines hold, the last of them cut; with lines between if they fit."""
    given = [block for block in given if block.lines]
    left, shown = room, dict.fromkeys(range(len(given)), 0)
    for index in sorted(shown, key=lambda index: given[index].rank):
        shown[index] = min(left, len(given[index].lines))
        left -= shown[index]
    kept = [(given[index], count) for index, count in shown.items() if count]
    lines: Lines = []
    for block, count in kept:
        if lines and left > 0:
            lines.append([])
            left -= 1
        lines += block.lines[:count]
    return lines


def _beside(left: Lines, right: Lines, width: int, columns: int) -> Lines:
    height = max(len(left), len(right))
    left, right = (lines + [[]] * (height - len(lines)) for lines in (left, right))
    gap = Segment(" " * (columns - 2 * width))
    return [
        [*Segment.adjust_line_length(one, width), gap, *Segment.adjust_line_length(other, width)]
        for one, other in zip(left, right, strict=True)
    ]


def _padded(lines: Lines, columns: int, height: int) -> Lines:
    lines = lines[:height] + [[]] * (height - len(lines))
    return [Segment.adjust_line_length(line, columns, style=Style.null()) for line in lines]

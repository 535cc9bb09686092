"""A table of figures that cuts none of them, however narrow the terminal is.

Rich makes room by shortening cells, and half a figure is worse than none. A table that does not fit lies on
its side, a column for each row; where that does not fit either it is told row by row.
"""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

__all__ = ["FittedTable"]

_INDENT = "  "
_BETWEEN = "  "
#: No table of ours is that wide: what one takes at most is measured with so much room.
_WIDE = 10_000


class FittedTable(Table):
    """A :class:`rich.table.Table` whose first column names the rows.

    Columns that are ``no_wrap`` stay whole. The others may wrap at spaces, and no word of theirs is cut.
    """

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render the first of the three that fits."""
        widths = self._widths(console, options)
        if widths is not None:
            table = copy.copy(self)
            table.columns = [
                dataclasses.replace(column, width=column.width if column.no_wrap else width)
                for column, width in zip(self.columns, widths, strict=True)
            ]
            yield from Table.__rich_console__(table, console, options)
            return
        headings = [_text(column.header) for column in self.columns]
        rows = [
            [_text(cell, str(row.style or "")) for cell in cells]
            for cells, row in zip(
                zip(*(column.cells for column in self.columns), strict=True), self.rows, strict=True
            )
        ]
        if self.title:
            yield Text(str(self.title), style=self.title_style or "")
        on_its_side = _on_its_side(headings, rows)
        if _measured(on_its_side, console, options).maximum <= options.max_width:
            yield on_its_side
        else:
            for row in rows:
                yield from _told(headings, row, options.max_width)
        if self.caption:
            yield Text(str(self.caption), style="dim")

    def _widths(self, console: Console, options: ConsoleOptions) -> list[int] | None:
        """How wide each column is; ``None`` if they do not fit. What wraps gives way, the widest first.

        Rich alone would make columns narrower than their longest word.
        """
        longest, shortest = [], []
        for column in self.columns:
            cells = [_measured(cell, console, options) for cell in (column.header, *column.cells)]
            longest.append(max(column.min_width or 0, *(cell.maximum for cell in cells)))
            # Rich does not count what a word is set in by.
            words = (_set_in(cell) + each.minimum for cell, each in zip(column.cells, cells[1:], strict=True))
            shortest.append(max(column.min_width or 0, cells[0].minimum, *words))
        widths = longest.copy()
        excess = _measured(self, console, options).maximum - options.max_width
        while excess > 0:
            ways = [
                number
                for number, column in enumerate(self.columns)
                if not column.no_wrap and widths[number] > shortest[number]
            ]
            if not ways:
                return None
            widths[max(ways, key=lambda number: widths[number])] -= 1
            excess -= 1
        return widths


def _measured(what: RenderableType, console: Console, options: ConsoleOptions) -> Measurement:
    return Measurement.get(console, options.update(max_width=_WIDE), what)


def _text(cell: RenderableType, style: str = "") -> Text:
    if isinstance(cell, Text):
        text = cell.copy()
        text.stylize_before(style)
        return text
    return Text(str(cell), style=style)


def _set_in(cell: RenderableType) -> int:
    plain = _text(cell).plain
    return len(plain) - len(plain.lstrip(" "))


def _on_its_side(headings: Sequence[Text], rows: Sequence[Sequence[Text]]) -> Table:
    """A column for each row. Names of rows wrap, figures do not."""
    table = Table(box=None, pad_edge=False)
    table.add_column(headings[0], no_wrap=True)
    for name, *figures in rows:
        longest = max(
            cell_len(words) for words in (*name.plain.split(), *(figure.plain for figure in figures), "")
        )
        table.add_column(name, justify="right", width=longest)
    for number, heading in enumerate(headings[1:], start=1):
        table.add_row(heading, *(row[number] for row in rows))
    return table


def _told(headings: Sequence[Text], row: Sequence[Text], width: int) -> Iterator[Text]:
    """A line with the row's name, and below it as many of its figures on a line as there is room for."""
    name = row[0]
    yield name
    indent = " " * _set_in(name) + _INDENT
    line = Text(indent)
    for heading, figure in zip(headings[1:], row[1:], strict=True):
        if not figure.plain:
            continue
        pair = Text(" ").join(words for words in (heading, figure) if words.plain)
        if line.cell_len + len(_BETWEEN) + pair.cell_len > width and line.plain.strip():
            yield line
            line = Text(indent)
        if line.plain.strip():
            line.append(_BETWEEN)
        line.append_text(pair)
    if line.plain.strip():
        yield line

"""A table of figures that cuts none of them, however narrow the terminal is.

Rich makes room by shortening cells, and half a figure is worse than none. A table that does not fit lies on
its side, a column for each row; where that does not fit either it is told row by row.
"""

from __future__ import annotations

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
        if _needed(self, console, options) <= options.max_width:
            yield from super().__rich_console__(console, options)
            return
        headings = [_text(column.header) for column in self.columns]
        rows = [
            [_text(cell, str(row.style or "")) for cell in cells]
            for cells, row in zip(
                zip(*(column.cells for column in self.columns), strict=True), self.rows, strict=True
            )
        ]
        on_its_side = _on_its_side(headings, rows)
        if self.title:
            yield Text(str(self.title), style=self.title_style or "")
        if _needed(on_its_side, console, options) <= options.max_width:
            yield on_its_side
        else:
            for row in rows:
                yield from _told(headings, row, options.max_width)
        if self.caption:
            yield Text(str(self.caption), style="dim")


def _text(cell: RenderableType, style: str = "") -> Text:
    if isinstance(cell, Text):
        text = cell.copy()
        text.stylize_before(style)
        return text
    return Text(str(cell), style=style)


def _needed(table: Table, console: Console, options: ConsoleOptions) -> int:
    """How wide a table is at least if no word and no column that is ``no_wrap`` is cut."""
    wide = options.update(max_width=_WIDE)
    needed = Measurement.get(console, wide, table).maximum
    for column in table.columns:
        if column.width is None and not column.no_wrap:
            cells = [Measurement.get(console, wide, cell) for cell in (column.header, *column.cells)]
            needed -= max(cell.maximum for cell in cells) - max(cell.minimum for cell in cells)
    return needed


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
    yield row[0]
    line = Text(_INDENT)
    for heading, figure in zip(headings[1:], row[1:], strict=True):
        if not figure.plain:
            continue
        pair = Text(" ").join(words for words in (heading, figure) if words.plain)
        if line.cell_len + len(_BETWEEN) + pair.cell_len > width and line.plain.strip():
            yield line
            line = Text(_INDENT)
        if line.plain.strip():
            line.append(_BETWEEN)
        line.append_text(pair)
    if line.plain.strip():
        yield line

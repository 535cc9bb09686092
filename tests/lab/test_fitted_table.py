"""A table of figures at every width: nothing of it is cut, and what fits looks as Rich draws it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tickpath.lab.fitted_table import FittedTable

ROWS = (
    ("intended to published", "300,000", "523 µs", "3.44 ms*"),
    ("published to completed", "299,000", "9.93 µs*", ""),
    ("machine's floor", "1,000", "340 µs", "unknown"),
)


def drawn(table: Table, width: int) -> list[str]:
    text = io.StringIO()
    Console(file=text, width=width, color_system=None).print(table, highlight=False)
    return [line.rstrip() for line in text.getvalue().splitlines()]


def made(kind: type[Table]) -> Table:
    table = kind(title="Latency", title_justify="left", caption="of 3 stages", caption_justify="left")
    table.add_column("stage", no_wrap=True)
    for heading in ("samples", "p99", "p99.9"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, *figures in ROWS:
        table.add_row(Text(name), *figures)
    return table


@pytest.mark.parametrize("width", range(16, 80))
def test_no_figure_is_cut_at_any_width(width: int) -> None:
    lines = drawn(made(FittedTable), width)
    text = "\n".join(lines)
    assert all(len(line) <= width for line in lines)
    for heading in ("samples", "p99", "p99.9"):
        assert heading in text
    for name, *figures in ROWS:
        assert set(name.split()) <= set(text.split())
        for figure in filter(None, figures):
            assert figure in text
    assert "…" not in text
    assert (lines[0], lines[-1]) == ("Latency", "of 3 stages")


def test_what_fits_is_richs_own_table() -> None:
    needed = max(len(line) for line in drawn(made(Table), 200))
    assert drawn(made(FittedTable), needed) == drawn(made(Table), needed)
    assert drawn(made(FittedTable), needed - 1) != drawn(made(Table), needed - 1)


def test_what_does_not_fit_lies_on_its_side() -> None:
    assert drawn(made(FittedTable), 50) == [
        "Latency",
        "          intended  published",
        "                to         to  machine's",
        "stage    published  completed      floor",
        "samples    300,000    299,000      1,000",
        "p99         523 µs   9.93 µs*     340 µs",
        "p99.9     3.44 ms*               unknown",
        "of 3 stages",
    ]


def test_what_does_not_fit_on_its_side_is_told_row_by_row() -> None:
    assert drawn(made(FittedTable), 30) == [
        "Latency",
        "intended to published",
        "  samples 300,000  p99 523 µs",
        "  p99.9 3.44 ms*",
        "published to completed",
        "  samples 299,000",
        "  p99 9.93 µs*",
        "machine's floor",
        "  samples 1,000  p99 340 µs",
        "  p99.9 unknown",
        "of 3 stages",
    ]


def test_columns_of_words_wrap_before_anything_is_turned() -> None:
    table = FittedTable(box=None, pad_edge=False)
    table.add_column("what", no_wrap=True)
    table.add_column("why", overflow="fold")
    table.add_row("p99", "longer than the floor explains")
    assert drawn(table, 20) == ["what  why", "p99   longer than", "      the floor", "      explains"]


@pytest.mark.parametrize("width", range(12, 60))
def test_no_word_is_cut_where_columns_wrap(width: int) -> None:
    table = FittedTable(box=None, pad_edge=False)
    for heading in ("contender", "times base [low, high]", "remarks"):
        table.add_column(heading)
    table.add_row("both")
    table.add_row("  a.Queue", "12.09 [12.09, 12.09]", "not installed: pip install")
    lines = drawn(table, width)
    assert all(len(line) <= width for line in lines)
    words = set(" ".join(lines).split())
    assert {"a.Queue", "12.09", "[12.09,", "12.09]", "not", "installed:", "install"} <= words
    assert ("contender" in words) == (width >= 30)


def test_what_a_row_is_set_in_by_is_kept_where_it_is_told() -> None:
    table = FittedTable(box=None, pad_edge=False)
    table.add_column("contender")
    table.add_column("ns", no_wrap=True)
    table.add_row("one way")
    table.add_row("  deque", "11,374 [11,374, 11,374]")
    assert drawn(table, 30) == ["one way", "  deque", "    ns 11,374 [11,374, 11,374]"]


def test_the_style_of_a_row_goes_with_it() -> None:
    table = made(FittedTable)
    table.rows[2].style = "dim"
    for width in (50, 30):
        text = io.StringIO()
        console = Console(file=text, width=width, color_system="standard", force_terminal=True)
        console.print(table, highlight=False)
        dim = "".join(part.partition("\x1b[0m")[0] for part in text.getvalue().split("\x1b[2m")[1:])
        assert "340 µs" in dim
        assert "523 µs" not in dim

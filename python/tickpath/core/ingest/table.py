"""Tables with a stated column mapping as market data: in memory, in csv files, in parquet files.

Which spellings, units and types are understood stands in docs/concepts/ingest-table.md.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from tickpath import _native
from tickpath.config.suggest import suggestion
from tickpath.core.ingest.event import EVENT_DTYPE
from tickpath.core.ingest.table_columns import Table, open_table, read_parquet
from tickpath.core.ingest.table_mapping import ColumnSpec, parse_columns, resolve_columns
from tickpath.core.ingest.table_rows import RowBuilder
from tickpath.errors import ArgumentValueError, SourceError

__all__ = ["load", "parse_columns"]

Progress = Callable[[int, int, int], object]
"""Called with bytes done, bytes in all, and events so far."""

Parts = tuple[_native.Events, list[str], list[Any], dict[str, Any]]
"""Events, names of the symbols, rows left out, and the account of the source."""

_PARQUET_MAGIC = b"PAR1"


def load(
    obj: object,
    *,
    columns: object,
    policy: str = "strict",
    symbol: str | None = None,
    out_of_order: str = "refuse",
    progress: Progress | None = None,
) -> Parts:
    """Load a table: an object that holds one, or the path of a csv or parquet file.

    ``columns`` maps fields of ``EVENT_DTYPE`` to columns, ``{"ts_ns": ("time", "us"), "price_e9": "price"}``;
    ``ts_ns`` is required, fields without a column are 0. ``symbol`` names the instrument of every row.
    ``progress`` is called now and then; what it raises ends the load. ``policy``, ``symbol`` and
    ``out_of_order`` are checked by the caller, as for every source.

    Returns events, symbols, the rows left out and the account, as the native loaders do.

    Raises ``ArgumentTypeError`` or ``ArgumentValueError`` for arguments that make no sense, ``BadRow``
    for a row that cannot be read under ``policy="strict"``, ``OutOfOrder``, and ``SourceError`` for a table
    that cannot be used as a whole.
    """
    specs = resolve_columns(columns)
    if isinstance(obj, str | bytes | os.PathLike):
        path = os.fsdecode(obj)
        if not _is_parquet(path):
            return _load_csv(path, specs, policy, symbol, out_of_order, progress)
        _refuse_positions(specs)
        table = read_parquet(path, [str(spec.column) for spec in specs])
        return _load_rows(table, path, specs, policy, symbol, out_of_order, progress)
    _refuse_positions(specs)
    table = open_table(obj)
    return _load_rows(table, table.title, specs, policy, symbol, out_of_order, progress)


def _is_parquet(path: str) -> bool:
    # Only a regular file is opened here: anything else could block, and the csv reader says what it is.
    if not Path(path).is_file():
        return False
    try:
        with Path(path).open("rb") as file:
            return file.read(len(_PARQUET_MAGIC)) == _PARQUET_MAGIC
    except OSError:
        return False


def _refuse_positions(specs: tuple[ColumnSpec, ...]) -> None:
    for spec in specs:
        if isinstance(spec.column, int):
            raise ArgumentValueError(
                f'columns["{spec.field}"]: the columns of this table have names, got position {spec.column}'
            )


def _load_csv(
    path: str,
    specs: tuple[ColumnSpec, ...],
    policy: str,
    symbol: str | None,
    out_of_order: str,
    progress: Progress | None,
) -> Parts:
    wanted = [spec.column for spec in specs if isinstance(spec.column, str)]
    if wanted:
        _check_names(path, specs, tuple(_native.csv_header(path, wanted)), line=1)
    columns = [(spec.field, spec.column, spec.exponent) for spec in specs]
    return _parts(_native.load_csv(path, columns, policy, symbol, out_of_order, progress))


def _check_names(
    title: str, specs: tuple[ColumnSpec, ...], names: tuple[str, ...], line: int | None = None
) -> None:
    for spec in specs:
        if spec.column not in names:
            shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
            reason = f'no column "{spec.column}"{suggestion(str(spec.column), names)} (columns: {shown})'
            if line is not None:
                reason += "; the first line of a csv file must name its columns"
            raise SourceError(title, reason, line=line, field=spec.field)


def _load_rows(
    table: Table,
    title: str,
    specs: tuple[ColumnSpec, ...],
    policy: str,
    symbol: str | None,
    out_of_order: str,
    progress: Progress | None,
) -> Parts:
    _check_names(title, specs, table.names)
    columns = [table.column(str(spec.column)) for spec in specs]
    rows = np.zeros(len(columns[0].values), EVENT_DTYPE)
    builder = RowBuilder(title, rows, first_only=policy == "strict")
    # Names last: by then it is known which rows are bad, and those leave no name behind.
    ordered = sorted(zip(specs, columns, strict=True), key=lambda pair: pair[0].field == "symbol")
    for done, (spec, column) in enumerate(ordered):
        builder.fill(spec, column)
        if progress is not None:
            # The columns are the work; putting the rows in order is little beside them.
            progress(rows.nbytes * (done + 1) // (len(ordered) + 1), rows.nbytes, 0)
    loaded = _native.load_rows(
        title, rows, builder.problems, builder.symbols, policy, symbol, out_of_order, progress
    )
    return _parts(loaded)


def _parts(loaded: tuple[Any, list[str], list[Any], list[dict[str, Any]]]) -> Parts:
    events, symbols, skipped, sources = loaded
    meta = {"origin": sources[0]["origin"], "sources": tuple(MappingProxyType(source) for source in sources)}
    return events, symbols, skipped, meta

"""Columns of a table as an array of events, and the rows that cannot be one.

Integers, dates and times are converted by whole columns; floats and texts value by value in Rust, where the
rules for text stand (a float counts as its shortest decimal text, so 0.1 is 0.1 and nothing near it).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tickpath import _native
from tickpath.core.ingest.table_columns import ColumnValues
from tickpath.core.ingest.table_mapping import DECIMAL_FIELDS, TIME_FIELDS, ColumnSpec
from tickpath.errors import SourceError

__all__ = ["RowBuilder"]

_SMALL_MAX = {"kind": 2**8 - 1, "flags": 2**16 - 1}
SYMBOL_NUMBER_MAX = 2**16 - 1
"""Largest symbol given as a number: the table of names has an entry for each up to the largest."""


class RowBuilder:
    """Collects the columns of one table."""

    def __init__(self, title: str, rows: npt.NDArray[np.void], *, first_only: bool) -> None:
        """Fill ``rows``, an array of ``EVENT_DTYPE``, in place.

        ``first_only`` keeps the first problem of each column, enough where a bad row ends the load.
        """
        self._title = title
        self._rows = rows
        self._first_only = first_only
        self._problems: dict[int, tuple[str, str]] = {}
        self.symbols: list[str] = []

    @property
    def problems(self) -> list[tuple[int, str, str]]:
        """Row number from 0, field and reason of each bad row, in the order of the rows."""
        return [(row, *self._problems[row]) for row in sorted(self._problems)]

    def fill(self, spec: ColumnSpec, column: ColumnValues) -> None:
        """Convert one column into its field.

        Raises ``SourceError`` if the column's type has no meaning for the field, or its length differs.
        """
        values = column.values
        if len(values) != len(self._rows):
            raise self._refused(
                spec, f"column {spec.column!r} has {len(values)} values, other columns {len(self._rows)}"
            )
        if column.exponent is not None and spec.field not in TIME_FIELDS:
            raise self._refused(spec, f"column {spec.column!r} holds dates or times")
        if column.missing is not None:
            self._note(spec, np.flatnonzero(column.missing), lambda _: "no value")
        exponent = spec.exponent if column.exponent is None else column.exponent
        if isinstance(values, list):
            if spec.field == "symbol":
                self._fill_names(spec, values)
            else:
                self._fill_each(spec, values, exponent)
        elif values.dtype.kind == "f":
            wide = np.float32 if values.dtype.itemsize <= 4 else np.float64
            self._fill_each(spec, np.ascontiguousarray(values, dtype=wide), exponent)
        else:
            self._fill_integers(spec, values, exponent)

    def _refused(self, spec: ColumnSpec, reason: str) -> SourceError:
        return SourceError(self._title, reason, field=spec.field)

    def _note(self, spec: ColumnSpec, rows: npt.NDArray[np.intp], reason: Any) -> None:
        for row in (rows[:1] if self._first_only else rows).tolist():
            # The first column that finds fault with a row names its problem.
            self._problems.setdefault(row, (spec.field, reason(row)))

    def _fill_each(self, spec: ColumnSpec, values: npt.NDArray[Any] | list[object], exponent: int) -> None:
        bits = np.zeros(len(values), np.int64)
        for row, reason in _native.table_values(values, spec.field, exponent, bits, self._first_only):
            self._problems.setdefault(row, (spec.field, reason))
        self._put(spec, bits)

    def _put(self, spec: ColumnSpec, bits: npt.NDArray[np.int64]) -> None:
        target = self._rows[spec.field]
        # Bits, not values: an unsigned field takes the same eight bytes.
        target[...] = bits.view(np.uint64) if target.dtype.kind == "u" else bits

    def _fill_names(self, spec: ColumnSpec, values: list[object]) -> None:
        numbers: dict[str, int] = {}
        codes = np.zeros(len(values), np.int64)
        for row, given in enumerate(values):
            value = given.decode("utf-8", "replace") if isinstance(given, bytes) else given
            if isinstance(value, str) and value:
                # Rows that are bad for another reason leave no name behind.
                if row not in self._problems:
                    codes[row] = numbers.setdefault(value, len(numbers))
                continue
            reason = "no value" if value is None else f"{value!r:.40}: expected the name of a symbol"
            self._problems.setdefault(row, (spec.field, reason))
            if self._first_only:
                break
        self.symbols = list(numbers)
        self._put(spec, codes)

    def _fill_integers(self, spec: ColumnSpec, values: npt.NDArray[Any], exponent: int) -> None:
        if values.dtype.kind == "b":
            if spec.field in TIME_FIELDS + DECIMAL_FIELDS + ("side",):
                raise self._refused(spec, f"column {spec.column!r} holds booleans")
            values = values.astype(np.uint8)
        factor = 10**exponent
        signed = spec.field in DECIMAL_FIELDS
        if signed:
            low, high = -(2**63 // factor), (2**63 - 1) // factor
        elif spec.field in TIME_FIELDS:
            low, high = 0, (2**64 - 1) // factor
        else:
            factor = 1
            low, high = self._plain_range(spec.field)
        bad = _outside(values, low, high)
        if bad.any():
            self._note(
                spec,
                np.flatnonzero(bad),
                lambda row: f"{values[row]}: does not fit its field: expected {low} to {high}",
            )
            values = np.where(bad, values.dtype.type(0), values)
        if signed or spec.field == "side":
            bits = values.astype(np.int64) * np.int64(factor)
        else:
            bits = (values.astype(np.uint64) * np.uint64(factor)).view(np.int64)
        self._put(spec, bits)
        if spec.field == "symbol":
            count = int(bits.max()) + 1 if len(bits) else 0
            self.symbols = [str(number) for number in range(count)]

    @staticmethod
    def _plain_range(field: str) -> tuple[int, int]:
        if field == "side":
            return -1, 1
        if field == "symbol":
            return 0, SYMBOL_NUMBER_MAX
        return 0, _SMALL_MAX.get(field, 2**64 - 1)


def _outside(values: npt.NDArray[Any], low: int, high: int) -> npt.NDArray[np.bool_]:
    """Where ``values`` leave ``[low, high]``, compared within their own type."""
    info = np.iinfo(values.dtype)
    bad = np.zeros(len(values), np.bool_)
    if low > info.min:
        bad |= values < values.dtype.type(low)
    if high < info.max:
        bad |= values > values.dtype.type(high)
    return bad

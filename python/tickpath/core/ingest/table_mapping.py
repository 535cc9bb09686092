"""The stated column mapping of a table: which column fills which field, and in which unit.

One place for every way to write it: the ``columns`` argument of ``MarketDataSource.from_table`` and
the mapping string of the command line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tickpath.config.suggest import suggestion
from tickpath.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["ColumnSpec", "parse_columns", "resolve_columns"]

TIME_FIELDS = ("ts_ns", "intended_ns")
DECIMAL_FIELDS = ("price_e9", "size_e9")
PLAIN_FIELDS = ("order_id", "sequence", "symbol", "kind", "side", "flags")
FIELDS = TIME_FIELDS + DECIMAL_FIELDS + PLAIN_FIELDS

_TIME_EXPONENTS = {"s": 9, "ms": 6, "us": 3, "µs": 3, "ns": 0}
_TIME_UNITS = "s, ms, us or ns"
_DECIMAL_UNITS = '"1" (whole units), a scale such as "1e-4" (1e-9 to 1e9), or "e9" (already in billionths)'


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One mapped column."""

    field: str
    """The field of ``EVENT_DTYPE`` it fills."""
    column: str | int
    """Its name, or its position from 0 in a csv file without a header."""
    exponent: int
    """Its unit is 10 to this power of the field's (seconds to nanoseconds: 9); 0 for fields without units."""


def resolve_columns(columns: object) -> tuple[ColumnSpec, ...]:
    """Check a ``columns`` argument: ``{field: column}`` or ``{field: (column, unit)}``.

    Raises ``ArgumentTypeError`` or ``ArgumentValueError``, naming the entry, for anything else than known
    fields, columns by name (or all of them by position), and units the field has.
    """
    if not isinstance(columns, Mapping):
        raise ArgumentTypeError(
            f'columns must map field names to columns, such as {{"ts_ns": ("time", "us")}}; '
            f"got {type(columns).__name__}"
        )
    specs = tuple(_resolve(field, value) for field, value in columns.items())
    if not any(spec.field == "ts_ns" for spec in specs):
        raise ArgumentValueError(
            'columns maps nothing to ts_ns, which every event needs: add "ts_ns": ("<column>", "<unit>")'
        )
    if len({isinstance(spec.column, int) for spec in specs}) > 1:
        raise ArgumentValueError(
            "columns are given partly by name and partly by position: positions mean that there is no "
            "header, so use one or the other"
        )
    return specs


def parse_columns(text: str) -> dict[str, str | int | tuple[str | int, str]]:
    """Read a mapping written as ``ts_ns=time:us,price_e9=price``: field ``=`` column, ``:`` unit.

    ``#3`` names a column by its position from 0 (a csv file without a header). The result is a ``columns``
    argument. A column whose name holds a comma cannot be written this way.

    Raises ``ArgumentValueError`` that names the part that is wrong.
    """
    mapping: dict[str, str | int | tuple[str | int, str]] = {}
    for part in text.split(","):
        field, equals, value = (piece.strip() for piece in part.partition("="))
        column, colon, unit = (piece.strip() for piece in value.rpartition(":"))
        if not colon:
            column, unit = value, ""
        if not (equals and field and column) or (colon and not unit):
            raise ArgumentValueError(
                f'"{part.strip()}" is not a mapping: expected field=column or field=column:unit, '
                f"such as ts_ns=time:us,price_e9=price"
            )
        if field in mapping:
            raise ArgumentValueError(f'field "{field}" is mapped twice in "{text}"')
        key: str | int = int(column[1:]) if re.fullmatch(r"#[0-9]{1,6}", column) else column
        mapping[field] = (key, unit) if colon else key
    resolve_columns(mapping)
    return mapping


def _resolve(field: object, value: object) -> ColumnSpec:
    if not isinstance(field, str):
        raise ArgumentTypeError(f"columns: field names are text, got {field!r}")
    if field not in FIELDS:
        hint = suggestion(field, FIELDS)
        raise ArgumentValueError(f'columns: no field "{field}"{hint} (fields: {", ".join(FIELDS)})')
    column, unit = value if isinstance(value, tuple) and len(value) == 2 else (value, None)
    if isinstance(column, bool) or not isinstance(column, str | int):
        raise ArgumentTypeError(
            f'columns["{field}"] must be a column name or (column name, unit), got {value!r}'
        )
    if isinstance(column, int) and column < 0:
        raise ArgumentValueError(f'columns["{field}"]: positions count from 0, got {column}')
    if unit is not None and not isinstance(unit, str):
        raise ArgumentTypeError(f'columns["{field}"]: the unit must be text, got {unit!r}')
    return ColumnSpec(field, column, _exponent(field, unit))


def _exponent(field: str, unit: str | None) -> int:
    if field in TIME_FIELDS:
        expected = _TIME_UNITS
        exponent = _TIME_EXPONENTS.get(unit or "ns")
    elif field in DECIMAL_FIELDS:
        expected = _DECIMAL_UNITS
        exponent = _decimal_exponent(unit or "1")
    elif unit is None:
        return 0
    else:
        raise ArgumentValueError(f'columns["{field}"]: this field has no unit, got "{unit}"')
    if exponent is None:
        raise ArgumentValueError(f'columns["{field}"]: unknown unit "{unit}", expected {expected}')
    return exponent


def _decimal_exponent(unit: str) -> int | None:
    if unit == "1":
        return 9
    scale = re.fullmatch(r"1?e([+-]?[0-9]{1,2})", unit)
    if scale is None:
        return None
    power = int(scale[1])
    # "1e-4": one in the column is 10**-4. "e4": the column is already multiplied by 10**4.
    exponent = 9 + power if unit.startswith("1") else 9 - power
    return exponent if 0 <= exponent <= 18 else None

"""Columns of tables of every kind, brought into a few forms without losing a digit.

NumPy structured arrays, mappings of names to arrays, pandas and polars frames, and Arrow tables. No library
is imported that the table did not already come from, except pyarrow for foreign Arrow streams.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tickpath.errors import ArgumentTypeError, SourceError

__all__ = ["ColumnValues", "Table", "open_table", "read_parquet"]

_UNIT_EXPONENTS = {"s": 9, "ms": 6, "us": 3, "ns": 0}
_EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001  stamps without a zone are taken as they are
_MICROSECOND = datetime.timedelta(microseconds=1)
_NEEDS_PYARROW = "needs pyarrow: pip install 'tickpath[arrow]'"


@dataclass(frozen=True, slots=True)
class ColumnValues:
    """The values of one column."""

    values: npt.NDArray[Any] | list[object]
    """Integers, floats or booleans in an array; anything else one by one in a list."""
    missing: npt.NDArray[np.bool_] | None = None
    """True where there is no value; ``None`` if there is one everywhere (lists say ``None`` themselves)."""
    exponent: int | None = None
    """For dates, times and durations: their unit is 10 to this power of nanoseconds."""


class Table(Protocol):
    """What a table has to tell."""

    @property
    def title(self) -> str:
        """What the table is, for messages."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        ...

    def column(self, name: str) -> ColumnValues:
        """The values of the column called ``name``."""
        ...


def open_table(obj: object) -> Table:
    """Find out what kind of table ``obj`` is.

    Raises ``ArgumentTypeError`` if it is none, ``SourceError`` if it is one that needs pyarrow and pyarrow
    is not installed.
    """
    if isinstance(obj, np.ndarray):
        return _StructuredTable(obj)
    if isinstance(obj, Mapping):
        return _MappingTable(obj)
    # A frame's own library is loaded, or there could be no frame.
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas is not None and isinstance(obj, pandas.DataFrame):
        return _PandasTable(obj)
    if polars is not None and isinstance(obj, polars.DataFrame):
        return _PolarsTable(obj)
    if polars is not None and isinstance(obj, polars.LazyFrame):
        return _PolarsTable(obj.collect())
    if hasattr(obj, "__arrow_c_stream__") or hasattr(obj, "__arrow_c_array__"):
        return _ArrowTable(obj)
    raise ArgumentTypeError(
        "expected a NumPy structured array, a mapping of names to arrays, a pandas or polars DataFrame, an "
        f"Arrow table, or the path of a csv or parquet file; got {type(obj).__name__}"
    )


def read_parquet(path: str, names: list[str]) -> Table:
    """The columns of a parquet file that are in ``names``; all of them when one of these is absent.

    Raises ``SourceError`` if pyarrow is not installed or cannot read the file.
    """
    pyarrow = _arrow(path, "a parquet file")
    parquet = import_module("pyarrow.parquet")
    try:
        with parquet.ParquetFile(path) as file:
            present = set(file.schema_arrow.names)
            wanted = list(dict.fromkeys(names)) if present.issuperset(names) else None
            table = file.read(columns=wanted)
    except (pyarrow.ArrowException, OSError) as e:
        first_line = str(e).partition("\n")[0]
        raise SourceError(path, f"not a readable parquet file: {first_line}") from None
    return _ArrowTable(table)


def _arrow(title: str, what: str) -> Any:
    try:
        return import_module("pyarrow")
    except ModuleNotFoundError:
        raise SourceError(title, f"{what} {_NEEDS_PYARROW}") from None
    except ImportError as e:
        # It is there, and cannot be loaded: for want of memory, for one.
        raise SourceError(title, f"{what} needs pyarrow, which cannot be imported: {e}") from None


class _StructuredTable:
    def __init__(self, array: npt.NDArray[Any]) -> None:
        if array.dtype.names is None or array.ndim != 1:
            raise ArgumentTypeError(
                f"a NumPy table is a structured array of one dimension; got {array.dtype} in {array.ndim} "
                f"dimensions (for separate arrays pass a dict of them)"
            )
        self._array = array
        self.title = f"NumPy array of {len(array)} rows"
        self.names = array.dtype.names

    def column(self, name: str) -> ColumnValues:
        return _from_array(self._array[name], name)


class _MappingTable:
    def __init__(self, mapping: Mapping[Any, Any]) -> None:
        self._mapping = mapping
        self.title = f"mapping of {len(mapping)} columns"
        self.names = tuple(str(name) for name in mapping)

    def column(self, name: str) -> ColumnValues:
        values = self._mapping[name]
        # Lists are taken value by value: an array of ints and None, or of 2**64 - 1 and -1, would be floats.
        if isinstance(values, list | tuple):
            if set(map(type, values)) == {int}:
                array = np.array(values)
                if array.dtype.kind in "iu":
                    return ColumnValues(array)
            return _from_objects(list(values))
        # Columns of frames and arrow arrays, by the same rules as in their tables.
        module = type(values).__module__.partition(".")[0]
        if module == "pandas":
            # Also an index, or an array of one of its own types.
            return _from_series(sys.modules["pandas"].Series(values), name)
        if module == "polars":
            return _from_polars(values)
        if module == "pyarrow":
            return _from_arrow(values)
        return _from_array(np.asanyarray(values), name)


class _PandasTable:
    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self.title = f"pandas DataFrame of {len(frame)} rows"
        # By text, as the mapping names them; the frame may name them otherwise (0, 1, 2).
        self._columns: dict[str, Any] = {str(name): name for name in frame.columns}
        # Stamps are often the index. Where a column has the same name, the column is meant.
        levels = [level for level in frame.index.names if level is not None]
        self._levels = {str(level): level for level in levels if str(level) not in self._columns}
        self.names = (*self._columns, *self._levels)

    def column(self, name: str) -> ColumnValues:
        if name in self._levels:
            level = self._frame.index.get_level_values(self._levels[name])
            return _from_series(level.to_series(), name)
        series = self._frame[self._columns[name]]
        if series.ndim != 1:
            raise SourceError(self.title, f'several columns are named "{name}"')
        return _from_series(series, name)


def _from_series(series: Any, name: str) -> ColumnValues:
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        return _from_array(series.to_numpy(), name)
    if hasattr(dtype, "tz"):
        return _from_array(series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(), name)
    if hasattr(dtype, "pyarrow_dtype"):
        return _from_arrow(series.array.__arrow_array__())
    if isinstance(dtype, sys.modules["pandas"].SparseDtype):
        return _from_array(series.sparse.to_dense().to_numpy(), name)
    missing = series.isna().to_numpy()
    # Extension types (nullable, categories): numbers stay numbers, never through floats.
    kind = getattr(dtype, "kind", "O")
    if kind in "iufb":
        native = np.dtype(f"{kind}{dtype.itemsize}") if kind != "b" else np.dtype(bool)
        return ColumnValues(series.to_numpy(dtype=native, na_value=native.type(0)), missing)
    return _from_objects(
        [None if absent else value for value, absent in zip(series.tolist(), missing, strict=True)]
    )


class _PolarsTable:
    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self.title = f"polars DataFrame of {frame.height} rows"
        self.names = tuple(frame.columns)

    def column(self, name: str) -> ColumnValues:
        return _from_polars(self._frame.get_column(name))


def _from_polars(series: Any) -> ColumnValues:
    dtype = series.dtype
    missing = series.is_null().to_numpy() if series.null_count() else None
    exponent = None
    if dtype.is_temporal():
        base = dtype.base_type().__name__
        # Time counts nanoseconds since midnight, Date days.
        exponent = _UNIT_EXPONENTS[getattr(dtype, "time_unit", None) or "ns"]
        if base == "Date":
            series, exponent = series.cast(_polars().Datetime("ms")), _UNIT_EXPONENTS["ms"]
        series = series.to_physical()
    elif not dtype.is_numeric() or dtype.is_decimal() or dtype.base_type().__name__.endswith("128"):
        # NumPy has no integers of 128 bits either.
        return ColumnValues(series.to_list())
    return ColumnValues(series.fill_null(0).to_numpy(), missing, exponent)


def _polars() -> Any:
    return sys.modules["polars"]


class _ArrowTable:
    def __init__(self, obj: Any) -> None:
        pyarrow = _arrow(type(obj).__name__, "an Arrow table")
        # Also takes record batches, readers, and whatever else speaks the Arrow C interface.
        self._table = obj if isinstance(obj, pyarrow.Table) else pyarrow.table(obj)
        self.title = f"Arrow table of {self._table.num_rows} rows"
        self.names = tuple(self._table.column_names)

    def column(self, name: str) -> ColumnValues:
        if self.names.count(name) > 1:
            raise SourceError(self.title, f'several columns are named "{name}"')
        return _from_arrow(self._table.column(name))


def _from_arrow(column: Any) -> ColumnValues:
    pyarrow, compute = import_module("pyarrow"), import_module("pyarrow.compute")
    types = pyarrow.types
    if isinstance(column, pyarrow.ChunkedArray):
        column = column.combine_chunks()
    kind = column.type
    if types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    exponent = None
    if types.is_date(kind):
        column, exponent = column.cast(pyarrow.timestamp("ms")), _UNIT_EXPONENTS["ms"]
        column = column.cast(pyarrow.int64())
    elif types.is_timestamp(kind) or types.is_duration(kind) or types.is_time(kind):
        exponent = _UNIT_EXPONENTS[kind.unit]
        if types.is_time32(kind):
            column = column.cast(pyarrow.int32())
        column = column.cast(pyarrow.int64())
    elif not (types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)):
        return ColumnValues(column.to_pylist())
    missing = None
    if column.null_count:
        missing = column.is_null().to_numpy(zero_copy_only=False)
        column = compute.fill_null(column, pyarrow.scalar(0).cast(column.type))
    return ColumnValues(column.to_numpy(zero_copy_only=False), missing, exponent)


def _from_array(array: npt.NDArray[Any], name: str) -> ColumnValues:
    if array.ndim != 1:
        raise ArgumentTypeError(f'column "{name}" has {array.ndim} dimensions, expected one')
    missing = None
    if isinstance(array, np.ma.MaskedArray):
        missing = np.ma.getmaskarray(array)
        array = array.filled(np.zeros(1, array.dtype)[0])
    if array.dtype.kind in "mM":
        return _from_datetimes(array, missing, name)
    if array.dtype.kind in "iufb":
        return ColumnValues(array, missing)
    values = array.tolist()
    if missing is not None:
        values = [None if absent else value for value, absent in zip(values, missing, strict=True)]
    return _from_objects(values)


def _from_objects(values: list[object]) -> ColumnValues:
    """Values one by one, unless all of them (or of those that are there) are points in time."""
    first = next((value for value in values if value is not None), None)
    if not isinstance(first, datetime.datetime):
        return ColumnValues(values)
    stamps_ns: list[object] = []
    for value in values:
        if isinstance(value, datetime.datetime):
            stamps_ns.append(_since_epoch_ns(value))
        elif value is None:
            stamps_ns.append(None)
        else:
            return ColumnValues(values)
    return ColumnValues(stamps_ns, exponent=0)


def _since_epoch_ns(stamp: datetime.datetime) -> int | None:
    """Exact; ``None`` for what pandas calls not a time, which is a ``datetime`` and equals nothing."""
    if stamp != stamp:  # noqa: PLR0124  that is how it is told
        return None
    epoch = _EPOCH if stamp.tzinfo is None else _EPOCH.replace(tzinfo=datetime.UTC)
    # As Python counts: the stamps of pandas, a subclass, count less far. Their nanoseconds are theirs alone.
    since_us = datetime.datetime.__sub__(stamp, epoch) // _MICROSECOND
    return since_us * 1_000 + getattr(stamp, "nanosecond", 0)


def _from_datetimes(
    array: npt.NDArray[Any], missing: npt.NDArray[np.bool_] | None, name: str
) -> ColumnValues:
    unit, count = np.datetime_data(array.dtype)
    if unit == "generic":
        raise ArgumentTypeError(f'column "{name}" is {array.dtype} without a unit')
    if unit not in _UNIT_EXPONENTS or count != 1:
        # Coarser than a second: seconds hold it exactly; finer than a nanosecond: cut off, as everywhere.
        # Tens of milliseconds stay milliseconds: NumPy wraps what does not fit, so no finer than needed.
        if unit not in _UNIT_EXPONENTS:
            unit = "s" if unit in ("Y", "M", "W", "D", "h", "m") else "ns"
        array = array.astype(f"{array.dtype.kind}8[{unit}]")
    not_a_time = np.isnat(array)
    absent = not_a_time if missing is None else missing | not_a_time
    return ColumnValues(array.astype(np.int64), absent if absent.any() else None, _UNIT_EXPONENTS[unit])

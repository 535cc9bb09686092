"""The rows of a sweep as one Parquet file, or one Arrow file: a row per run, in the order of the runs.

The same rows give the same bytes, whoever did them and in whatever order. pyarrow is an extra, imported when
it is needed.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import tickpath
from tickpath.config.scenario.meaning import unit_of
from tickpath.errors import SweepRefused
from tickpath.lab.sweep.axes import text_of
from tickpath.lab.sweep.columns import CONSUMER_FIGURES, FIGURES, TEXTS

if TYPE_CHECKING:
    from tickpath.lab.sweep.axes import Axis
    from tickpath.lab.sweep.grid import Grid
    from tickpath.lab.sweep.tally import Tally

__all__ = ["ROWS_SCHEMA", "Format", "load_packages", "table_bytes"]

ROWS_SCHEMA = "tickpath/sweep-rows/1"
Format = Literal["parquet", "arrow"]

_INT64_MAX = (1 << 63) - 1
_ROWS_AT_A_TIME = 20_000
_NEEDED = {"pyarrow": "its table", "matplotlib": "its picture"}


def load_packages() -> None:
    """Imports what the result is made with. Raises ``SweepRefused``, with what to install, if it cannot."""
    missing = [
        f"{name} for {what}" for name, what in _NEEDED.items() if importlib.util.find_spec(name) is None
    ]
    if missing:
        raise SweepRefused(
            f"a sweep needs {' and '.join(missing)}, which is not installed: pip install 'tickpath[sweep]'"
        )
    import matplotlib.backends.backend_svg
    import matplotlib.ticker  # noqa: F401
    import pyarrow.parquet  # noqa: F401


def table_bytes(tally: Tally, rows: Iterable[Mapping[str, Any]], kind: Format) -> bytes:
    """The file. ``rows`` are those that ``tally`` has counted, in the same order."""
    import pyarrow
    from pyarrow import parquet

    schema = _schema(tally)
    out = pyarrow.BufferOutputStream()
    writer = (
        parquet.ParquetWriter(out, schema, compression="zstd")
        if kind == "parquet"
        else pyarrow.ipc.new_file(out, schema)
    )
    with writer:
        for columns in _columns(tally.grid, schema.names, rows):
            arrays = [
                pyarrow.array(values, field.type) for values, field in zip(columns, schema, strict=True)
            ]
            writer.write_batch(pyarrow.record_batch(arrays, schema=schema))
    content: bytes = out.getvalue().to_pybytes()
    return content


def _schema(tally: Tally) -> Any:
    import pyarrow

    grid = tally.grid
    fields = [("run", pyarrow.int64(), "")]
    fields += [(axis.key, _type_of(axis), unit_of(axis.key.rpartition(".")[2])) for axis in grid.axes]
    fields.append(("seed", pyarrow.uint64(), ""))
    fields += [(name, pyarrow.string(), "") for name in TEXTS]
    figures = [*FIGURES, *_consumer_columns(tally)]
    fields += [(name, pyarrow.int64(), "ns" if name.endswith("_ns") else "") for name in figures]
    fields += [("digest", pyarrow.string(), ""), ("replay", pyarrow.string(), "")]
    about = {
        "schema": ROWS_SCHEMA,
        "tickpath": tickpath.__version__,
        "scenario": grid.scenario,
        "axes": [axis.key for axis in grid.axes],
        "complete": tally.runs == len(grid),
    }
    return pyarrow.schema(
        [pyarrow.field(name, kind, metadata={"unit": unit} if unit else None) for name, kind, unit in fields],
        metadata={"tickpath": json.dumps(about)},
    )


def _consumer_columns(tally: Tally) -> list[str]:
    """Those of each consumer together, in the order of :data:`CONSUMER_FIGURES`."""
    stages = dict.fromkeys(name.rpartition(".")[0] for name in tally.consumers)
    return [f"{stage}.{figure}" for stage in stages for figure in CONSUMER_FIGURES]


def _type_of(axis: Axis) -> Any:
    """The narrowest type that holds every value: what is neither numbers nor flags is text."""
    import pyarrow

    kinds = {type(value) for value in axis.values}
    if _is_text(axis):
        return pyarrow.string()
    if kinds == {bool}:
        return pyarrow.bool_()
    if kinds == {int}:
        return pyarrow.int64() if max(axis.values) <= _INT64_MAX else pyarrow.uint64()
    return pyarrow.float64()


def _is_text(axis: Axis) -> bool:
    kinds = {type(value) for value in axis.values}
    return not (kinds == {bool} or kinds <= {int, float})


def _columns(grid: Grid, names: list[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[list[list[Any]]]:
    """Column by column, some thousand rows at a time."""
    own = ["run", *(axis.key for axis in grid.axes), "seed"]
    left = iter(rows)
    while batch := list(itertools.islice(left, _ROWS_AT_A_TIME)):
        runs = [row["run"] for row in batch]
        values = [grid.values(run) for run in runs]
        columns = [runs]
        for index, axis in enumerate(grid.axes):
            of_axis = [each[index] for each in values]
            columns.append([_as_text(value) for value in of_axis] if _is_text(axis) else of_axis)
        columns.append([grid.seed(run) for run in runs])
        columns += [[row.get(name) for row in batch] for name in names[len(own) : -1]]
        columns.append([shlex.join(grid.replay(run)) for run in runs])
        yield columns


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else text_of(value)

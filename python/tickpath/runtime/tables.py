"""What a run left behind as tables: columns of one length, for notebooks, polars, pandas and Arrow.

A table is small, a row for a consumer, a latency, a move; events and acks, of which there are millions, go
as :class:`~tickpath.core.arrow.ArrowRows`. What is unknown is ``None``, and null in the frames. The libraries
are extras, imported when they are asked for.

Frozen; any thread may read it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from tickpath.config.suggest import suggestion
from tickpath.core.state import State
from tickpath.errors import ArgumentValueError, PackageMissing
from tickpath.runtime.notebook import html_table

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from tickpath.core.engine import EngineRecord, LatencyFigures
    from tickpath.runtime.result import RunResult

__all__ = ["ResultTable", "TableName", "table_of"]

TableName = Literal["ledger", "latency", "lifecycle", "epochs", "health", "injections", "audit"]

Value = int | float | str | bool | None

_INT, _TEXT, _FLAG, _FLOAT = "integer", "text", "flag", "number"
_PERCENTILES = ("p50_ns", "p90_ns", "p99_ns", "p99_9_ns", "p99_99_ns")
_FIGURES = ("count", "min_ns", *_PERCENTILES, "max_ns", "dropped")


@dataclass(frozen=True, slots=True)
class ResultTable:
    """Columns of one length.

    >>> columns = (("consumer", "text"), ("lost", "integer"))
    >>> table = ResultTable("ledger", columns, (("log", 3), ("slow", None)))
    >>> len(table), table["lost"]
    (2, (3, None))
    >>> table.to_polars()["lost"].sum()
    3
    """

    name: str
    """What it is a table of."""
    columns: tuple[tuple[str, str], ...]
    """Name and kind of each column: ``integer``, ``number``, ``text`` or ``flag``."""
    rows: tuple[tuple[Value, ...], ...]
    """The rows."""

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, column: str) -> tuple[Value, ...]:
        """The values of a column. Raises ``ArgumentValueError`` for one that is not there."""
        names = [name for name, _ in self.columns]
        if column not in names:
            raise ArgumentValueError(
                f"the table {self.name} has no column {column!r}{suggestion(column, names)} "
                f"It has {', '.join(names)}"
            )
        index = names.index(column)
        return tuple(row[index] for row in self.rows)

    def to_polars(self) -> polars.DataFrame:
        """The same as a polars frame. Raises ``PackageMissing`` without polars."""
        with _extra("polars", "polars"):
            import polars

        kinds = {_INT: polars.Int64, _FLOAT: polars.Float64, _TEXT: polars.String, _FLAG: polars.Boolean}
        schema = {name: kinds[kind] for name, kind in self.columns}
        return polars.DataFrame(list(self.rows), schema=schema, orient="row")

    def to_pandas(self) -> pandas.DataFrame:
        """The same as a pandas frame of nullable columns: integers stay exact. Raises ``PackageMissing``."""
        with _extra("pandas", "pandas"):
            import pandas

        kinds = {_INT: "Int64", _FLOAT: "Float64", _TEXT: "string", _FLAG: "boolean"}
        return pandas.DataFrame(
            {name: pandas.array(self[name], dtype=kinds[kind]) for name, kind in self.columns}
        )

    def to_arrow(self) -> pyarrow.Table:
        """The same as a pyarrow table; nanoseconds say so in their metadata. Raises ``PackageMissing``."""
        with _extra("pyarrow", "arrow"):
            import pyarrow

        kinds = {
            _INT: pyarrow.int64(),
            _FLOAT: pyarrow.float64(),
            _TEXT: pyarrow.string(),
            _FLAG: pyarrow.bool_(),
        }
        fields = [
            pyarrow.field(name, kinds[kind], metadata={"unit": "ns"} if name.endswith("_ns") else None)
            for name, kind in self.columns
        ]
        arrays = [pyarrow.array(self[field.name], field.type) for field in fields]
        return pyarrow.Table.from_arrays(arrays, schema=pyarrow.schema(fields))

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The same through Arrow's PyCapsule interface, for any library that speaks it; needs pyarrow."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def _repr_html_(self) -> str:
        """The same for a notebook."""
        return html_table([name for name, _ in self.columns], self.rows)


def table_of(result: RunResult, name: TableName) -> ResultTable:
    """A table of ``result``; without rows where the run left nothing. Raises ``ArgumentValueError``."""
    names = get_args(TableName)
    if name not in names:
        raise ArgumentValueError(
            f"there is no table {name!r}{suggestion(str(name), names)} There are {', '.join(names)}"
        )
    columns, rows = {
        "ledger": _ledger,
        "latency": _latency,
        "lifecycle": _lifecycle,
        "epochs": _epochs,
        "health": _health,
        "injections": _injections,
        "audit": _audit,
    }[name](result)
    return ResultTable(name, columns, tuple(tuple(row) for row in rows))


_Made = tuple[tuple[tuple[str, str], ...], Iterable[Sequence[Value]]]


def _ledger(result: RunResult) -> _Made:
    terms = ("published", "executed", "gated", "read", "lost", "shed", "unread")
    columns = (("consumer", _TEXT), *((name, _INT) for name in terms), ("balanced", _FLAG))
    stages = () if result.record is None else result.record.stages
    rows = []
    for stage in stages:
        books = stage.ledger
        gated = sum(books.gated)
        missed = (books.lost, books.shed, books.unread, books.balanced)
        rows.append((stage.name, books.published, books.executed, gated, books.read, *missed))
    return columns, rows


def _latency(result: RunResult) -> _Made:
    columns = (("consumer", _TEXT), ("state", _TEXT), ("stage", _TEXT), *((name, _INT) for name in _FIGURES))
    return columns, () if result.record is None else _latencies(result.record)


def _latencies(record: EngineRecord) -> Iterator[Sequence[Value]]:
    """Of each consumer over all states; of the executor by state, too; last the machine's floor."""
    for stage in record.stages:
        for figures in stage.latency:
            yield (stage.name, None, *_figures(figures))
    for figures in record.latency_by_state:
        if figures.count and figures.state is not None:
            yield ("executor", State(figures.state).name, *_figures(figures))
    if record.floor.count:
        yield (None, None, "machine_floor", *(getattr(record.floor, name) for name in _FIGURES))


def _figures(figures: LatencyFigures) -> tuple[Value, ...]:
    return (figures.stage, *(getattr(figures, name) for name in _FIGURES))


def _lifecycle(result: RunResult) -> _Made:
    columns = (("epoch", _INT), ("at_ns", _INT), ("source", _TEXT), ("target", _TEXT), ("cause", _TEXT))
    return columns, [
        (move.epoch, move.at_ns, move.source.name, move.target.name, move.cause) for move in result.history
    ]


def _epochs(result: RunResult) -> _Made:
    names = ("epoch", "first_seq", "last_seq", "executed", "gated")
    return tuple((name, _INT) for name in names), () if result.record is None else result.record.epochs


def _health(result: RunResult) -> _Made:
    columns = (
        *(("at_ns", _INT), ("probe", _TEXT), ("cause", _TEXT), ("raised", _FLAG)),
        *(("value", _FLOAT), ("threshold", _FLOAT)),
    )
    return columns, [
        (each.at_ns, each.probe, each.cause.words, each.raised, each.reading.value, each.reading.threshold)
        for each in result.control.health
    ]


def _injections(result: RunResult) -> _Made:
    columns = (("at_ns", _INT), ("name", _TEXT), ("kind", _TEXT), ("event", _TEXT))
    return columns, [(each.at_ns, each.name, each.kind, each.event) for each in result.control.injections]


def _audit(result: RunResult) -> _Made:
    names = ("runbook", "trigger", "step", "event", "detail")
    columns = (("at_ns", _INT), *((name, _TEXT) for name in names))
    return columns, [(each.at_ns, *(getattr(each, name) for name in names)) for each in result.control.audit]


@contextlib.contextmanager
def _extra(package: str, extra: str) -> Iterator[None]:
    """Around an import: what is missing is named, with what to install."""
    try:
        yield
    except ImportError as error:
        raise PackageMissing(f"{package} is not installed here: pip install 'tickpath[{extra}]'") from error

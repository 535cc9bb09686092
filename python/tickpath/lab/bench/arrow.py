"""Events and acks as Arrow columns: ``ArrowRows`` against pyarrow, which takes an array field by field."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tickpath.core.arrow import ArrowRows
from tickpath.core.execution import ACK_DTYPE
from tickpath.core.ingest import EVENT_DTYPE
from tickpath.lab.bench.interleaved import Samples, Workload, measure
from tickpath.lab.bench.part import Budget, Figure, PartResult

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Arrow"]

#: Small tables are made so many times in a turn that it holds at least this number of rows.
ROWS_A_TURN_MIN = 10_000
_SIZES = ((100, EVENT_DTYPE), (1_000_000, EVENT_DTYPE), (100, ACK_DTYPE), (1_000_000, ACK_DTYPE))
_OURS, _THEIRS = "ArrowRows", "pyarrow, field by field"
#: A turn makes a table of a million rows: fewer of them than of a call.
_TURNS_SHARE = 10

Rows = np.ndarray[Any, np.dtype[np.void]]


def _filled(rows: int, dtype: np.dtype[np.void]) -> Rows:
    """Rows that are in memory, and not all the same page of zeros."""
    return np.frombuffer(bytearray(range(256)) * (rows * dtype.itemsize // 256 + 1), dtype, rows)


def _workload(make: Callable[[Rows], object], rows: Rows) -> Workload:
    repeats = max(1, ROWS_A_TURN_MIN // len(rows))

    def run() -> None:
        for _ in range(repeats):
            # Gone before the next is made.
            make(rows)

    return Workload(run, repeats * len(rows))


def _build() -> dict[str, Workload]:
    import pyarrow

    def by_rows(rows: Rows) -> object:
        return pyarrow.table(ArrowRows(rows))

    def by_field(rows: Rows) -> object:
        """What a user writes without ``ArrowRows``."""
        return pyarrow.table({name: rows[name] for name in rows.dtype.names or ()})

    workloads = {}
    for number, (size, dtype) in enumerate(_SIZES):
        rows = _filled(size, dtype)
        workloads[f"{_OURS} {number}"] = _workload(by_rows, rows)
        workloads[f"{_THEIRS} {number}"] = _workload(by_field, rows)
    return workloads


class Arrow:
    """The part."""

    name = "arrow"
    title = "structured rows as an Arrow table, per row"

    def run(self, budget: Budget) -> PartResult:
        """Measures within ``budget``."""
        missing = None
        samples = Samples(())
        if importlib.util.find_spec("pyarrow") is None:
            missing = "pyarrow is not installed: pip install 'tickpath[arrow]'"
        else:
            turns = max(1, budget.sizes.turns // _TURNS_SHARE)
            samples = measure(_build, replace(budget, sizes=replace(budget.sizes, turns=turns)))
        return PartResult(
            rounds=len(samples.rounds),
            figures=tuple(
                Figure(
                    what=f"{'events' if dtype is EVENT_DTYPE else 'acks'}, {size:,} rows",
                    contender=contender,
                    ns=samples.ns(f"{contender} {number}"),
                    base=_OURS,
                    times_base=samples.ratio(f"{contender} {number}", f"{_OURS} {number}"),
                    missing=missing,
                )
                for number, (size, dtype) in enumerate(_SIZES)
                for contender in (_OURS, _THEIRS)
            ),
        )

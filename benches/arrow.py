"""Events and acks as Arrow columns: ``ArrowRows`` against pyarrow, which takes an array field by field.

Needs the release package, and pyarrow beside it: ``.venv-release/bin/python -m benches.arrow``. Prints one
table of nanoseconds per row and of ratios.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow

from benches.interleaved import Workload, measure
from tickpath.core.arrow import ArrowRows
from tickpath.core.execution import ACK_DTYPE
from tickpath.core.ingest import EVENT_DTYPE

Rows = np.ndarray[Any, np.dtype[np.void]]
RUNS, ROUNDS = 5, 7


def by_field(array: Rows) -> Any:
    """What a user writes without ``ArrowRows``."""
    return pyarrow.table({name: array[name] for name in array.dtype.names or ()})


def by_rows(array: Rows) -> Any:
    """The same table through ``ArrowRows``."""
    return pyarrow.table(ArrowRows(array))


def filled(rows: int, dtype: np.dtype[np.void]) -> Rows:
    """Rows that are in memory, and not all the same page of zeros."""
    return np.frombuffer(bytearray(range(256)) * (rows * dtype.itemsize // 256 + 1), dtype, rows)


def contenders(array: Rows) -> Callable[[], dict[str, tuple[Workload, int]]]:
    """Both ways, one table per round; a table is gone before the next is made."""

    def build() -> dict[str, tuple[Workload, int]]:
        repeats = max(1, 10_000 // len(array))

        def workload(make: Callable[[Rows], Any]) -> tuple[Workload, int]:
            def run() -> None:
                for _ in range(repeats):
                    make(array)

            return run, repeats * len(array)

        return {"fields": workload(by_field), "rows": workload(by_rows)}

    return build


def main() -> int:
    """Measure and print; return the exit code."""
    print(f"Python {sys.version.split()[0]}, NumPy {np.__version__}, pyarrow {pyarrow.__version__}")
    print(f"{'rows':>24} {'by field, ns/row':>18} {'ArrowRows':>10} {'ratio [lowest, highest]':>26}")
    for name, dtype in (("events", EVENT_DTYPE), ("acks", ACK_DTYPE)):
        for rows in (100, 10_000, 1_000_000, 4_000_000):
            samples = measure(contenders(filled(rows, dtype)), runs=RUNS, rounds=ROUNDS)
            fields, ours = samples.ns("fields"), samples.ns("rows")
            ratio = str(samples.ratio("fields", "rows"))
            print(f"{rows:>17,} {name:>6} {fields:>18.1f} {ours:>10.1f} {ratio:>26}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Goal: polars, pandas, pyarrow and duckdb take events and acks as they are, and give them back.

Method: each library's own constructor, on the objects themselves; back through ``from_table``.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.event_samples import events
from tickpath.core.arrow import ArrowRows
from tickpath.core.execution import ACK_DTYPE
from tickpath.core.ingest import EVENT_DTYPE, MarketDataSource

pytestmark = pytest.mark.slow  # these imports alone take longer than 0.3 s

COLUMNS: Any = {name: name for name in EVENT_DTYPE.names or ()} | {
    name: (name, "1e-9") for name in ("price_e9", "size_e9")
}


@pytest.fixture(scope="module")
def source() -> MarketDataSource:
    return MarketDataSource.synthetic(rate_hz=1e6, events=2_000, symbols=3, seed=7)


def acks(rows: int) -> np.ndarray[Any, np.dtype[np.void]]:
    made = np.zeros(rows, ACK_DTYPE)
    made["seq"] = np.arange(rows)
    made["decision_ts"] = 2**64 - 1 - made["seq"]
    made["executed"] = made["seq"] % 3 == 0
    return made


def polars_frame(exported: object) -> Any:
    return pytest.importorskip("polars", reason="polars is not installed").DataFrame(exported)


def pandas_frame(exported: object) -> Any:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    if not hasattr(pandas.DataFrame, "from_arrow"):
        pytest.skip("pandas before 3 takes Arrow only through pyarrow")
    return pandas.DataFrame.from_arrow(exported)


def pyarrow_table(exported: object) -> Any:
    return pytest.importorskip("pyarrow", reason="pyarrow is not installed").table(exported)


def pyarrow_batch(exported: object) -> Any:
    return pytest.importorskip("pyarrow", reason="pyarrow is not installed").record_batch(exported)


def duckdb_relation(exported: object) -> Any:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    return duckdb.connect().from_arrow(exported)


def values(table: Any, name: str) -> list[Any]:
    """The column ``name``, whatever library it is in."""
    if hasattr(table, "fetchnumpy"):
        return list(table.fetchnumpy()[name].tolist())
    column = table[name]
    return list(column.to_pylist() if hasattr(column, "to_pylist") else column.to_list())


LIBRARIES = [polars_frame, pandas_frame, pyarrow_table, pyarrow_batch, duckdb_relation]


@pytest.mark.parametrize("load", LIBRARIES)
def test_events_arrive_as_they_are(load: Callable[[object], Any], source: MarketDataSource) -> None:
    for exported in (source, ArrowRows(source.events), ArrowRows(source.events[::-2])):
        array = source.events[::-2] if len(exported) < len(source) else source.events
        table = load(exported)
        for name in EVENT_DTYPE.names or ():
            assert values(table, name) == array[name].tolist()


@pytest.mark.parametrize("load", LIBRARIES)
@pytest.mark.parametrize("rows", [0, 1, 100])
def test_acks_arrive_with_truth_values(load: Callable[[object], Any], rows: int) -> None:
    array = acks(rows)
    table = load(ArrowRows(array))
    for name in ACK_DTYPE.names or ():
        expected = array[name].astype(bool) if name == "executed" else array[name]
        assert values(table, name) == expected.tolist()


@pytest.mark.parametrize("load", [*LIBRARIES, lambda exported: exported])
def test_events_come_back_from_every_library(load: Callable[[object], Any], source: MarketDataSource) -> None:
    back = MarketDataSource.from_table(load(source), columns=COLUMNS)
    assert back.events.dtype == EVENT_DTYPE
    assert np.array_equal(back.events, source.events)


def test_duckdb_queries_variables_by_their_name_and_more_than_once(source: MarketDataSource) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    rows = ArrowRows(acks(1_000))  # noqa: F841 - the query names it
    db = duckdb.connect()
    for _ in range(3):
        assert db.sql("SELECT count(*), count(DISTINCT symbol) FROM source").fetchall() == [(2_000, 3)]
        assert db.sql("SELECT count(*) FROM rows WHERE executed").fetchall() == [(334,)]
    joined = "SELECT count(*) FROM rows a JOIN rows b ON a.seq = b.seq + 1"
    assert db.sql(joined).fetchall() == [(999,)]


def test_a_query_of_a_source_copies_it_once(source: MarketDataSource) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")

    class Counted:
        streams = 0

        def __arrow_c_schema__(self) -> object:
            return source.__arrow_c_schema__()

        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
            self.streams += 1
            return source.__arrow_c_stream__(requested_schema)

    counted = Counted()
    assert duckdb.connect().sql("SELECT count(*) FROM counted").fetchall() == [(2_000,)]
    assert counted.streams == 1


def test_no_library_copies_again() -> None:
    rows = ArrowRows(events(0, 5_000))
    frames = [
        polars_frame(rows)["ts_ns"].to_numpy(),
        pyarrow_table(rows)["ts_ns"].chunk(0).to_numpy(),
        pyarrow_batch(rows)["ts_ns"].to_numpy(),
    ]
    assert all(np.shares_memory(frames[0], frame) for frame in frames)
    assert frames[0].tolist() == list(range(5_000))


def test_exporting_needs_no_arrow_library() -> None:
    program = (
        "import sys, numpy as np; from tickpath.core.arrow import ArrowRows as A\n"
        "from tickpath.core.execution import ACK_DTYPE as D; A(np.zeros(9, D)).__arrow_c_stream__()\n"
        "assert not {'pyarrow', 'polars', 'pandas', 'duckdb'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

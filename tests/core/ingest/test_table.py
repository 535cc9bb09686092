"""Goal: a table means the same events whatever library it came from, to the last digit.

Method: the same rows as NumPy, mapping, pandas, polars, Arrow and csv; values at the edges of every rule.
"""

from __future__ import annotations

import datetime as dt
import decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tickpath.core.ingest import EVENT_DTYPE, MarketDataSource
from tickpath.core.ingest.table import parse_columns
from tickpath.errors import ArgumentTypeError, ArgumentValueError, BadRow, OutOfOrder, SourceError

COLUMNS = {"ts_ns": ("time", "us"), "price_e9": "price", "side": "side", "symbol": "name"}
ROWS: dict[str, list[Any]] = {
    "time": [1_000_001, 1_000_002, 1_000_002],
    "price": [585.33, 0.1, 1e-05],
    "side": ["B", "sell", "ASK"],
    "name": ["SPY", "QQQ", "SPY"],
}


def load(obj: object, columns: Any, **choices: Any) -> MarketDataSource:
    return MarketDataSource.from_table(obj, columns=columns, **choices)


def one(column: Any, field: str, unit: str | None = None) -> list[int]:
    """``field`` of a table whose other column is a plain stamp."""
    mapping = (
        {"ts_ns": "t", field: ("x", unit) if unit else "x"} if field != "ts_ns" else {"ts_ns": ("x", unit)}
    )
    table = {"t": np.arange(len(column)), "x": column}
    return list(load(table, mapping).events[field].tolist())


def assert_rows(source: MarketDataSource) -> None:
    assert source.events.dtype == EVENT_DTYPE
    assert source.events["ts_ns"].tolist() == [1_000_001_000, 1_000_002_000, 1_000_002_000]
    assert source.events["price_e9"].tolist() == [585_330_000_000, 100_000_000, 10_000]
    assert source.events["side"].tolist() == [1, -1, -1]
    assert source.events["symbol"].tolist() == [0, 1, 0]
    assert source.symbols == ("SPY", "QQQ")
    assert not source.events["order_id"].any()


def test_a_mapping_of_lists() -> None:
    assert_rows(load(ROWS, COLUMNS))


def test_a_mapping_of_arrays() -> None:
    assert_rows(load({name: np.array(values) for name, values in ROWS.items()}, COLUMNS))


def test_a_structured_array() -> None:
    dtype = [("time", ">i4"), ("price", "f8"), ("side", "U4"), ("name", "S3")]
    table = np.array(list(zip(*ROWS.values(), strict=True)), dtype)
    assert_rows(load(table, {**COLUMNS, "symbol": "name"}))


@pytest.mark.slow
def test_a_pandas_frame() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(ROWS)
    assert_rows(load(frame, COLUMNS))
    assert_rows(load(frame.astype({"time": "Int64", "name": "category", "price": "Float64"}), COLUMNS))
    assert_rows(load(frame.assign(time=pandas.to_datetime(frame["time"], unit="us", utc=True)), COLUMNS))


@pytest.mark.slow
def test_a_polars_frame() -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    frame = polars.DataFrame(ROWS)
    assert_rows(load(frame, COLUMNS))
    assert_rows(load(frame.lazy(), COLUMNS))
    cast = {"time": polars.Datetime("us"), "name": polars.Categorical}
    assert_rows(load(frame.cast(cast), COLUMNS))


def test_arrow_tables_batches_and_streams() -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    table = arrow.table(ROWS)
    assert_rows(load(table, COLUMNS))
    assert_rows(load(table.to_batches()[0], COLUMNS))
    assert_rows(load(table.to_reader(), COLUMNS))
    stamped = table.set_column(0, "time", table["time"].cast(arrow.timestamp("us")))
    coded = stamped.set_column(3, "name", table["name"].dictionary_encode())
    assert_rows(load(coded, COLUMNS))


def test_a_parquet_file(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    arrow = pytest.importorskip("pyarrow")
    path = tmp_path / "rows.parquet"
    parquet.write_table(arrow.table(ROWS), path)
    assert_rows(load(path, COLUMNS))
    with pytest.raises(SourceError, match='no column "tyme"; did you mean "time"'):
        load(path, {"ts_ns": "tyme"})
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SourceError, match="not a readable parquet file"):
        load(path, COLUMNS)


def test_nulls_are_row_errors_in_every_library() -> None:
    tables: list[object] = [{"t": [1, None, 3]}, {"t": np.ma.array([1, 2, 3], mask=[False, True, False])}]
    tables.append({"t": np.array([1.0, np.nan, 3.0])})
    tables.append({"t": np.array([1, "NaT", 3], "M8[ns]")})
    for name, build in (("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "table")):
        try:
            library = __import__(name)
        except ImportError:
            continue
        tables.append(getattr(library, build)({"t": [1, None, 3]}))
        tables.append(getattr(library, build)({"t": ["1", None, "3"]}))
    for table in tables:
        with pytest.raises(BadRow, match="row 1") as bad:
            load(table, {"ts_ns": "t"})
        assert bad.value.field == "ts_ns"
        source = load(table, {"ts_ns": "t"}, policy="skip")
        assert source.events["ts_ns"].tolist() == [1, 3]
        assert [(row.field, row.reason.partition(":")[0]) for row in source.skipped] == [("ts_ns", "row 1")]


@pytest.mark.parametrize(
    ("values", "unit", "ns"),
    [
        ([0.1, 34200.004241176], "s", [100_000_000, 34_200_004_241_176]),
        (["1.1234567899"], "s", [1_123_456_789]),
        ([decimal.Decimal("0.1"), decimal.Decimal("1E+1")], "ms", [100_000, 10_000_000]),
        ([2**64 - 1], "ns", [2**64 - 1]),
        (np.array([1.5, 2.0], np.float32), "us", [1_500, 2_000]),
        (np.array([1, 2], ">u2"), "s", [1_000_000_000, 2_000_000_000]),
        (np.array(["1970-01-01T00:00:00.000001"], "M8[us]"), "s", [1_000]),
        (np.array(["1970-01-02"], "M8[D]"), "ns", [86_400_000_000_000]),
        (np.array([7], "m8[ms]"), "ns", [7_000_000]),
        (np.array([1999], "M8[ps]"), "ns", [1]),
    ],
)
def test_stamps_are_exact(values: Any, unit: str, ns: list[int]) -> None:
    assert one(values, "ts_ns", unit) == ns


def test_floats_are_their_shortest_decimals() -> None:
    generator = np.random.default_rng(1)
    cents = generator.integers(1, 10**8, 2_000)
    # int(x * 1e9) would miss some of these by one.
    assert one(cents / 100, "price_e9") == (cents * 10_000_000).tolist()
    assert one(np.array([585.33, 0.1], np.float32), "price_e9") == [585_330_000_000, 100_000_000]


@pytest.mark.parametrize(
    ("value", "unit", "e9"),
    [
        (5853300, "1e-4", 585_330_000_000),
        (np.int32(-7), "1e-9", -7),
        (123, "e9", 123),
        ("2.5", "1", 2_500_000_000),
        (3, "1e3", 3_000_000_000_000),
        ("-0.0000000019", "1", -1),
        (-0.0, "1", 0),
    ],
)
def test_prices_have_a_scale(value: Any, unit: str, e9: int) -> None:
    assert one([value], "price_e9", unit) == [e9]


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("kind", [0, 255], 256),
        ("flags", [0, 65_535], 65_536),
        ("order_id", [0, 2**62], -1),
        ("sequence", [1, 2], -1),
        ("side", [1, -1, 0], 2),
        ("symbol", [0, 99], 65_536),
        ("price_e9", [-9_223_372_036, 9_223_372_036], 9_223_372_037),
    ],
)
@pytest.mark.parametrize("as_array", [True, False])
def test_what_does_not_fit_is_a_row_error(field: str, good: list[int], bad: int, as_array: bool) -> None:
    scale = 10**9 if field == "price_e9" else 1
    column: Any = [*good, bad]
    assert one(np.array(good) if as_array else good, field) == [value * scale for value in good]
    with pytest.raises(BadRow, match=f"row {len(good)}: ") as refused:
        one(np.array(column) if as_array else column, field)
    assert refused.value.field == field


@pytest.mark.parametrize("side", ["b", "A", 1.0, -1.0, "+1", b"buy", "Offer"])
def test_sides_are_read_in_many_spellings(side: Any) -> None:
    known = {"b": 1, "A": -1, 1.0: 1, -1.0: -1, "+1": 1, b"buy": 1}
    if side in known:
        assert one([side], "side") == [known[side]]
    else:
        with pytest.raises(BadRow, match="not a side"):
            one([side], "side")


@pytest.mark.parametrize(
    "value", ["", "x", " 1", "1 ", "0x10", "nan", "inf", float("inf"), True, object(), [1]]
)
def test_what_is_no_number_is_a_row_error(value: Any) -> None:
    with pytest.raises(BadRow, match="row 1: "):
        load({"t": ["1", value]}, {"ts_ns": "t"})


def test_a_bad_row_leaves_no_symbol_behind_and_is_listed_once() -> None:
    table = {"t": ["1", "x", "3"], "s": ["A", "B", "C"], "k": [1, 999, 1]}
    source = load(table, {"symbol": "s", "ts_ns": "t", "kind": "k"}, policy="skip")
    assert source.symbols == ("A", "C")
    assert source.events["symbol"].tolist() == [0, 1]
    assert len(source.skipped) == source.meta["sources"][0]["skipped"] == 1


@pytest.mark.parametrize(
    ("choice", "stamps"), [("sort", [1, 2, 5, 5]), ("clamp", [5, 5, 5, 5]), ("refuse", None)]
)
def test_stamps_that_run_backwards(choice: str, stamps: list[int] | None) -> None:
    table = {"t": np.array([5, 1, 5, 2]), "n": np.arange(4)}
    if stamps is None:
        with pytest.raises(OutOfOrder, match=r"row 1: .*4 ns before"):
            load(table, {"ts_ns": "t"})
        return
    source = load(table, {"ts_ns": "t", "sequence": "n"}, out_of_order=choice)
    assert source.events["ts_ns"].tolist() == stamps
    assert source.events["sequence"].tolist() == ([1, 3, 0, 2] if choice == "sort" else [0, 1, 2, 3])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"price_e9": "p"}, "ts_ns, which every event needs"),
        ({"ts_ns": "t", "prise_e9": "p"}, 'did you mean "price_e9"'),
        ({"ts_ns": ("t", "min")}, 'unknown unit "min", expected s, ms, us or ns'),
        ({"ts_ns": "t", "price_e9": ("p", "1e-10")}, "unknown unit"),
        ({"ts_ns": "t", "side": ("p", "1")}, "has no unit"),
        ({"ts_ns": 0, "side": "p"}, "partly by name"),
        ({"ts_ns": 0}, "have names"),
        ({"ts_ns": -1}, "count from 0"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(columns: Any, message: str) -> None:
    with pytest.raises(ArgumentValueError, match=message):
        load({"t": [1], "p": [1]}, columns)


@pytest.mark.parametrize("columns", [None, "ts_ns=t", {"ts_ns": None}, {1: "t"}, {"ts_ns": ("t", "s", 1)}])
def test_a_mapping_of_another_type_is_refused(columns: Any) -> None:
    with pytest.raises((ArgumentTypeError, ArgumentValueError), match="columns"):
        load({"t": [1]}, columns)


@pytest.mark.parametrize("table", [None, 7, [1, 2], np.arange(3), np.zeros((2, 2), [("t", "i8")]), object()])
def test_what_is_no_table_is_refused(table: object) -> None:
    with pytest.raises(ArgumentTypeError, match=r"expected a NumPy structured array|structured array of one"):
        load(table, {"ts_ns": "t"})


def test_columns_that_cannot_be_meant_are_refused() -> None:
    stamps = np.array([1], "M8[ns]")
    with pytest.raises(SourceError, match="holds dates or times"):
        load({"t": [1], "x": stamps}, {"ts_ns": "t", "price_e9": "x"})
    with pytest.raises(SourceError, match="holds booleans"):
        load({"t": np.array([True])}, {"ts_ns": "t"})
    with pytest.raises(SourceError, match="has 2 values"):
        load({"t": [1], "x": [1, 2]}, {"ts_ns": "t", "kind": "x"})
    with pytest.raises(SourceError, match='no column "tim"; did you mean "time"'):
        load({"time": [1]}, {"ts_ns": "tim"})
    with pytest.raises(SourceError, match="holds no events"):
        load({"t": []}, {"ts_ns": "t"})


def test_one_symbol_can_be_named_for_all() -> None:
    assert load({"t": [1, 2]}, {"ts_ns": "t"}, symbol="SPY").symbols == ("SPY",)


def test_a_mapping_string() -> None:
    assert parse_columns("ts_ns=time:us, price_e9=price") == {"ts_ns": ("time", "us"), "price_e9": "price"}
    assert parse_columns("ts_ns=#0:ms,price_e9=#1:1e-4") == {"ts_ns": (0, "ms"), "price_e9": (1, "1e-4")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a mapping"),
        ("ts_ns", "is not a mapping"),
        ("ts_ns=", "is not a mapping"),
        ("=t", "is not a mapping"),
        ("ts_ns=t:", "is not a mapping"),
        ("ts_ns=t,ts_ns=u", "mapped twice"),
        ("ts_n=t", 'did you mean "ts_ns"'),
        ("ts_ns=t:h", "unknown unit"),
        ("price_e9=p", "needs"),
    ],
)
def test_a_bad_mapping_string_names_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ArgumentValueError, match=message):
        parse_columns(text)


def test_times_of_python_count_from_1970_in_utc() -> None:
    naive = dt.datetime(2020, 1, 1, 0, 0, 0, 1)  # noqa: DTZ001
    tokyo = dt.datetime(2020, 1, 1, 9, 0, 0, 2, tzinfo=dt.timezone(dt.timedelta(hours=9)))
    first_ns = 1_577_836_800_000_001_000
    for times in ([naive, tokyo], np.array([naive, tokyo], object)):
        assert load({"t": times}, {"ts_ns": ("t", "s")}).events["ts_ns"].tolist() == [
            first_ns,
            first_ns + 1_000,
        ]
    with pytest.raises(BadRow, match=r"row 1: no value"):
        load({"t": [naive, None]}, {"ts_ns": "t"})
    with pytest.raises(BadRow, match="a value of type datetime"):
        load({"t": [naive, 5]}, {"ts_ns": "t"})
    with pytest.raises(SourceError, match="holds dates or times"):
        load({"t": [1], "x": [naive]}, {"ts_ns": "t", "size_e9": "x"})


def test_an_index_of_pandas_is_a_column_and_so_is_an_array_of_its_types() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": [5, 6]}, index=pandas.Index([7, 8], name="t"))
    columns = {"ts_ns": "t", "sequence": "x"}
    for table in (frame, {"t": frame.index, "x": pandas.array([5, 6], dtype="Int64")}):
        assert load(table, columns).events[["ts_ns", "sequence"]].tolist() == [(7, 5), (8, 6)]
    # A column of the same name is meant before the index.
    assert load(frame.assign(t=[1, 2]), columns).events["ts_ns"].tolist() == [1, 2]


def test_the_progress_of_tables_is_told_and_what_it_raises_ends_the_load(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("t\n1\n2\n")
    for table in (path, {"t": [1, 2]}):
        seen: list[tuple[int, int, int]] = []
        load(table, {"ts_ns": "t"}, progress=lambda *args: seen.append(args))  # noqa: B023
        assert seen
        assert seen[-1][0] == seen[-1][1] > 0
        assert seen[-1][2] == 2

        def refuse(*_: int) -> None:
            raise KeyError

        with pytest.raises(KeyError):
            load(table, {"ts_ns": "t"}, progress=refuse)
    seen = []
    MarketDataSource.from_files(
        [path, path], kind="table", columns={"ts_ns": "t"}, progress=lambda *args: seen.append(args)
    )
    assert {total for _, total, _ in seen} == {2 * path.stat().st_size}
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)


def test_without_pyarrow_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Stream:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise AssertionError("nobody should read it")

    def absent(name: str) -> object:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("tickpath.core.ingest.table_columns.import_module", absent)
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 and so on")
    for table in (Stream(), path):
        with pytest.raises(SourceError, match=r"pip install 'tickpath\[arrow\]'"):
            load(table, {"ts_ns": "t"})


def test_a_pyarrow_that_cannot_be_loaded_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(_name: str) -> object:
        raise ImportError("failed to map segment from shared object")

    monkeypatch.setattr("tickpath.core.ingest.table_columns.import_module", broken)
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 and so on")
    with pytest.raises(SourceError, match="needs pyarrow, which cannot be imported: failed to map segment"):
        load(path, {"ts_ns": "t"})

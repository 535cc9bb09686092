"""Goal: dates, times of the day and missing values mean the same in every library; the rest is refused.

Method: one column in each library's own types; every wrong choice with the words that say what was expected.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tickpath.core.ingest import MarketDataSource
from tickpath.errors import ArgumentTypeError, ArgumentValueError, BadRow, SourceError, SourceUnreadable

DAYS = [dt.date(1970, 1, 2), dt.date(2020, 1, 1)]
DAYS_NS = [86_400_000_000_000, 1_577_836_800_000_000_000]


def load(obj: object, columns: Any = None, **choices: Any) -> MarketDataSource:
    return MarketDataSource.from_table(obj, columns=columns or {"ts_ns": "t"}, **choices)


def stamps(obj: object) -> list[int]:
    return list(load(obj).events["ts_ns"].tolist())


@pytest.mark.slow
def test_days_of_polars_count_from_1970() -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    days = polars.Series("t", DAYS)
    # As a frame's column, and as a column of a mapping.
    assert stamps(polars.DataFrame([days])) == stamps({"t": days}) == DAYS_NS
    times = polars.Series("t", [dt.time(0, 0, 1), dt.time(0, 1)])
    assert stamps({"t": times}) == [1_000_000_000, 60_000_000_000]


def test_days_and_times_of_arrow_are_exact() -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    for kind in (arrow.date32(), arrow.date64()):
        days = arrow.array(DAYS, kind)
        assert stamps(arrow.table({"t": days})) == stamps({"t": days}) == DAYS_NS
    for kind, ns in ((arrow.time32("ms"), 10**6), (arrow.time64("us"), 10**3), (arrow.duration("s"), 10**9)):
        whole = arrow.int32() if kind == arrow.time32("ms") else arrow.int64()
        assert stamps({"t": arrow.array([1, 2], whole).cast(kind)}) == [ns, 2 * ns]


@pytest.mark.slow
def test_stamps_of_pandas_in_arrows_types_may_be_missing() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    column = pandas.Series([1, None, 3], dtype="Int64").astype(pandas.ArrowDtype(arrow.timestamp("us")))
    with pytest.raises(BadRow, match="row 1: no value"):
        load(pandas.DataFrame({"t": column}))
    source = load(pandas.DataFrame({"t": column}), policy="skip")
    assert source.events["ts_ns"].tolist() == [1_000, 3_000]


@pytest.mark.slow
def test_stamps_of_pandas_in_arrows_types_may_have_a_zone_and_lie_far_ahead() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    for kind in (arrow.timestamp("s"), arrow.timestamp("s", tz="Asia/Tokyo"), arrow.duration("s")):
        # In the year 2500, which pandas' nanoseconds do not reach.
        column = pandas.Series(arrow.array([1, 16_725_225_600], kind), dtype=pandas.ArrowDtype(kind))
        assert stamps(pandas.DataFrame({"t": column})) == [10**9, 16_725_225_600 * 10**9]


@pytest.mark.slow
def test_stamps_of_pandas_one_by_one_keep_their_nanoseconds_and_may_be_missing() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    ns = 1_700_000_000_000_000_007
    zoned = pandas.Timestamp(ns + 1, tz="Asia/Tokyo")
    table = {"t": pandas.Series([pandas.NaT, pandas.Timestamp(ns), None, zoned], dtype=object)}
    source = load(table, policy="skip")
    assert source.events["ts_ns"].tolist() == [ns, ns + 1]
    assert [row.reason for row in source.skipped] == ["row 0: no value", "row 2: no value"]


@pytest.mark.slow
def test_numbers_of_pandas_that_are_mostly_zero_are_numbers() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    for values in ([0, 0, 5, 9], [0.0, 0.0, 5.0, 9.0]):
        assert stamps(pandas.DataFrame({"t": pandas.arrays.SparseArray(values)})) == [0, 0, 5, 9]


@pytest.mark.slow
def test_integers_of_polars_may_be_wider_than_those_of_numpy() -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    values = [2**53 + 1, None, 2**64 - 1, 2**64]
    source = load(polars.DataFrame({"t": polars.Series(values, dtype=polars.Int128)}), policy="skip")
    assert source.events["ts_ns"].tolist() == [2**53 + 1, 2**64 - 1]


def test_stamps_of_python_beyond_the_field_are_bad_rows() -> None:
    east = dt.timezone(dt.timedelta(hours=5))
    table = {"t": [dt.datetime(1, 1, 1, tzinfo=east), dt.datetime(1970, 1, 1, 5, 0, 1, tzinfo=east)]}
    assert load(table, policy="skip").events["ts_ns"].tolist() == [10**9]
    with pytest.raises(BadRow, match="does not fit"):
        load({"t": [dt.datetime(9999, 1, 1, tzinfo=dt.UTC)]})


def test_a_unit_of_numpy_that_counts_tens_does_not_wrap() -> None:
    assert stamps({"t": np.array([5, 10**12], "M8[10ms]")}) == [5 * 10**7, 10**19]
    with pytest.raises(BadRow, match="does not fit"):
        load({"t": np.array([10**15], "M8[10ms]")})


def test_integers_of_a_list_are_their_digits_and_nothing_that_they_say_of_themselves() -> None:
    class Named(int):
        def __str__(self) -> str:
            return "seven"

    assert stamps({"t": [Named(7), None, 8][::2]}) == [7, 8]
    with pytest.raises(BadRow, match="a positive integer of 16610 bits"):
        load({"t": [10**5000]})


def test_masked_text_is_missing_text() -> None:
    names = np.ma.array(["A", "B"], mask=[False, True])
    with pytest.raises(BadRow, match="row 1: no value"):
        load({"t": [1, 2], "s": names}, {"ts_ns": "t", "symbol": "s"})
    source = load({"t": [1, 2], "s": names}, {"ts_ns": "t", "symbol": "s"}, policy="skip")
    assert (source.symbols, len(source.skipped)) == (("A",), 1)


def test_names_among_which_one_is_none_are_bad_in_that_row() -> None:
    table = {"t": [1, 2, 3], "s": ["A", 7.5, "B"]}
    with pytest.raises(BadRow, match=r"row 1: 7\.5: expected the name of a symbol"):
        load(table, {"ts_ns": "t", "symbol": "s"})
    assert load(table, {"ts_ns": "t", "symbol": "s"}, policy="skip").symbols == ("A", "B")


def test_truth_values_are_small_numbers_where_numbers_are_meant() -> None:
    events = load({"t": [1, 2], "f": np.array([True, False])}, {"ts_ns": "t", "flags": "f"}).events
    assert events["flags"].tolist() == [1, 0]


def test_two_columns_of_one_name_are_refused() -> None:
    words = 'several columns are named "t"'
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    with pytest.raises(SourceError, match=words):
        load(arrow.table([[1], [2]], names=["t", "t"]))
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    with pytest.raises(SourceError, match=words):
        load(pandas.DataFrame([[1, 2]], columns=["t", "t"]))


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (np.zeros((2, 2)), 'column "t" has 2 dimensions, expected one'),
        (np.array([1, 2], "m8"), 'column "t" is timedelta64 without a unit'),
    ],
)
def test_an_array_that_is_no_column_is_refused(column: Any, words: str) -> None:
    with pytest.raises(ArgumentTypeError, match=words):
        load({"t": column})


@pytest.mark.parametrize(
    ("choices", "error", "words"),
    [
        ({"policy": 1}, ArgumentTypeError, "policy must be a str, got int"),
        ({"policy": "skipp"}, ArgumentValueError, "policy must be one of strict, skip; got 'skipp'"),
        ({"out_of_order": "x"}, ArgumentValueError, "out_of_order must be one of refuse, sort, clamp"),
        ({"symbol": 5}, ArgumentTypeError, "symbol must be a str, got int"),
        ({"columns": {"ts_ns": ("t", 5)}}, ArgumentTypeError, "the unit must be text, got 5"),
        ({"columns": {"ts_ns": "t", "price_e9": ("t", "cents")}}, ArgumentValueError, 'unknown unit "cents"'),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(
    choices: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        load({"t": [1]}, **choices)


@pytest.mark.skipif(
    not Path("/proc/self/mem").exists(), reason="needs /proc: a file that opens and fails to read"
)
def test_a_table_that_fails_to_be_read_is_unreadable() -> None:
    with pytest.raises(SourceUnreadable, match="/proc/self/mem"):
        load(Path("/proc/self/mem"))

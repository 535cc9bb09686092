"""Goal: csv files of every dialect load exactly, and what is wrong with one is named with its line.

Method: small files written by the tests; the real files where they are there.
"""

from __future__ import annotations

import gzip
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.core.ingest.recordings import zstd_raw
from tickpath.core.ingest import MarketDataSource
from tickpath.errors import BadRow, OutOfOrder, SourceError, SourceNotFound, SourceUnreadable

DATA = Path(__file__).parents[3].parent / "shared" / "data"
COLUMNS: dict[str, str | int | tuple[str | int, str]] = {
    "ts_ns": ("time", "s"),
    "price_e9": "price",
    "symbol": "name",
}
TEXT = b"time,price,name\n1.5,2.25,SPY\n2.000000001,1e-05,QQQ\n"


def load(path: Path, columns: Any = None, **choices: Any) -> MarketDataSource:
    return MarketDataSource.from_table(path, columns=columns or COLUMNS, **choices)


def write(folder: Path, data: bytes, name: str = "rows.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def assert_rows(source: MarketDataSource) -> None:
    assert source.events["ts_ns"].tolist() == [1_500_000_000, 2_000_000_001]
    assert source.events["price_e9"].tolist() == [2_250_000_000, 10_000]
    assert source.symbols == ("SPY", "QQQ")


@pytest.mark.parametrize(
    "data",
    [
        TEXT,
        TEXT.rstrip(b"\n"),
        TEXT.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + TEXT,
        TEXT.replace(b",", b";"),
        TEXT.replace(b",", b"\t"),
        TEXT.replace(b",", b"|"),
        b'"time","price","name"\n"1.5","2.25","SPY"\n2.000000001,1e-05,QQQ\n',
        b'name;"a,b,c,d";time;price\nSPY;"x;""y""";1.5;2.25\nQQQ;;2.000000001;1e-05\n',
    ],
)
def test_every_dialect_gives_the_same_events(tmp_path: Path, data: bytes) -> None:
    assert_rows(load(write(tmp_path, data)))


def test_compressed_files_are_recognised_by_their_content(tmp_path: Path) -> None:
    assert_rows(load(write(tmp_path, gzip.compress(TEXT))))
    assert_rows(load(write(tmp_path, zstd_raw(TEXT))))
    with zipfile.ZipFile(tmp_path / "rows.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.csv", TEXT)
    assert_rows(load(tmp_path / "rows.zip"))


def test_it_is_a_file_like_any_other(tmp_path: Path) -> None:
    path = write(tmp_path, TEXT)
    assert_rows(MarketDataSource.from_file(path, kind="table", columns=COLUMNS))
    both = MarketDataSource.from_files([path, path], kind="table", columns=COLUMNS)
    assert both.events["ts_ns"].tolist() == [1_500_000_000] * 2 + [2_000_000_001] * 2
    assert both.symbols == ("SPY", "QQQ")
    assert [source["kind"] for source in both.meta["sources"]] == ["table", "table"]


def test_positions_mean_that_there_is_no_header(tmp_path: Path) -> None:
    path = write(tmp_path, b"14417034,1674200,210,Q\n14726965,1673300,200,Q\n")
    source = load(path, {"ts_ns": (0, "ms"), "price_e9": (1, "1e-4"), "size_e9": 2, "symbol": 3})
    assert source.events["ts_ns"].tolist() == [14_417_034_000_000, 14_726_965_000_000]
    assert source.events["price_e9"].tolist() == [167_420_000_000, 167_330_000_000]
    assert source.events["size_e9"].tolist() == [210_000_000_000, 200_000_000_000]
    with pytest.raises(SourceError, match="no column 4: the first line has 4"):
        load(path, {"ts_ns": 4})


def test_a_bad_first_line_without_a_header_is_a_bad_row(tmp_path: Path) -> None:
    path = write(tmp_path, b"x,1\n2,2\n")
    with pytest.raises(BadRow) as bad:
        load(path, {"ts_ns": 0})
    assert (bad.value.line, bad.value.field) == (1, "ts_ns")
    source = load(path, {"ts_ns": 0}, policy="skip")
    assert (source.events["ts_ns"].tolist(), [row.line for row in source.skipped]) == ([2], [1])


def test_a_file_cut_before_the_end_of_its_header_is_refused_under_either_policy(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(random.Random(1).randbytes(4_000).hex().encode())[:2_000])  # noqa: S311
    for policy in ("strict", "skip"):
        with pytest.raises(SourceError, match=r"truncated|damaged"):
            load(path, policy=policy)


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, TEXT + b"3,x,SPY\n4,1,QQQ,5\n\n6,1,\n7,1,SPY\n")
    with pytest.raises(BadRow, match=r'line 4, field price_e9: "x": not a number \(column "price"\)') as bad:
        load(path)
    assert (bad.value.line, bad.value.field) == (4, "price_e9")
    source = load(path, policy="skip")
    assert len(source) == 3
    assert [(row.line, row.field) for row in source.skipped] == [
        (4, "price_e9"),
        (5, None),
        (6, None),
        (7, "symbol"),
    ]


def test_a_header_without_the_column_is_answered_with_the_closest(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r'line 1, field ts_ns: no column "Tim"; did you mean "time"\?'):
        load(write(tmp_path, TEXT), {"ts_ns": "Tim"})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"\n1,2\n", "blank"),
        (b"\x00\x01\x02\xff" * 100, "not text"),
        (b"time,price,name\n", "holds no events"),
        (b"time,time,price,name\n1,1,1,x\n", "several columns named"),
        (b"\xfd7zXZ\x00" + b"\x00" * 50, "xz"),
        (gzip.compress(b"time,price,name\n" + b"1,2,SPY\n" * 90_000)[:-30], "truncated|damaged"),
    ],
)
def test_files_that_are_no_table_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        load(write(tmp_path, data))


def test_paths_that_are_no_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound):
        load(tmp_path / "absent.csv")
    with pytest.raises(SourceUnreadable):
        load(tmp_path)


def test_stamps_that_run_backwards_are_named_by_line(tmp_path: Path) -> None:
    path = write(tmp_path, b"time\n5\n3\n")
    with pytest.raises(OutOfOrder, match="line 3"):
        load(path, {"ts_ns": "time"})
    assert load(path, {"ts_ns": "time"}, out_of_order="sort").events["ts_ns"].tolist() == [3, 5]


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason=f"needs the real recordings in {DATA}")
def test_other_columns_of_a_real_file_are_its_original() -> None:
    table = load(
        DATA / "lobster_AAPL1_first5000_semicolon_crlf_othercols.csv",
        {
            "ts_ns": "ts_ns_since_midnight",
            "price_e9": "price_usd",
            "size_e9": "size",
            "side": "side",
            "order_id": "order_id",
            "kind": "type",
        },
    )
    original = MarketDataSource.from_file(DATA / "LOBSTER_SampleFile_AAPL_2012-06-21_1.zip").events[:5000]
    fields = ["ts_ns", "price_e9", "size_e9", "side", "order_id", "kind"]
    assert all(np.array_equal(table.events[field], original[field]) for field in fields)


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason=f"needs the real recordings in {DATA}")
def test_real_files_without_a_header() -> None:
    spy = load(
        DATA / "lean_equity_usa_tick_spy_20131008_trade.zip",
        {"ts_ns": (0, "ms"), "price_e9": (1, "1e-4"), "size_e9": 2},
    )
    assert len(spy) == 451_545
    assert spy.events["ts_ns"][0] == 14_417_034_000_000
    assert spy.events["price_e9"][0] == 167_420_000_000
    euro = load(DATA / "lean_forex_oanda_tick_eurusd_20140508_quote.zip", {"ts_ns": (0, "ms"), "price_e9": 1})
    assert len(euro) == 87_833
    assert euro.events["price_e9"][0] == 1_391_010_000

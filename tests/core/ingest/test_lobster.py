"""LOBSTER message files: exact stamps, prices and sizes; what is a bad row and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.ingest.recordings import LOBSTER_ROWS
from tickpath.core.ingest import MarketDataSource
from tickpath.errors import BadRow, SourceError


def load(tmp_path: Path, text: bytes, name: str = "ACME_2020-01-02_message_1.csv") -> MarketDataSource:
    path = tmp_path / name
    path.write_bytes(text)
    return MarketDataSource.from_file(path, kind="lobster")


def first(tmp_path: Path, row: bytes) -> dict[str, int]:
    event = load(tmp_path, row + b"\n").events[0]
    return {name: int(event[name]) for name in event.dtype.names}


def test_stamps_prices_and_sizes_are_exact(tmp_path: Path) -> None:
    events = load(tmp_path, LOBSTER_ROWS).events
    assert events["ts_ns"].tolist() == [34_200_004_241_176, 34_200_189_960_000, 34_201_000_000_000]
    assert events["price_e9"].tolist() == [585_330_000_000, 585_910_000_000, 585_330_000_000]
    assert events["size_e9"].tolist() == [18_000_000_000, 18_000_000_000, 7_000_000_000]
    assert events["order_id"].tolist() == [16_113_575, 16_120_456, 16_113_575]
    assert events["kind"].tolist() == [1, 3, 4]
    assert events["side"].tolist() == [1, -1, 1]
    assert events["intended_ns"].tolist() == events["sequence"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("text", "ts_ns"),
    [
        (b"34200.123456789012", 34_200_123_456_789),
        (b"34200.999999999999", 34_200_999_999_999),
        (b"34200.000000000999", 34_200_000_000_000),
        (b"0", 0),
        (b"57599.9", 57_599_900_000_000),
    ],
)
def test_digits_finer_than_a_nanosecond_are_cut_off(tmp_path: Path, text: bytes, ts_ns: int) -> None:
    assert first(tmp_path, text + b",1,1,1,1,1")["ts_ns"] == ts_ns


@pytest.mark.parametrize(("price", "flags"), [(b"-1", 1), (b"0", 2), (b"1", 3)])
def test_the_price_of_a_trading_halt_is_a_code_and_goes_into_the_flags(
    tmp_path: Path, price: bytes, flags: int
) -> None:
    event = first(tmp_path, b"36023,7,0,0," + price + b",-1")
    assert (event["kind"], event["flags"], event["price_e9"], event["side"]) == (7, flags, 0, 0)


def test_a_cross_trade_has_no_order(tmp_path: Path) -> None:
    event = first(tmp_path, b"34200.1,6,-1,14014,2236200,-1")
    assert (event["kind"], event["order_id"], event["price_e9"]) == (6, 0, 223_620_000_000)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (b"", None),
        (b"   ", None),
        (b"1,1,1,1,1", None),
        (b"1,1,1,1,1,1,7", None),
        (b"-1,1,1,1,1,1", "time"),
        (b"nan,1,1,1,1,1", "time"),
        (b" 1,1,1,1,1,1", "time"),
        (b"1e5,1,1,1,1,1", "time"),
        (b"18446744074,1,1,1,1,1", "time"),
        (b"1,0,1,1,1,1", "type"),
        (b"1,8,1,1,1,1", "type"),
        (b"1,11,1,1,1,1", "type"),
        (b"1,1,99999999999999999999,1,1,1", "order_id"),
        (b"1,1,\0,1,1,1", "order_id"),
        (b"1,1,-1,1,1,1", "order_id"),
        (b"1,1,1,-5,1,1", "size"),
        (b"1,1,1,9223372037,1,1", "size"),
        (b"1,1,1,1,5856800.5,1", "price"),
        (b"1,1,1,1,12a4,1", "price"),
        (b"1,1,1,1,92233720368548,1", "price"),
        (b"1,1,1,1,1,0", "direction"),
        (b"1,1,1,1,1,1 ", "direction"),
        (b"1,7,0,0,5,-1", "price"),
    ],
)
def test_a_bad_row_names_line_field_and_value(tmp_path: Path, row: bytes, field: str | None) -> None:
    with pytest.raises(BadRow) as caught:
        load(tmp_path, b"1,1,1,1,1,1\n" + row + b"\n1,1,1,1,1,1\n")
    assert caught.value.line == 2
    assert caught.value.field == field
    assert "\n" not in str(caught.value)


def test_line_ends_marks_and_a_missing_last_newline_do_not_matter(tmp_path: Path) -> None:
    plain = load(tmp_path, LOBSTER_ROWS).events.tobytes()
    crlf = LOBSTER_ROWS.replace(b"\n", b"\r\n")
    for variant in (LOBSTER_ROWS[:-1], crlf, crlf[:-2], b"\xef\xbb\xbf" + LOBSTER_ROWS):
        assert load(tmp_path, variant).events.tobytes() == plain


@pytest.mark.parametrize(
    ("name", "symbol", "date"),
    [
        ("MSFT_2012-06-21_34200000_57600000_message_10.csv", "MSFT", "2012-06-21"),
        ("BRK.B_2019-12-31_34200000_57600000_message_1.csv", "BRK.B", "2019-12-31"),
        ("mine.csv", "mine", None),
    ],
)
def test_symbol_and_date_are_in_the_name(tmp_path: Path, name: str, symbol: str, date: str | None) -> None:
    source = load(tmp_path, LOBSTER_ROWS, name)
    assert source.symbols == (symbol,)
    assert source.meta["sources"][0]["date"] == date
    assert source.meta["origin"] == "midnight"


def test_a_given_symbol_takes_the_place_of_the_name(tmp_path: Path) -> None:
    path = tmp_path / "MSFT_2012-06-21_34200000_57600000_message_10.csv"
    path.write_bytes(LOBSTER_ROWS)
    assert MarketDataSource.from_file(path, symbol="XYZ").symbols == ("XYZ",)


def test_a_gap_of_22_hours_is_kept(tmp_path: Path) -> None:
    events = load(tmp_path, b"1.5,1,1,1,1,1\n79201.5,1,2,1,1,1\n").events
    assert int(events["ts_ns"][1] - events["ts_ns"][0]) == 22 * 3600 * 10**9


def test_other_csv_is_not_taken_for_lobster(tmp_path: Path) -> None:
    path = tmp_path / "AAPL_2012-06-21_34200000_57600000_message_1.csv"
    path.write_bytes(b"time,bid,ask\n1,2,3\n")
    with pytest.raises(SourceError, match="not recognised"):
        MarketDataSource.from_file(path)

"""Recordings of real venues, where they are at hand: exact counts, exact stamps, every damage found."""

from __future__ import annotations

import csv
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tickpath.core.ingest import MarketDataSource
from tickpath.errors import BadRow, OutOfOrder, SourceError

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
AAPL = "LOBSTER_SampleFile_AAPL_2012-06-21_1.zip"
CRYPTO = {
    "hft_usdm_btcusdt_20240808.gz": 93_954,
    "hft_usdm_ethusdt_20240808.gz": 74_655,
    "hft_spot_btcusdt_20240808.gz": 41_249,
    "hft_spot_ethusdt_20240808.gz": 33_618,
    "hft_cm_btcusd_perp_20240808.gz": 48_270,
    "hft_cm_ethusd_perp_20240808.gz": 40_454,
}
FILES: dict[str, tuple[str, int, int, int]] = {
    AAPL: ("lobster", 118_497, 34_200_004_241_176, 57_599_913_117_637),
    "hft_hyperliquid_btcusd_20250126.gz": ("collector", 55, 1737918843893903000, 1737918869246864000),
    "naut_esh4-glbx-mdp3-20231224.mbo.dbn.zst": ("dbn", 8_725, 1703422805718200244, 1703422805718200244),
    "naut_futures_mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst": (
        "dbn",
        2_288,
        1719878281218485389,
        1719878519824434324,
    ),
    "itch50_BBekele_sample.itch": ("itch", 1_000, 11_072_057_543_747, 11_354_360_581_176),
    "itch50_RITCH_ex20101224.TEST_ITCH_50.gz": ("itch", 12_012, 11_202_475_298_710, 68_698_845_099_321),
}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no recordings: {DATA} is absent")


def load(name: str, **options: Any) -> MarketDataSource:
    return MarketDataSource.from_file(DATA / name, **options)


def damaged_lines() -> dict[int, str]:
    with (DATA / "lobster_AAPL1_first5000_corrupt.csv.expected.tsv").open() as table:
        return {int(row["line"]): row["injected"] for row in csv.DictReader(table, delimiter="\t")}


@pytest.mark.parametrize("name", FILES)
def test_counts_and_stamps_are_exact(name: str) -> None:
    kind, events, first_ts_ns, last_ts_ns = FILES[name]
    source = load(name)
    assert (len(source), source.skipped) == (events, [])
    assert source.meta["sources"][0]["kind"] == kind
    stamps = source.events["ts_ns"]
    assert (int(stamps[0]), int(stamps[-1])) == (first_ts_ns, last_ts_ns)


@pytest.mark.slow
def test_every_stamp_of_the_apple_file_is_its_decimal_text() -> None:
    with zipfile.ZipFile(DATA / AAPL) as archive:
        text = archive.read("AAPL_2012-06-21_34200000_57600000_message_1.csv").decode()
    table = [line.split(",") for line in text.splitlines()]
    events = load(AAPL).events
    assert events["ts_ns"].tolist() == [int(Decimal(row[0]) * 10**9) for row in table]
    assert (events["price_e9"] // 100_000).tolist() == [int(row[4]) for row in table]
    assert events["order_id"].tolist() == [int(row[2]) for row in table]
    assert sum(len(row[0].partition(".")[2]) < 9 for row in table) == 12_072
    assert int((np.diff(events["ts_ns"]) == 0).sum()) == 11_870


@pytest.mark.slow
def test_the_six_crypto_files_merged() -> None:
    source = MarketDataSource.from_files([DATA / name for name in CRYPTO])
    assert [(Path(s["path"]).name, s["events"]) for s in source.meta["sources"]] == list(CRYPTO.items())
    stamps = source.events["ts_ns"].astype(np.int64)
    assert len(source) == 332_200
    steps = np.diff(stamps)
    assert int(steps.min()) == 0
    assert int((steps == 0).sum()) == 146
    assert round((int(stamps[-1]) - int(stamps[0])) / 1e9, 1) == 346.1
    # One REST snapshot in each file.
    assert int((source.events["kind"] == 4).sum()) == 6
    assert source.symbols == ("BTCUSDT", "ETHUSDT", "BTCUSD_PERP", "ETHUSD_PERP")


def test_a_snapshot_of_thousands_at_one_stamp_is_loaded_whole() -> None:
    events = load("naut_esh4-glbx-mdp3-20231224.mbo.dbn.zst").events
    assert np.unique(events["ts_ns"]).size == 1
    assert set(events["kind"].tolist()) == {ord("A")}


def test_lengths_of_zero_in_a_real_writer_s_file() -> None:
    events = load("itch50_RITCH_ex20101224.TEST_ITCH_50.gz").events
    assert int((events["kind"] == ord("P")).sum()) == 5_000
    kinds = load("itch50_BBekele_sample.itch").events["kind"].tobytes()
    assert {tag: kinds.count(tag) for tag in (b"R", b"H", b"Y", b"S")} == {
        b"R": 993,
        b"H": 3,
        b"Y": 3,
        b"S": 1,
    }


def test_every_damaged_line_is_found_and_nothing_else() -> None:
    # A fraction of more digits than a nanosecond has is no damage: it is cut off.
    expected = {line: what for line, what in damaged_lines().items() if what != "bigfrac"}
    source = load("lobster_AAPL1_first5000_corrupt.csv", policy="skip")
    assert [row.line for row in source.skipped] == sorted(expected)
    assert len(source) == 5_000 - len(expected) == 4_956
    fields: dict[str, set[str | None]] = {
        "trunc": {None},
        "nonnum": {"price"},
        "extra": {None},
        "blank": {None},
        "nul": {"order_id"},
        "negtime": {"time"},
        "missing": {None},
        "float_price": {"price"},
        "whitespace": {"time"},
        "nan": {"time"},
        "huge_id": {"order_id"},
    }
    for row in source.skipped:
        assert row.line is not None
        assert row.field in fields[expected[row.line]]


def test_the_first_damaged_line_stops_a_strict_load() -> None:
    with pytest.raises(BadRow) as caught:
        load("lobster_AAPL1_first5000_corrupt.csv")
    assert caught.value.line == min(damaged_lines())


def test_rows_out_of_order() -> None:
    name = "lobster_AAPL1_first5000_outoforder.csv"
    with pytest.raises(OutOfOrder) as caught:
        load(name)
    assert caught.value.line == 42
    raised = load(name, out_of_order="clamp")
    account = raised.meta["sources"][0]
    assert (account["backward_steps"], account["clamped"]) == (194, 2_677)
    steps = np.diff(raised.events["ts_ns"].astype(np.int64))
    assert int(steps.min()) >= 0
    in_order = load(name, out_of_order="sort")
    assert np.array_equal(in_order.events["ts_ns"], load(AAPL).events["ts_ns"][:5000])


@pytest.mark.parametrize(
    ("name", "kept"),
    [("hft_spot_ethusdt_20240808_TRUNCATED.gz", 2_879), ("naut_mbp-1_TRUNCATED.dbn.zst", 568)],
)
def test_truncated_files(name: str, kept: int) -> None:
    with pytest.raises(SourceError, match="truncated"):
        load(name)
    source = load(name, policy="skip")
    assert (len(source), len(source.skipped)) == (kept, 1)


@pytest.mark.parametrize(
    "name",
    [
        "lean_equity_usa_tick_spy_20131008_trade.zip",
        "lobster_AAPL1_first5000_semicolon_crlf_othercols.csv",
        "README.md",
        "licences",
        "obanalytics_orders.csv.xz",
    ],
)
def test_what_is_no_recording_of_ours_is_refused(name: str) -> None:
    with pytest.raises(SourceError):
        load(name)

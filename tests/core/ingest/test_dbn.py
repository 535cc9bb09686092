"""Databento DBN: versions 1 to 3, the three schemas, receive stamps, records that are no market data."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import pytest

from tests.core.ingest.recordings import dbn, dbn_header, dbn_mbo, dbn_trade, zstd_raw
from tickpath.core.ingest import MarketDataSource
from tickpath.errors import BadRow, SourceError

RECV = 1_703_422_805_718_200_244
NO_PRICE = 2**63 - 1
NO_STAMP = 2**64 - 1


def load(tmp_path: Path, data: bytes, policy: str = "strict") -> MarketDataSource:
    path = tmp_path / "any.dbn"
    path.write_bytes(data)
    return MarketDataSource.from_file(path, policy=policy)  # type: ignore[arg-type]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_version_gives_the_same_events(tmp_path: Path, version: int) -> None:
    source = load(tmp_path, dbn(dbn_mbo(RECV, flags=40) + dbn_mbo(RECV + 1, side=b"A"), version=version))
    assert source.symbols == ("ESH4",)
    first, second = source.events
    assert first.tolist() == (RECV, 0, 4_799_000_000_000, 2_000_000_000, 7, 1, 0, ord("A"), 1, 40)
    assert (int(second["ts_ns"]), int(second["side"])) == (RECV + 1, -1)


@pytest.mark.parametrize(
    "wrap", [zstd_raw, gzip.compress, lambda data: zstd_raw(data[:50]) + zstd_raw(data[50:])]
)
def test_compression_and_frames_do_not_matter(tmp_path: Path, wrap: object) -> None:
    data = dbn(dbn_mbo(RECV) * 3)
    assert callable(wrap)
    assert load(tmp_path, wrap(data)).events.tobytes() == load(tmp_path, data).events.tobytes()


@pytest.mark.parametrize(("schema", "rtype", "levels"), [(4, 0x00, 0), (1, 0x01, 1)])
def test_trades_and_quotes(tmp_path: Path, schema: int, rtype: int, levels: int) -> None:
    source = load(tmp_path, dbn(dbn_trade(RECV, rtype=rtype, levels=levels) * 2, schema=schema))
    assert source.events[1].tolist() == (RECV, 0, 5_000_000_000, 3_000_000_000, 0, 9, 0, ord("T"), -1, 0)


def test_the_receive_stamp_counts_and_not_the_older_one_of_the_event(tmp_path: Path) -> None:
    source = load(tmp_path, dbn(dbn_mbo(RECV, ts_event=RECV - 10**13) + dbn_mbo(RECV, ts_event=RECV)))
    assert source.events["ts_ns"].tolist() == [RECV, RECV]


def test_a_22_hour_gap_behind_a_snapshot_is_kept(tmp_path: Path) -> None:
    gap_ns = 22 * 3600 * 10**9
    source = load(tmp_path, dbn(dbn_mbo(RECV, flags=40) * 1000 + dbn_mbo(RECV + gap_ns)))
    assert len(source) == 1001
    assert int(source.events["ts_ns"][-1]) - RECV == gap_ns


def test_an_undefined_price_is_none_and_an_undefined_stamp_is_a_bad_record(tmp_path: Path) -> None:
    clear = dbn_mbo(RECV, price=NO_PRICE, action=b"R", side=b"N")
    assert load(tmp_path, dbn(clear)).events["price_e9"].tolist() == [0]
    bad = dbn(clear + dbn_mbo(NO_STAMP) + clear)
    with pytest.raises(BadRow) as caught:
        load(tmp_path, bad)
    assert caught.value.field == "ts_recv"
    assert caught.value.byte_offset == bad.index(dbn_mbo(NO_STAMP))
    source = load(tmp_path, bad, "skip")
    assert (len(source), len(source.skipped)) == (2, 1)


@pytest.mark.parametrize(
    ("field", "record"), [("side", dbn_mbo(RECV, side=b"X")), ("action", dbn_mbo(RECV, action=b"z"))]
)
def test_a_letter_that_means_nothing_is_a_bad_record(tmp_path: Path, field: str, record: bytes) -> None:
    with pytest.raises(BadRow) as caught:
        load(tmp_path, dbn(record))
    assert caught.value.field == field


def test_control_records_are_counted_and_make_no_event(tmp_path: Path) -> None:
    system = dbn_header(80, 0x17, 0, RECV) + b"heartbeat".ljust(304, b"\0")
    mapping = dbn_header(44, 0x16, 17077, RECV) + struct.pack("<B", 1)
    mapping += b"ES.FUT".ljust(71, b"\0") + struct.pack("<B", 1) + b"NEWNAME".ljust(71, b"\0")
    mapping = mapping.ljust(176, b"\0")
    source = load(tmp_path, dbn(dbn_mbo(RECV) + system + mapping + dbn_mbo(RECV), mappings=(), schema=65535))
    assert len(source) == 2
    assert source.symbols == ("17077", "NEWNAME")
    assert source.events["symbol"].tolist() == [0, 1]
    assert source.meta["sources"][0]["control_records"] == 2


def test_another_schema_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="mbp-10"):
        load(tmp_path, dbn(b"", schema=2))


def test_another_record_type_among_them_is_a_bad_record(tmp_path: Path) -> None:
    bar = dbn_header(14, 0x20, 17077, RECV) + b"\0" * 40
    data = dbn(dbn_mbo(RECV) + bar, schema=65535)
    with pytest.raises(BadRow, match="Ohlcv1S"):
        load(tmp_path, data)
    assert len(load(tmp_path, data, "skip").skipped) == 1


def test_a_record_type_that_nobody_knows_is_a_bad_record(tmp_path: Path) -> None:
    data = dbn(dbn_mbo(RECV) + dbn_header(14, 0x77, 17077, RECV) + b"\0" * 40, schema=65535)
    with pytest.raises(BadRow, match="unknown record type 0x77"):
        load(tmp_path, data)
    assert len(load(tmp_path, data, "skip")) == 1


def test_a_symbol_mapping_of_version_1_names_the_instrument(tmp_path: Path) -> None:
    mapping = dbn_header(20, 0x16, 17077, RECV) + b"ES.FUT".ljust(22, b"\0") + b"OLDNAME".ljust(22, b"\0")
    mapping = mapping.ljust(80, b"\0")
    source = load(tmp_path, dbn(mapping + dbn_mbo(RECV), version=1, mappings=(), schema=65535))
    assert source.symbols == ("OLDNAME",)


def test_a_version_of_the_future_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="version 9 is not read"):
        load(tmp_path, dbn(dbn_mbo(RECV), version=9))


@pytest.mark.parametrize("cut", [1, 40, 55])
def test_a_cut_record_is_found_and_what_stands_before_it_can_be_kept(tmp_path: Path, cut: int) -> None:
    data = dbn(dbn_mbo(RECV) * 5)[:-cut]
    with pytest.raises(SourceError, match="truncated"):
        load(tmp_path, data)
    source = load(tmp_path, data, "skip")
    assert (len(source), len(source.skipped)) == (4, 1)


def test_cut_metadata_and_claims_of_huge_metadata_are_refused(tmp_path: Path) -> None:
    data = dbn(dbn_mbo(RECV))
    with pytest.raises(SourceError):
        load(tmp_path, data[:60])
    with pytest.raises(SourceError, match="claims"):
        load(tmp_path, data[:4] + b"\xff\xff\xff\xff" + data[8:])


def test_a_record_that_would_misalign_the_next_ends_the_file(tmp_path: Path) -> None:
    # Found by fuzzing: the decoder handed out unaligned records behind it, which in a debug build is a panic.
    data = dbn(dbn_mbo(RECV) + dbn_header(7, 0xA0, 1, RECV).ljust(28, b"\0") + dbn_mbo(RECV))
    with pytest.raises(SourceError, match="a record of 28 bytes, expected a multiple of 8"):
        load(tmp_path, data)
    assert len(load(tmp_path, data, "skip")) == 1


def test_a_record_of_no_length_ends_the_file(tmp_path: Path) -> None:
    data = dbn(dbn_mbo(RECV) + b"\0" * 56)
    with pytest.raises(SourceError):
        load(tmp_path, data)
    assert len(load(tmp_path, data, "skip")) == 1

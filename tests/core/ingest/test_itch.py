"""NASDAQ ITCH 5.0: with lengths and without, every message type, symbols by locate code."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import pytest

from tests.core.ingest.recordings import itch, itch_add, itch_directory, itch_head, itch_system
from tickpath.core.ingest import MarketDataSource
from tickpath.errors import BadRow, SourceError

#: Bytes of each message type, from the specification.
LENGTHS = {
    "S": 12, "R": 39, "H": 25, "Y": 20, "L": 26, "V": 35, "W": 12, "K": 28, "J": 35, "h": 21, "A": 36,
    "F": 40, "E": 31, "C": 36, "X": 23, "D": 19, "U": 35, "P": 44, "Q": 40, "B": 19, "I": 50, "N": 20,
    "O": 48,
}  # fmt: skip

START = itch_system(), itch_directory("ACME", 1)


def load(tmp_path: Path, data: bytes, policy: str = "strict") -> MarketDataSource:
    path = tmp_path / "any.itch"
    path.write_bytes(data)
    return MarketDataSource.from_file(path, policy=policy)  # type: ignore[arg-type]


def last(tmp_path: Path, *messages: bytes) -> dict[str, int]:
    event = load(tmp_path, itch(*START, *messages)).events[-1]
    return {name: int(event[name]) for name in event.dtype.names}


@pytest.mark.parametrize("prefixed", [True, False])
def test_lengths_may_be_left_at_zero(tmp_path: Path, prefixed: bool) -> None:
    source = load(tmp_path, itch(*START, itch_add(12), itch_add(13, side=b"S"), prefixed=prefixed))
    assert source.events["kind"].tobytes() == b"SRAA"
    assert source.events["ts_ns"].tolist() == [10, 11, 12, 13]
    assert source.events["side"].tolist() == [0, 0, 1, -1]
    assert source.meta["origin"] == "midnight"


@pytest.mark.parametrize("prefixed", [True, False])
@pytest.mark.parametrize("tag", LENGTHS)
def test_every_message_type_is_one_event(tmp_path: Path, tag: str, prefixed: bool) -> None:
    message = bytearray(itch_head(tag.encode(), 1, 12).ljust(LENGTHS[tag], b"B"))
    if tag in "EXCUDAFP":
        message[-25 if tag == "P" else -1] = ord("B")
    source = load(tmp_path, itch(*START, bytes(message), itch_add(14), prefixed=prefixed), "skip")
    if tag in "QI":
        # A quantity of eight bytes of letters fits no field: the length is what is looked at here.
        assert (len(source), len(source.skipped)) == (3, 1)
    else:
        assert source.events["kind"].tobytes() == b"SR" + tag.encode() + b"A"


def test_the_fields_of_orders(tmp_path: Path) -> None:
    event = last(tmp_path, itch_add(12, order=77, shares=300, price=1_234_567, side=b"S"))
    assert (event["order_id"], event["size_e9"], event["price_e9"]) == (77, 300 * 10**9, 123_456_700_000)
    assert event["side"] == -1
    with_mpid = b"F" + itch_add(13, order=78)[1:] + b"MPID"
    assert last(tmp_path, with_mpid)["order_id"] == 78


def test_the_fields_of_executions_cancels_and_replacements(tmp_path: Path) -> None:
    def body(tag: bytes, layout: str, *values: object) -> bytes:
        return itch_head(tag, 1, 12) + struct.pack(layout, *values)

    executed = last(tmp_path, body(b"E", ">QIQ", 9, 40, 555))
    assert (executed["order_id"], executed["size_e9"], executed["sequence"]) == (9, 40 * 10**9, 555)
    assert (executed["price_e9"], executed["side"]) == (0, 0)
    priced = last(tmp_path, body(b"C", ">QIQcI", 9, 40, 556, b"Y", 10_000))
    assert (priced["sequence"], priced["price_e9"]) == (556, 10**9)
    assert last(tmp_path, body(b"X", ">QI", 9, 5))["size_e9"] == 5 * 10**9
    assert last(tmp_path, body(b"D", ">Q", 9))["order_id"] == 9
    replaced = last(tmp_path, body(b"U", ">QQII", 9, 10, 60, 20_000))
    assert (replaced["order_id"], replaced["size_e9"], replaced["price_e9"]) == (10, 60 * 10**9, 2 * 10**9)
    assert last(tmp_path, body(b"B", ">Q", 557))["sequence"] == 557
    trade = last(tmp_path, body(b"P", ">QcI8sIQ", 0, b"B", 7, b"ACME    ", 30_000, 558))
    assert (trade["sequence"], trade["price_e9"], trade["side"]) == (558, 3 * 10**9, 1)
    cross = last(tmp_path, body(b"Q", ">Q8sIQc", 1000, b"ACME    ", 40_000, 559, b"O"))
    assert (cross["sequence"], cross["size_e9"], cross["price_e9"]) == (559, 1000 * 10**9, 4 * 10**9)
    imbalance = last(tmp_path, body(b"I", ">QQc8sIIIcc", 1, 2, b"S", b"ACME    ", 1, 1, 50_000, b"O", b"L"))
    assert (imbalance["side"], imbalance["size_e9"], imbalance["price_e9"]) == (-1, 2 * 10**9, 5 * 10**9)


def test_symbols_come_from_the_stock_field_and_by_locate_code(tmp_path: Path) -> None:
    delete = itch_head(b"D", 2, 20) + struct.pack(">Q", 1)
    source = load(tmp_path, itch(*START, itch_directory("ZVZZT", 2), delete))
    assert [source.symbols[i] for i in source.events["symbol"]] == ["", "ACME", "ZVZZT", "ZVZZT"]


def test_gzip_and_an_end_of_session_mark_do_not_matter(tmp_path: Path) -> None:
    data = itch(*START, itch_add(12))
    plain = load(tmp_path, data).events.tobytes()
    assert load(tmp_path, gzip.compress(data)).events.tobytes() == plain
    assert load(tmp_path, data + b"\0\0").events.tobytes() == plain


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (b"Z" * 20, None),
        (itch_add(12)[:-1], None),
        (itch_add(12, side=b"x"), "side"),
        (itch_add(86_400 * 10**9), None),
        (itch_head(b"R", 3, 12).ljust(39, b"\x01"), "stock"),
    ],
)
def test_a_bad_message_names_its_place_and_the_next_one_is_found(
    tmp_path: Path, message: bytes, field: str | None
) -> None:
    data = itch(*START, message, itch_add(14))
    with pytest.raises(BadRow) as caught:
        load(tmp_path, data)
    assert (caught.value.byte_offset, caught.value.field) == (len(itch(*START)), field)
    source = load(tmp_path, data, "skip")
    assert (len(source), len(source.skipped)) == (3, 1)
    assert source.skipped[0].byte_offset == len(itch(*START))


def test_a_cut_message_and_a_lost_frame_end_the_file(tmp_path: Path) -> None:
    for broken in (itch(itch_add(12))[:-1], b"\0", b"\0\0ZZZZ"):
        data = itch(*START) + broken
        with pytest.raises(SourceError) as caught:
            load(tmp_path, data)
        assert caught.value.byte_offset == len(itch(*START))
        source = load(tmp_path, data, "skip")
        assert (len(source), len(source.skipped)) == (2, 1)

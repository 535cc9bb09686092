"""hftbacktest collector lines: every venue's shapes, one event a line, stamped by the collector."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.core.ingest.recordings import COLLECTOR_TRADE
from tickpath.core.ingest import MarketDataSource
from tickpath.errors import BadRow

STAMP = 1723161255088176367


def load(tmp_path: Path, *lines: bytes, name: str = "btcusdt_20240808.gz") -> MarketDataSource:
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"".join(line + b"\n" for line in lines)))
    return MarketDataSource.from_file(path)


def line(message: Any, stamp: int = STAMP) -> bytes:
    return f"{stamp} {json.dumps(message)}".encode()


def binance(data: Any, stream: str = "btcusdt@x") -> bytes:
    return line({"stream": stream, "data": data})


TRADE = {"e": "trade", "s": "BTCUSDT", "t": 9, "p": "61800.30", "q": "0.006", "m": True}
QUOTE = {"u": 11, "s": "BTCUSDT", "b": "61800.20", "B": "2.507", "a": "61800.30", "A": "2.510"}
DEPTH = {"e": "depthUpdate", "s": "BTCUSDT", "U": 1, "u": 12, "b": [["1", "2"]], "a": []}
HL_TRADE = {"coin": "BTC", "side": "A", "px": "105055.0", "sz": "0.5", "tid": 7, "time": 1, "hash": "0x"}
HL_BID = {"px": "10.5", "sz": "3", "n": 2}
BYBIT_TRADE = {"T": 1, "s": "BTCUSDT", "S": "Sell", "v": "0.25", "p": "60000.5", "i": "a-b", "seq": 44}

SHAPES = {
    "trade": (binance(TRADE), (1, 61_800_300_000_000, 6_000_000, -1, 9)),
    "trade bought": (binance({**TRADE, "m": False}), (1, 61_800_300_000_000, 6_000_000, 1, 9)),
    "aggTrade": (
        binance({**TRADE, "e": "aggTrade", "a": 10}),
        (5, 61_800_300_000_000, 6_000_000, -1, 10),
    ),
    "spot quote, which has no e": (
        binance(QUOTE, "btcusdt@bookTicker"),
        (2, 61_800_200_000_000, 2_507_000_000, 1, 11),
    ),
    "futures quote": (
        binance({"e": "bookTicker", **QUOTE}),
        (2, 61_800_200_000_000, 2_507_000_000, 1, 11),
    ),
    "depth": (binance(DEPTH), (3, 0, 0, 0, 12)),
    "partial book": (
        binance({"lastUpdateId": 13, "bids": [], "asks": []}, "btcusdt@depth20"),
        (4, 0, 0, 0, 13),
    ),
    "markPrice": (binance({"e": "markPriceUpdate", "s": "BTCUSDT", "p": "1"}), (255, 0, 0, 0, 0)),
    "forceOrder": (binance({"e": "forceOrder", "o": {}}, "btcusdt@forceOrder"), (255, 0, 0, 0, 0)),
    "snapshot by REST": (line({"lastUpdateId": 14, "bids": [["1", "2"]], "asks": []}), (4, 0, 0, 0, 14)),
    "raw stream": (line({**TRADE}), (1, 61_800_300_000_000, 6_000_000, -1, 9)),
    "l2Book": (line({"channel": "l2Book", "data": {"coin": "BTC", "levels": [[], []]}}), (4, 0, 0, 0, 0)),
    "one trade in an array": (
        line({"channel": "trades", "data": [HL_TRADE]}),
        (1, 105_055_000_000_000, 500_000_000, -1, 7),
    ),
    "several trades": (line({"channel": "trades", "data": [HL_TRADE, HL_TRADE]}), (6, 0, 0, 0, 0)),
    "bbo": (
        line({"channel": "bbo", "data": {"coin": "BTC", "time": 1, "bbo": [HL_BID, HL_BID]}}),
        (2, 10_500_000_000, 3_000_000_000, 1, 0),
    ),
    "bbo without a bid": (
        line({"channel": "bbo", "data": {"coin": "BTC", "time": 1, "bbo": [None, HL_BID]}}),
        (2, 0, 0, 0, 0),
    ),
    "Bybit snapshot": (
        line({"topic": "orderbook.50.BTCUSDT", "type": "snapshot", "data": {"s": "BTCUSDT", "u": 5}}),
        (4, 0, 0, 0, 5),
    ),
    "Bybit delta": (
        line({"topic": "orderbook.50.BTCUSDT", "type": "delta", "data": {"s": "BTCUSDT", "u": 6}}),
        (3, 0, 0, 0, 6),
    ),
    "Bybit trade": (
        line({"topic": "publicTrade.BTCUSDT", "type": "snapshot", "data": [BYBIT_TRADE]}),
        (1, 60_000_500_000_000, 250_000_000, -1, 44),
    ),
    "Bybit trade bought": (
        line({"topic": "publicTrade.BTCUSDT", "data": [{**BYBIT_TRADE, "S": "Buy"}]}),
        (1, 60_000_500_000_000, 250_000_000, 1, 44),
    ),
    "Bybit several trades": (
        line({"topic": "publicTrade.BTCUSDT", "data": [BYBIT_TRADE, BYBIT_TRADE]}),
        (6, 0, 0, 0, 0),
    ),
    "another topic of Bybit": (
        line({"topic": "tickers.BTCUSDT", "data": {"lastPrice": "1"}}),
        (255, 0, 0, 0, 0),
    ),
    "another channel of Hyperliquid": (
        line({"channel": "activeAssetCtx", "data": {"coin": "BTC", "ctx": {}}}),
        (255, 0, 0, 0, 0),
    ),
    "a channel without an object": (line({"channel": "error", "data": "no"}), (255, 0, 0, 0, 0)),
    "a stream about many instruments": (binance([TRADE], "!miniTicker@arr"), (255, 0, 0, 0, 0)),
    "raw stream that says what it is in no word": (line({"e": 5, "s": "BTCUSDT"}), (255, 0, 0, 0, 0)),
    "anything else": (line({"result": None, "id": 1}), (255, 0, 0, 0, 0)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_line_is_one_event(tmp_path: Path, name: str) -> None:
    text, expected = SHAPES[name]
    source = load(tmp_path, text)
    event = source.events[0]
    assert len(source) == 1
    assert int(event["ts_ns"]) == STAMP
    fields = ("kind", "price_e9", "size_e9", "side", "sequence")
    assert tuple(int(event[field]) for field in fields) == expected
    assert source.symbols[int(event["symbol"])] in {"BTCUSDT", "BTC"}
    assert source.meta["origin"] == "unix"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (b"", None),
        (b"1723161255088176367", None),
        (b"x {}", "local_ts"),
        (b"-5 {}", "local_ts"),
        (b"99999999999999999999 {}", "local_ts"),
        (b"1723161255088176367 [1]", None),
        (b'1723161255088176367 {"stream":"a@trade","data":{"e":"tra', None),
        (b'1723161255088176367 {"stream":"\xff"}', None),
        (binance({**TRADE, "p": "nan"}), "p"),
        (binance({**TRADE, "p": "99999999999"}), "p"),
        (binance({**TRADE, "m": "yes"}), "m"),
        (binance({key: value for key, value in TRADE.items() if key != "q"}), "q"),
        (binance({**QUOTE, "b": " 1"}, "btcusdt@bookTicker"), "b"),
        (line({"channel": "trades", "data": [{**HL_TRADE, "side": "C"}]}), "side"),
        (line({"channel": "trades", "data": {"coin": "BTC"}}), None),
        (line({"topic": "publicTrade.X", "data": [{**BYBIT_TRADE, "S": "sell"}]}), "S"),
    ],
)
def test_a_bad_line_names_itself(tmp_path: Path, text: bytes, field: str | None) -> None:
    with pytest.raises(BadRow) as caught:
        load(tmp_path, COLLECTOR_TRADE.rstrip(), text)
    assert (caught.value.line, caught.value.field) == (2, field)
    assert "\n" not in str(caught.value)


def test_a_snapshot_that_names_no_symbol_belongs_to_the_instrument_of_the_file(tmp_path: Path) -> None:
    snapshot = line({"lastUpdateId": 14, "bids": [], "asks": []})
    source = load(tmp_path, snapshot, binance({**TRADE, "s": "ETHUSDT"}), snapshot)
    assert source.symbols == ("ETHUSDT",)
    assert source.events["symbol"].tolist() == [0, 0, 0]


def test_without_any_name_the_file_says_which_instrument_it_is(tmp_path: Path) -> None:
    assert load(tmp_path, line({"lastUpdateId": 14})).symbols == ("BTCUSDT",)


def test_exchange_stamps_that_run_backwards_do_not_matter(tmp_path: Path) -> None:
    late = binance({**TRADE, "E": 1723161256322})
    early = line({"stream": "btcusdt@trade", "data": {**TRADE, "E": 1723161256256}}, STAMP + 1)
    assert load(tmp_path, late, early).events["ts_ns"].tolist() == [STAMP, STAMP + 1]


def test_lines_need_no_compression(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(COLLECTOR_TRADE * 3)
    assert len(MarketDataSource.from_file(path)) == 3

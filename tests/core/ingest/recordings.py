"""Small recordings of every format, written by hand: what the tests of this folder load."""

from __future__ import annotations

import struct
from collections.abc import Iterable

LOBSTER_ROWS = (
    b"34200.004241176,1,16113575,18,5853300,1\n"
    b"34200.18996,3,16120456,18,5859100,-1\n"
    b"34201,4,16113575,7,5853300,1\n"
)

COLLECTOR_TRADE = (
    b'1723161255088176367 {"stream":"btcusdt@trade","data":{"e":"trade","E":1723161256322,'
    b'"T":1723161256322,"s":"BTCUSDT","t":5266583935,"p":"61800.30","q":"0.006","X":"MARKET","m":false}}\n'
)


def zstd_raw(data: bytes) -> bytes:
    """One zstd frame that stores ``data`` in raw blocks."""
    blocks = [data[at : at + 100_000] for at in range(0, len(data), 100_000)] or [b""]
    out = b"\x28\xb5\x2f\xfd" + b"\xa0" + struct.pack("<I", len(data))
    for number, block in enumerate(blocks):
        last = number == len(blocks) - 1
        out += struct.pack("<I", len(block) << 3 | last)[:3] + block
    return out


def zstd_bomb(byte: bytes, blocks: int) -> bytes:
    """A zstd frame of ``blocks`` times 128 KiB of one byte, four bytes each."""
    size = 128 << 10
    # No content size, window of 128 KiB: nothing is declared that could be checked.
    out = b"\x28\xb5\x2f\xfd" + b"\x00" + bytes([(17 - 10) << 3])
    repeated = struct.pack("<I", size << 3 | 1 << 1)[:3] + byte
    last = struct.pack("<I", size << 3 | 1 << 1 | 1)[:3] + byte
    return out + repeated * (blocks - 1) + last


def dbn(
    records: bytes,
    *,
    version: int = 3,
    schema: int = 0,
    mappings: Iterable[tuple[str, int]] = (("ESH4", 17077),),
) -> bytes:
    """A DBN file: its metadata, with instruments mapped over all of 2023 to 2025, then the records."""
    width = 22 if version == 1 else 71

    def text(value: str, size: int) -> bytes:
        return value.encode().ljust(size, b"\0")

    fixed = text("GLBX.MDP3", 16) + struct.pack("<HQQQ", schema, 0, 0, 0)
    if version == 1:
        fixed += struct.pack("<Q", 0)
    fixed += struct.pack("<BBB", 1, 0, 0)
    if version > 1:
        fixed += struct.pack("<H", width)
    fixed = fixed.ljust(100, b"\0")
    tail = struct.pack("<I", 0)
    names = list(mappings)
    tail += struct.pack("<I", len(names)) + b"".join(text(name, width) for name, _ in names)
    tail += struct.pack("<II", 0, 0) + struct.pack("<I", len(names))
    for name, instrument in names:
        tail += text(name, width) + struct.pack("<I", 1)
        tail += struct.pack("<II", 20230101, 20260101) + text(str(instrument), width)
    body = fixed + tail
    body += b"\0" * (-len(body) % 8)
    return b"DBN" + bytes([version]) + struct.pack("<I", len(body)) + body + records


def dbn_header(words: int, rtype: int, instrument: int, ts_event: int) -> bytes:
    return struct.pack("<BBHIQ", words, rtype, 1, instrument, ts_event)


def dbn_mbo(
    ts_recv: int,
    *,
    order_id: int = 7,
    price: int = 4_799_000_000_000,
    size: int = 2,
    flags: int = 0,
    action: bytes = b"A",
    side: bytes = b"B",
    sequence: int = 1,
    instrument: int = 17077,
    ts_event: int = 5,
) -> bytes:
    return dbn_header(14, 0xA0, instrument, ts_event) + struct.pack(
        "<QqIBBccQiI", order_id, price, size, flags, 0, action, side, ts_recv, 0, sequence
    )


def dbn_trade(ts_recv: int, *, rtype: int = 0x00, levels: int = 0, action: bytes = b"T") -> bytes:
    """A trade, or with ``rtype`` 1 and one level an mbp-1 record."""
    return dbn_header(12 + 8 * levels, rtype, 17077, 5) + (
        struct.pack("<qIccBBQiI", 5_000_000_000, 3, action, b"A", 0, 0, ts_recv, 0, 9) + b"\0" * 32 * levels
    )


def itch(*messages: bytes, prefixed: bool = True) -> bytes:
    """Messages behind two-byte lengths, or behind zeros in their place."""
    return b"".join(struct.pack(">H", len(m) if prefixed else 0) + m for m in messages)


def itch_head(tag: bytes, locate: int, ts_ns: int) -> bytes:
    return tag + struct.pack(">HH", locate, 0) + ts_ns.to_bytes(6, "big")


def itch_system(ts_ns: int = 10) -> bytes:
    return itch_head(b"S", 0, ts_ns) + b"O"


def itch_directory(stock: str, locate: int, ts_ns: int = 11) -> bytes:
    return (itch_head(b"R", locate, ts_ns) + stock.encode().ljust(8)).ljust(39, b" ")


def itch_add(
    ts_ns: int,
    *,
    locate: int = 1,
    order: int = 9,
    side: bytes = b"B",
    shares: int = 100,
    price: int = 1_234_500,
) -> bytes:
    fields = (
        struct.pack(">Qc", order, side) + struct.pack(">I", shares) + b"ACME    " + struct.pack(">I", price)
    )
    return itch_head(b"A", locate, ts_ns) + fields

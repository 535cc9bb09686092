"""Files that somebody changes while they are read: nothing is missing without a word."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.ingest.recordings import dbn, dbn_trade, itch, itch_system
from tickpath.core.ingest import MarketDataSource
from tickpath.errors import SourceError

ROWS = b"".join(b"34200.%09d,1,%d,18,5853300,1\n" % (n, n) for n in range(30_000))
TABLE = b"time,price\n" + b"".join(b"%d,%d\n" % (n, n) for n in range(100_000))
RECORD = len(dbn_trade(1))
#: What is loaded, how, and to how many bytes it is cut, in the middle and between two records.
FILES: dict[str, tuple[bytes, dict[str, object], int]] = {
    "lobster": (ROWS, {}, ROWS.index(b"\n", 600_000) + 1),
    "table": (
        TABLE,
        {"kind": "table", "columns": {"ts_ns": ("time", "us"), "price_e9": "price"}},
        TABLE.index(b"\n", 600_000) + 1,
    ),
    "dbn": (
        dbn(b"".join(dbn_trade(n) for n in range(1, 20_000))),
        {},
        len(dbn(b"")) + 12_000 * RECORD,
    ),
    "itch": (itch(*(itch_system(n) for n in range(60_000))), {}, 40_000 * len(itch(itch_system()))),
    # Between two members.
    "gzip": (
        gzip.compress(ROWS[:300_000], 0) + gzip.compress(ROWS[300_000:], 0),
        {"kind": "lobster"},
        len(gzip.compress(ROWS[:300_000], 0)),
    ),
}


def once(change: Callable[[], object]) -> Callable[[int, int, int], None]:
    """A ``progress`` that changes the file when the load has begun."""
    left = [change]

    def progress(_done: int, _total: int, _events: int) -> None:
        while left:
            left.pop()()

    return progress


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_shrinks_is_truncated_and_says_so(tmp_path: Path, name: str) -> None:
    data, options, size = FILES[name]
    path = tmp_path / "recording"
    path.write_bytes(data)
    whole = len(MarketDataSource.from_file(path, **options))  # type: ignore[arg-type]
    with pytest.raises(SourceError, match=f"truncated: .*shrunk.* {len(data) - size} bytes are missing"):
        MarketDataSource.from_file(path, progress=once(lambda: os.truncate(path, size)), **options)  # type: ignore[arg-type]
    path.write_bytes(data)
    kept = MarketDataSource.from_file(
        path,
        policy="skip",
        progress=once(lambda: os.truncate(path, size)),
        **options,  # type: ignore[arg-type]
    )
    assert 0 < len(kept) < whole
    assert "shrunk" in kept.skipped[0].reason


def test_a_file_that_is_emptied_says_so(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_bytes(ROWS)
    with pytest.raises(SourceError, match="shrunk"):
        MarketDataSource.from_file(path, progress=once(lambda: os.truncate(path, 0)))


def test_of_a_file_that_grows_whole_rows_are_loaded(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_bytes(ROWS)

    def grow() -> None:
        with path.open("ab") as file:
            file.write(b"34201.5,1,30000,18,5853300,1\n")

    assert len(MarketDataSource.from_file(path, progress=once(grow))) in (30_000, 30_001)

"""The files that fuzzing starts from: small ones of every format, whole, cut and compressed.

Written by hand in the tests; the first lines of real recordings come with them where ``../shared/data`` is.
Nothing of it is kept in the project.
"""

from __future__ import annotations

import base64
import gzip
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from hdrh.histogram import HdrHistogram

from tests.core.ingest import recordings

_ROOT = Path(__file__).resolve().parents[2]
_REAL = _ROOT.parent / "shared" / "data"
_HEAD_BYTES = 4 << 10
_SCENARIOS = _ROOT / "python" / "tickpath" / "lab" / "scenarios"


def write(folder: Path, target: str) -> int:
    """Writes the seeds of ``target``; how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    for number, content in enumerate(_of(target), start=1):
        (folder / f"seed-{number}").write_bytes(content)
    return number


def _of(target: str) -> Iterator[bytes]:
    match target:
        case "lobster":
            yield recordings.LOBSTER_ROWS
            yield from _heads("lobster_*.csv")
        case "collector":
            yield recordings.COLLECTOR_TRADE
            yield from _heads("hft_*.gz", lines=12)
        case "dbn":
            yield recordings.dbn(recordings.dbn_mbo(1) + recordings.dbn_trade(2))
            yield recordings.dbn(recordings.dbn_mbo(1), version=1)
            yield recordings.dbn(recordings.dbn_trade(2, rtype=1, levels=1), schema=1)
        case "itch":
            yield recordings.itch(*_ITCH)
            yield recordings.itch(*_ITCH, prefixed=False)
            yield from _heads("itch50_*")
        case "csv":
            for choice in (0, 1, 6, 0xFE, 0xFF):
                yield bytes([choice]) + b"ts,at,p,v,id,n,s,k,d,f\n1,2,3.5,4,5,6,A,7,1,8\n2,3,-4,5,6,7,B,8,-1,9\n"
            yield b"\x00ts;p\r\n1;2\r\n"
        case "hlog":
            for digits in (1, 2, 3):
                histogram = HdrHistogram(1, 3_600_000_000_000, digits)
                yield base64.b64decode(histogram.encode())
                for ns in (1, 900, 1_000_000, 3_000_000_000):
                    histogram.record_value(ns, digits)
                yield base64.b64decode(histogram.encode())
        case "scenario":
            for file in sorted(_SCENARIOS.glob("*.toml")):
                yield file.read_bytes()
        case _:
            for kind in ("lobster", "collector", "dbn", "itch"):
                for content in _of(kind):
                    yield from _packed(content)


_ITCH = (
    recordings.itch_system(),
    recordings.itch_directory("ACME", 1),
    recordings.itch_add(12),
)


def _packed(content: bytes) -> Iterator[bytes]:
    """As it is, and in every container that is read."""
    yield content
    yield gzip.compress(content, mtime=0)
    yield recordings.zstd_raw(content)
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", method) as file:
            file.writestr(zipfile.ZipInfo("message.csv"), content, method)
        yield archive.getvalue()


def _heads(pattern: str, lines: int = 40) -> Iterator[bytes]:
    """The first lines, or bytes, of real files."""
    for path in sorted(_REAL.glob(pattern)):
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            head = file.read(256 << 10)
        rows = head.splitlines(keepends=True)[:lines]
        yield head[:_HEAD_BYTES] if path.name.startswith("itch") else b"".join(rows)[: 8 * _HEAD_BYTES]

"""The files that fuzzing starts from: small ones of every format, whole, cut and compressed.

Written by hand in the tests; the first lines of real recordings come with them where ``../shared/data`` is.
Nothing of it is kept in the project.
"""

from __future__ import annotations

import base64
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from hdrh.histogram import HdrHistogram

from tests.core.ingest import recordings

_ROOT = Path(__file__).resolve().parents[2]
_REAL = _ROOT.parent / "shared" / "data"
_HEAD_BYTES = 4 << 10
#: The longest input of a target.
_WHOLE_BYTES_MAX = 64 << 10
_SCENARIOS = _ROOT / "python" / "tickpath" / "lab" / "scenarios"


def write(folder: Path, target: str) -> int:
    """Writes the seeds of ``target``; how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    for number, content in enumerate(_OF[target](), start=1):
        (folder / f"seed-{number}").write_bytes(content)
    return number


_ITCH = (
    recordings.itch_system(),
    recordings.itch_directory("ACME", 1),
    recordings.itch_add(12),
)


def _lobster() -> Iterator[bytes]:
    yield recordings.LOBSTER_ROWS
    yield from _heads("lobster_*.csv")
    yield from _heads("LOBSTER_*.zip", member="message")


def _collector() -> Iterator[bytes]:
    yield recordings.COLLECTOR_TRADE
    yield from _heads("hft_*.gz", lines=12)


def _dbn() -> Iterator[bytes]:
    yield recordings.dbn(recordings.dbn_mbo(1) + recordings.dbn_trade(2))
    yield recordings.dbn(recordings.dbn_mbo(1), version=1)
    yield recordings.dbn(recordings.dbn_trade(2, rtype=1, levels=1), schema=1)
    # Compressed as they are: a target reads any container.
    for path in sorted(_REAL.glob("naut_*.dbn.zst")):
        if path.stat().st_size <= _WHOLE_BYTES_MAX:
            yield path.read_bytes()


def _itch() -> Iterator[bytes]:
    yield recordings.itch(*_ITCH)
    yield recordings.itch(*_ITCH, prefixed=False)
    yield from _heads("itch50_*")


def _csv() -> Iterator[bytes]:
    # The first byte says how the columns are found (rust/core/tests/hostile).
    for choice in (0, 1, 6, 0xFE, 0xFF):
        yield bytes([choice]) + b"ts,at,p,v,id,n,s,k,d,f\n1,2,3.5,4,5,6,A,7,1,8\n2,3,-4,5,6,7,B,8,-1,9\n"
    yield b"\x00ts;p\r\n1;2\r\n"
    for head in _heads("obanalytics_*.csv.xz"):
        yield b"\x01" + head


def _hlog() -> Iterator[bytes]:
    for digits in (1, 2, 3):
        histogram = HdrHistogram(1, 3_600_000_000_000, digits)
        yield base64.b64decode(histogram.encode())
        for ns in (1, 900, 1_000_000, 3_000_000_000):
            histogram.record_value(ns, digits)
        packed = base64.b64decode(histogram.encode())
        yield packed
        # What is compressed in it is an encoding, too.
        yield zlib.decompress(packed[8:])


def _scenario() -> Iterator[bytes]:
    for file in sorted(_SCENARIOS.glob("*.toml")):
        yield file.read_bytes()


def _detect() -> Iterator[bytes]:
    for seeds in (_lobster, _collector, _dbn, _itch):
        for content in seeds():
            yield from _packed(content)


_OF: dict[str, Callable[[], Iterator[bytes]]] = {
    "lobster": _lobster,
    "collector": _collector,
    "dbn": _dbn,
    "itch": _itch,
    "csv": _csv,
    "hlog": _hlog,
    "detect": _detect,
    "scenario": _scenario,
}


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


def _heads(pattern: str, lines: int = 40, member: str = "") -> Iterator[bytes]:
    """The first lines, or bytes, of real files; of an archive those of the member with that word in it."""
    for path in sorted(_REAL.glob(pattern)):
        with _opened(path, member) as file:
            head = file.read(256 << 10)
        rows = head.splitlines(keepends=True)[:lines]
        yield head[:_HEAD_BYTES] if path.name.startswith("itch") else b"".join(rows)[: 8 * _HEAD_BYTES]


def _opened(path: Path, member: str) -> IO[bytes] | gzip.GzipFile | lzma.LZMAFile:
    match path.suffix:
        case ".gz":
            return gzip.open(path)
        case ".xz":
            return lzma.open(path)
        case ".zip":
            archive = zipfile.ZipFile(path)
            return archive.open(next(name for name in archive.namelist() if member in name))
        case _:
            return path.open("rb")

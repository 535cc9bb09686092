"""Opening files: by content and not by name, bounded, and every refusal one clear line."""

from __future__ import annotations

import gzip
import io
import os
import random
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.ingest.recordings import (
    COLLECTOR_TRADE,
    LOBSTER_ROWS,
    dbn,
    dbn_mbo,
    itch,
    itch_directory,
    itch_system,
    zstd_bomb,
    zstd_raw,
)
from tickpath.core.ingest import MarketDataSource
from tickpath.errors import SourceError, SourceNotFound, SourceUnreadable

MANY_ROWS = b"".join(b"34200.%09d,1,%d,18,5853300,1\n" % (n, n * n) for n in range(1, 3000))


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return out.getvalue()


def write(tmp_path: Path, data: bytes, name: str = "any.bin") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def refusal(path: Path | str, **options: object) -> SourceError:
    with pytest.raises(SourceError) as caught:
        MarketDataSource.from_file(path, **options)  # type: ignore[arg-type]
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


CONTAINERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "gzip of two members": lambda data: gzip.compress(data[:50]) + gzip.compress(data[50:]),
    "zstd": zstd_raw,
    "zstd of two frames": lambda data: zstd_raw(data[:50]) + zstd_raw(data[50:]),
    "zstd behind a skippable frame": lambda data: b"\x50\x2a\x4d\x18\x03\0\0\0abc" + zstd_raw(data),
    "zip": lambda data: zipped(rows__csv=data),
    "zip with an order book and a note": lambda data: zipped(
        A_orderbook_1__csv=b"1,2,3,4\n", A_message_1__csv=data, ReadMe__txt=b"about"
    ),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_content_says_how_a_file_is_compressed(tmp_path: Path, container: str) -> None:
    path = write(tmp_path, CONTAINERS[container](LOBSTER_ROWS), "misleading.gz")
    source = MarketDataSource.from_file(path)
    assert source.events["order_id"].tolist() == [16113575, 16120456, 16113575]
    assert source.meta["sources"][0]["compression"] == container.split(maxsplit=1)[0]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("lobster", LOBSTER_ROWS),
        ("lobster", b"damaged,first,line\n" + LOBSTER_ROWS),
        ("collector", COLLECTOR_TRADE),
        ("dbn", dbn(dbn_mbo(1))),
        ("itch", itch(itch_system(), itch_directory("A", 1))),
        ("itch", itch(itch_system(), itch_directory("A", 1), prefixed=False)),
    ],
)
def test_the_content_says_which_format_it_is(tmp_path: Path, kind: str, data: bytes) -> None:
    source = MarketDataSource.from_file(write(tmp_path, data), policy="skip")
    assert source.meta["sources"][0]["kind"] == kind


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.csv", write(tmp_path, b"x") / "below"):
        error = refusal(path)
        assert isinstance(error, SourceNotFound)
        assert isinstance(error, FileNotFoundError)


def test_anything_but_a_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe, Path("/dev/zero"), Path("/dev/null")):
        assert isinstance(refusal(path), SourceUnreadable)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything: see the next test")
def test_a_file_without_permission_is_unreadable(tmp_path: Path) -> None:
    path = write(tmp_path, LOBSTER_ROWS)
    path.chmod(0)
    assert isinstance(refusal(path), SourceUnreadable)


@pytest.mark.skipif(
    not Path("/proc/self/mem").exists(), reason="needs /proc: a file that opens and fails to read"
)
def test_a_file_that_fails_to_be_read_is_unreadable() -> None:
    assert isinstance(refusal(Path("/proc/self/mem")), SourceUnreadable)


def test_empty_files_are_refused(tmp_path: Path) -> None:
    assert "empty" in refusal(write(tmp_path, b"")).reason
    assert "no events" in refusal(write(tmp_path, gzip.compress(b""))).reason
    for kind in ("lobster", "collector"):
        assert "no events" in refusal(write(tmp_path, gzip.compress(b"")), kind=kind).reason
    assert "no events" in refusal(write(tmp_path, dbn(b""))).reason


def test_a_file_of_bad_rows_only_is_refused_and_says_how_the_first_is_bad(tmp_path: Path) -> None:
    error = refusal(write(tmp_path, b"a\nb\n"), kind="lobster", policy="skip")
    assert "2 bad rows" in error.reason
    assert error.line == 1


@pytest.mark.parametrize("seed", range(5))
def test_garbage_is_refused_by_every_format(tmp_path: Path, seed: int) -> None:
    path = write(tmp_path, random.Random(seed).randbytes(100_000))  # noqa: S311
    assert "not recognised" in refusal(path).reason
    for kind in ("lobster", "collector", "dbn", "itch"):
        refusal(path, kind=kind)


@pytest.mark.parametrize("kind", ["auto", "lobster", "collector"])
@pytest.mark.parametrize("byte", [b"\0", b"1"])
def test_a_bomb_is_one_clear_error(tmp_path: Path, byte: bytes, kind: str) -> None:
    path = write(tmp_path, zstd_bomb(byte, 40_000), "bomb.zst")
    refusal(path, kind=kind)
    refusal(path, kind=kind, policy="skip")


@pytest.mark.slow
def test_a_bomb_of_blank_lines_is_given_up_after_a_million(tmp_path: Path) -> None:
    path = write(tmp_path, zstd_bomb(b"\n", 40_000), "bomb.zst")
    error = refusal(path, kind="collector", policy="skip")
    assert "1000000 bad rows" in error.reason


@pytest.mark.slow
def test_a_bomb_of_good_rows_is_found_by_its_ratio(tmp_path: Path) -> None:
    row = b"57000,4,1,1,5853300,1\n"
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=6) as out:
        for _ in range(70):
            out.write(row * 50_000)
    assert "decompression bomb" in refusal(path, kind="lobster").reason


@pytest.mark.parametrize("name", ["xz", "bzip2", "7z"])
def test_other_compression_is_named(tmp_path: Path, name: str) -> None:
    magic = {"xz": b"\xfd7zXZ\0", "bzip2": b"BZh9", "7z": b"7z\xbc\xaf\x27\x1c"}[name]
    assert name in refusal(write(tmp_path, magic + b"\0" * 50)).reason


@pytest.mark.parametrize("kind", ["auto", "lobster"])
@pytest.mark.parametrize("container", ["gzip", "zip", "zstd"])
def test_a_cut_file_is_damaged_and_what_stands_before_it_can_be_kept(
    tmp_path: Path, container: str, kind: str
) -> None:
    whole = CONTAINERS[container](MANY_ROWS)
    path = write(tmp_path, whole[: len(whole) * 2 // 3])
    error = refusal(path, kind=kind)
    assert "truncated" in error.reason
    source = MarketDataSource.from_file(path, kind=kind, policy="skip")  # type: ignore[arg-type]
    assert 500 < len(source) < 2999
    assert source.events["order_id"].tolist() == [n * n for n in range(1, len(source) + 1)]
    assert [row.line for row in source.skipped] == [len(source) + 1]
    assert source.meta["sources"][0]["skipped"] == 1


def test_a_flipped_bit_in_compressed_data_is_found(tmp_path: Path) -> None:
    for container in ("gzip", "zip"):
        data = bytearray(CONTAINERS[container](MANY_ROWS))
        data[len(data) // 2] ^= 0x10
        refusal(write(tmp_path, bytes(data)), kind="lobster")


def test_an_archive_of_several_files_names_them(tmp_path: Path) -> None:
    error = refusal(write(tmp_path, zipped(a__csv=LOBSTER_ROWS, b__csv=LOBSTER_ROWS)))
    assert "a.csv, b.csv" in error.reason


def test_a_hopelessly_long_line_is_refused_under_either_policy(tmp_path: Path) -> None:
    path = write(tmp_path, LOBSTER_ROWS + b"1" * (5 << 20))
    for policy in ("strict", "skip"):
        assert refusal(path, policy=policy).line == 4


def test_zeros_behind_gzip_data_are_padding_and_anything_else_is_damage(tmp_path: Path) -> None:
    data = gzip.compress(LOBSTER_ROWS)
    assert len(MarketDataSource.from_file(write(tmp_path, data + bytes(512)))) == 3
    assert "damaged" in refusal(write(tmp_path, data + b"\0\0and more than a header")).reason


def test_what_stands_beside_the_data_in_an_archive_is_passed_over(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("AAPL_2012-06-21_1_2_message_1.CSV", LOBSTER_ROWS)
        archive.writestr("__MACOSX/._AAPL_2012-06-21_1_2_message_1.CSV", b"attributes")
    assert len(MarketDataSource.from_file(write(tmp_path, out.getvalue()))) == 3
    path = write(tmp_path, zipped(README__txt=b"about", btcusdt=COLLECTOR_TRADE))
    assert len(MarketDataSource.from_file(path)) == 1


def test_an_archive_cut_before_its_messages_is_named_truncated(tmp_path: Path) -> None:
    whole = zipped(A_orderbook_1__csv=b"5859400,200,5853300,18\n" * 4_000, A_message_1__csv=MANY_ROWS)
    error = refusal(write(tmp_path, whole[: whole.index(b"A_message")]))
    assert "truncated zip archive, of which only A_orderbook_1.csv can be read" in error.reason


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (archive({"rows": LOBSTER_ROWS}, zipfile.ZIP_BZIP2), "its member rows is compressed by"),
        (archive({f"n{n}": b"" for n in range(1_001)}), "it has 1001 members; expected one recording"),
        (archive({f"n{n}": LOBSTER_ROWS for n in range(7)}), r"7 files \(n0, n1, n2, n3, n4, n5, …\)"),
        (archive({"folder/": b""}), "holds no file that can be read"),
        (archive({"rows": LOBSTER_ROWS})[:20], "holds no file that can be read"),
    ],
    ids=["bzip2", "too many", "several", "a folder alone", "cut in its first header"],
)
def test_an_archive_that_holds_no_recording_says_what_it_holds(
    tmp_path: Path, data: bytes, words: str
) -> None:
    assert re.search(words, refusal(write(tmp_path, data)).reason)


def test_a_folder_in_an_archive_is_no_recording(tmp_path: Path) -> None:
    data = archive({"day/": b"", "day/rows.csv": LOBSTER_ROWS})
    assert len(MarketDataSource.from_file(write(tmp_path, data))) == 3


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_wrong_checksum_in_an_archive_is_found_at_its_end(tmp_path: Path, compression: int) -> None:
    data = bytearray(archive({"rows": LOBSTER_ROWS}, compression))
    checksum = zlib.crc32(LOBSTER_ROWS).to_bytes(4, "little")
    data[data.rindex(checksum)] ^= 1  # in the directory, which stands behind the data
    path = write(tmp_path, bytes(data))
    assert "checksum or size differ" in refusal(path).reason
    source = MarketDataSource.from_file(path, policy="skip")
    assert (len(source), len(source.skipped)) == (3, 1)


@pytest.mark.skipif(not os.access("/proc/kmsg", os.R_OK), reason="needs the right to read /proc/kmsg")
@pytest.mark.timeout(5)
def test_a_file_of_the_kernel_that_would_wait_for_data_is_refused() -> None:
    # It holds no recording whether or not there is something to read.
    refusal("/proc/kmsg")

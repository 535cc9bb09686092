"""The page of limits says what the limits are, and names a test for each."""

from __future__ import annotations

import re

from tests.docs.blocks import ROOT
from tests.docs.test_faults_page import TEST, missing

PAGE = (ROOT / "docs" / "reference" / "limits.md").read_text(encoding="utf-8")
#: A limit of the page, in its words, and where the code has it.
IN_CODE = {
    "4 MiB; a longer one": ("rust/core/src/ingest/stream.rs", "line_bytes_max: 4 << 20"),
    "200 to 1": ("rust/core/src/ingest/stream.rs", "ratio_max: 200"),
    "after the first 64 MiB": ("rust/core/src/ingest/stream.rs", "ratio_grace_bytes: 64 << 20"),
    "256 GiB": ("rust/core/src/ingest/stream.rs", "decompressed_bytes_max: 256 << 30"),
    "1,000,000, if": ("rust/core/src/ingest/stream.rs", "skipped_listed_max: 1_000_000"),
    "once per 256 KiB of data": ("rust/core/src/ingest/stream.rs", "CHUNK_BYTES: usize = 256 << 10"),
    "once per 512 KiB of a file": ("rust/core/src/ingest/stream.rs", "SILENT_BYTES_MAX: u64 = 512 << 10"),
    "128 MiB, touched": ("rust/core/src/ingest/container.rs", "ZSTD_WINDOW_LOG_MAX: u32 = 27"),
    "1,000, of which": ("rust/core/src/ingest/zip_directory.rs", "MEMBERS_MAX: usize = 1_000"),
    "512 MiB, taken": ("rust/core/src/ingest/dbn.rs", "METADATA_BYTES_MAX: u32 = 512 << 20"),
    "symbols of 16 bytes": ("rust/core/src/ingest/dbn.rs", "SYMBOL_BYTES_MIN: u16 = 16"),
    "10,000": ("rust/core/src/ingest/table/csv.rs", "COLUMNS_MAX: usize = 10_000"),
    "1,000 bytes and": ("rust/core/src/ingest/error.rs", "REASON_BYTES_MAX: usize = 1_000"),
    "8 MiB beside it": ("rust/core/src/ingest/room.rs", "WORKING_BYTES: usize = 8 << 20"),
    "file of 256 KiB, tables eight deep": (
        "python/tickpath/config/scenario/files.py",
        "FILE_BYTES_MAX = 1 << 18",
    ),
    "tables eight deep": ("python/tickpath/config/scenario/files.py", "_DEPTH_MAX = 8"),
    "sixteen files": ("python/tickpath/config/scenario/files.py", "_CHAIN_MAX = 16"),
    "file of 64 MiB": ("python/tickpath/config/recorded.py", "_FILE_BYTES_MAX = 64 << 20"),
    "4 MiB of counts": ("rust/core/src/metrics/hlog.rs", "COUNTS_BYTES_MAX: usize = 4 << 20"),
    "five digits": ("rust/core/src/metrics/hlog.rs", "DIGITS_MAX: u32 = 5"),
}


def test_the_limits_are_those_of_the_code() -> None:
    text = {file: (ROOT / file).read_text(encoding="utf-8") for file, _ in IN_CODE.values()}
    assert [words for words in IN_CODE if words not in PAGE] == []
    assert [where for where in IN_CODE.values() if where[1] not in text[where[0]]] == []


def test_every_limit_has_a_test_that_exists() -> None:
    lines = [line for line in PAGE.splitlines() if re.match(r"\| (?!limit|-)", line)]
    assert [line for line in lines if not TEST.findall(line)] == []
    assert [test for test in TEST.findall(PAGE) if missing(test)] == []

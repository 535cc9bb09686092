"""Service times from recorded histograms: exact quantiles, files that are read back, and what is no log."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from tickpath.config.engine import ServiceTime
from tickpath.config.recorded import quantile_samples, read_hlog
from tickpath.control.metrics import LatencyHistogram, write_hlog
from tickpath.errors import ArgumentValueError


def even(count: int, step: int = 1) -> LatencyHistogram:
    return LatencyHistogram([step * n for n in range(1, count + 1)])


def test_samples_are_evenly_spaced_quantiles() -> None:
    # 160 counts of 1 to 160 are eight samples: at 1/16, 3/16, ... 15/16.
    assert quantile_samples(even(160)) == tuple(range(10, 160, 20))
    assert quantile_samples(even(20)) == (10,)


def test_there_are_a_thousand_samples_at_most_and_the_same_ones_every_time() -> None:
    samples = quantile_samples(even(100_000))
    assert len(samples) == 1_000
    assert samples == quantile_samples(even(100_000))
    assert list(samples) == sorted(samples)


@pytest.mark.parametrize("count", [0, 1, 19])
def test_too_few_counts_say_nothing(count: int) -> None:
    with pytest.raises(ArgumentValueError, match=f"at least 20 counts, got {count}"):
        ServiceTime.from_histogram(even(count))


def test_a_file_is_read_back_by_tag(tmp_path: Path) -> None:
    path = tmp_path / "run.hlog"
    write_hlog(path, {"executor/work": even(200), "log/work": even(400, step=2)}, comments=["a run"])
    assert sorted(read_hlog(path)) == ["executor/work", "log/work"]
    service = ServiceTime.from_histogram(path, tag="executor/work")
    assert service == ServiceTime.empirical(quantile_samples(even(200)))
    for tag in (None, "risk/work"):
        with pytest.raises(ArgumentValueError, match=r"run\.hlog: tag must name .*executor/work, log/work"):
            ServiceTime.from_histogram(path, tag=tag)
    with pytest.raises(ArgumentValueError, match="tag names a histogram in a file"):
        ServiceTime.from_histogram(even(200), tag="executor/work")


def test_the_only_histogram_of_a_file_needs_no_tag_and_its_intervals_are_merged(tmp_path: Path) -> None:
    path = tmp_path / "plain.hlog"
    write_hlog(path, even(100))
    text = path.read_text(encoding="utf-8")
    line = text.splitlines()[-1]
    path.write_text(f"{text}{line}\n", encoding="utf-8")
    assert read_hlog(path)[""].count == 200
    assert len(ServiceTime.from_histogram(str(path)).samples_ns) == 10


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Tag=a,0.0,1.0\n", "line 1 .* got 2 fields"),
        ("#[Histogram log]\n0.0,1.0,2.0,!!!\n", "line 2"),
        ("0.0,1.0,2.0,SEFMTE8=\n", "line 1 .* V2 encoding"),
        ("hello\n", "line 1"),
    ],
)
def test_what_is_no_log_is_named_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "wrong.hlog"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ArgumentValueError, match=words):
        read_hlog(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ArgumentValueError, match="no histogram log"):
        read_hlog(path)
    with pytest.raises(FileNotFoundError):
        read_hlog(tmp_path / "missing.hlog")


def test_what_is_no_file_of_a_log_is_refused_unread(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(ArgumentValueError, match="no histogram log: it is no regular file"):
            read_hlog(path)
    with (tmp_path / "large.hlog").open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(ArgumentValueError, match="it is longer than 67108864 bytes"):
        read_hlog(tmp_path / "large.hlog")


def test_a_histogram_that_claims_more_than_is_there_is_refused(tmp_path: Path) -> None:
    # Found by fuzzing: so few bytes claimed 4 GiB of counts, and took the memory for them.
    claims = bytes.fromhex(
        "1c849313 ffffffff 00000000 00000003 0000000000000001 0000034630b8a000 3ff0000000000000 02"
    )
    path = tmp_path / "claims.hlog"
    path.write_text(f"0.0,1.0,1.0,{base64.b64encode(claims).decode()}\n", encoding="utf-8")
    with pytest.raises(ArgumentValueError, match=r"line 1 .* claims 4294967295 bytes of counts, 1 are there"):
        read_hlog(path)

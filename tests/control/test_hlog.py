"""Histogram logs, read back by an independent implementation of HdrHistogram (package ``hdrhistogram``)."""

from __future__ import annotations

import base64
import random
from pathlib import Path
from typing import Any

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from tickpath.control.metrics import LatencyHistogram, write_hlog
from tickpath.errors import ArgumentValueError

QUANTILES = (0.5, 0.9, 0.99, 0.999)
STAGES = ("intended_to_published", "published_to_completed", "published_to_completed/READY")


def latencies(seed: int, count: int = 40_000) -> LatencyHistogram:
    draw = random.Random(seed)  # noqa: S311 - a test's data
    return LatencyHistogram(int(draw.lognormvariate(7, 2)) for _ in range(count))


def read(path: Path) -> list[Any]:
    reader = HistogramLogReader(str(path), HdrHistogram(1, 2**42 - 1, 3))
    found = []
    while (interval := reader.get_next_interval_histogram()) is not None:
        found.append(interval)
    reader.input_file.close()  # it has no other way
    return found


def assert_same(theirs: Any, ours: LatencyHistogram) -> None:
    assert theirs.get_total_count() == ours.count
    for quantile in QUANTILES:
        assert theirs.get_value_at_percentile(quantile * 100) == ours.percentile(quantile)
    assert theirs.get_highest_equivalent_value(ours.max_ns) == theirs.get_max_value()
    assert theirs.get_lowest_equivalent_value(ours.min_ns) == theirs.get_min_value()


def test_another_implementation_reads_the_same_counts_and_percentiles(tmp_path: Path) -> None:
    histograms = {stage: latencies(seed) for seed, stage in enumerate(STAGES)}
    write_hlog(
        tmp_path / "run.hlog",
        histograms,
        start_ns=1_700_000_000_125_000_000,
        offset_ns=250_000_000,
        length_ns=1_500_000_000,
    )
    intervals = read(tmp_path / "run.hlog")
    assert [interval.get_tag() for interval in intervals] == list(STAGES)
    for interval, ours in zip(intervals, histograms.values(), strict=True):
        assert_same(interval, ours)
        assert interval.get_start_time_stamp() == 1_700_000_000_375
        assert interval.get_end_time_stamp() == 1_700_000_001_875


def test_one_histogram_needs_no_tag_and_no_date(tmp_path: Path) -> None:
    ours = latencies(7)
    write_hlog(str(tmp_path / "one.hlog"), ours, comments=["stage: processing"])
    (interval,) = read(tmp_path / "one.hlog")
    assert_same(interval, ours)
    assert interval.get_tag() is None
    text = (tmp_path / "one.hlog").read_text(encoding="utf-8")
    assert text.startswith("#[Histogram log format version 1.3]\n# latencies in nanoseconds\n")
    assert "# stage: processing\n" in text
    assert "Time:" not in text


def test_an_empty_histogram_is_a_line_too(tmp_path: Path) -> None:
    write_hlog(tmp_path / "empty.hlog", {"a": LatencyHistogram(), "b": latencies(3)})
    empty, full = read(tmp_path / "empty.hlog")
    assert (empty.get_total_count(), full.get_total_count()) == (0, 40_000)


def test_merged_and_corrected_histograms_are_read_as_well(tmp_path: Path) -> None:
    merged = latencies(1).merge(latencies(2))
    corrected = LatencyHistogram([500] * 20_000 + [400_000] * 10).corrected(1_000)
    write_hlog(tmp_path / "both.hlog", {"merged": merged, "corrected": corrected})
    for interval, ours in zip(read(tmp_path / "both.hlog"), (merged, corrected), strict=True):
        assert_same(interval, ours)


def test_what_another_implementation_encodes_is_read() -> None:
    theirs = HdrHistogram(1, 3_600_000_000_000, 3)
    for value in (5, 5, 12_345, 900_000_000):
        theirs.record_value(value)
    ours = LatencyHistogram.from_v2(base64.b64decode(theirs.encode()))
    assert ours.count == 4
    assert ours.min_ns == 5
    assert ours.max_ns == theirs.get_max_value()


@pytest.mark.parametrize("tag", ["", "a,b", "a b", "a\nb"])
def test_a_tag_that_would_break_the_line_is_refused_and_nothing_written(tmp_path: Path, tag: str) -> None:
    with pytest.raises(ArgumentValueError, match="tag"):
        write_hlog(tmp_path / "run.hlog", {tag: latencies(1, 10)})
    assert list(tmp_path.iterdir()) == []


def test_a_log_replaces_the_one_before_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.hlog"
    write_hlog(path, latencies(1, 100))
    before = path.read_bytes()

    def fail(self: Path, target: Path) -> Path:
        assert path.read_bytes() == before, "written in place"
        assert self.parent == target.parent, "a move across file systems is a copy"
        raise OSError("planted")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", fail)
        with pytest.raises(OSError, match="planted"):
            write_hlog(path, latencies(2, 100))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path], "no draft is left behind"
    write_hlog(path, latencies(2, 100))
    assert path.read_bytes() != before


def test_a_place_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_hlog(tmp_path / "nowhere" / "run.hlog", latencies(1, 10))

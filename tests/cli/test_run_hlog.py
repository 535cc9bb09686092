"""``tickpath run --hlog``: a log that an independent implementation reads, with the report's own figures."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from tickpath.cli import main
from tickpath.core.ingest import MarketDataSource
from tickpath.lab.report import STAGES

FAST = ["run", "--rate", "1e6", "--events", "20000", "--floor-ms", "0.1", "--json"]
PERCENTILES = {"p50_ns": 50, "p90_ns": 90, "p99_ns": 99, "p99_9_ns": 99.9}


def intervals(path: Path) -> dict[str, Any]:
    reader = HistogramLogReader(str(path), HdrHistogram(1, 2**42 - 1, 3))
    found = {}
    while (interval := reader.get_next_interval_histogram()) is not None:
        found[interval.get_tag()] = interval
    reader.input_file.close()  # it has no other way
    return found


def test_the_tools_read_a_line_for_each_consumer_and_stage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run.hlog"
    before_ms = time.time_ns() // 1_000_000
    assert main([*FAST, "--consumer", "log,wait=park", "--hlog", str(path)]) == 0
    after_ms = time.time_ns() // 1_000_000 + 1
    report = json.loads(capsys.readouterr().out)
    found = intervals(path)
    assert list(found) == [f"{consumer}/{stage}" for consumer in ("executor", "log") for stage in STAGES]
    for tag, theirs in found.items():
        consumer, stage = tag.split("/")
        ours = report["latency_by_consumer"][consumer][stage]
        assert theirs.get_total_count() == ours["count"] == 20_000
        for name, percentile in PERCENTILES.items():
            # A bucket's highest value may be above the largest sample, which the report does not exceed.
            assert min(theirs.get_value_at_percentile(percentile), ours["max_ns"]) == ours[name], (tag, name)
        assert before_ms <= theirs.get_start_time_stamp() <= theirs.get_end_time_stamp() <= after_ms
    assert list(tmp_path.iterdir()) == [path]


def test_a_stage_without_samples_has_no_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.hlog"
    path.write_text("an older one")
    assert main(["run", "--max", "--events", "2000", "--floor-ms", "0.1", "--hlog", str(path)]) == 0
    capsys.readouterr()
    assert list(intervals(path)) == [f"executor/{stage}" for stage in STAGES if "intended" not in stage]


def test_a_run_without_samples_leaves_the_file_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(MarketDataSource, "synthetic", interrupted)
    path = tmp_path / "run.hlog"
    path.write_text("an older one")
    assert main([*FAST, "--hlog", str(path)]) == 130
    assert capsys.readouterr().err == f"tickpath: no latencies were recorded: {path} was not written\n"
    assert path.read_text() == "an older one"


@pytest.mark.parametrize(("name", "words"), [("nowhere/run.hlog", "no folder"), (".", "is a folder")])
def test_a_place_for_no_file_is_refused_before_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, words: str
) -> None:
    assert main([*FAST, "--hlog", str(tmp_path / name)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tickpath: error: --hlog ")
    assert words in err


def test_a_log_that_cannot_be_written_takes_no_figure_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tickpath.lab.histogram_log.write_hlog", full)
    assert main([*FAST, "--quiet", "--hlog", str(tmp_path / "run.hlog")]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["verdict"] == "pass"
    assert "No space left" in err

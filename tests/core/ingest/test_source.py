"""`MarketDataSource`: choices, merging, progress, interruption, and what it gives out."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.core.ingest.recordings import COLLECTOR_TRADE, LOBSTER_ROWS, itch, itch_directory, itch_system
from tickpath import _native
from tickpath.core.ingest import EVENT_DTYPE, MarketDataSource, RowError
from tickpath.errors import ArgumentTypeError, ArgumentValueError, OutOfOrder, SourceError


def rows(*stamps: int) -> bytes:
    return b"".join(b"%d,1,%d,1,1,1\n" % (stamp, number) for number, stamp in enumerate(stamps))


def write(tmp_path: Path, data: bytes, name: str = "ACME_2020-01-02_message_1.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_refuse_names_the_first_row_that_runs_backwards(tmp_path: Path) -> None:
    with pytest.raises(OutOfOrder) as caught:
        MarketDataSource.from_file(write(tmp_path, rows(1, 5, 5, 4, 3)))
    assert (caught.value.line, caught.value.field) == (4, "ts_ns")


def test_refuse_names_the_byte_in_a_format_of_records(tmp_path: Path) -> None:
    data = itch(itch_system(10), itch_directory("A", 1, 20), itch_directory("B", 2, 19))
    with pytest.raises(OutOfOrder) as caught:
        MarketDataSource.from_file(write(tmp_path, data))
    assert caught.value.byte_offset == len(itch(itch_system(), itch_directory("A", 1)))


def test_sort_is_stable_and_clamp_raises_to_the_largest_before(tmp_path: Path) -> None:
    path = write(tmp_path, rows(2, 1, 2, 1, 3))
    by_stamp = MarketDataSource.from_file(path, out_of_order="sort")
    assert by_stamp.events["order_id"].tolist() == [1, 3, 0, 2, 4]
    assert (by_stamp.events["ts_ns"] // 10**9).tolist() == [1, 1, 2, 2, 3]
    raised = MarketDataSource.from_file(path, out_of_order="clamp")
    assert raised.events["order_id"].tolist() == [0, 1, 2, 3, 4]
    assert (raised.events["ts_ns"] // 10**9).tolist() == [2, 2, 2, 2, 3]
    counts = [source.meta["sources"][0] for source in (by_stamp, raised)]
    assert [(c["backward_steps"], c["clamped"]) for c in counts] == [(2, 0), (2, 2)]


def test_skip_lists_every_bad_row_in_order(tmp_path: Path) -> None:
    source = MarketDataSource.from_file(
        write(tmp_path, b"x\n" + rows(1) + b"\n" + rows(2)), policy="skip", kind="lobster"
    )
    assert len(source) == 2
    assert [type(row) for row in source.skipped] == [RowError, RowError]
    assert [row.line for row in source.skipped] == [1, 3]
    assert source.meta["sources"][0]["skipped"] == 2


def test_files_are_merged_by_stamp_and_ties_keep_the_order_of_the_files(tmp_path: Path) -> None:
    first = write(tmp_path, rows(1, 3, 3), "A_2020-01-02_message_1.csv")
    second = write(tmp_path, rows(1, 2, 3), "B_2020-01-02_message_1.csv")
    third = write(tmp_path, rows(3), "A_2020-01-03_message_1.csv")
    source = MarketDataSource.from_files([first, second, third])
    assert source.symbols == ("A", "B")
    assert repr(source) == f"MarketDataSource({len(source)} events, 2 symbols)"
    named = [
        (int(e["ts_ns"]) // 10**9, source.symbols[e["symbol"]], int(e["order_id"])) for e in source.events
    ]
    assert named == [
        (1, "A", 0),
        (1, "B", 0),
        (2, "B", 1),
        (3, "A", 1),
        (3, "A", 2),
        (3, "B", 2),
        (3, "A", 0),
    ]
    assert [s["events"] for s in source.meta["sources"]] == [3, 3, 1]


def test_stamps_of_different_origins_are_not_merged(tmp_path: Path) -> None:
    lobster = write(tmp_path, LOBSTER_ROWS)
    collector = write(tmp_path, COLLECTOR_TRADE, "btcusdt_20240808.gz")
    with pytest.raises(SourceError, match=r"midnight.*1970|1970.*midnight"):
        MarketDataSource.from_files([lobster, collector])


def test_the_array_is_read_only_without_a_copy_and_the_same_each_time(tmp_path: Path) -> None:
    source = MarketDataSource.from_file(write(tmp_path, LOBSTER_ROWS))
    events = source.events
    assert events.dtype == EVENT_DTYPE
    assert events is source.events
    assert not events.flags.writeable
    with pytest.raises(ValueError, match="WRITEABLE"):
        events.flags.writeable = True
    address = np.frombuffer(source.native, dtype=np.uint8).ctypes.data  # type: ignore[call-overload]
    assert events.ctypes.data == address
    with pytest.raises(TypeError):
        source.meta["origin"] = "mine"  # type: ignore[index]


def test_the_array_outlives_the_source(tmp_path: Path) -> None:
    events = MarketDataSource.from_file(write(tmp_path, LOBSTER_ROWS)).events
    assert events["order_id"].tolist() == [16113575, 16120456, 16113575]


def test_the_buffer_is_for_reading_only(tmp_path: Path) -> None:
    view = memoryview(MarketDataSource.from_file(write(tmp_path, LOBSTER_ROWS)).native)  # type: ignore[arg-type]
    assert (view.readonly, view.nbytes) == (True, 3 * 56)
    with pytest.raises(TypeError):
        view[0] = 1


def test_events_can_be_made_from_an_array_and_are_a_copy() -> None:
    array = np.zeros(3, EVENT_DTYPE)
    array["ts_ns"] = [1, 3, 2]
    with pytest.raises(OutOfOrder, match="row 2"):
        _native.Events.from_array(array)
    with pytest.raises(OutOfOrder) as caught:
        _native.Events.from_array(array, path="t.csv", row_numbers=np.array([5, 7, 9], np.uint64), lines=True)
    assert (caught.value.path, caught.value.line) == ("t.csv", 9)
    made, backward, clamped = _native.Events.from_array(array, out_of_order="sort")
    assert len(_native.Events.from_array(array[::2])[0]) == 2
    array["ts_ns"] = 0
    assert (len(made), backward, clamped) == (3, 1, 0)
    assert np.frombuffer(made, EVENT_DTYPE)["ts_ns"].tolist() == [1, 2, 3]  # type: ignore[call-overload]


@pytest.mark.parametrize("wrong", [3, np.zeros(3, np.uint8), np.zeros((8, 8), EVENT_DTYPE), "text"])
def test_what_is_no_array_of_events_is_refused(wrong: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="EVENT_DTYPE"):
        _native.Events.from_array(wrong)


def test_progress_is_told_and_ends_with_everything(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(b"".join(rows(n) for n in range(50_000))))
    seen: list[tuple[int, int, int]] = []
    MarketDataSource.from_file(path, progress=lambda *told: seen.append(told))
    size = path.stat().st_size
    assert seen[-1] == (size, size, 50_000)
    assert seen == sorted(seen)
    assert all(total == size for _, total, _ in seen)


def test_what_the_callback_raises_ends_the_load(tmp_path: Path) -> None:
    class StopHere(Exception):
        pass

    def stop(*_: int) -> None:
        raise StopHere

    with pytest.raises(StopHere):
        MarketDataSource.from_file(write(tmp_path, LOBSTER_ROWS), progress=stop)


def test_a_signal_ends_the_load(tmp_path: Path) -> None:
    def interrupt(*_: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        MarketDataSource.from_file(write(tmp_path, LOBSTER_ROWS), progress=interrupt)


@pytest.mark.parametrize("path", [LOBSTER_ROWS, str, os.fsencode, Path])
def test_a_path_may_have_any_form(tmp_path: Path, path: Any) -> None:
    written = write(tmp_path, LOBSTER_ROWS)
    given = written if path is LOBSTER_ROWS else path(written)
    assert len(MarketDataSource.from_file(given)) == 3


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (ArgumentTypeError, {"path": 3}),
        (ArgumentTypeError, {"kind": 3}),
        (ArgumentValueError, {"kind": "lobsta"}),
        (ArgumentTypeError, {"policy": None}),
        (ArgumentValueError, {"policy": "lax"}),
        (ArgumentValueError, {"out_of_order": "shuffle"}),
        (ArgumentTypeError, {"symbol": 5}),
        (ArgumentValueError, {"symbol": ""}),
        (ArgumentTypeError, {"progress": 5}),
        (ArgumentValueError, {"columns": {"ts_ns": "t"}}),
        (ArgumentValueError, {"kind": "table"}),
    ],
)
def test_bad_arguments_are_named(tmp_path: Path, error: type[Exception], arguments: dict[str, Any]) -> None:
    path = arguments.pop("path", write(tmp_path, LOBSTER_ROWS))
    with pytest.raises(error):
        MarketDataSource.from_file(path, **arguments)


def test_one_path_where_several_are_expected_and_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentTypeError, match="from_file"):
        MarketDataSource.from_files(str(tmp_path))
    with pytest.raises(ArgumentValueError, match="at least one"):
        MarketDataSource.from_files([])
    with pytest.raises(ArgumentTypeError, match="paths must be several paths, got int"):
        MarketDataSource.from_files(5)  # type: ignore[arg-type]


@pytest.mark.slow
def test_numpy_is_loaded_only_when_the_array_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, LOBSTER_ROWS)
    program = (
        "import sys; from tickpath.core.ingest import MarketDataSource as M\n"
        f"s = M.from_file({str(path)!r}); assert len(s) == 3 and 'numpy' not in sys.modules\n"
        "s.events; assert 'numpy' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

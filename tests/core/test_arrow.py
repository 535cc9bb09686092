"""Goal: rows become Arrow columns once, exactly, and live as long as whoever holds them.

Method: pyarrow reads the capsules; every field type, layout and length around the edges of blocks and words.
"""

from __future__ import annotations

import gc
import resource
import sys
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.event_samples import events
from tickpath.core.arrow import ArrowRows
from tickpath.core.bus import EventRing
from tickpath.core.execution import ACK_DTYPE, Executor
from tickpath.core.ingest import EVENT_DTYPE, MarketDataSource
from tickpath.core.state import Lifecycle, State
from tickpath.errors import ArgumentTypeError, ArgumentValueError

pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")

NUMBERS = ["u1", "<u2", "<u4", "<u8", "i1", "<i2", "<i4", "<i8", "<f4", "<f8"]
EVENT_TYPES = {
    "ts_ns": "uint64",
    "intended_ns": "uint64",
    "price_e9": "int64",
    "size_e9": "int64",
    "order_id": "uint64",
    "sequence": "uint64",
    "symbol": "uint32",
    "kind": "uint8",
    "side": "int8",
    "flags": "uint16",
}
ACK_TYPES = {
    "seq": "uint64",
    "decision_ts": "uint64",
    "completion_ts": "uint64",
    "epoch": "uint64",
    "executed": "bool",
}


def assert_same(table: Any, array: np.ndarray[Any, np.dtype[np.void]]) -> None:
    """Every column of ``table`` is that field of ``array``, bit by bit, in one chunk without nulls."""
    assert table.column_names == list(array.dtype.names or ())
    for name in table.column_names:
        column = table.column(name)
        assert (column.num_chunks, column.null_count) == (1, 0)
        values = column.chunk(0).to_numpy(zero_copy_only=False)
        assert values.tobytes() == np.ascontiguousarray(array[name]).tobytes()


def filled(rows: int, dtype: np.dtype[np.void], seed: int = 0) -> np.ndarray[Any, np.dtype[np.void]]:
    """Rows of random bytes; truth values are 0 or 1."""
    content = np.random.default_rng(seed).integers(0, 256, rows * dtype.itemsize, np.uint8)
    array = content.view(dtype)
    for name in dtype.names or ():
        if dtype[name] == np.bool_:
            array[name] = array[name].view(np.uint8) % 2
    return array


def acks(rows: int) -> np.ndarray[Any, np.dtype[np.void]]:
    """Acks of a run that became READY halfway."""
    ring, lifecycle = EventRing(max(rows, 1)), Lifecycle()
    ring.publish_many(events(0, rows))
    executor, made = Executor(ring, lifecycle), np.zeros(rows, ACK_DTYPE)
    lifecycle.transition_to(State.WARMUP)
    assert executor.process_into(made[: rows // 2]) == rows // 2
    lifecycle.transition_to(State.READY)
    assert executor.process_into(made[rows // 2 :]) == rows - rows // 2
    return made


@pytest.mark.parametrize("rows", [0, 1, 63, 64, 65, 255, 256, 257, 1023, 1024, 70_001])
def test_events_of_any_number_become_columns(rows: int) -> None:
    array = filled(rows, EVENT_DTYPE)
    table = pyarrow.table(ArrowRows(array))
    assert {field.name: str(field.type) for field in table.schema} == EVENT_TYPES
    assert_same(table, array)


@pytest.mark.parametrize("rows", [0, 1, 64, 130, 3000])
def test_acks_become_columns_with_a_truth_value_and_without_their_padding(rows: int) -> None:
    array = acks(rows)
    table = pyarrow.table(ArrowRows(array))
    assert {field.name: str(field.type) for field in table.schema} == ACK_TYPES
    executed = table.column("executed").to_pylist()
    assert executed == [False] * (rows // 2) + [True] * (rows - rows // 2)
    assert_same(table, array)


def test_only_acks_have_truth_values_in_bytes() -> None:
    array = np.zeros(2, [("executed", "u1"), ("decision_ts", "<u8")])
    schema = pyarrow.table(ArrowRows(array)).schema
    assert [str(field.type) for field in schema] == ["uint8", "uint64"]
    assert schema.field("decision_ts").metadata is None


def test_columns_say_what_they_count() -> None:
    def units(dtype: np.dtype[np.void]) -> dict[str, bytes]:
        schema = pyarrow.schema(ArrowRows(np.zeros(0, dtype)))
        return {field.name: field.metadata[b"unit"] for field in schema if field.metadata}

    stamps, billionths = ("ts_ns", "intended_ns"), ("price_e9", "size_e9")
    assert units(EVENT_DTYPE) == dict.fromkeys(stamps, b"ns") | dict.fromkeys(billionths, b"1e-9")
    assert units(ACK_DTYPE) == {"decision_ts": b"ns", "completion_ts": b"ns"}


@settings(max_examples=60, deadline=None)
@given(
    kinds=st.lists(st.sampled_from([*NUMBERS, "?"]), min_size=1, max_size=9),
    gaps=st.lists(st.integers(0, 5), min_size=10, max_size=10),
    rows=st.integers(0, 600),
    step=st.sampled_from([1, 2, -1, -3]),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_dtype_of_numbers_and_truth_values_in_any_layout(
    kinds: list[str], gaps: list[int], rows: int, step: int, seed: int
) -> None:
    offsets, end = [], 0
    for kind, gap in zip(kinds, gaps, strict=False):
        offsets.append(end + gap)
        end += gap + np.dtype(kind).itemsize
    names = [f"f{index}" for index in range(len(kinds))]
    layout = {"names": names, "formats": kinds, "offsets": offsets, "itemsize": end + gaps[-1]}
    array = filled(rows, np.dtype(layout), seed)[::step]  # type: ignore[call-overload]
    assert_same(pyarrow.table(ArrowRows(array)), array)


def test_rows_of_any_origin_are_read_where_they_lie() -> None:
    array = filled(100, EVENT_DTYPE)
    unaligned = np.frombuffer(b"x" + array.tobytes(), EVENT_DTYPE, offset=1)
    assert_same(pyarrow.table(ArrowRows(unaligned)), array)
    assert_same(pyarrow.table(ArrowRows(array.view(np.recarray))), array)
    assert_same(pyarrow.table(ArrowRows(array[["ts_ns", "side"]])), array[["ts_ns", "side"]])
    table = array.reshape(10, 10)
    assert_same(pyarrow.table(ArrowRows(table[:, 3])), table[:, 3].copy())
    assert_same(pyarrow.table(ArrowRows(np.broadcast_to(array[:1], 7))), np.repeat(array[:1], 7))


def test_what_a_reader_read_can_be_exported() -> None:
    mine = np.dtype([("ts_ns", "<u8"), ("intended_ns", "<u8"), ("spread", "<f8"), ("crossed", "?")])
    ring, sent = EventRing(4096, mine), filled(3000, mine)
    ring.publish_many(sent)
    first, second = ring.reader(), ring.reader()
    assert_same(pyarrow.table(ArrowRows(first.poll_many(2000))), sent[:2000])
    room = np.zeros(3000, mine)
    count = second.read_into(room)
    assert_same(pyarrow.table(ArrowRows(room[:count])), sent)


def test_a_source_exports_itself() -> None:
    source = MarketDataSource.synthetic(rate_hz=1e6, events=5_000, symbols=3, seed=1)
    assert_same(pyarrow.table(source), source.events)
    assert pyarrow.schema(source) == pyarrow.record_batch(source).schema == pyarrow.table(source).schema


def addresses(table: Any) -> list[int]:
    """Where the values of each column lie."""
    return [table.column(name).chunk(0).buffers()[1].address for name in table.column_names]


def test_every_export_shows_the_same_copy_and_keeps_it_alive() -> None:
    array = filled(5_000, EVENT_DTYPE)
    expected, rows = array.copy(), ArrowRows(array)
    array["ts_ns"] = 0
    first, second = pyarrow.table(rows), pyarrow.table(rows)
    third = pyarrow.Table.from_batches([pyarrow.record_batch(rows)])
    assert addresses(first) == addresses(second) == addresses(third)
    capsule = rows.__arrow_c_stream__()
    del rows, array, first
    gc.collect()
    assert_same(second, expected)
    late = pyarrow.RecordBatchReader._import_from_c_capsule(capsule).read_all()
    del second, third, capsule
    gc.collect()
    assert_same(late, expected)


def test_a_capsule_is_named_as_the_interface_says_and_is_taken_once() -> None:
    rows = ArrowRows(events(0, 3))
    schema, array = rows.__arrow_c_array__()
    stream = rows.__arrow_c_stream__(None)
    names = [repr(capsule).split('"')[1] for capsule in (schema, array, stream, rows.__arrow_c_schema__())]
    assert names == ["arrow_schema", "arrow_array", "arrow_array_stream", "arrow_schema"]
    assert pyarrow.RecordBatch._import_from_c_capsule(schema, array).num_rows == 3
    with pytest.raises(pyarrow.ArrowInvalid, match="released"):
        pyarrow.RecordBatch._import_from_c_capsule(schema, array)
    pyarrow.RecordBatchReader._import_from_c_capsule(stream)
    with pytest.raises(pyarrow.ArrowInvalid, match="released"):
        pyarrow.RecordBatchReader._import_from_c_capsule(stream)


@pytest.mark.parametrize("use", ["nothing", "array", "stream", "half"])
def test_what_was_exported_is_released_whatever_became_of_it(use: str) -> None:
    array = filled(100_000, EVENT_DTYPE)

    def export() -> None:
        rows = ArrowRows(array)
        capsules = rows.__arrow_c_array__(), rows.__arrow_c_stream__(), rows.__arrow_c_schema__()
        if use == "array":
            assert pyarrow.RecordBatch._import_from_c_capsule(*capsules[0]).num_rows == 100_000
        elif use == "stream":
            assert (
                pyarrow.RecordBatchReader._import_from_c_capsule(capsules[1]).read_all().num_rows == 100_000
            )
        elif use == "half":
            assert len(pyarrow.RecordBatchReader._import_from_c_capsule(capsules[1]).schema) == 10

    for _ in range(5):
        export()
    unit = 1 if sys.platform == "darwin" else 1024
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    for _ in range(100):
        export()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit - before
    assert grown < 20 * array.nbytes, "100 exports would be 100 times the array"


def test_the_interpreters_lock_is_released_meanwhile() -> None:
    array, began = np.zeros(500_000, EVENT_DTYPE), threading.Lock()
    ran = threading.Event()
    interval = sys.getswitchinterval()

    def other() -> None:
        with began:
            ran.set()

    began.acquire()
    thread = threading.Thread(target=other)
    thread.start()
    try:
        # Nobody is asked to give the lock up: the thread can only run while it is released.
        sys.setswitchinterval(3600)
        began.release()
        exports = 0
        while not ran.is_set():  # for ever, if the lock were kept: the timeout is the check
            ArrowRows(array)
            exports += 1
    finally:
        sys.setswitchinterval(interval)
        thread.join()
    assert exports > 0


def test_a_schema_of_other_types_is_not_heard_and_one_of_other_columns_refused() -> None:
    rows = ArrowRows(acks(4))
    mine = pyarrow.schema(rows)
    signed = pyarrow.schema([pyarrow.field(name, pyarrow.int64()) for name in mine.names])
    for asked in (mine, signed):
        reader = pyarrow.RecordBatchReader._import_from_c_capsule(
            rows.__arrow_c_stream__(asked.__arrow_c_schema__())
        )
        assert reader.schema == mine
        _, array = rows.__arrow_c_array__(asked.__arrow_c_schema__())
        assert "arrow_array" in repr(array)
    for other in (pyarrow.schema([]), pyarrow.schema(list(mine)[:-1]), pyarrow.schema(list(mine)[::-1])):
        with pytest.raises(ArgumentValueError, match="columns seq, decision_ts"):
            rows.__arrow_c_stream__(other.__arrow_c_schema__())
    for no_columns in (pyarrow.int64(), pyarrow.list_(pyarrow.int64())):
        with pytest.raises(ArgumentValueError, match="no columns"):
            rows.__arrow_c_array__(no_columns.__arrow_c_schema__())
    taken = mine.__arrow_c_schema__()
    pyarrow.Schema._import_from_c_capsule(taken)
    with pytest.raises(ArgumentValueError, match="no columns"):
        rows.__arrow_c_stream__(taken)
    with pytest.raises(ArgumentTypeError, match="capsule, got Schema"):
        rows.__arrow_c_stream__(mine)
    with pytest.raises(ValueError, match="incorrect name"):
        rows.__arrow_c_stream__(rows.__arrow_c_stream__())


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (None, "got NoneType: it is no array"),
        ([(1, 2)], "got list"),
        (b"x" * 56, "got bytes"),
        (events(0, 1)[0], "got void"),
        (np.arange(3), "int64 has no fields"),
        (np.zeros(3, []), "its dtype has no fields"),
        (np.ma.masked_array(events(0, 2), mask=True), "mask would be lost"),
        (np.zeros(2, [("a", ">u8")]), "its field 'a' is >u8"),
        (np.zeros(2, [("a", "u1"), ("b", "O")]), "its field 'b' is object"),
        (np.zeros(2, [("when", "M8[ns]")]), "datetime64"),
        (np.zeros(2, [("name", "U4")]), "its field 'name' is <U4"),
        (np.zeros(2, [("half", "<f2")]), "float16"),
        (np.zeros(2, [("pair", "<u4", 2)]), "pair"),
        (np.zeros(2, [("in", [("side", "u1")])]), "its field 'in'"),
    ],
)
def test_what_has_no_columns_is_refused_and_says_why(array: Any, why: str) -> None:
    with pytest.raises(ArgumentTypeError) as refused:
        ArrowRows(array)
    assert why in str(refused.value).replace('"', "'")


@pytest.mark.parametrize("shape", [(), (2, 3), (0, 3)])
def test_rows_stand_in_one_line(shape: tuple[int, ...]) -> None:
    with pytest.raises(ArgumentValueError, match=f"array has {len(shape)} dimensions, expected one"):
        ArrowRows(np.zeros(shape, EVENT_DTYPE))


def test_it_says_what_it_is() -> None:
    rows = ArrowRows(events(0, 3))
    assert (len(rows), repr(rows)) == (3, "ArrowRows(3 rows, 10 columns)")

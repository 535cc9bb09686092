"""The Arrow files of a dump made by hand: columns, types, rows, and what they say of themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow
import pyarrow.ipc

from tests.runtime.flight_dumps import ORIGIN_NS, Done, Published, dump_of, move
from tickpath.core.state import State

DUMP = dump_of(
    [Published(10, 9), Published(20)],
    [Done(7, 30, 40, 20), Done(8, 50, 60, 25, 24, epoch=3, executed=False)],
    events_head=8,
    transitions=(
        move(4, 5, State.READY, State.WARMUP, "warm"),
        move(5, 15, State.DEGRADED, State.READY, "später"),
    ),
    transitions_dropped=3,
)

EVENTS = {
    "seq": ("uint64", [6, 7]),
    "ts_ns": ("uint64", [ORIGIN_NS + 10, ORIGIN_NS + 20]),
    "intended_ns": ("uint64", [ORIGIN_NS + 9, 0]),
    "price_e9": ("int64", [500, 501]),
    "size_e9": ("int64", [600, 601]),
    "order_id": ("uint64", [0, 0]),
    "sequence": ("uint64", [0, 0]),
    "symbol": ("uint32", [700, 701]),
    "kind": ("uint8", [80, 81]),
    "side": ("int8", [1, -1]),
    "flags": ("uint16", [0, 0]),
}
ACKS = {
    "seq": ("uint64", [7, 8]),
    "decision_ts": ("uint64", [ORIGIN_NS + 30, ORIGIN_NS + 50]),
    "completion_ts": ("uint64", [ORIGIN_NS + 40, ORIGIN_NS + 60]),
    "epoch": ("uint64", [2, 3]),
    "executed": ("bool", [True, False]),
    "published_ns": ("uint64", [ORIGIN_NS + 20, ORIGIN_NS + 25]),
    "intended_ns": ("uint64", [0, ORIGIN_NS + 24]),
}
TRANSITIONS = {
    "epoch": ("uint64", [4, 5]),
    "source": ("string", ["WARMUP", "READY"]),
    "target": ("string", ["READY", "DEGRADED"]),
    "at_ns": ("int64", [ORIGIN_NS + 5, ORIGIN_NS + 15]),
    "cause": ("string", ["warm", "später"]),
}


def columns(table: pyarrow.Table) -> dict[str, tuple[str, list[object]]]:
    return {
        name: (str(column.type), column.to_pylist())
        for name, column in zip(table.column_names, table.columns, strict=True)
    }


def test_rows_are_tables_of_these_columns() -> None:
    assert columns(pyarrow.table(DUMP.event_rows())) == EVENTS
    assert columns(pyarrow.table(DUMP.ack_rows())) == ACKS


def test_each_arrow_file_is_a_table_that_says_where_it_comes_from(tmp_path: Path) -> None:
    names = DUMP.write(tmp_path, arrow=True)
    said = json.dumps(DUMP.metadata(), separators=(",", ":")).encode("ascii")
    for name, expected in zip(names[1:], (EVENTS, ACKS, TRANSITIONS), strict=True):
        table = pyarrow.ipc.open_file(tmp_path / name).read_all()
        assert (name, columns(table)) == (name, expected)
        assert table.schema.metadata == {b"tickpath": said}


def test_a_dump_without_transitions_has_a_table_of_no_rows_and_the_same_columns(tmp_path: Path) -> None:
    (*_, name) = dump_of().write(tmp_path, arrow=True)
    table = pyarrow.ipc.open_file(tmp_path / name).read_all()
    assert columns(table) == {name: (kind, []) for name, (kind, _) in TRANSITIONS.items()}

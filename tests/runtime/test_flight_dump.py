"""A dump made by hand: what it says of what it has not, and its files."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.runtime.flight_dumps import END, Done, Published, Tail, dump_of
from tickpath.config.flight import FlightSettings
from tickpath.errors import ArgumentValueError
from tickpath.runtime.flight_recorder.dump import check_arrow
from tickpath.runtime.flight_recorder.watch import Fired

ARROW = ("0001-end.events.arrow", "0001-end.acks.arrow", "0001-end.transitions.arrow")


def test_a_dump_is_itself_and_empty_where_nothing_was() -> None:
    dump = dump_of()
    assert (dump.earlier, dump.injections, dump.causes, dump.audit, dump.provenance) == ((), (), (), (), {})
    # Of arrays nobody can say in one word whether they are equal.
    other = dump_of([Published(1), Published(2)])
    assert other != dump_of([Published(1), Published(2)])
    assert {dump: 1, other: 2}[other] == 2


@pytest.mark.parametrize(
    ("last", "so_far", "slots", "not_kept"),
    [
        (100, 1_000, 64, 36),  # asked for more than the ring has
        (100, 80, 64, 16),  # of what there was
        (100, 64, 64, 0),
        (64, 1_000, 64, 0),
        (65, 1_000, 64, 1),
        (10, 5, 64, 0),
    ],
)
def test_what_the_rings_no_longer_had_is_what_was_asked_for_and_there_and_has_no_slot(
    last: int, so_far: int, slots: int, not_kept: int
) -> None:
    settings = FlightSettings(last=last)
    of_events = dump_of(
        settings=settings,
        tail=Tail(events_head=so_far, acks_head=3),
        capacity_slots=slots,
        ack_capacity_slots=8,
    )
    assert (of_events.events_not_kept, of_events.acks_not_kept) == (not_kept, 0)
    of_acks = dump_of(
        settings=settings,
        tail=Tail(events_head=3, acks_head=so_far),
        capacity_slots=8,
        ack_capacity_slots=slots,
    )
    assert (of_acks.events_not_kept, of_acks.acks_not_kept) == (0, not_kept)


def test_its_files_are_named_after_its_number_and_what_fired_first() -> None:
    assert dump_of(fired=(Fired("p99>50us", "p99", ""), END)).stem == "0001-p99"
    assert dump_of(number=12_345, fired=(END,)).stem == "12345-end"


def test_it_writes_its_trace_and_with_arrow_three_files_more(tmp_path: Path) -> None:
    dump = dump_of([Published(5, 1)], [Done(0, 6, 7, 5, 1)])
    contents = dump.contents()
    assert [(name, content()) for name, content in contents.items()] == [
        ("0001-end.trace.json", dump.trace())
    ]
    assert tuple(dump.contents(arrow=True)) == ("0001-end.trace.json", *ARROW)
    assert dump.write(str(tmp_path)) == ("0001-end.trace.json",)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [
        ("0001-end.trace.json", dump.trace())
    ]


def test_its_rows_are_columns_for_whoever_reads_arrow() -> None:
    dump = dump_of([Published(5, 1), Published(6)], [Done(0, 6, 7, 5, 1)])
    assert (repr(dump.event_rows()), repr(dump.ack_rows())) == (
        "ArrowRows(2 rows, 11 columns)",
        "ArrowRows(1 rows, 7 columns)",
    )


def test_without_pyarrow_there_are_no_arrow_files_and_it_is_said_before_any_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.ipc", None)
    with pytest.raises(ArgumentValueError, match=r"pip install 'tickpath\[arrow\]'") as raised:
        check_arrow()
    assert raised.value.__suppress_context__
    with pytest.raises(ArgumentValueError, match="pyarrow"):
        dump_of().contents(arrow=True)
    with pytest.raises(ArgumentValueError, match="pyarrow"):
        dump_of().write(tmp_path, arrow=True)
    assert list(tmp_path.iterdir()) == []

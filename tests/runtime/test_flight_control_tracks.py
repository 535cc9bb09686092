"""The control plane's tracks, on dumps made by hand: what is drawn, where it is cut, and what is left out."""

from __future__ import annotations

import json
from typing import Any

from tests.runtime.flight_dumps import ORIGIN_NS, drawn, dump_of, move, window_of
from tickpath.control.automation import AuditEntry
from tickpath.control.failure import Cause, InjectionEvent
from tickpath.core.state import State
from tickpath.runtime.flight_recorder.control_tracks import PID, TRACKS, lines
from tickpath.runtime.flight_recorder.dump import CauseMove
from tickpath.runtime.flight_recorder.trace_events import Window
from tickpath.runtime.flight_recorder.watch import Fired

STALE = Cause("no data", "probe:feed-staleness", "age 150 ms")


def told(window: Window, **given: Any) -> list[tuple[Any, ...]]:
    """What is drawn of a dump that ends with the window, but for the states."""
    return [line for line in drawn(lines(dump_of(**given), window)) if line[0] != "X"]


def states(window: Window, **given: Any) -> list[tuple[Any, ...]]:
    """The slices of the lifecycle: begin, length, name, figures."""
    return [line[2:] for line in drawn(lines(dump_of(**given), window)) if line[0] == "X"]


def test_the_tracks_have_these_names_and_numbers() -> None:
    assert PID == 2
    assert TRACKS == {
        11: "1 lifecycle",
        12: "2 causes",
        13: "3 injections",
        14: "4 runbooks",
        15: "5 triggers",
    }


def test_everything_that_happened_in_a_window_is_written() -> None:
    dump = dump_of(
        transitions=(move(1, 100, State.WARMUP, cause="run started"),),
        causes=(CauseMove(200_000, STALE, raised=True), CauseMove(300_000, STALE, raised=False)),
        injections=(InjectionEvent(at_ns=150_000, name="freeze", kind="feed_freeze", event="start"),),
        audit=(
            AuditEntry(250_000, "outage", "outage", "degrade", "acted", "it was READY"),
            AuditEntry(260_000, "", "outage", "", "unclear"),
        ),
        earlier=((50_000, Fired("transition", "transition", "INIT -> WARMUP: run started")),),
        fired=(Fired("overrun", "overrun", "log lost 9 events"), Fired("end", "end", "the run is over")),
    )
    assert list(lines(dump, window_of(50_000))) == [
        (
            '{"ph":"X","pid":2,"tid":11,"ts":50.0,"dur":850.0,"name":"WARMUP","cat":"lifecycle",'
            '"args":{"epoch":1,"cause":"run started","since_ns":100}}'
        ),
        (
            '{"ph":"i","pid":2,"tid":12,"ts":200.0,"s":"t","name":"raised: no data","cat":"cause",'
            '"args":{"owner":"probe:feed-staleness","evidence":"age 150 ms"}}'
        ),
        (
            '{"ph":"i","pid":2,"tid":12,"ts":300.0,"s":"t","name":"cleared: no data","cat":"cause",'
            '"args":{"owner":"probe:feed-staleness","evidence":"age 150 ms"}}'
        ),
        (
            '{"ph":"i","pid":2,"tid":13,"ts":150.0,"s":"t","name":"freeze: start","cat":"injection",'
            '"args":{"kind":"feed_freeze"}}'
        ),
        (
            '{"ph":"i","pid":2,"tid":14,"ts":250.0,"s":"t","name":"outage degrade acted","cat":"runbook",'
            '"args":{"trigger":"outage","detail":"it was READY"}}'
        ),
        (
            '{"ph":"i","pid":2,"tid":14,"ts":260.0,"s":"t","name":"unclear","cat":"runbook",'
            '"args":{"trigger":"outage","detail":""}}'
        ),
        (
            '{"ph":"i","pid":2,"tid":15,"ts":50.0,"s":"t","name":"transition","cat":"trigger",'
            '"args":{"evidence":"INIT -> WARMUP: run started"}}'
        ),
        (
            '{"ph":"i","pid":2,"tid":15,"ts":900.0,"s":"t","name":"overrun","cat":"trigger",'
            '"args":{"evidence":"log lost 9 events"}}'
        ),
        (
            '{"ph":"i","pid":2,"tid":15,"ts":900.0,"s":"t","name":"end","cat":"trigger",'
            '"args":{"evidence":"the run is over"}}'
        ),
    ]


def test_what_happened_before_the_window_is_counted_by_kind_and_not_drawn() -> None:
    window = window_of(200_000)
    drawn_of = told(
        window,
        causes=[CauseMove(at_ns, STALE, raised=True) for at_ns in (199_999, 200_000)],
        injections=[
            InjectionEvent(at_ns=at_ns, name="freeze", kind="feed_freeze", event="start")
            for at_ns in (1, 199_999, 200_001)
        ],
        audit=[AuditEntry(at_ns, "outage", "", "", "acted") for at_ns in (1, 2, 199_999, 200_002)],
        earlier=[(at_ns, Fired("overrun", "overrun", "")) for at_ns in (1, 2, 3, 199_999, 200_003)],
    )
    assert [(tid, at_ns) for _, tid, at_ns, *_ in drawn_of] == [
        (12, 200_000),
        (13, 200_001),
        (14, 200_002),
        (15, 200_003),
        (15, 900_000),
    ]
    assert window.left_out == {"causes": 1, "injections": 2, "runbooks": 3, "triggers": 4}


def test_a_state_lasts_to_the_next_move_and_the_last_one_to_the_dump() -> None:
    moves = (
        move(1, 100_000, State.WARMUP, cause="begun"),
        move(2, 400_000, State.READY, State.WARMUP, cause="warm"),
        move(3, 650_000, State.DEGRADED, State.READY, cause="outage"),
    )
    window = window_of(0)
    assert states(window, transitions=moves) == [
        (0, 100_000, "INIT", {"epoch": 0}),
        (100_000, 300_000, "WARMUP", {"epoch": 1, "cause": "begun", "since_ns": 100_000}),
        (400_000, 250_000, "READY", {"epoch": 2, "cause": "warm", "since_ns": 400_000}),
        (650_000, 250_000, "DEGRADED", {"epoch": 3, "cause": "outage", "since_ns": 650_000}),
    ]
    # What was before the first of those that are kept is not known.
    assert states(window, transitions=moves[1:], transitions_dropped=1)[0][:3] == (400_000, 250_000, "READY")
    assert window.left_out == {}


def test_a_state_is_cut_where_the_window_begins_and_left_out_where_it_ended_before() -> None:
    moves = (
        move(1, -50_000, State.WARMUP, cause="begun"),
        move(2, 100_000, State.READY, State.WARMUP, cause="warm"),
        move(3, 650_000, State.DEGRADED, State.READY, cause="outage"),
    )

    def drawn_from(begin_ns: int) -> tuple[list[tuple[Any, ...]], dict[str, int]]:
        window = window_of(begin_ns)
        return [state[:3] for state in states(window, transitions=moves)], window.left_out

    ready, degraded = (300_000, 350_000, "READY"), (650_000, 250_000, "DEGRADED")
    assert drawn_from(300_000) == ([ready, degraded], {"states": 1})
    # One that ended at the window's first moment is in it, as long as it lasted there.
    assert drawn_from(100_000) == ([(100_000, 0, "WARMUP"), (100_000, 550_000, "READY"), degraded], {})
    assert drawn_from(100_001)[1] == {"states": 1}
    assert drawn_from(800_000) == ([(800_000, 100_000, "DEGRADED")], {"states": 2})
    # The first state began with the window: nothing was before it there.
    assert drawn_from(-50_000)[0][0] == (-50_000, 150_000, "WARMUP")


def test_a_move_that_came_while_the_dump_was_taken_is_not_drawn_behind_its_end() -> None:
    moves = (
        move(1, 0, State.WARMUP),
        move(2, 900_000, State.READY, State.WARMUP),
        move(3, 900_001, State.DEGRADED),
    )
    window = window_of(0)
    assert [state[:3] for state in states(window, transitions=moves)] == [
        (0, 900_000, "WARMUP"),
        (900_000, 0, "READY"),
    ]
    assert window.left_out == {}


def test_a_lifecycle_that_never_moved_is_in_its_first_state() -> None:
    assert states(window_of(300_000)) == [(300_000, 600_000, "INIT", {"epoch": 0})]


def test_stamps_of_transitions_are_by_the_clock_and_become_run_time() -> None:
    (line, *_) = lines(dump_of(transitions=(move(1, 0, State.WARMUP),)), window_of(0))
    assert json.loads(line)["args"]["since_ns"] == 0
    assert dump_of(transitions=(move(1, 0, State.WARMUP),)).transitions[0].at_ns == ORIGIN_NS

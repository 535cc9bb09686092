"""Single lines of a trace, byte by byte, and what lies in its window."""

from __future__ import annotations

import numpy as np
import pytest

from tickpath.runtime.flight_recorder.trace_events import (
    Window,
    counter,
    instant,
    micros,
    micros_of,
    named,
    slice_,
)


def test_each_kind_of_line_is_written_as_the_format_wants_it() -> None:
    assert named("thread_name", 3, 14, 'the "feed"') == (
        '{"ph":"M","pid":3,"tid":14,"name":"thread_name","args":{"name":"the \\"feed\\""}}'
    )
    assert slice_(3, 14, 2_000, 5_500, "read", "consumer", {"events": 7, "why": "é"}) == (
        '{"ph":"X","pid":3,"tid":14,"ts":2.0,"dur":3.5,'
        '"name":"read","cat":"consumer","args":{"events":7,"why":"\\u00e9"}}'
    )
    assert instant(3, 14, 2_500, "raised", "cause", {"owner": "me"}) == (
        '{"ph":"i","pid":3,"tid":14,"ts":2.5,"s":"t","name":"raised","cat":"cause","args":{"owner":"me"}}'
    )
    assert counter(3, 14, 3_000, "backlog", {"log": 9}) == (
        '{"ph":"C","pid":3,"tid":14,"ts":3.0,"name":"backlog","cat":"counter","args":{"log":9}}'
    )


def test_a_window_begins_with_its_first_moment_and_counts_what_was_before_by_kind() -> None:
    window = Window(1_000, 5_000)
    assert (window.begin_ns, window.end_ns, window.left_out, window.straightened) == (1_000, 5_000, {}, 0)
    assert [window.has(at_ns, "causes") for at_ns in (999, 1_000, 1_001, 9_000)] == [False, True, True, True]
    assert window.left_out == {"causes": 1}
    assert window.has(0, "states") is window.has(998, "causes") is False
    assert window.left_out == {"causes": 2, "states": 1}


#: Stamps whose nearest number of microseconds is a little less than they are, or is not.
STAMPS = (0, 1, 999, 1_000, 1_001, 1_009, 4_097, 131_069, 1_000_000_001, 7_000_000_000_123)


@pytest.mark.parametrize("stamp", STAMPS)
def test_a_stamp_is_the_shortest_number_that_is_read_as_no_less(stamp: int) -> None:
    assert int(float(micros(stamp)) * 1_000.0) == round(float(micros(stamp)) * 1_000) == stamp
    # Only what would be read as less is moved, and by one step of a double.
    plain = stamp / 1_000
    assert micros(stamp) == repr(
        plain if int(plain * 1_000.0) == stamp else float(np.nextafter(plain, np.inf))
    )


def test_stamps_are_written_one_as_the_others() -> None:
    assert micros(131_069) == "131.06900000000002"
    assert micros_of(np.array(STAMPS, dtype=np.int64)) == [micros(stamp) for stamp in STAMPS]
    assert micros_of(np.array([], dtype=np.int64)) == []

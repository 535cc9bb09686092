"""The window over a run's acks: what came since the last look, what was missed, what is unknown."""

from __future__ import annotations

import numpy as np

from tests.core.engine.runs import consumer, finished, lifecycle, settings, source
from tickpath.config.engine import ServiceTime
from tickpath.core.engine import AckWindow, AckWindowFigures, Engine
from tickpath.core.execution import ACK_DTYPE
from tickpath.core.state import State

NOTHING = (
    "AckWindowFigures(count=0, executed=0, p50_ns=None, p99_ns=None, max_ns=None, service_p50_ns=None, "
    "dropped=0)"
)


def finished_engine(
    events: int, *, state: State = State.READY, ack_capacity: int = 4_096, stamp_per: str = "event"
) -> Engine:
    """An engine that has acknowledged ``events``, worked on for a microsecond unless stamps are shared."""
    service = ServiceTime.constant(1_000) if stamp_per == "event" else ServiceTime()
    made = settings(
        executor=consumer("executor", service=service), ack_capacity=ack_capacity, stamp_per=stamp_per
    )
    engine = Engine(source(events), lifecycle(state), made)
    engine.start()
    finished(engine)
    return engine


def window_of(engine: Engine) -> AckWindow:
    window = engine.ack_window()
    assert window is not None
    return window


def test_a_run_without_an_ack_ring_has_no_window() -> None:
    engine = Engine(source(1), lifecycle(), settings())
    assert engine.ack_window() is None
    engine.start()
    assert engine.ack_window() is None
    finished(engine)


def test_a_window_says_what_the_acks_themselves_say() -> None:
    engine = finished_engine(2_000)
    figures = window_of(engine).take()
    rows = np.zeros(2_000, ACK_DTYPE)
    acks = engine.acks()
    assert acks is not None
    assert acks.read_into(rows) == 2_000
    assert (figures.count, figures.executed, figures.dropped) == (2_000, 2_000, 0)
    service_ns = np.sort(rows["completion_ts"] - rows["decision_ts"])
    assert figures.service_p50_ns is not None
    assert service_ns[999] <= figures.service_p50_ns <= service_ns[999] * 1.001
    assert figures.service_p99_ns is not None
    assert service_ns[1_979] <= figures.service_p99_ns <= service_ns[1_979] * 1.001
    assert figures.p50_ns is not None
    assert figures.p99_ns is not None
    assert figures.max_ns is not None
    assert figures.in_ring_p50_ns is not None
    assert figures.in_ring_p50_ns <= figures.p50_ns
    # As fast as possible: there is nothing to be late against.
    assert (figures.late_p50_ns, figures.late_p99_ns) == (None, None)
    assert 1_000 <= figures.service_p50_ns <= figures.p50_ns <= figures.p99_ns <= figures.max_ns


def test_how_late_the_feed_was_is_known_where_there_is_a_plan() -> None:
    engine = Engine(source(1_000), lifecycle(), settings(ack_capacity=4_096, pace="constant", rate_hz=1e6))
    engine.start()
    record = finished(engine)
    [late] = [figures for figures in record.stages[0].latency if figures.stage == "intended_to_published"]
    figures = window_of(engine).take()
    assert (figures.late_p50_ns, figures.late_p99_ns) == (late.p50_ns, late.p99_ns)


def test_the_longest_is_exact_and_that_of_the_record() -> None:
    made = settings(ack_capacity=64)
    engine = Engine(source(20), lifecycle(), made)
    engine.start()
    record = finished(engine)
    [latency] = [figures for figures in record.stages[0].latency if figures.stage == "published_to_completed"]
    assert window_of(engine).take().max_ns == latency.max_ns


def test_what_was_taken_is_not_taken_again() -> None:
    window = window_of(finished_engine(100))
    assert window.take().count == 100
    assert repr(window.take()) == NOTHING


def test_each_window_has_a_place_of_its_own() -> None:
    engine = finished_engine(100)
    assert window_of(engine).take().count == window_of(engine).take().count == 100


def test_acks_that_were_overwritten_are_dropped_and_counted_once() -> None:
    # Made while there is nothing to read, so that what the ring cannot keep is missed.
    made = settings(ack_capacity=8)
    engine = Engine(source(100), lifecycle(), made, hold_at=0)
    engine.start()
    window = window_of(engine)
    engine.release()
    finished(engine)
    figures = window.take()
    assert figures.count + figures.dropped == 100
    # Half a ring behind the head is where a reader that was overrun goes on.
    assert figures.count == 4
    assert window.take().dropped == 0


def test_what_was_gated_is_counted_and_not_executed() -> None:
    figures = window_of(finished_engine(50, state=State.WARMUP)).take()
    assert (figures.count, figures.executed) == (50, 0)


def test_a_percentile_needs_ten_acks_beyond_it() -> None:
    few = window_of(finished_engine(19)).take()
    assert (few.count, few.p50_ns, few.p99_ns, few.service_p50_ns) == (19, None, None, None)
    assert few.max_ns is not None
    enough = window_of(finished_engine(20)).take()
    assert enough.p50_ns is not None
    assert enough.p99_ns is None


def test_the_service_of_shared_stamps_is_unknown() -> None:
    figures = window_of(finished_engine(200, stamp_per="batch")).take()
    assert figures.p50_ns is not None
    assert figures.service_p50_ns is None


def test_figures_are_compared_by_what_they_say() -> None:
    window = window_of(finished_engine(1))
    one, none = window.take(), window.take()
    assert isinstance(none, AckWindowFigures)
    assert none == window.take()
    assert one != none

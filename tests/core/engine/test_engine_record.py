"""What a record says of a run beside its books and histograms: the feed's own time, the floor of the way."""

from __future__ import annotations

import os

import pytest

from tests.core.engine.runs import finished, lifecycle, run, settings, source
from tickpath.core.engine import Engine, ping_pong

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def test_the_feeds_own_time_is_known() -> None:
    record = run(500)
    assert record.feed_ns is not None
    assert record.feed_ns > 0


def test_without_a_plan_or_a_watched_core_the_floor_of_the_way_is_unknown() -> None:
    assert run(50).floor_path.count == 0
    assert run(50, pace="constant", rate_hz=1e6).floor_path.count == 0


@pytest.mark.skipif(CORES < 2, reason="needs a core for each stage")
def test_with_both_cores_watched_every_arrival_has_its_floor() -> None:
    path = run(50, pace="constant", rate_hz=1e6, floor_window_ns=1_000_000).floor_path
    assert (path.count, path.by_plan) == (50, True)


@pytest.mark.skipif(CORES < 2, reason="a ping-pong is between two cores")
def test_a_ping_pong_makes_the_trips_it_was_asked_for() -> None:
    made = ping_pong(2_000, spin_pauses=4, limit_ns=60_000_000_000)
    assert made.trips.count == 2_000
    assert len(set(made.cores)) == 2


@pytest.mark.skipif(CORES < 2, reason="a ping-pong is between two cores")
def test_a_ping_pong_ends_when_its_time_is_over() -> None:
    assert ping_pong(2**63, limit_ns=0).trips.count == 0


@pytest.mark.parametrize("floor_window_ns", [0, 200_000])
def test_a_run_under_way_knows_the_longest_pause_before_it_if_somebody_watched(floor_window_ns: int) -> None:
    engine = Engine(source(50), lifecycle(), settings(floor_window_ns=floor_window_ns))
    assert engine.snapshot().pause_ns_max is None
    engine.start()
    record = finished(engine)
    longest_ns = engine.snapshot().pause_ns_max
    if record.floor_watched_ns:
        assert longest_ns is not None
        assert longest_ns <= (record.floor_longest_pause_ns or 0)
    else:
        assert longest_ns is None
    assert floor_window_ns or not record.floor_watched_ns

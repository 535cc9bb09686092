"""How far a stage is behind: in events by its counters, in time by the oldest event that it has not read."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.runtime.looks import Stage
from tickpath.core.bus import EventRing
from tickpath.core.ingest import EVENT_DTYPE, MarketDataSource
from tickpath.runtime.lag import Lag, lags_of, unread_by
from tickpath.runtime.session import Session


@dataclass
class Seen:
    """A snapshot with these stages."""

    stages: list[Stage]


def ring_of(*stamps_ns: int, capacity: int = 4) -> EventRing:
    """A ring into which an event was published at each of these moments."""
    ring = EventRing(capacity)
    events = np.zeros(len(stamps_ns), EVENT_DTYPE)
    events["ts_ns"] = stamps_ns
    ring.publish_many(events)
    return ring


def lags(ring: EventRing, now_ns: int, *stages: Stage) -> dict[str, Lag]:
    seen: Any = Seen(list(stages))
    return lags_of(seen, ["executor", "log", "slow"], ring, now_ns)


def test_the_age_is_that_of_the_oldest_unread_event() -> None:
    ring = ring_of(100, 200, 300, 400, 500, 600)
    caught_up, behind, overrun = (Stage(cursor=cursor, backlog=6 - cursor) for cursor in (6, 3, 1))
    assert lags(ring, 1_000, caught_up, behind, overrun) == {
        "executor": Lag(0, 0, False),
        "log": Lag(3, 600, False),
        "slow": Lag(5, None, False),
    }
    # Two clocks, or two cores that read one: an age is never below 0.
    assert lags(ring, 399, Stage(cursor=3, backlog=3))["executor"].age_ns == 0


def test_of_a_stage_that_has_caught_up_no_slot_is_looked_at() -> None:
    # It is the one that the producer writes next.
    no_ring: Any = None
    assert lags(no_ring, 1_000, Stage(cursor=6, backlog=0))["executor"] == Lag(0, 0, False)


def test_a_stage_that_reads_no_more_and_a_run_that_has_not_begun() -> None:
    ring = ring_of(100)
    assert lags(ring, 500, Stage(cursor=0, backlog=1, epoch_seen=None))["executor"] == Lag(1, 400, True)
    assert lags(ring, 500) == {}
    # A look that is older than the counters beside it: what was there is read by now.
    assert lags(ring, 500, Stage(cursor=1, backlog=3))["executor"] == Lag(3, 0, False)
    assert lags(ring, 500, Stage(cursor=9, backlog=3))["executor"] == Lag(3, None, False)


def test_what_a_stage_left_when_it_ended_is_unread_as_what_it_has_not_come_to() -> None:
    stage: Any = SimpleNamespace(backlog=3, ledger=SimpleNamespace(unread=64))
    assert unread_by(stage) == 67
    # Who keeps no ledger has left nothing.
    assert unread_by(Stage(backlog=3)) == 3


def test_a_lag_is_of_one_moment() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Lag(0, 0, False).events = 1  # type: ignore[misc]


def test_a_session_knows_the_lags_of_its_stages_by_their_names() -> None:
    session = Session(MarketDataSource.synthetic(rate_hz=1e6, events=2_000), mode="virtual")
    seen: list[dict[str, Lag]] = []
    assert session.lags() == {}
    assert session.run(on_look=lambda _: seen.append(session.lags())).verdict == "pass"
    assert {frozenset(each) for each in seen} == {frozenset({"executor"})}
    assert session.lags() == {"executor": Lag(0, 0, True)}

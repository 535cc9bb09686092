"""A ring of one's own: readers outside while the engine runs, and who may publish when."""

from __future__ import annotations

import os

import numpy as np
import pytest

from tests.core.engine.runs import RARELY_HZ, consumer, finished, lifecycle, settings, source
from tickpath.config.engine import ThreadSettings
from tickpath.core.bus import EventRing
from tickpath.core.engine import Engine
from tickpath.core.ingest import EVENT_DTYPE
from tickpath.errors import ArgumentValueError, ProducerBusy

EVENT = np.zeros(1, EVENT_DTYPE)


def test_readers_outside_read_what_the_engine_publishes() -> None:
    ring = EventRing(64)
    reader = ring.reader()
    engine = Engine(source(20), lifecycle(), settings(), ring=ring, hold_at=10)
    assert engine.ring is ring
    engine.start()
    read: list[int] = []
    while len(read) < 10:
        engine.wait(1)
        read += reader.poll_many(64)["order_id"].tolist()
    assert reader.poll() is None
    engine.release()
    finished(engine)
    read += reader.poll_many(64)["order_id"].tolist()
    assert read == source(20).events["order_id"].tolist()
    assert reader.lost == 0


def test_nobody_else_publishes_from_start_to_finish() -> None:
    ring = EventRing(64)
    engine = Engine(source(20), lifecycle(), settings(), ring=ring)
    assert ring.publish_many(EVENT) == 0
    engine.start()
    for _ in range(2):
        with pytest.raises(ProducerBusy):
            ring.publish_many(EVENT)
        with pytest.raises(ProducerBusy):
            ring.publish(EVENT[0])
        # Its threads have ended, its record was not taken: the ring is still its own.
        while not engine.wait(50):
            pass
    record = finished(engine)
    assert (record.first_seq, record.stages[0].ledger.published) == (1, 20)
    assert ring.publish_many(EVENT) == 21


def test_of_two_engines_on_one_ring_the_second_has_to_wait() -> None:
    ring = EventRing(64)
    first = Engine(source(10, RARELY_HZ), lifecycle(), settings(pace="recorded"), ring=ring)
    second = Engine(source(10), lifecycle(), settings(), ring=ring)
    first.start()
    with pytest.raises(ProducerBusy):
        second.start()
    first.stop()
    published = finished(first).stages[0].ledger.published
    second.start()
    assert finished(second).first_seq == published


def test_a_start_that_failed_gives_the_ring_back() -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    spinning = [consumer(f"c{n}", thread=ThreadSettings(wait="spin")) for n in range(cores + 1)]
    ring = EventRing(8)
    engine = Engine(source(10), lifecycle(), settings(*spinning), ring=ring)
    with pytest.raises(ArgumentValueError):
        engine.start()
    assert ring.publish_many(EVENT) == 0
    without_room = Engine(source(10), lifecycle(), settings(ack_capacity=1 << 57), ring=ring)
    with pytest.raises(MemoryError):
        without_room.start()
    assert ring.publish_many(EVENT) == 1


def test_an_engine_dropped_while_it_runs_gives_the_ring_back() -> None:
    ring = EventRing(8)
    engine = Engine(source(10, RARELY_HZ), lifecycle(), settings(pace="recorded"), ring=ring)
    engine.start()
    with pytest.raises(ProducerBusy):
        ring.publish_many(EVENT)
    del engine
    assert ring.publish_many(EVENT) == ring.head() - 1


def test_a_ring_dropped_under_a_running_engine_lives_as_long_as_the_engine() -> None:
    ring = EventRing(8)
    engine = Engine(source(10, RARELY_HZ), lifecycle(), settings(pace="recorded"), ring=ring)
    engine.start()
    reader = ring.reader()
    del ring
    engine.stop()
    published = finished(engine).stages[0].ledger.published
    del engine
    assert reader.available() == published

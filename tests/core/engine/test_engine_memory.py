"""Starts and stops without end: no thread and no memory is left behind."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from tests.core.engine.depth import STARTS
from tests.core.engine.runs import consumer, engine_threads, finished, lifecycle, settings, source
from tickpath.control.metrics import LatencySink, Metrics
from tickpath.core.engine import Engine

#: One engine that is not let go of keeps a megabyte and more of histograms.
GROWTH_BYTES_MAX = 16 << 20


def resident_bytes() -> int:
    """Memory of this process that is in use, without what the allocator only keeps."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("no /proc on this machine")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def one(number: int) -> None:
    """An engine with a consumer and a sink: finished, stopped, or just dropped while it runs."""
    rate_hz = 1e9 if number % 3 == 0 else 0.001
    engine = Engine(
        source(50, rate_hz),
        lifecycle(),
        settings(consumer("log"), pace="recorded", capacity=64, ack_capacity=64, clock="monotonic"),
        sink=LatencySink(Metrics()),
    )
    engine.start()
    if number % 3 == 1:
        engine.stop()
    if number % 3 != 2:
        finished(engine)


@pytest.mark.slow
def test_memory_and_threads_are_flat_over_many_starts_and_stops() -> None:
    for number in range(STARTS // 4):
        one(number)
    gc.collect()
    before = resident_bytes()
    for number in range(STARTS):
        one(number)
    gc.collect()
    grown = resident_bytes() - before
    print(f"{STARTS} starts and stops: {grown / 1024:+,.0f} KiB")  # noqa: T201 - for whoever reads a soak
    assert engine_threads() == [name for name in engine_threads() if name == "tickpath-sink"]
    assert grown < GROWTH_BYTES_MAX

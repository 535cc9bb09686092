"""A thousand engines in one process that are not started, and many that run at once."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from tests.core.engine.depth import ENGINES_AT_ONCE
from tests.core.engine.runs import RARELY_HZ, consumer, engine_threads, finished, lifecycle, settings, source
from tickpath.config.engine import ThreadSettings
from tickpath.core.engine import Engine
from tickpath.core.ingest import MarketDataSource

#: What one costs that is not started: settings, plan, faces, and a ring of a few slots.
BYTES_EACH_MAX = 64 << 10
#: The feed, the executor and a consumer.
THREADS_EACH = 3
#: Thousands of threads that look at their ring: seldom, or the machine does nothing else.
IDLE = ThreadSettings(wait="park", park_ns=500_000_000)


def of_process(what: str) -> int:
    """How many descriptors or threads this process has, or how many bytes of memory."""
    if what == "bytes":
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return sum(1 for _ in Path(f"/proc/self/{what}").iterdir())


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc on this machine"),
]


def test_a_thousand_that_are_not_started_have_no_thread_no_descriptor_and_little_memory() -> None:
    events, moved = source(50, RARELY_HZ), lifecycle()

    def made(count: int) -> list[Engine]:
        return [
            Engine(events, moved, settings(consumer("log"), pace="recorded", capacity=8))
            for _ in range(count)
        ]

    warm = made(10)
    before = {what: of_process(what) for what in ("fd", "task", "bytes")}
    engines = made(1_000)
    assert of_process("fd") == before["fd"]
    assert of_process("task") == before["task"]
    assert of_process("bytes") - before["bytes"] < 1_000 * BYTES_EACH_MAX
    # Any of them can still be started, and those that are dropped take nothing with them.
    del warm, engines[1:]
    gc.collect()
    engines[0].start()
    engines[0].stop()
    finished(engines[0])


def test_many_that_run_at_once_balance_each_and_leave_nothing_behind() -> None:
    events = source(100_000, 100.0)
    finished(_started(events, stop=True))
    gc.collect()
    before = {what: of_process(what) for what in ("fd", "task")}
    engines = [_started(events) for _ in range(ENGINES_AT_ONCE)]
    assert of_process("task") - before["task"] == THREADS_EACH * ENGINES_AT_ONCE, "none has ended yet"
    for engine in engines:
        engine.stop()
    assert all(finished(engine).balanced for engine in engines)
    del engines, engine
    gc.collect()
    assert [name for name in engine_threads() if name != "tickpath-sink"] == []
    assert of_process("fd") == before["fd"]


def _started(events: MarketDataSource, *, stop: bool = False) -> Engine:
    engine = Engine(
        events,
        lifecycle(),
        settings(
            consumer("log", thread=IDLE),
            executor=consumer("executor", thread=IDLE),
            feed=IDLE,
            pace="recorded",
            capacity=256,
            clock="monotonic",
        ),
    )
    engine.start()
    if stop:
        engine.stop()
    return engine

"""Small engines for tests: parked threads, no floor, a lifecycle that is where a test wants it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tickpath.config.engine import ConsumerSettings, EngineSettings, ThreadSettings
from tickpath.core.engine import Engine, EngineRecord
from tickpath.core.ingest import MarketDataSource
from tickpath.core.state import Lifecycle, State

#: Sleeps are short, so that a run of a few events is over at once, on however few cores.
PARKED = ThreadSettings(wait="park", park_ns=1_000)
#: Between two events so long that only a stop ends the run.
RARELY_HZ = 0.001


def source(events: int, rate_hz: float = 1e9) -> MarketDataSource:
    return MarketDataSource.synthetic(model="constant", rate_hz=rate_hz, events=events)


def lifecycle(state: State = State.READY) -> Lifecycle:
    made = Lifecycle()
    for step in (State.WARMUP, State.READY, State.DEGRADED):
        if made.state is state:
            break
        made.transition_to(step)
    return made


def consumer(name: str, **given: Any) -> ConsumerSettings:
    return ConsumerSettings(name=name, **{"thread": PARKED, **given})


def settings(*consumers: ConsumerSettings, **given: Any) -> EngineSettings:
    parked = {"feed": PARKED, "executor": consumer("executor"), "floor_window_ns": 0, "pace": "max"}
    return EngineSettings(consumers=consumers, **{**parked, **given})


def run(events: int, *consumers: ConsumerSettings, sink: Any = None, **given: Any) -> EngineRecord:
    engine = Engine(source(events), lifecycle(), settings(*consumers, **given), sink=sink)
    engine.start()
    return finished(engine)


def finished(engine: Engine) -> EngineRecord:
    """The record, with its books checked."""
    record = engine.finish()
    assert record.balanced
    for stage in record.stages:
        ledger = stage.ledger
        accounted = ledger.executed + sum(ledger.gated) + ledger.read
        assert ledger.published == accounted + ledger.lost + ledger.shed + ledger.unread
        assert ledger.balanced
    return record


def engine_threads() -> list[str]:
    """Names of this process's stage threads."""
    tasks = Path("/proc/self/task")
    if not tasks.exists():
        pytest.skip("no /proc on this machine")
    names = []
    for task in tasks.iterdir():
        try:
            names.append((task / "comm").read_text().strip())
        except OSError:
            continue  # it has ended since it was listed
    return [name for name in names if name.startswith("tickpath-")]

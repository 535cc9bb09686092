"""The wall clock may step as it likes: nobody here goes by it."""

from __future__ import annotations

import itertools
import time

import pytest

from tickpath.config.engine import ConsumerSettings, ThreadSettings
from tickpath.config.run import RunSettings
from tickpath.core.ingest import MarketDataSource
from tickpath.runtime.session import Session

PARK = ThreadSettings(wait="park", park_ns=1_000)
HOUR_NS = 3_600 * 10**9


def test_a_wall_clock_that_steps_by_hours_at_every_look_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = itertools.cycle([HOUR_NS, -5 * HOUR_NS, 20 * 365 * 24 * HOUR_NS])
    real_ns = time.time_ns
    looks: list[int] = []

    def stepped_ns() -> int:
        looks.append(next(steps))
        return real_ns() + looks[-1]

    monkeypatch.setattr(time, "time_ns", stepped_ns)
    monkeypatch.setattr(time, "time", lambda: stepped_ns() / 1e9)
    settings = RunSettings(
        floor_window_ns=0,
        warmup_events=10,
        control_interval_ns=1_000_000,
        feed=PARK,
        executor=ConsumerSettings(name="executor", thread=PARK),
    )
    source = MarketDataSource.synthetic(model="constant", rate_hz=10_000.0, events=300)
    result = Session(source, settings).run()
    assert (result.verdict, result.reasons) == ("pass", ())
    assert result.record is not None
    assert result.record.balanced
    assert [move.target.name for move in result.history] == ["WARMUP", "READY"]
    # Nobody asked.
    assert looks == []

"""A run whose report the tests of reports read."""

from __future__ import annotations

from typing import Any

import pytest

from tickpath.config.engine import ConsumerSettings
from tickpath.config.run import RunSettings
from tickpath.control.metrics import LatencySink, Metrics
from tickpath.core.ingest import MarketDataSource
from tickpath.lab.feed_account import account_of
from tickpath.lab.report import run_report
from tickpath.runtime.session import Session

CONFIG: dict[str, object] = {
    "feeds": [],
    "columns": None,
    "symbol": None,
    "policy": None,
    "out_of_order": None,
    "model": "constant",
    "model_rate_hz": 1e6,
    "model_events": 1_000,
    "sink": True,
}


@pytest.fixture(scope="package")
def report_settings() -> RunSettings:
    log = ConsumerSettings(name="log", after=("executor",))
    return RunSettings(floor_window_ns=100_000, consumers=(log,), clock="monotonic")


@pytest.fixture(scope="package")
def report(report_settings: RunSettings) -> dict[str, Any]:
    source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
    result = Session(source, report_settings, sink=LatencySink(Metrics())).run()
    return run_report(result, account_of(source, None), seed=0, config=CONFIG)

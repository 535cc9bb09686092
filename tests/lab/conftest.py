"""A run whose report the tests of reports read."""

from __future__ import annotations

import dataclasses
from itertools import count
from typing import Any

import pytest

from tickpath.config.acks import with_acks
from tickpath.config.engine import ConsumerSettings
from tickpath.config.run import RunSettings
from tickpath.config.scenario import WarmupSettings
from tickpath.config.scenario.explain import table_of
from tickpath.control.metrics import LatencySink, Metrics
from tickpath.core.ingest import MarketDataSource
from tickpath.lab.drill import load_drill
from tickpath.lab.feed_account import account_of
from tickpath.lab.latency_over_time import LatencyOverTime
from tickpath.lab.report import run_report
from tickpath.lab.scenario_source import load_source
from tickpath.runtime.flight_recorder import FlightRecorder, FlightSettings
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


@pytest.fixture(scope="package")
def eventful_report() -> dict[str, Any]:
    """Of a run in virtual time in which everything happens: rounds of a warm-up, a fault, a shutdown."""
    drill = load_drill("feed-freeze")
    scenario = dataclasses.replace(drill, warmup=WarmupSettings(round_events=200, tolerance=1.0))
    source, steps = load_source(scenario), count()
    recorder = FlightRecorder(settings=FlightSettings(last=10, dump_on=("transition", "end"), dumps_max=1))
    settings = with_acks(scenario.run_settings())
    session = Session(source, settings, scenario=scenario, mode="virtual", recorder=recorder)
    watched = LatencyOverTime(session)
    result = session.run(should_stop=lambda: next(steps) > 100, on_look=watched.look)
    told = watched.account(result)
    # What only a recorder with a folder has.
    note = dataclasses.replace(recorder.account.dumps[0], files=("0001-transition.trace.json",))
    result = dataclasses.replace(result, flight=dataclasses.replace(recorder.account, dumps=(note,)))
    config = {"scenario": table_of(scenario), "sink": False}
    return run_report(result, account_of(source, None), seed=scenario.seed, config=config, over_time=told)

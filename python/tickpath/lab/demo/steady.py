"""The steady state: a run in which nothing goes wrong, and what switching a sink on costs it.

Two stages, so that each has a core where there are two. READY is earned on evidence, and the machine is
watched before and after. Blocks until its runs are over.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from tickpath.config.engine import EngineSettings
from tickpath.config.scenario import Scenario, WarmupSettings
from tickpath.config.scenario.explain import table_of
from tickpath.config.scenario.feed import FeedSettings
from tickpath.control.metrics import LatencySink, Metrics
from tickpath.core.engine import EngineSnapshot
from tickpath.lab.bench.engine_run import EngineCase, EngineRuns
from tickpath.lab.bench.exchange import Cut
from tickpath.lab.bench.figures import Spread
from tickpath.lab.feed_account import account_of
from tickpath.lab.report import run_report
from tickpath.lab.scenario_source import load_source
from tickpath.runtime.session import Session

if TYPE_CHECKING:
    from tickpath.lab.demo.acts import Stage

__all__ = ["observer_cost", "steady_state"]

_RATE_HZ = 100_000.0


def steady_state(stage: Stage, events: int) -> dict[str, Any]:
    """The run's object, ``tickpath/run/1``. Raises ``EngineFailed``."""
    feed = FeedSettings(model="poisson", rate_hz=_RATE_HZ, events=events)
    # So wide: a machine that is busy with other things has a demo as well, and in ten seconds.
    warmup = WarmupSettings(rounds_max=40, tolerance=0.25)
    scenario = Scenario(name="steady", seed=stage.seed, feed=feed, warmup=warmup, probes=(), runbooks=())
    source = load_source(scenario)
    session = Session(source, scenario=scenario, mode=stage.mode)

    def on_look(seen: EngineSnapshot) -> None:
        stage.progress("the steady state", seen.published, events)

    result = session.run(should_stop=stage.should_stop, on_look=on_look)
    config = {"scenario": table_of(scenario), "sink": False}
    return run_report(result, account_of(source, None), seed=stage.seed, config=config)


def observer_cost(stage: Stage, pairs: int, events: int) -> dict[str, Any] | None:
    """What a latency sink costs the median of the way through the bus, by ``pairs`` of runs in turns.

    ``None`` where nothing is measured: in virtual time, and if it was interrupted before the first pair.
    """
    if stage.mode == "virtual":
        return None
    settings = EngineSettings(pace="constant", rate_hz=_RATE_HZ, events_max=events, floor_window_ns=0)
    off = EngineCase(name="off", settings=settings)
    on = EngineCase(name="on", settings=settings, sink=lambda: LatencySink(Metrics()))
    runs = EngineRuns(events, stage.should_stop)
    seen: dict[str, list[int]] = {"off": [], "on": []}
    shown = dropped = unaccounted = 0
    try:
        for pair in range(pairs):
            stage.progress("the observer's cost", pair, pairs)
            for case in (off, on):
                run = runs.run(case)
                median_ns = run.ways["published_to_completed"].percentile(0.5)
                seen[case.name].append(median_ns or 0)
                shown, dropped = shown + (run.shown or 0), dropped + (run.dropped or 0)
                unaccounted += run.unaccounted
    except Cut:
        pass
    costs = Spread.of(on - off for off, on in zip(seen["off"], seen["on"], strict=False))
    if costs is None:
        return None
    return {
        "cost_ns": round(costs.median),
        "cost_ns_low": round(costs.low),
        "cost_ns_high": round(costs.high),
        "pairs": costs.rounds,
        "events": events,
        "off_p50_ns": round(statistics.median(seen["off"])),
        "on_p50_ns": round(statistics.median(seen["on"])),
        "shown": shown,
        "dropped": dropped,
        "unaccounted": unaccounted,
    }

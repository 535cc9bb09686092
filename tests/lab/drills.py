"""Facts of a drill as the tests of grades and comparisons write them: one outage, seen and survived."""

from __future__ import annotations

from typing import Any

from tickpath.config.scenario.responses import ObjectiveSettings
from tickpath.core.state import State
from tickpath.lab.facts import Books, DrillFacts, HealthEvent, InjectionSpan, Move

MS = 1_000_000

OUTAGE = "market data stale"


def facts(**changes: Any) -> DrillFacts:
    """An outage from 300 to 500 ms, seen at 410, over at 510."""
    given: dict[str, Any] = {
        "scenario": "outage",
        "mode": "virtual",
        "seed": 1,
        "verdict": "pass",
        "ended_ns": 1_000 * MS,
        "moves": (
            Move(0, State.INIT, State.WARMUP, "started"),
            Move(50 * MS, State.WARMUP, State.READY, "1000 events processed"),
            Move(410 * MS, State.READY, State.DEGRADED, OUTAGE),
            Move(510 * MS, State.DEGRADED, State.READY, "recovered"),
        ),
        "injections": (InjectionSpan("outage", "feed_outage", 300 * MS, 500 * MS),),
        "health": (
            HealthEvent(410 * MS, OUTAGE, raised=True),
            HealthEvent(505 * MS, OUTAGE, raised=False),
        ),
        "books": {
            "executor": Books(published=100, executed=70, gated=30),
            "log": Books(published=100, read=100),
        },
        "balanced": True,
        "executed_outside_ready": 0,
        "p99_ns": 5_000,
        "withheld": 20,
        "digest": "d" * 64,
    }
    return DrillFacts(**{**given, **changes})


def objectives(**changes: Any) -> ObjectiveSettings:
    """What the outage just passes."""
    given: dict[str, Any] = {
        "p99_ns_max": 5_000,
        "executed_share_min": 0.7,
        "lost_max": 0,
        "detect_ns_max": 110 * MS,
        "degrade_ns_max": 110 * MS,
        "recover_ns_max": 10 * MS,
        "degrades": True,
        "expects_causes": (OUTAGE,),
        "live_slack_ns": 100 * MS,
    }
    return ObjectiveSettings(**{**given, **changes})

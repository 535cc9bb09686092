"""Failure: scenarios that degrade on purpose, injections that break the engine, and the causes held.

A scenario moves a lifecycle to DEGRADED and back by the legal transitions and nothing else. An injection
turns a knob and never moves a lifecycle. Nothing here knows a bus, an executor or a feed; see
``docs/concepts/failure.md``.
"""

from __future__ import annotations

from tickpath.control.failure.causes import Cause, held, held_causes, hold, release
from tickpath.control.failure.external_signal import ExternalSignal
from tickpath.control.failure.faults import Faults, SinkFaults
from tickpath.control.failure.injector import InjectionEvent, Injector, Planned
from tickpath.control.failure.scenario import ExecutionFailure, FailureScenario, MarketDataOutage

__all__ = [
    "Cause",
    "ExecutionFailure",
    "ExternalSignal",
    "FailureScenario",
    "Faults",
    "InjectionEvent",
    "Injector",
    "MarketDataOutage",
    "Planned",
    "SinkFaults",
    "held",
    "held_causes",
    "hold",
    "release",
]

"""Health probes: a verdict (ok, failing, unknown) with value, threshold and since, from counters only.

``HealthMonitor`` asks probes at each look and holds their causes; ``monitor_objects`` does so from a thread
of its own, over the rings, consumers and executors of the object tier. See ``docs/concepts/health.md``.
"""

from __future__ import annotations

from tickpath.control.health.hysteresis import Hysteresis
from tickpath.control.health.look import FeedCounters, Look, SinkCounters, StageCounters
from tickpath.control.health.monitor import HealthChange, HealthMonitor, ProbeStatus, Watch
from tickpath.control.health.objects import ObjectLooks
from tickpath.control.health.over_limit import OverLimitSink
from tickpath.control.health.probes import probe_of
from tickpath.control.health.reading import Acknowledged, Probe, Reading, Verdict
from tickpath.control.health.watch_thread import WatchThread, monitor_objects

__all__ = [
    "Acknowledged",
    "FeedCounters",
    "HealthChange",
    "HealthMonitor",
    "Hysteresis",
    "Look",
    "ObjectLooks",
    "OverLimitSink",
    "Probe",
    "ProbeStatus",
    "Reading",
    "SinkCounters",
    "StageCounters",
    "Verdict",
    "Watch",
    "WatchThread",
    "monitor_objects",
    "probe_of",
]

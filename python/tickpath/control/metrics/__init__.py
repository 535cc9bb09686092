"""Aggregation of latencies: ``Metrics`` counts, ``Snapshot`` is what it saw, ``LatencySink`` feeds it.

``LatencyHistogram`` is what a stage of a run recorded, and ``write_hlog`` writes it for other tools.

>>> metrics = Metrics()
>>> metrics.snapshot().max_latency_ns is None  # unknown, not 0
True
>>> metrics.observe(120)
>>> metrics.observe(80)
>>> metrics.reset()
Snapshot(count=2, total_latency_ns=200, min_latency_ns=80, max_latency_ns=120)
>>> metrics.snapshot().count
0
"""

from tickpath._native import LatencyHistogram, LatencySink, Metrics, Snapshot
from tickpath.control.metrics.hlog import write_hlog

__all__ = ["LatencyHistogram", "LatencySink", "Metrics", "Snapshot", "write_hlog"]

"""Aggregation of latencies: ``Metrics`` counts, ``Snapshot`` is what it saw, ``LatencySink`` feeds it."""

from tickpath._native import LatencySink, Metrics, Snapshot

__all__ = ["LatencySink", "Metrics", "Snapshot"]

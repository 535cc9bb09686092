"""Aggregation of latencies."""

"""The control plane: reads the hot path's counters, never sits on it.

``failure`` degrades on purpose and ``metrics`` aggregates; ``health`` and ``automation`` are not built yet.
"""

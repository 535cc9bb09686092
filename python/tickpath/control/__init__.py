"""The control plane: reads the hot path's counters, never sits on it.

``failure`` breaks on purpose and holds the causes of degradation, ``health`` finds out that something is
broken, ``automation`` answers, ``metrics`` aggregates. A session of ``tickpath.runtime`` steps them.
"""

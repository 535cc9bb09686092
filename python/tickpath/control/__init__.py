"""The control plane: reads the hot path's counters, never sits on it.

``failure`` breaks things on purpose and keeps the causes, ``health`` finds what is wrong, ``automation``
answers, ``metrics`` aggregates.
"""

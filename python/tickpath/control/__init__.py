"""The control plane: reads the hot path's counters, never sits on it."""

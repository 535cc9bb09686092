"""Monotonic stamps in nanoseconds."""

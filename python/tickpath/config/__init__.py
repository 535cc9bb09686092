"""Frozen settings with units in their names."""

"""Warm-up controller (a later issue)."""

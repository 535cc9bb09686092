"""Readiness probe (a later issue)."""

"""Shutdown controller (a later issue)."""

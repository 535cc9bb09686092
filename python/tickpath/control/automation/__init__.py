"""Runbooks (a later issue)."""

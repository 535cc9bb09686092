"""Failure scenarios: degrade on purpose, restore with care."""

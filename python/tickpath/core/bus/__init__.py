"""Rings and cursors: publish once, read anywhere, lose nothing unsaid."""

from tickpath._native import EventReader, EventRing

__all__ = ["EventReader", "EventRing"]

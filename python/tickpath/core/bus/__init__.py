"""Rings and cursors: publish once, read anywhere, lose nothing unsaid.

``RingBuffer`` holds Python objects; ``EventRing`` holds 56-byte records and is shared with native
threads. ``Consumer`` reads either.
"""

from tickpath._native import Consumer, EventReader, EventRing, RingBuffer
from tickpath.errors import NotPublished, Overrun

__all__ = ["Consumer", "EventReader", "EventRing", "NotPublished", "Overrun", "RingBuffer"]

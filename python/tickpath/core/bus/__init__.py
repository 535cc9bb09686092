"""Rings and cursors: publish once, read anywhere, lose nothing unsaid.

``RingBuffer`` holds Python objects; ``EventRing`` holds 56-byte records and is shared with native
threads. ``Consumer`` reads either. A consumer that was overtaken gets ``Overrun`` on every read until it
recovers, and knows exactly what it lost; see ``docs/concepts/bus.md``.

>>> ring = RingBuffer[str](2)
>>> consumer = Consumer(ring)
>>> ring.publish_many(["a", "b", "c"])
0
>>> consumer.poll()
Traceback (most recent call last):
tickpath.errors.Overrun: sequence 0 was overwritten: 1 lost, readable now [1, 3); \
recover with reset_to_oldest() or reset_to_head()
>>> consumer.reset_to_oldest(), consumer.poll_many(10), consumer.lost
(1, ['b', 'c'], 1)
"""

from tickpath._native import Consumer, EventReader, EventRing, RingBuffer
from tickpath.errors import NotPublished, Overrun

__all__ = ["Consumer", "EventReader", "EventRing", "NotPublished", "Overrun", "RingBuffer"]

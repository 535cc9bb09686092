"""
The native part of tickpath; import from `tickpath.core` and `tickpath.control` instead.
"""

from typing import Any, SupportsIndex, final

__all__ = ["Consumer", "Gate", "RingBuffer"]

@final
class Consumer:
    """
    A reader of a ring with a place of its own; it never holds the producer back.

    ``start`` is ``"oldest"``, ``"head"`` or a sequence up to the head. An overrun stays raised on
    every read until ``reset_to_oldest()`` or ``reset_to_head()``; only then does ``lost`` grow.
    """
    def __new__(cls, /, ring: Any, *, start: Any | None = None) -> Consumer: ...
    def __repr__(self, /) -> str: ...
    def available(self, /) -> int:
        """
        How many items are unread: ``head - cursor``; more than the capacity means overrun.
        """
    def cursor(self, /) -> int:
        """
        The next sequence this consumer expects.
        """
    @property
    def lost(self, /) -> int:
        """
        Sequences this consumer expected and will never read, counted at recovery.
        """
    def poll(self, /) -> Any | None:
        """
        The next item, or ``None`` when caught up.

        Raises ``Overrun`` if it was overwritten; the cursor stays where it is.
        """
    def poll_many(self, limit: Any, /) -> list:
        """
        Up to ``limit`` items in order; fewer when caught up.

        Raises ``Overrun`` if the next item was overwritten.
        """
    def reset_to_head(self, /) -> int:
        """
        Skip to the head and return how many sequences that skipped.
        """
    def reset_to_oldest(self, /) -> int:
        """
        Skip to the oldest readable sequence and return how many sequences that skipped.

        Never moves back: 0 if the next item is still readable.
        """
    @property
    def shed(self, /) -> int:
        """
        The part of ``lost`` that was still readable when a reset skipped it.
        """

@final
class Gate:
    """
    One atomic word, ``epoch << 8 | state``: the executor reads it once per event.

    It knows no rules; ``tickpath.core.state.Lifecycle`` owns one and is the only writer.
    """
    def __new__(cls, /) -> Gate: ...
    def compare_exchange(self, /, expected: SupportsIndex, target: SupportsIndex) -> bool:
        """
        Move to ``target`` if the word is still ``expected``, counting one epoch; whether it was.

        Raises ``ArgumentValueError`` if ``target`` is not the code of a state.
        """
    @property
    def epoch(self, /) -> int:
        """
        The number of transitions so far.
        """
    def load(self, /) -> int:
        """
        The current word, ``epoch << 8 | state``.
        """
    @property
    def state_code(self, /) -> int:
        """
        The code of the current state (``int(State.INIT)`` is 0).
        """

@final
class RingBuffer:
    """
    A broadcast ring of Python objects: one writes, any number read with cursors of their own.

    It never blocks and never waits for a reader: a full ring overwrites its oldest item, and who
    missed it gets ``Overrun`` with exact figures. Sequences start at 0; retained are
    ``[max(0, head - capacity), head)``. Every operation is O(1). One reference per slot is held, and
    dropped exactly when the slot is overwritten; the ring takes part in garbage collection.

    ``capacity``: number of slots, at least 1, kept exactly. Raises ``ArgumentTypeError`` or
    ``ArgumentValueError`` for anything else, ``MemoryError`` if there is not the memory.
    """
    def __new__(cls, /, capacity: Any) -> RingBuffer: ...
    def __repr__(self, /) -> str: ...
    @property
    def capacity(self, /) -> int:
        """
        The number of slots.
        """
    def get(self, seq: Any, /) -> Any:
        """
        The item at ``seq``.

        Raises ``Overrun`` if it was overwritten, ``NotPublished`` if ``seq`` is at or beyond the head,
        ``ArgumentValueError`` if it is negative.
        """
    def head(self, /) -> int:
        """
        The next sequence to be published.
        """
    def publish(self, item: Any, /) -> int:
        """
        Publish ``item`` and return its sequence. Never blocks.

        Raises ``ArgumentTypeError`` for ``None`` and publishes nothing then.
        """
    def publish_many(self, items: Any, /) -> int:
        """
        Publish every item of ``items`` in order and return the sequence of the first.

        An empty iterable returns the head. If the iterable raises or yields ``None``, what it yielded
        before stays published and the error passes through.
        """

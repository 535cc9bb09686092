"""The ring, and a reader's place in it."""

# Ring and readers are one piece: a public way in would cost a call per event.

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Generic, TypeVar

from tickpath.errors import ArgumentTypeError, ArgumentValueError, NotPublished, Overrun
from tickpath.reference import arguments

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Consumer", "Reader", "RingBuffer"]

T = TypeVar("T")


class Slot(Generic[T]):
    """A place for one item, the lap it was written in, and the place after it.

    A lap is named by its base, the sequence of its first slot: base + index is the item's sequence.

    Linked, so that neither publishing nor polling has to divide or to count: in plain Python a
    division and the integer it makes cost more than following a link.
    """

    __slots__ = ("base", "index", "item", "next")

    base: int
    index: int
    item: T
    next: Slot[T] | None

    def __init__(self, index: int, base: int, following: Slot[T] | None) -> None:
        self.base = base
        self.index = index
        self.item = None  # type: ignore[assignment]  # read only once it was written
        self.next = following


class RingBuffer(Generic[T]):
    """Exactly ``capacity`` slots; the newest item overwrites the oldest and publishing never waits.

    Retained are the sequences ``[max(0, head - capacity), head)``. Raises ``ArgumentTypeError`` if
    ``capacity`` is no int and ``ArgumentValueError`` if it is below 1.
    """

    __slots__ = ("__weakref__", "_base", "_capacity", "_next", "_slots")

    def __init__(self, capacity: int) -> None:
        count = arguments.index("capacity", capacity)
        if count < 1:
            raise ArgumentValueError(f"capacity must be at least 1, not {count}")
        # The slots are a chain and not a circle, which only the garbage collector could free. At its
        # end stands the turn: no item, and a lap that a reader takes for an overrun and looks twice.
        following: Slot[T] = Slot(count, sys.maxsize, None)
        slots = []
        for place in reversed(range(count)):
            following = Slot(place, -1, following)
            slots.append(following)
        slots.reverse()
        self._capacity = count
        self._slots = slots
        self._base = 0
        self._next = slots[0]

    @property
    def capacity(self) -> int:
        """The number of slots."""
        return self._capacity

    def head(self) -> int:
        """The next sequence to be published."""
        return self._base + self._next.index

    def publish(self, item: T, /) -> int:
        """Publishes ``item`` and returns its sequence; ``None`` is refused with ``ArgumentTypeError``."""
        if item is None:
            raise ArgumentTypeError("None cannot be published: poll() means 'caught up' by it")
        slot = self._next
        following = slot.next
        if following is None:
            # The turn: the next lap begins. Written out, for a call may run the garbage collector, and
            # a destructor that publishes here would find the ring between two laps.
            self._base += self._capacity
            slot = self._slots[0]
            following = slot.next
        base = self._base
        self._next = following  # type: ignore[assignment]  # only the turn has nothing after it
        slot.base = base
        # Last: this releases the item that is pushed out, and its destructor may publish again.
        slot.item = item
        return base + slot.index

    def publish_many(self, items: Iterable[T]) -> int:
        """Publishes one item after the other and returns the sequence of the first.

        Without items that is the head. If the iterable raises, or yields ``None``, the items before
        stay published. ``ArgumentTypeError`` if ``items`` cannot be iterated.
        """
        if not hasattr(type(items), "__iter__") and not hasattr(type(items), "__getitem__"):
            raise ArgumentTypeError(f"publish_many() takes an iterable, not {type(items).__name__}")
        first = None
        for item in items:
            if item is None:
                raise ArgumentTypeError("None cannot be published: poll() means 'caught up' by it")
            # publish(), written out. Nothing is kept from one item to the next: the iterable and the
            # destructors may publish as well.
            slot = self._next
            following = slot.next
            if following is None:
                self._base += self._capacity
                slot = self._slots[0]
                following = slot.next
            self._next = following  # type: ignore[assignment]  # as in publish()
            base = self._base
            slot.base = base
            if first is None:
                first = base + slot.index
            slot.item = item
        return self.head() if first is None else first

    def get(self, seq: int) -> T:
        """The item at ``seq``.

        Raises ``Overrun`` if it was overwritten, ``NotPublished`` from the head on,
        ``ArgumentValueError`` if it is negative and ``ArgumentTypeError`` if it is no int.
        """
        seq = arguments.index("seq", seq)
        if seq < 0:
            raise ArgumentValueError(f"seq must be 0 or more, not {seq}")
        head = self.head()
        if seq >= head:
            raise NotPublished(seq, head)
        if head - seq > self._capacity:
            raise Overrun(seq, head - self._capacity, head)
        return self._slots[seq % self._capacity].item

    def __repr__(self) -> str:
        return f"RingBuffer(capacity={self._capacity}, head={self.head()})"


class Reader(Generic[T]):
    """The next sequence a reader expects, and what it skipped: consumers and executors have one.

    The place is kept as a slot and a lap. The slot holds the item that is expected if it was written
    in that lap; in an earlier one: not published yet; in a later one: overwritten.
    """

    __slots__ = ("__weakref__", "_base", "_lost", "_ring", "_shed", "_slot")

    def __init__(self, ring: RingBuffer[T], start: str | int) -> None:
        if not isinstance(ring, RingBuffer):
            raise ArgumentTypeError(f"ring must be a RingBuffer, not {type(ring).__name__}")
        self._ring = ring
        self._lost = 0
        self._shed = 0
        head = ring.head()
        self._expect(arguments.start(start, max(0, head - ring._capacity), head))

    @property
    def lost(self) -> int:
        """How many sequences the resets skipped in all."""
        return self._lost

    @property
    def shed(self) -> int:
        """The part of :attr:`lost` that could still be read when it was skipped."""
        return self._shed

    def cursor(self) -> int:
        """The next sequence this reader expects."""
        return self._base + self._slot.index

    def reset_to_head(self) -> int:
        """Skips everything published so far; returns how many sequences that were."""
        head = self._ring.head()
        return self._recover_to(head, head)

    def reset_to_oldest(self) -> int:
        """Skips what was overwritten; returns how many sequences that were, 0 if none."""
        head = self._ring.head()
        return self._recover_to(head - self._ring._capacity, head)

    def _recover_to(self, target: int, head: int) -> int:
        cursor = self.cursor()
        skipped = target - cursor
        if skipped <= 0:
            # Never back: no sequence is read twice.
            return 0
        first_readable = max(cursor, head - self._ring._capacity)
        self._shed += max(0, target - first_readable)
        self._lost += skipped
        self._expect(target)
        return skipped

    def _expect(self, seq: int) -> None:
        ring = self._ring
        place = seq % ring._capacity
        self._base = seq - place
        self._slot = ring._slots[place]

    def _pass_turn(self) -> None:
        """Goes on to the next lap if that is all there is to do, else raises ``Overrun``."""
        ring = self._ring
        cursor, head = self.cursor(), ring.head()
        if head - cursor > ring._capacity:
            raise Overrun(cursor, head - ring._capacity, head)
        self._expect(cursor)


class Consumer(Reader[T]):
    """Reads a ring at its own pace, from ``start``: ``"oldest"``, ``"head"`` or a sequence.

    A consumer that falls behind by more than the capacity gets :class:`Overrun` on every read until
    it recovers by a reset. Raises ``ArgumentTypeError`` and ``ArgumentValueError`` on a ring or a
    start that is none.
    """

    __slots__ = ()

    def __init__(self, ring: RingBuffer[T], *, start: str | int = "oldest") -> None:
        super().__init__(ring, start)

    def available(self) -> int:
        """How many sequences were published and not read; more than the capacity means overrun."""
        return self._ring.head() - self.cursor()

    def poll(self) -> T | None:
        """The next item, or ``None`` when caught up; ``Overrun`` if it was overwritten."""
        slot = self._slot
        if slot.base == self._base:
            # Only the turn has nothing after it, and it was written in no lap.
            self._slot = slot.next  # type: ignore[assignment]  # a check would cost a tenth of the poll
            return slot.item
        if slot.base < self._base:
            return None
        self._pass_turn()
        return self.poll()

    def poll_many(self, limit: int) -> list[T]:
        """The next items, at most ``limit``, fewer when caught up.

        Raises ``Overrun`` if the next one was overwritten, ``ArgumentValueError`` if ``limit`` is
        negative and ``ArgumentTypeError`` if it is no int.
        """
        limit = arguments.limit(limit)
        ring = self._ring
        cursor, head = self.cursor(), ring.head()
        count = min(limit, head - cursor)
        if count == 0:
            return []
        capacity = ring._capacity
        if head - cursor > capacity:
            raise Overrun(cursor, head - capacity, head)
        first = cursor % capacity
        end = first + count
        items: list[T] = [slot.item for slot in ring._slots[first:end]]
        if end > capacity:
            items += [slot.item for slot in ring._slots[: end - capacity]]
        if ring.head() != head:
            # A list's allocation ran the garbage collector, and a destructor published meanwhile.
            return self.poll_many(limit)
        self._expect(cursor + count)
        return items

    def __repr__(self) -> str:
        return f"Consumer(cursor={self.cursor()}, lost={self._lost}, shed={self._shed})"

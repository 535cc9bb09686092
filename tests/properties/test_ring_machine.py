"""Both rings and any number of readers against a model that forgets nothing: one list, and a cursor each.

The object ring with its consumers, and the native one with readers and consumers, executors' siblings: random
publications, reads, starts and recoveries; every item, error, count and byte is what the list says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.properties.depth import machine
from tickpath.core.bus import Consumer, EventRing, NotPublished, Overrun, RingBuffer
from tickpath.core.ingest import EVENT_DTYPE
from tickpath.errors import ArgumentValueError

U64_MAX = (1 << 64) - 1
WORDS = st.one_of(st.integers(0, 3), st.sampled_from([2**63 - 1, 2**63, U64_MAX - 1, U64_MAX]))
COUNTS = st.one_of(st.integers(0, 5), st.integers(0, 45))
#: Of one stamp pair alone, of the shipped events, and of as much as there is room for.
STAMPS: list[Any] = [("ts_ns", "<u8"), ("intended_ns", "<u8")]
DTYPES: list[Any] = [np.dtype(STAMPS), EVENT_DTYPE, np.dtype([*STAMPS, ("rest", "u1", 39)])]


@dataclass
class ReaderModel:
    """A place in the list."""

    published: list[bytes]
    capacity: int
    cursor: int
    lost: int = 0
    shed: int = 0

    @property
    def oldest(self) -> int:
        return max(0, len(self.published) - self.capacity)

    def read(self, limit: int) -> Any:
        if limit and self.cursor < self.oldest:
            return (self.cursor, self.oldest, len(self.published), self.oldest - self.cursor)
        taken = self.published[self.cursor : self.cursor + limit]
        self.cursor += len(taken)
        return taken

    def skip_to(self, target: int) -> int:
        skipped = target - self.cursor
        self.lost += skipped
        self.shed += target - max(self.cursor, self.oldest)
        self.cursor = target
        return skipped

    def reset_to_oldest(self, behind_head: int) -> int:
        """Lands at the oldest, or so many behind the head of a ring whose writer may be under way."""
        if self.cursor >= self.oldest:
            return 0
        return self.skip_to(max(self.oldest, len(self.published) - behind_head))


class Rings(RuleBasedStateMachine):
    """What both rings have; a subclass makes them and knows what an item is."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[bytes] = []
        self.readers: list[tuple[Any, ReaderModel]] = []
        self.capacity = 0
        self.ring: Any = None

    def landing(self) -> int:
        """How far behind the head a reader lands that goes on from the oldest."""
        raise NotImplementedError

    def item(self, first: int, second: int) -> bytes:
        return np.array([first, second], "<u8").tobytes()

    def to_ring(self, items: list[bytes]) -> Any:
        raise NotImplementedError

    def from_ring(self, read: Any) -> list[bytes]:
        raise NotImplementedError

    def make(self, start: Any, kind: int) -> Any:
        raise NotImplementedError

    @rule(first=WORDS, second=WORDS)
    def publish(self, first: int, second: int) -> None:
        item = self.item(first, second)
        assert self.ring.publish(self.to_ring([item])[0]) == len(self.published)
        self.published.append(item)

    @rule(count=COUNTS, first=WORDS)
    def publish_many(self, count: int, first: int) -> None:
        items = [self.item((first + number) & U64_MAX, number) for number in range(count)]
        assert self.ring.publish_many(self.to_ring(items)) == len(self.published)
        self.published += items

    @precondition(lambda self: len(self.readers) < 5)
    @rule(
        start=st.one_of(st.sampled_from(["oldest", "head"]), st.integers(-3, 60), st.just(2**63)),
        kind=st.integers(0, 1),
    )
    def join(self, start: Any, kind: int) -> None:
        head, oldest = len(self.published), max(0, len(self.published) - self.capacity)
        if isinstance(start, int) and not 0 <= start <= head:
            with pytest.raises(ArgumentValueError):
                self.make(start, kind)
            return
        cursor = {"oldest": oldest, "head": head}.get(start, start)
        self.readers.append((self.make(start, kind), ReaderModel(self.published, self.capacity, cursor)))

    @precondition(lambda self: self.readers)
    @rule(index=st.integers(0, 4))
    def leave(self, index: int) -> None:
        del self.readers[index % len(self.readers)]

    @precondition(lambda self: self.readers)
    @rule(index=st.integers(0, 4), limit=st.one_of(st.just(-1), COUNTS))
    def read(self, index: int, limit: int) -> None:
        reader, model = self.readers[index % len(self.readers)]
        try:
            if limit < 0:
                item = reader.poll()
                found: Any = [] if item is None else self.from_ring([item])
            else:
                found = self.from_ring(reader.poll_many(limit))
        except Overrun as error:
            found = (error.requested, error.oldest, error.head, error.lost)
        assert found == model.read(abs(limit))

    @precondition(lambda self: self.readers)
    @rule(index=st.integers(0, 4), where=st.sampled_from(["oldest", "head"]), only_overrun=st.booleans())
    def reset(self, index: int, where: str, only_overrun: bool) -> None:
        reader, model = self.readers[index % len(self.readers)]
        if only_overrun and model.cursor >= model.oldest:
            return
        if where == "head":
            assert reader.reset_to_head() == model.skip_to(len(self.published))
        else:
            assert reader.reset_to_oldest() == model.reset_to_oldest(self.landing())

    @invariant()
    def agree(self) -> None:
        if self.ring is None:
            return
        assert (self.ring.head(), self.ring.capacity) == (len(self.published), self.capacity)
        for reader, model in self.readers:
            books = (reader.cursor(), reader.available(), reader.lost, reader.shed)
            assert books == (model.cursor, len(self.published) - model.cursor, model.lost, model.shed)

    @invariant()
    def account(self) -> None:
        # Read or missed, and nothing twice: what the cursor passed.
        for _, model in self.readers:
            assert 0 <= model.shed <= model.lost


class ObjectRing(Rings):
    @initialize(capacity=st.sampled_from([1, 2, 3, 7, 17]))
    def begin(self, capacity: int) -> None:
        self.capacity, self.ring = capacity, RingBuffer(capacity)

    def landing(self) -> int:
        return self.capacity

    def to_ring(self, items: list[bytes]) -> Any:
        return items

    def from_ring(self, read: Any) -> list[bytes]:
        return list(read)

    def make(self, start: Any, kind: int) -> Any:
        return Consumer(self.ring, start=start)

    @rule(behind=st.integers(-2, 20))
    def get(self, behind: int) -> None:
        head, oldest = len(self.published), max(0, len(self.published) - self.capacity)
        seq = head - behind
        if seq < 0:
            with pytest.raises(ArgumentValueError):
                self.ring.get(seq)
        elif seq >= head:
            with pytest.raises(NotPublished):
                self.ring.get(seq)
        elif seq < oldest:
            with pytest.raises(Overrun) as raised:
                self.ring.get(seq)
            assert (raised.value.requested, raised.value.oldest) == (seq, oldest)
        else:
            assert self.ring.get(seq) == self.published[seq]


class NativeRing(Rings):
    def __init__(self) -> None:
        super().__init__()
        self.dtype: Any = EVENT_DTYPE

    @initialize(capacity=st.sampled_from([1, 2, 3, 7, 17]), dtype=st.sampled_from(DTYPES))
    def begin(self, capacity: int, dtype: Any) -> None:
        self.capacity, self.dtype, self.ring = capacity, dtype, EventRing(capacity, dtype)

    def landing(self) -> int:
        # Half a ring behind the head, or the producer would overrun it at once.
        return (self.capacity + 1) // 2

    def item(self, first: int, second: int) -> bytes:
        words = [first, second, first ^ second, U64_MAX - first, second, first, second][: -(-self.size // 8)]
        return np.array(words, "<u8").tobytes()[: self.size]

    @property
    def size(self) -> int:
        return int(self.dtype.itemsize)

    def to_ring(self, items: list[bytes]) -> Any:
        return np.frombuffer(b"".join(items), self.dtype) if items else np.zeros(0, self.dtype)

    def from_ring(self, read: Any) -> list[bytes]:
        return [bytes(each.tobytes()) for each in read]

    def make(self, start: Any, kind: int) -> Any:
        return self.ring.reader(start=start) if kind else Consumer(self.ring, start=start)

    @precondition(lambda self: self.readers)
    @rule(index=st.integers(0, 4), rows=COUNTS)
    def read_into(self, index: int, rows: int) -> None:
        reader, model = self.readers[index % len(self.readers)]
        if not hasattr(reader, "read_into"):
            return
        array = np.full(rows * self.size, 0xA5, np.uint8).view(self.dtype)
        try:
            count = reader.read_into(array)
        except Overrun as error:
            count = 0
            found: Any = (error.requested, error.oldest, error.head, error.lost)
        else:
            found = self.from_ring(array[:count])
        assert found == model.read(rows)
        assert set(array[count:].tobytes()) <= {0xA5}


TestObjectRing = machine(ObjectRing, examples=30)
TestNativeRing = machine(NativeRing, examples=40)

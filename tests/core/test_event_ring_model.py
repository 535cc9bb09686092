"""`EventRing` and `EventReader` through random operations, against a model that forgets nothing."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from tests.event_samples import events, half, sequences
from tickpath.core.bus import EventRing
from tickpath.core.ingest.event import EVENT_DTYPE
from tickpath.errors import Overrun


class Model:
    """The ring in words: an event is its sequence, nothing is ever forgotten."""

    def __init__(self, capacity: int) -> None:
        self.capacity, self.head, self.next, self.lost, self.shed = capacity, 0, 0, 0, 0

    @property
    def oldest(self) -> int:
        return max(0, self.head - self.capacity)

    def read(self, limit: int) -> list[int] | tuple[int, int, int]:
        if limit and self.next < self.oldest:
            return (self.next, self.oldest, self.head)
        first, self.next = self.next, min(self.head, self.next + limit)
        return list(range(first, self.next))

    def skip_to(self, target: int) -> int:
        skipped = target - self.next
        self.lost += skipped
        self.shed += target - max(self.next, self.oldest)
        self.next = target
        return skipped

    def reset_to_oldest(self) -> int:
        return self.skip_to(self.head - half(self.capacity)) if self.next < self.oldest else 0


def attempt(read: Any) -> list[int] | tuple[int, int, int]:
    try:
        return sequences(read())
    except Overrun as error:
        return (error.requested, error.oldest, error.head)


@pytest.mark.parametrize("capacity", [1, 2, 3, 7, 17])
@pytest.mark.parametrize("seed", range(4))
def test_random_operations_agree_with_the_model(capacity: int, seed: int) -> None:
    rng = random.Random(f"{capacity}/{seed}")  # noqa: S311 - no secret depends on it
    ring, model = EventRing(capacity), Model(capacity)
    reader = ring.reader()
    for _ in range(400):
        count = rng.randrange(0, 2 * capacity + 2)
        match rng.choice(["publish", "publish_many", "poll", "poll_many", "read_into", "oldest", "head"]):
            case "publish":
                assert ring.publish(events(model.head, 1)[0]) == model.head
                model.head += 1
            case "publish_many":
                assert ring.publish_many(events(model.head, count)) == model.head
                model.head += count
            case "poll":
                expected = model.read(1)
                if expected == []:
                    assert reader.poll() is None
                else:
                    assert attempt(lambda: np.array([reader.poll()], EVENT_DTYPE)) == expected
            case "poll_many":
                assert attempt(lambda n=count: reader.poll_many(n)) == model.read(count)
            case "read_into":
                out = np.zeros(count, EVENT_DTYPE)
                assert attempt(lambda out=out: out[: reader.read_into(out)]) == model.read(count)
            case "oldest" if rng.random() < 0.3:
                assert reader.reset_to_oldest() == model.reset_to_oldest()
            case "head" if rng.random() < 0.1:
                assert reader.reset_to_head() == model.skip_to(model.head)
        books = (reader.cursor(), reader.lost, reader.shed, reader.available())
        assert books == (model.next, model.lost, model.shed, model.head - model.next)
        assert ring.head() == model.head

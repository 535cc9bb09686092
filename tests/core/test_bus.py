"""The object tier's ring and consumer: exact capacities, exact losses, explicit recovery.

Every test holds for the native tier and for the reference; what only the native one promises
(memory, garbage collection, stack depth) is in ``test_bus_memory.py``.
"""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from tests.tiers import TIERS
from tickpath.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    NotPublished,
    Overrun,
    TickpathError,
)

CAPACITIES = [1, 2, 3, 4, 5, 7, 8, 16, 17, 1000]


@pytest.fixture(params=list(TIERS))
def tier(request: pytest.FixtureRequest) -> Any:
    return TIERS[request.param]


@pytest.mark.parametrize("capacity", CAPACITIES)
def test_capacity_is_kept_exactly(tier: Any, capacity: int) -> None:
    ring = tier.RingBuffer(capacity)
    assert ring.capacity == capacity
    ring.publish_many(range(2 * capacity + 1))
    readable = []
    for seq in range(ring.head()):
        try:
            readable.append(ring.get(seq))
        except Overrun:
            assert not readable, "an overwritten sequence after a readable one"
    assert readable == list(range(capacity + 1, 2 * capacity + 1))


@pytest.mark.parametrize("bad", [0, -1, -(2**70)])
def test_capacity_out_of_range_is_refused(tier: Any, bad: int) -> None:
    with pytest.raises(ArgumentValueError, match="capacity") as caught:
        tier.RingBuffer(bad)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, TickpathError)


@pytest.mark.parametrize("bad", [1.0, "8", None, [4], object()])
def test_capacity_of_another_type_is_refused(tier: Any, bad: object) -> None:
    with pytest.raises(ArgumentTypeError, match="capacity") as caught:
        tier.RingBuffer(bad)
    assert isinstance(caught.value, TypeError)


def test_sequences_start_at_zero_and_head_is_the_next(tier: Any) -> None:
    ring = tier.RingBuffer(4)
    assert ring.head() == 0
    assert [ring.publish(item) for item in "abcdef"] == [0, 1, 2, 3, 4, 5]
    assert ring.head() == 6


def test_publish_returns_large_sequences_as_they_are(tier: Any) -> None:
    ring = tier.RingBuffer(3)
    ring.publish_many(range(70_000))
    assert ring.publish("x") == 70_000
    assert ring.get(70_000) == "x"


def test_none_is_refused_and_nothing_published(tier: Any) -> None:
    ring = tier.RingBuffer(2)
    with pytest.raises(ArgumentTypeError, match="None"):
        ring.publish(None)
    assert ring.head() == 0


@pytest.mark.parametrize("item", [0, "", False, [], float("nan")])
def test_false_items_are_items(tier: Any, item: object) -> None:
    ring = tier.RingBuffer(2)
    consumer = tier.Consumer(ring)
    ring.publish(item)
    assert consumer.poll() is item
    assert consumer.poll() is None


def test_publish_many_returns_the_first_sequence(tier: Any) -> None:
    ring = tier.RingBuffer(8)
    assert ring.publish_many([]) == 0
    assert ring.publish_many(["a", "b"]) == 0
    assert ring.publish_many(x for x in "cde") == 2
    assert ring.publish_many(()) == 5
    assert [ring.get(seq) for seq in range(5)] == list("abcde")


def test_publish_many_keeps_what_came_before_a_failure(tier: Any) -> None:
    def items() -> Any:
        yield "a"
        yield "b"
        raise KeyError("upstream")

    ring = tier.RingBuffer(8)
    with pytest.raises(KeyError, match="upstream"):
        ring.publish_many(items())
    with pytest.raises(ArgumentTypeError):
        ring.publish_many(["c", None, "d"])
    assert [ring.get(seq) for seq in range(ring.head())] == ["a", "b", "c"]


def test_publish_many_of_no_iterable(tier: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="iterable"):
        tier.RingBuffer(2).publish_many(3)


def test_publish_many_of_a_list_that_changes_meanwhile(tier: Any) -> None:
    ring = tier.RingBuffer(1)
    items: list[Any] = []

    class Shrinks:
        def __del__(self) -> None:
            items.clear()

    ring.publish(Shrinks())
    items += ["a", "b", "c"]
    ring.publish_many(items)
    assert (ring.head(), ring.get(ring.head() - 1), items) == (2, "a", [])


@pytest.mark.parametrize("capacity", [1, 3, 8])
def test_get_says_what_became_of_a_sequence(tier: Any, capacity: int) -> None:
    ring = tier.RingBuffer(capacity)
    ring.publish_many(range(2 * capacity + 1))
    head = ring.head()
    with pytest.raises(Overrun) as overrun:
        ring.get(capacity)
    e = overrun.value
    assert (e.requested, e.oldest, e.head, e.lost) == (capacity, head - capacity, head, 1)
    with pytest.raises(NotPublished) as missing:
        ring.get(head)
    assert (missing.value.requested, missing.value.head) == (head, head)
    assert isinstance(missing.value, LookupError)
    with pytest.raises(ArgumentValueError, match="seq"):
        ring.get(-1)
    with pytest.raises(ArgumentTypeError):
        ring.get(1.5)


def test_what_stands_for_an_int_is_reported_as_one(tier: Any) -> None:
    class Three:
        def __index__(self) -> int:
            return 3

    with pytest.raises(NotPublished) as missing:
        tier.RingBuffer(1).get(Three())
    assert type(missing.value.requested) is int
    assert missing.value.requested == 3


def test_get_far_beyond_any_head(tier: Any) -> None:
    with pytest.raises(NotPublished):
        tier.RingBuffer(1).get(2**64 + 5)


def test_poll_in_order_then_none(tier: Any) -> None:
    ring = tier.RingBuffer(3)
    consumer = tier.Consumer(ring)
    assert consumer.poll() is None
    ring.publish_many("ab")
    assert [consumer.poll(), consumer.poll(), consumer.poll()] == ["a", "b", None]
    ring.publish("c")
    assert consumer.poll() == "c"
    assert consumer.cursor() == 3


def test_consumers_are_independent(tier: Any) -> None:
    ring = tier.RingBuffer(4)
    first, second = tier.Consumer(ring), tier.Consumer(ring)
    ring.publish_many("abc")
    assert first.poll_many(10) == ["a", "b", "c"]
    assert (first.available(), second.available()) == (0, 3)
    assert second.poll() == "a"


@pytest.mark.parametrize(("start", "expected"), [("oldest", 3), ("head", 7), (0, 0), (5, 5), (7, 7)])
def test_start(tier: Any, start: Any, expected: int) -> None:
    ring = tier.RingBuffer(4)
    ring.publish_many(range(7))
    assert tier.Consumer(ring, start=start).cursor() == expected


def test_default_start_is_the_oldest(tier: Any) -> None:
    ring = tier.RingBuffer(4)
    ring.publish_many(range(7))
    assert tier.Consumer(ring).poll() == 3


@pytest.mark.parametrize("start", ["newest", "", -1, 8, 2**70])
def test_start_that_makes_no_sense(tier: Any, start: Any) -> None:
    ring = tier.RingBuffer(4)
    ring.publish_many(range(7))
    with pytest.raises(ArgumentValueError, match="start"):
        tier.Consumer(ring, start=start)


@pytest.mark.parametrize("start", [1.0, [], b"head"])
def test_start_of_another_type(tier: Any, start: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="start"):
        tier.Consumer(tier.RingBuffer(4), start=start)


def test_a_consumer_needs_a_ring(tier: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="ring must be"):
        tier.Consumer([1, 2, 3])


@pytest.mark.parametrize("capacity", CAPACITIES)
@pytest.mark.parametrize("beyond", [1, 2, 5])
def test_overrun_is_exact_and_stays_until_recovery(tier: Any, capacity: int, beyond: int) -> None:
    ring = tier.RingBuffer(capacity)
    consumer = tier.Consumer(ring)
    ring.publish_many(range(capacity + beyond))
    assert consumer.available() == capacity + beyond > ring.capacity
    for _ in range(3):
        with pytest.raises(Overrun) as caught:
            consumer.poll()
        e = caught.value
        assert (e.requested, e.oldest, e.head, e.lost) == (0, beyond, capacity + beyond, beyond)
    with pytest.raises(Overrun):
        consumer.poll_many(5)
    assert (consumer.cursor(), consumer.lost) == (0, 0)
    assert consumer.reset_to_oldest() == beyond
    assert (consumer.cursor(), consumer.lost, consumer.shed) == (beyond, beyond, 0)
    assert consumer.poll_many(capacity + 9) == list(range(beyond, capacity + beyond))


def test_exactly_full_is_no_overrun(tier: Any) -> None:
    ring = tier.RingBuffer(4)
    consumer = tier.Consumer(ring)
    ring.publish_many(range(4))
    assert consumer.available() == ring.capacity
    assert consumer.poll() == 0


def test_reset_to_head_counts_what_it_skips(tier: Any) -> None:
    ring = tier.RingBuffer(4)
    consumer = tier.Consumer(ring)
    ring.publish_many(range(10))
    assert consumer.reset_to_head() == 10
    assert (consumer.lost, consumer.shed, consumer.available()) == (10, 4, 0)
    assert consumer.poll() is None
    ring.publish("next")
    assert consumer.poll() == "next"


def test_reset_to_head_when_caught_up_loses_nothing(tier: Any) -> None:
    ring = tier.RingBuffer(4)
    consumer = tier.Consumer(ring)
    ring.publish("a")
    consumer.poll()
    assert consumer.reset_to_head() == 0
    assert consumer.lost == 0


def test_reset_to_oldest_never_moves_back(tier: Any) -> None:
    ring = tier.RingBuffer(4)
    consumer = tier.Consumer(ring)
    ring.publish_many("abc")
    consumer.poll()
    assert consumer.reset_to_oldest() == 0
    assert consumer.poll() == "b"


def test_lost_adds_up_over_recoveries(tier: Any) -> None:
    ring = tier.RingBuffer(2)
    consumer = tier.Consumer(ring)
    total = 0
    for round_number in range(1, 6):
        ring.publish_many(range(2 + round_number))
        total += consumer.reset_to_oldest()
        assert consumer.lost == total
        assert len(consumer.poll_many(10)) == 2
    assert consumer.lost + 5 * 2 == ring.head()


def test_the_snapshot_of_an_overrun_does_not_follow_the_ring(tier: Any) -> None:
    ring = tier.RingBuffer(2)
    consumer = tier.Consumer(ring)
    ring.publish_many(range(3))
    with pytest.raises(Overrun) as caught:
        consumer.poll()
    ring.publish_many(range(5))
    assert (caught.value.oldest, caught.value.head, caught.value.lost) == (1, 3, 1)


def test_overrun_can_be_pickled_and_says_what_to_do(tier: Any) -> None:
    ring = tier.RingBuffer(1)
    ring.publish_many("ab")
    with pytest.raises(Overrun) as caught:
        ring.get(0)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.requested, copy.oldest, copy.head, copy.lost) == (0, 1, 2, 1)
    assert "reset_to_oldest" in str(copy)


@pytest.mark.parametrize(("limit", "expected"), [(0, 0), (1, 1), (3, 3), (5, 5), (6, 5), (2**80, 5)])
def test_poll_many_limits(tier: Any, limit: int, expected: int) -> None:
    ring = tier.RingBuffer(8)
    consumer = tier.Consumer(ring)
    ring.publish_many("abcde")
    assert consumer.poll_many(limit) == list("abcde")[:expected]
    assert consumer.cursor() == expected


@pytest.mark.parametrize(
    ("limit", "error"), [(-1, ArgumentValueError), (-(2**80), ArgumentValueError), (1.5, ArgumentTypeError)]
)
def test_poll_many_refuses(tier: Any, limit: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="limit"):
        tier.Consumer(tier.RingBuffer(2)).poll_many(limit)


def test_subscripts(tier: Any) -> None:
    assert tier.RingBuffer[int] is not None
    assert tier.Consumer[int] is not None


def test_a_destructor_may_publish_into_the_ring_that_drops_it(tier: Any) -> None:
    ring = tier.RingBuffer(2)

    class Echo:
        def __init__(self, name: str) -> None:
            self.name = name

        def __del__(self) -> None:
            ring.publish(f"echo of {self.name}")

    ring.publish_many([Echo("a"), Echo("b")])
    # Publishing "x" evicts a, whose destructor publishes, which evicts b, whose destructor publishes.
    assert ring.publish("x") == 2
    assert ring.head() == 5
    assert [ring.get(3), ring.get(4)] == ["echo of a", "echo of b"]


def test_the_first_sequence_is_that_of_the_first_item_whoever_publishes_meanwhile(tier: Any) -> None:
    ring = tier.RingBuffer(8)

    def items(count: int) -> Any:
        ring.publish("before")
        yield from range(count)

    assert (ring.publish_many(items(2)), ring.get(1)) == (1, 0)
    assert (ring.publish_many(items(0)), ring.head()) == (4, 4)


def test_what_an_iterable_raises_passes_through(tier: Any) -> None:
    class Broken:
        def __iter__(self) -> Any:
            raise TypeError("a bug of its own")

    with pytest.raises(TypeError, match="a bug of its own"):
        tier.RingBuffer(2).publish_many(Broken())

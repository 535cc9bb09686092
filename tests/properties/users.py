"""What the oracle tests do to both tiers, and how they compare what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests import tiers
from tickpath.errors import NotPublished, Overrun, TickpathError

#: The tiers by number: 0 is native, 1 the reference.
TIERS = tuple(tiers.TIERS.values())


class Stop(BaseException):
    """As KeyboardInterrupt is: no Exception."""


class Broken(Exception):
    """A user's code that fails."""


class Bomb:
    """An item whose destructor publishes into its own ring, once."""

    def __init__(self, ring: Any, label: str) -> None:
        self.ring = ring
        self.label = label

    def __del__(self) -> None:
        self.ring.publish(f"fallout of {self.label}")


class Index:
    """What can be used as an int and is none."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value

    def __repr__(self) -> str:
        return f"Index({self.value})"


def plain(value: Any) -> Any:
    """What a call gave, without stamps and without references to items."""
    if isinstance(value, Bomb):
        return ("bomb", value.label)
    if isinstance(value, list):
        return [plain(each) for each in value]
    if hasattr(value, "completion_ts"):
        assert value.latency_ns == value.completion_ts - value.decision_ts >= 0
        assert type(value.executed) is bool
        return ("ack", value.seq, value.executed, value.epoch)
    return value


def outcome(call: Callable[[], Any]) -> Any:
    """The result of a call, or its error by class and fields."""
    try:
        return plain(call())
    except Overrun as error:
        return ("Overrun", error.requested, error.oldest, error.head, error.lost)
    except NotPublished as error:
        return ("NotPublished", error.requested, error.head)
    except (TickpathError, Broken, Stop, MemoryError) as error:
        return type(error).__name__


class RecordingSink:
    """Writes down what it sees; may fail, stop or publish on the way, as the plan says."""

    def __init__(self, plan: str, every: int, ring: Any) -> None:
        self.plan = plan
        self.every = every
        self.ring = ring
        self.seen: list[Any] = []

    def observe(self, event: Any, ack: Any) -> None:
        self.seen.append((plain(event), plain(ack)))
        if len(self.seen) % self.every:
            return
        if self.plan == "fails":
            raise Broken(f"at {len(self.seen)}")
        if self.plan == "stops":
            raise Stop
        # A budget: a batch without a limit would never end.
        if self.plan == "publishes" and len(self.seen) <= 60:
            self.ring.publish_many([f"from the sink {len(self.seen)}.{n}" for n in range(3)])


def stream(plan: str, labels: list[Any], at: int, ring: Any) -> Iterable[Any]:
    """An iterable of ``labels`` that misbehaves before the item ``at``."""
    if plan == "list":
        return list(labels)
    if plan == "tuple":
        return tuple(labels)
    if plan == "none":
        return [*labels[:at], None, *labels[at:]]

    def generate() -> Iterator[Any]:
        for place, label in enumerate(labels):
            if place == at and plan == "raises":
                raise Broken
            if place == at and plan == "stops":
                raise Stop
            if place == at and plan == "publishes":
                ring.publish("from within")
            yield label

    return generate()

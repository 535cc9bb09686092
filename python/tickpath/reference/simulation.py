"""An executor in virtual time, in plain Python: what the engine's virtual driver must do, ack by ack."""

from __future__ import annotations

import hashlib
import struct
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tickpath.reference.ack import Ack

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Simulated", "simulate"]

_READY_EPOCH = 2
#: A row of ``ACK_DTYPE``: ``executed`` is a byte and seven zeros.
_ROW = struct.Struct("<5Q")


@dataclass
class Simulated:
    """What came of a run."""

    acks: list[Ack] = field(default_factory=list)
    """Of each event that was processed."""
    lost: int = 0
    """Events overwritten before they were read."""
    shed: int = 0
    """Events that could be read, and were skipped by the overrun policy."""

    def digest(self, tail: bytes = b"") -> str:
        """SHA-256 over the acks as rows of ``ACK_DTYPE``, then ``tail``."""
        digest = hashlib.sha256()
        for seq, decision_ts, completion_ts, executed, epoch in self.acks:
            digest.update(_ROW.pack(seq, decision_ts, completion_ts, epoch, executed))
        digest.update(tail)
        return digest.hexdigest()


def simulate(
    due_ns: Sequence[int],
    capacity: int,
    service_ns: int,
    policy: Literal["oldest", "head"] = "oldest",
    moves_ns: Sequence[int] = (),
) -> Simulated:
    """One executor that takes ``service_ns`` for each of the events due at these moments, in order.

    They are published into a ring of ``capacity`` slots, which overwrites; at one moment the feed is first.
    The lifecycle is READY at epoch 2, DEGRADED after the first of ``moves_ns``, READY after the second and
    so on; what else happens at the moment of a move happens before it.
    """
    run = Simulated()
    expected = free_ns = 0
    while expected < len(due_ns):
        now_ns = max(free_ns, due_ns[expected])
        if expected + capacity < len(due_ns) and due_ns[expected + capacity] <= now_ns:
            head = bisect_right(due_ns, now_ns)
            goes_on_at = head if policy == "head" else head - (capacity + 1) // 2
            run.lost += head - capacity - expected
            run.shed += goes_on_at - (head - capacity)
            expected = goes_on_at
            continue
        free_ns = now_ns + service_ns
        moved = sum(moment < now_ns for moment in moves_ns)
        run.acks.append(Ack(expected, now_ns, free_ns, moved % 2 == 0, _READY_EPOCH + moved))
        expected += 1
    return run

"""An executor in virtual time, in a few plain lines: what the engine's must do, ack by ack."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tickpath.core.execution import ACK_DTYPE


@dataclass
class Queue:
    """What came of a run."""

    acks: list[tuple[int, int, int, int, int]]
    """(seq, decision, completion, epoch, executed)."""
    lost: int = 0
    shed: int = 0

    def rows(self) -> npt.NDArray[np.void]:
        """The acks as rows of ``ACK_DTYPE``."""
        rows = np.zeros(len(self.acks), ACK_DTYPE)
        for name, column in zip(
            ("seq", "decision_ts", "completion_ts", "epoch", "executed"),
            zip(*self.acks, strict=True),
            strict=False,
        ):
            rows[name] = column
        return rows


def simulate(
    due_ns: Sequence[int],
    capacity: int,
    services_ns: Sequence[int],
    policy: Literal["oldest", "head"],
    moves_ns: Sequence[int] = (),
) -> Queue:
    """Serve events due at these moments, the n-th in the n-th service time, from a ring that overwrites.

    The lifecycle is READY at epoch 2, DEGRADED after the first of ``moves_ns``, READY after the second and so
    on; what happens at the moment of a move comes before it.
    """
    queue = Queue([])
    expected = free_ns = 0
    while expected < len(due_ns):
        now_ns = max(free_ns, due_ns[expected])
        head = bisect_right(due_ns, now_ns)
        oldest = max(0, head - capacity)
        if expected < oldest:
            goes_on_at = max(oldest, head - (capacity + 1) // 2) if policy == "oldest" else head
            queue.lost += oldest - expected
            queue.shed += goes_on_at - oldest
            expected = goes_on_at
            continue
        free_ns = now_ns + services_ns[len(queue.acks) % len(services_ns)]
        moved = sum(moment < now_ns for moment in moves_ns)
        queue.acks.append((expected, now_ns, free_ns, 2 + moved, int(moved % 2 == 0)))
        expected += 1
    return queue

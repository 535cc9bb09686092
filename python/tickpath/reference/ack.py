"""The acknowledgement of one event, as an object and as a row of an array."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Ack", "ack_dtype"]


class Ack(NamedTuple):
    """What was decided about one event; immutable.

    A named tuple, because nothing immutable is quicker to make in plain Python. That it can also be
    unpacked is no part of the API; the native one cannot.
    """

    seq: int
    """Sequence of the event."""
    decision_ts: int
    """When the decision ran, in nanoseconds."""
    completion_ts: int
    """When the acknowledgement was made, in nanoseconds; never before ``decision_ts``."""
    executed: bool
    """Whether the state was READY."""
    epoch: int
    """Epoch of the gate word the decision was taken under."""

    @property
    def latency_ns(self) -> int:
        """From decision to completion."""
        return self.completion_ts - self.decision_ts


@functools.cache
def ack_dtype() -> np.dtype[np.void]:
    """``ACK_DTYPE``: 40 bytes, little-endian, the last 7 of them zero. Loads NumPy."""
    import numpy as np

    return np.dtype(
        {
            "names": ["seq", "decision_ts", "completion_ts", "epoch", "executed"],
            "formats": ["<u8", "<u8", "<u8", "<u8", "u1"],
            "offsets": [0, 8, 16, 24, 32],
            "itemsize": 40,
        }
    )

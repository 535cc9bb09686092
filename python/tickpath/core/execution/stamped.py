"""Acks with the stamps of their events, as NumPy sees them: what a flight recorder keeps of each event.

Importing this module imports NumPy; ``tickpath.core.engine`` does so only when the name is used.
"""

from __future__ import annotations

import numpy as np

__all__ = ["STAMPED_ACK_DTYPE"]

STAMPED_ACK_DTYPE: np.dtype[np.void] = np.dtype(
    {
        "names": [
            "seq",
            "decision_ts",
            "completion_ts",
            "epoch",
            "executed",
            "published_ns",
            "intended_ns",
        ],
        "formats": ["<u8", "<u8", "<u8", "<u8", "?", "<u8", "<u8"],
        "offsets": [0, 8, 16, 24, 32, 40, 48],
        "itemsize": 56,
    }
)
"""An ack as ``ACK_DTYPE`` has it, and when its event was published and was to be; 56 bytes, little-endian.

- ``seq``: sequence of the event.
- ``decision_ts``, ``completion_ts``: the executor's stamps, in nanoseconds.
- ``epoch``: the lifecycle's transitions so far when it was decided.
- ``executed``: whether the lifecycle was READY then.
- ``published_ns``: when the event was published, in nanoseconds.
- ``intended_ns``: when the plan wanted it published, in nanoseconds; 0 where there is no plan.
"""

"""The shipped event layout, as NumPy sees it: one row is one 56-byte event of an ``EventRing``.

Importing this module imports NumPy; ``tickpath.core.ingest`` does so only when the name is used.
"""

from __future__ import annotations

import numpy as np

__all__ = ["EVENT_DTYPE"]

EVENT_DTYPE: np.dtype[np.void] = np.dtype(
    [
        ("ts_ns", "<u8"),
        ("intended_ns", "<u8"),
        ("price_e9", "<i8"),
        ("size_e9", "<i8"),
        ("order_id", "<u8"),
        ("sequence", "<u8"),
        ("symbol", "<u4"),
        ("kind", "u1"),
        ("side", "i1"),
        ("flags", "<u2"),
    ]
)
"""One market-data event, 56 bytes, little-endian, opaque to the bus.

- ``ts_ns``: recorded stamp in a source, stamp of publication on the bus, in nanoseconds.
- ``intended_ns``: when the plan wanted the event published, in nanoseconds; 0 where there is no plan.
- ``price_e9``, ``size_e9``: price and size in billionths.
- ``order_id``, ``sequence``: the venue's, 0 if it has none.
- ``symbol``: index into the source's symbols.
- ``kind``: record type, coded per format.
- ``side``: +1 bid or buy, -1 ask or sell, 0 unknown.
- ``flags``: specific to the format.
"""

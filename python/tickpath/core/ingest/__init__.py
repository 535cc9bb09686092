"""Market data: recordings and synthetic streams as arrays of events.

``MarketDataSource`` loads or generates them; ``RowError`` is a row it left out; ``EVENT_DTYPE`` is the NumPy
layout of one event. NumPy is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tickpath.core.ingest.source import KINDS, MarketDataSource, RowError

if TYPE_CHECKING:
    from tickpath.core.ingest.event import EVENT_DTYPE

__all__ = ["EVENT_DTYPE", "KINDS", "MarketDataSource", "RowError"]


def __getattr__(name: str) -> Any:
    if name == "EVENT_DTYPE":
        from tickpath.core.ingest.event import EVENT_DTYPE

        globals()[name] = EVENT_DTYPE
        return EVENT_DTYPE
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

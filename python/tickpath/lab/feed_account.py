"""What a run was fed with, for its report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickpath.core.ingest import MarketDataSource

__all__ = ["FeedAccount", "account_of", "nothing_loaded"]

_SOURCE_FIELDS = ("kind", "path", "events", "skipped")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAccount:
    """What a run was fed with."""

    events: int | None
    """Events the feed was to publish; ``None`` if it was never known."""
    symbols: tuple[str, ...]
    """Names of the instruments."""
    first_ts_ns: int | None
    """The first recorded stamp; ``None`` without events."""
    last_ts_ns: int | None
    """The last recorded stamp."""
    sources: tuple[Mapping[str, Any], ...]
    """``kind``, ``path``, ``events`` and ``skipped`` of each file or stream, before any limit."""


def account_of(source: MarketDataSource, events_max: int | None) -> FeedAccount:
    """The account of the first ``events_max`` events of ``source``, or of all."""
    events = len(source) if events_max is None else min(len(source), events_max)
    stamps = source.events["ts_ns"]
    return FeedAccount(
        events=events,
        symbols=tuple(source.symbols),
        first_ts_ns=int(stamps[0]) if events else None,
        last_ts_ns=int(stamps[events - 1]) if events else None,
        sources=tuple({name: file[name] for name in _SOURCE_FIELDS} for file in source.meta["sources"]),
    )


def nothing_loaded() -> FeedAccount:
    """The account of a run that was interrupted before its source was there."""
    return FeedAccount(events=None, symbols=(), first_ts_ns=None, last_ts_ns=None, sources=())

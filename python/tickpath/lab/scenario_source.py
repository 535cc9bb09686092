"""The events of a scenario: generated, or loaded from the files that it names.

Loading blocks and reports its progress.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tickpath.core.ingest import MarketDataSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from tickpath.config.scenario import Scenario

__all__ = ["load_source"]


def load_source(
    scenario: Scenario, progress: Callable[[int, int, int], object] | None = None
) -> MarketDataSource:
    """The source of ``scenario``. Raises ``SourceError`` and its like."""
    feed = scenario.feed
    if feed.synthetic:
        return MarketDataSource.synthetic(
            model=feed.model_or_default,
            rate_hz=feed.model_rate_hz,
            events=feed.model_events,
            symbols=feed.symbols or 1,
            seed=scenario.seed,
            progress=progress,
        )
    arguments: dict[str, Any] = {
        "kind": feed.files[0].kind,
        "policy": feed.policy or "strict",
        "symbol": feed.symbol,
        "out_of_order": feed.out_of_order or "refuse",
        "progress": progress,
    }
    if feed.columns is not None:
        from tickpath.core.ingest.table_mapping import parse_columns

        arguments["columns"] = parse_columns(feed.columns)
    return MarketDataSource.from_files([file.path for file in feed.files], **arguments)

"""Real market data in the place of a scenario's synthetic feed, made to last as long.

Real rates are low for a bus, and a drill's times are made for its own feed. So the recording keeps its
order and the shape of its bursts, and is played as much faster as makes it last as long as the scenario's
plan; silences longer than a staleness probe takes for health are cut. What has no length (a snapshot at one
stamp) is played at a constant rate.

Loading blocks and reports its progress; fitting only makes settings.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from tickpath.config.scenario.feed import FeedFile
from tickpath.core.ingest import MarketDataSource
from tickpath.errors import ArgumentValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tickpath.config.scenario import Scenario

__all__ = ["Recording"]

_NS_PER_S = 1_000_000_000
#: Shorter than any shipped probe's limit of staleness.
_GAP_NS_MAX = 100_000_000


@dataclass(frozen=True, slots=True)
class Recording:
    """What was loaded, and from where."""

    source: MarketDataSource
    """Its events."""
    files: tuple[FeedFile, ...]
    """As they were named."""
    symbol: str | None = None
    """As it was named."""

    @classmethod
    def load(
        cls,
        files: Sequence[tuple[str, str]],
        *,
        symbol: str | None = None,
        progress: Callable[[int, int, int], object] | None = None,
    ) -> Recording:
        """Loads ``(kind, path)`` of one or several files. Raises ``SourceError`` and its like.

        A table is ``ArgumentValueError``: what its columns mean is said in a scenario file, if at all.
        """
        # What a kind may be is checked by the settings.
        named = tuple(FeedFile(kind=cast("Any", kind), path=path) for kind, path in files)
        if any(file.kind == "table" for file in named):
            raise ArgumentValueError(
                "a table cannot take the place of a scenario's feed, for nobody says what its columns mean: "
                'name it under [feed] of the file, as files = [{ kind = "table", path = "..." }] with columns'
            )
        paths = [file.path for file in named]
        source = MarketDataSource.from_files(paths, kind=named[0].kind, symbol=symbol, progress=progress)
        return cls(source, named, symbol)

    def fit(self, scenario: Scenario) -> Scenario:
        """``scenario`` with this feed: no more events than its own has, in the time that its own takes."""
        feed = scenario.feed
        events = min(len(self.source), feed.model_events)
        plan_ns = int(feed.model_events * _NS_PER_S / feed.model_rate_hz)
        stamps = self.source.events["ts_ns"]
        span_ns = int(stamps[events - 1]) - int(stamps[0]) if events else 0
        return dataclasses.replace(
            scenario,
            feed=dataclasses.replace(
                feed,
                model=None,
                symbols=None,
                files=self.files,
                symbol=self.symbol,
                events=max(events, 1),
                pace="recorded" if span_ns else "constant",
                speed=span_ns / plan_ns if span_ns else 1.0,
                rate_hz=None if span_ns else events * _NS_PER_S / plan_ns,
                max_gap_ns=_GAP_NS_MAX,
            ),
        )

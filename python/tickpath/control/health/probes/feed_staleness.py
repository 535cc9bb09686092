"""Is the feed alive? The age of its newest event; a heartbeat or a repeat is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.control.health.reading import Reading

if TYPE_CHECKING:
    from tickpath.config.scenario.probes import FeedStalenessSettings
    from tickpath.control.health.look import Look

__all__ = ["FeedStaleness"]

_WHAT = "ns without a new event"


class FeedStaleness:
    """Fails while the newest event is older than ``staleness_ns_max``.

    Unknown before the first event, while the feed is held, and when it has ended: nothing is due then. After
    a hold the age counts from the last look that saw it.

    >>> from tickpath.config.scenario.probes import FeedStalenessSettings
    >>> probe = FeedStaleness(FeedStalenessSettings(staleness_ns_max=50_000_000))
    >>> probe.name, probe.cause
    ('feed-staleness', 'market data outage')
    """

    __slots__ = ("_held_ns", "_max_ns", "cause", "name")

    def __init__(self, settings: FeedStalenessSettings) -> None:
        self.name = settings.name
        self.cause = settings.cause
        self._max_ns = settings.staleness_ns_max
        self._held_ns = 0

    def read(self, look: Look) -> Reading:
        """The age of the newest event in nanoseconds.

        >>> from types import SimpleNamespace
        >>> from tickpath.control.automation import look_at
        >>> from tickpath.core.state import State
        >>> feed = SimpleNamespace(newest_ns=100, held=False, done=False)
        >>> look = look_at(State.READY)._replace(feed=feed)
        >>> [probe.read(look._replace(at_ns=at_ns)).verdict for at_ns in (50_000_100, 50_000_101)]
        ['ok', 'failing']
        """
        feed = look.feed
        if feed.held:
            self._held_ns = look.at_ns
            return Reading("unknown", None, self._max_ns, _WHAT)
        newest_ns = feed.newest_ns
        if newest_ns is None or feed.done:
            return Reading("unknown", None, self._max_ns, _WHAT)
        # Live, an event may be published while the look is made.
        age_ns = max(0, look.at_ns - max(newest_ns, self._held_ns))
        return Reading("failing" if age_ns > self._max_ns else "ok", age_ns, self._max_ns, _WHAT)

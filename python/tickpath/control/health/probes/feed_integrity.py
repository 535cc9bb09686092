"""Is the feed whole? Gaps, repeats and late events that its receiver counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.control.health.reading import Reading
from tickpath.control.health.window import Window

if TYPE_CHECKING:
    from tickpath.config.scenario.probes import FeedIntegritySettings
    from tickpath.control.health.look import Look

__all__ = ["FeedIntegrity"]


class FeedIntegrity:
    """Fails while the window has more gaps, repeats or late events than it may.

    The reading is of the count that is furthest above its own threshold, or nearest to it. A feed that sends
    heartbeats has repeats: ``repeats_max`` says how many. Unknown at the first look, and where nobody counts.

    >>> from tickpath.config.scenario.probes import FeedIntegritySettings
    >>> probe = FeedIntegrity(FeedIntegritySettings())
    >>> probe.name, probe.cause
    ('feed-integrity', 'feed integrity')
    """

    __slots__ = ("_limits", "_window", "cause", "name")

    def __init__(self, settings: FeedIntegritySettings) -> None:
        self.name = settings.name
        self.cause = settings.cause
        self._limits = (
            (settings.gaps_max, "events missed in the window"),
            (settings.repeats_max, "events repeated in the window"),
            (settings.reordered_max, "events late in the window"),
        )
        self._window = Window(settings.window_ns)

    def read(self, look: Look) -> Reading:
        """How many there were in the window of the worst of the three.

        >>> from types import SimpleNamespace
        >>> from tickpath.control.automation import look_at
        >>> from tickpath.core.state import State
        >>> for gaps in (0, 2):
        ...     feed = SimpleNamespace(published=9, gaps=gaps, repeats=0, reordered=0)
        ...     reading = probe.read(look_at(State.READY)._replace(at_ns=gaps, feed=feed))
        >>> reading.verdict, reading.value, reading.what
        ('failing', 2, 'events missed in the window')
        """
        feed = look.feed
        gaps, repeats, reordered = feed.gaps, feed.repeats, feed.reordered
        most, what = self._limits[0]
        if gaps is None or repeats is None or reordered is None:
            self._window.clear()
            return Reading("unknown", None, most, what)
        counts = (gaps, repeats, reordered)
        first = self._window.first(look.at_ns, counts)
        if first is None:
            return Reading("unknown", None, most, what)
        before = first[1]
        value = counts[0] - before[0]
        for index in (1, 2):
            other_most, other_what = self._limits[index]
            other = counts[index] - before[index]
            if other - other_most > value - most:
                value, most, what = other, other_most, other_what
        return Reading("failing" if value > most else "ok", value, most, what)

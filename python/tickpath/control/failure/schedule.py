"""When an injection starts and when it ends: by run time, by count of events, or by state.

Decided on looks alone, so that the same looks give the same answers. Not for several threads at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.core.state import State

if TYPE_CHECKING:
    from tickpath.config.scenario.injections import InjectionSettings
    from tickpath.control.health.look import FeedCounters, Look

__all__ = ["Schedule", "due_events"]


class Schedule:
    """The schedule of one injection, which starts once.

    By time it starts at the first look at or after ``at_ns``; by count at the first one that found
    ``at_event`` events published; by state at the first one that found the lifecycle in ``in_state`` for
    ``after_ns``, counted from the look that found it there first, and anew if it was left meanwhile.
    ``duration_ns`` counts from the look it started at, and ``duration_events`` counts events that became due
    since: those that came, each once, and those withheld by a fault. With neither it lasts until somebody
    ends it.
    """

    def __init__(self, settings: InjectionSettings) -> None:
        self._at_ns = settings.at_ns
        self._at_event = settings.at_event
        self._in_state = None if settings.in_state is None else State[settings.in_state]
        self._after_ns = settings.after_ns or 0
        # Kinds that are over at once have no duration.
        self._duration_ns: int | None = getattr(settings, "duration_ns", None)
        self._duration_events: int | None = getattr(settings, "duration_events", None)
        self._entered_epoch: int | None = None
        self._due_ns = self._at_ns
        self._events_end: int | None = None

    def is_due(self, look: Look) -> bool:
        """Whether it starts now; asked at each look until it does."""
        if self._at_event is not None:
            return look.feed.published >= self._at_event
        if self._in_state is not None:
            if look.state is not self._in_state:
                self._entered_epoch = self._due_ns = None
            elif look.epoch != self._entered_epoch:
                self._entered_epoch, self._due_ns = look.epoch, look.at_ns + self._after_ns
        return self._due_ns is not None and look.at_ns >= self._due_ns

    def begin(self, look: Look) -> None:
        """It starts now: from here on the ends count."""
        self._due_ns = None if self._duration_ns is None else look.at_ns + self._duration_ns
        if self._duration_events is not None:
            self._events_end = due_events(look.feed) + self._duration_events

    def is_over(self, look: Look) -> bool:
        """Whether it ends now; asked at each look since it started."""
        if self._due_ns is not None and look.at_ns >= self._due_ns:
            return True
        return self._events_end is not None and due_events(look.feed) >= self._events_end

    def next_due_ns(self) -> int | None:
        """The run time at which it starts or ends next, as far as that is known."""
        return self._due_ns

    def starts_at_event(self) -> int | None:
        """The count of published events at which it starts, if it is to."""
        return self._at_event

    def ends_at_due(self) -> int | None:
        """The count of events that became due at which it ends, if it has begun and is to."""
        return self._events_end


def due_events(feed: FeedCounters) -> int:
    """Events of the plan that have become due: those that came, each once, and those that were withheld."""
    return feed.published + feed.withheld - (feed.repeats or 0)

"""Counters compared with what they were a while ago."""

from __future__ import annotations

from collections import deque

__all__ = ["Window"]


class Window:
    """Looks at counters of the last ``window_ns``, and the one before them.

    A step keeps a small tuple and lets go of those that are too old: amortised, its cost does not depend
    on the length of the window.

    >>> window = Window(100)
    >>> [window.first(at_ns, (at_ns // 10,)) for at_ns in (0, 60, 120, 180)]
    [None, (0, (0,)), (0, (0,)), (60, (6,))]
    """

    __slots__ = ("_looks", "_window_ns")

    def __init__(self, window_ns: int) -> None:
        self._window_ns = window_ns
        self._looks: deque[tuple[int, tuple[int, ...]]] = deque()

    def first(self, at_ns: int, counts: tuple[int, ...]) -> tuple[int, tuple[int, ...]] | None:
        """Takes the counters of now, and returns the ones to compare them with and when that was.

        That is the latest look at least ``window_ns`` ago, or the first there was; ``None`` at the
        first look.
        """
        looks = self._looks
        edge_ns = at_ns - self._window_ns
        while len(looks) > 1 and looks[1][0] <= edge_ns:
            looks.popleft()
        looks.append((at_ns, counts))
        return looks[0] if looks[0][0] < at_ns else None

    def clear(self) -> None:
        """Forgets every look: what comes is not to be compared with them."""
        self._looks.clear()

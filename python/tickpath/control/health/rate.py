"""How fast a counter of losses grows, judged."""

from __future__ import annotations

from tickpath.control.health.reading import Reading
from tickpath.control.health.window import Window

__all__ = ["Rate"]

_NS_PER_S = 1_000_000_000


class Rate:
    """The growth of one counter per second, over a window; ``what`` says of what.

    Unknown at the first look, and where there is no counter (``None``): then it begins again.
    """

    __slots__ = ("_max", "_what", "_window")

    def __init__(self, per_s_max: float, window_ns: int, what: str) -> None:
        self._max = per_s_max
        self._what = what
        self._window = Window(window_ns)

    def read(self, at_ns: int, count: int | None) -> Reading:
        """The rate per second up to now."""
        if count is None:
            self._window.clear()
            return Reading("unknown", None, self._max, self._what)
        first = self._window.first(at_ns, (count,))
        if first is None:
            return Reading("unknown", None, self._max, self._what)
        first_ns, (first_count,) = first
        per_s = (count - first_count) * _NS_PER_S / (at_ns - first_ns)
        return Reading("failing" if per_s > self._max else "ok", per_s, self._max, self._what)

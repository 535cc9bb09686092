"""Knobs that several injections may turn at once, and that go back when the last one lets go.

Not for several threads at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

__all__ = ["CountdownKnob", "Knob"]

V = TypeVar("V")


class Knob(Generic[V]):
    """One setting of the engine, set to what those who want something of it want together.

    ``turn`` sets it, ``neutral`` is where it belongs, ``combine`` says what several wishes, in the order
    they came, make together. ``turn`` is called only where that changes. If it raises nobody knows where the
    knob stands: the next change, and :meth:`reset`, set it in any case.
    """

    __slots__ = ("_combine", "_is_known", "_neutral", "_set", "_turn", "_wishes")

    def __init__(self, turn: Callable[[V], None], neutral: V, combine: Callable[[Sequence[V]], V]) -> None:
        self._turn = turn
        self._neutral = neutral
        self._combine = combine
        self._wishes: dict[object, V] = {}
        self._set = neutral
        self._is_known = True

    def want(self, who: object, value: V) -> None:
        """``who`` wants it at ``value``, until he lets go."""
        self._wishes[who] = value
        self._apply()

    def let_go(self, who: object) -> None:
        """``who`` wants nothing any more."""
        if who in self._wishes:
            del self._wishes[who]
            self._apply()

    def reset(self) -> None:
        """Back to neutral, whoever wants what."""
        self._wishes.clear()
        self._apply()

    def _apply(self) -> None:
        wanted = self._combine(tuple(self._wishes.values())) if self._wishes else self._neutral
        if self._is_known and wanted == self._set:
            return
        self._is_known = False
        self._turn(wanted)
        self._set = wanted
        self._is_known = True


class CountdownKnob:
    """A setting that takes the next n events and then goes back by itself: the last word counts.

    ``turn`` sets how many are left; 0 ends it.
    """

    __slots__ = ("_is_turned", "_turn")

    def __init__(self, turn: Callable[[int], None]) -> None:
        self._turn = turn
        self._is_turned = False

    def turn(self, events: int) -> None:
        """The next ``events`` from now on, whatever is left of an earlier number."""
        self._is_turned = True
        self._turn(events)

    def reset(self) -> None:
        """Ends what may be left."""
        if self._is_turned:
            self._turn(0)
            self._is_turned = False

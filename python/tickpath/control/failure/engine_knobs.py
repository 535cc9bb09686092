"""The knobs of one run, made as they are asked for, and what overlapping injections make of each.

=================================  =====================================================================
on or off                          on until the last one ends
the next n events                  the last word: n from then on
every n-th event                   the smallest n: the most often
a stage's service time             the largest factor and the largest addition, each by itself
the clock                          the sum, as far as a clock goes: it has stepped by both
=================================  =====================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from tickpath.config.fields import NS_MAX
from tickpath.control.failure.knobs import CountdownKnob, Knob
from tickpath.errors import ArgumentValueError

if TYPE_CHECKING:
    from tickpath.control.failure.faults import Faults, SinkFaults
    from tickpath.core.state import Lifecycle

__all__ = ["EngineKnobs"]

T = TypeVar("T")


class EngineKnobs:
    """The knobs of an engine's ``faults``, of a ``sink``, and the lifecycle for the two kinds that need one.

    Asking for a knob that there is nothing behind raises ``ArgumentValueError``.
    """

    def __init__(self, faults: Faults | None, sink: SinkFaults | None, lifecycle: Lifecycle | None) -> None:
        self._faults = faults
        self._sink = sink
        self._lifecycle = lifecycle
        # By name and stage, in the order they were first asked for.
        self._knobs: dict[tuple[str, str], Knob[Any]] = {}
        self._countdowns: dict[str, CountdownKnob] = {}

    def faults(self, kind: str) -> Faults:
        """The engine's knobs."""
        return _there(self._faults, kind, "an engine with faults: set EngineSettings(faults=True)")

    def lifecycle(self, kind: str) -> Lifecycle:
        """The lifecycle."""
        return _there(self._lifecycle, kind, "the lifecycle of the run")

    def switch(self, kind: str) -> Knob[bool]:
        """A knob of the feed that is on or off, such as ``feed_outage``."""
        turn: Callable[[bool], None] = getattr(self.faults(kind), kind)
        return self._knob(kind, turn, False, any)

    def every(self, kind: str) -> Knob[int]:
        """A knob of the feed that takes every n-th event, such as ``feed_duplicate``."""
        turn: Callable[[int], None] = getattr(self.faults(kind), kind)
        return self._knob(kind, turn, 0, min)

    def countdown(self, kind: str) -> CountdownKnob:
        """A knob of the feed that takes the next n events, such as ``feed_gap``."""
        turn: Callable[[int], None] = getattr(self.faults(kind), kind)
        return self._countdowns.setdefault(kind, CountdownKnob(turn))

    def stage_stall(self, kind: str, stage: str) -> Knob[bool]:
        """Whether a stage takes no turn."""
        faults = self.faults(kind)
        return self._knob("stage_stall", lambda on: faults.stage_stall(stage, on), False, any, stage)

    def stage_slow(self, kind: str, stage: str) -> Knob[tuple[float, int]]:
        """Factor of a stage's service time, and nanoseconds more."""
        faults = self.faults(kind)

        def turn(slow: tuple[float, int]) -> None:
            faults.stage_slow(stage, slow[0], slow[1])

        return self._knob("stage_slow", turn, (1.0, 0), _slowest, stage)

    def clock_step(self, kind: str) -> Knob[int]:
        """What the stages' clock reads too much, in nanoseconds."""
        return self._knob("clock_step", self.faults(kind).clock_step, 0, _stepped)

    def sink_stall(self, kind: str) -> Knob[bool]:
        """Whether the sink takes nothing."""
        sink = _there(self._sink, kind, "a sink")
        return self._knob("sink_stall", sink.sink_stall, False, any)

    def all(self) -> tuple[Knob[Any] | CountdownKnob, ...]:
        """Every knob that was asked for."""
        return (*self._knobs.values(), *self._countdowns.values())

    def _knob(
        self,
        name: str,
        turn: Callable[[T], None],
        neutral: T,
        combine: Callable[[Sequence[T]], T],
        stage: str = "",
    ) -> Knob[T]:
        knob = self._knobs.get((name, stage))
        if knob is None:
            knob = self._knobs[name, stage] = Knob(turn, neutral, combine)
        return knob


def _there(part: T | None, kind: str, what: str) -> T:
    if part is None:
        raise ArgumentValueError(f"the injection {kind} needs {what}, and there is none")
    return part


def _stepped(offsets_ns: Sequence[int]) -> int:
    return max(-NS_MAX, min(sum(offsets_ns), NS_MAX))


def _slowest(wishes: Sequence[tuple[float, int]]) -> tuple[float, int]:
    return max(factor for factor, _ in wishes), max(extra_ns for _, extra_ns in wishes)

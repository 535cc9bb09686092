"""Latency percentiles by stage and state over the time of a run, for its report.

The acks of the executor are folded into slices of run time at each control step, in native code and off the
hot path. The ring of acks is lossy: what was missed is counted. A run that is watched so writes each ack into
that ring, which one without does not; the settings in its report say so (``ack_capacity``).

Threads: the one that steps the control side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tickpath.core.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickpath.core.engine import AckSlice, AckSlices, EngineSnapshot, LatencyFigures
    from tickpath.core.state import Transition
    from tickpath.runtime.result import RunResult
    from tickpath.runtime.session import Session

__all__ = ["LatencyOverTime"]

#: A run has no more slices than that.
_SLICES_MAX = 200
#: Where a plan says how long a run is, it has so many slices at most, and fewer where they would hold too few
#: events for a p99, but so many at least.
_PLANNED_MAX, _PLANNED_MIN = 100, 20
_EVENTS_MIN = 1_250
#: Without a plan slices begin short, and double.
_SLICE_NS_MIN = 10_000_000
_PERCENTILES = ("p50_ns", "p90_ns", "p99_ns", "p99_9_ns", "max_ns")

Report = dict[str, Any]


class LatencyOverTime:
    """Watches a run of ``session``, which has a ring of acks.

    :meth:`look` at each control step, then :meth:`account` of what it came to.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._slices: AckSlices | None = None

    def look(self, seen: EngineSnapshot) -> None:
        """Takes the acks that have come since the last look."""
        if self._slices is None:
            if seen.begin_ns is None:
                return
            self._begin(seen.begin_ns)
        if self._slices is not None:
            self._slices.fold()

    def account(self, result: RunResult) -> Report | None:
        """The slices as the field ``latency_over_time`` of the run's object; ``None`` if there are none."""
        record = result.record
        if record is None or record.begin_ns is None:
            return None
        if self._slices is None:
            self._begin(record.begin_ns)
        if self._slices is None:
            return None
        self._slices.fold()
        slices = self._slices.take(_state_codes(result.history))
        return {
            "slice_ns": self._slices.slice_ns,
            "dropped": sum(each.dropped for each in slices),
            "slices": [_slice(each) for each in slices],
        }

    def _begin(self, begin_ns: int) -> None:
        plan_ns = self._session.plan_length_ns
        wanted = min(max(self._session.events_planned // _EVENTS_MIN, _PLANNED_MIN), _PLANNED_MAX)
        slice_ns = _SLICE_NS_MIN if plan_ns is None else _round_up(plan_ns // wanted)
        self._slices = self._session.ack_slices(begin_ns=begin_ns, slice_ns=slice_ns, slices_max=_SLICES_MAX)


def _state_codes(history: Sequence[Transition]) -> list[int]:
    """The state of each epoch; one that fell out of the history counts as the one before it."""
    codes = [int(State.INIT)]
    for move in history:
        codes += [codes[-1]] * (move.epoch - len(codes))
        codes.append(int(move.target))
    return codes


def _round_up(ns: int) -> int:
    """1, 2 or 5 of a power of ten, from a millisecond on."""
    power = 1_000_000
    while True:
        for step in (1, 2, 5):
            if step * power >= ns:
                return step * power
        power *= 10


def _slice(each: AckSlice) -> Report:
    return {
        "start_ns": each.start_ns,
        "state": State(each.state).name,
        "count": each.count,
        "executed": each.executed,
        "dropped": each.dropped,
        "latency": {figures.stage: _figures(figures) for figures in each.latency},
    }


def _figures(figures: LatencyFigures) -> Report:
    return {"count": figures.count, **{name: getattr(figures, name) for name in _PERCENTILES}}

"""What makes a flight recorder write: triggers, judged by the counters of a control step.

A latency is judged over windows of whole control steps with enough acks for the figure (p99 1,000, p50 20,
max 1), and fires when a window exceeds the limit and the one before did not. An overrun fires when a stage
begins to lose events, or is certain to, and again only after a step in which it lost none. Every transition
fires. So a trouble that lasts makes one dump, not one each step.

Threads: the control plane's only. Nothing here waits, and nothing is asked of the stages.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tickpath.config.flight import Trigger
    from tickpath.control.health import Look
    from tickpath.control.health.look import StageCounters
    from tickpath.core.engine import AckWindow, AckWindowFigures
    from tickpath.core.state import Lifecycle

__all__ = ["Fired", "TriggerWatch"]

#: Acks of which the figure is known: ten lie beyond it.
_ACKS_FOR: dict[str | None, int] = {"p50": 20, "p99": 1_000, "max": 1}


@dataclass(frozen=True, slots=True)
class Fired:
    """A trigger that has fired.

    >>> Fired("p99>50us", "p99", "p99 was 61.3 µs", may_repeat=True).slug
    'p99'
    """

    trigger: str
    """Which, in the words it was given in; ``request`` where somebody asked."""
    slug: str
    """The same for names of files."""
    evidence: str
    """What was seen, with figures."""
    may_repeat: bool = False
    """Whether it may fire again and again for one trouble: a latency, an overrun."""


class TriggerWatch:
    """Says at each step which of ``triggers`` fire; ``window`` gives latencies, if one of them needs any."""

    def __init__(self, triggers: Iterable[Trigger], lifecycle: Lifecycle, window: AckWindow | None) -> None:
        self._lifecycle = lifecycle
        self._epoch = 0
        by_kind: defaultdict[str, list[Trigger]] = defaultdict(list)
        for trigger in triggers:
            by_kind[trigger.kind].append(trigger)
        self._latencies = by_kind["latency"]
        self._overruns = by_kind["overrun"]
        self._transitions = by_kind["transition"]
        self._ends = by_kind["end"]
        self._window = window if self._latencies else None
        self._acks_needed = max((_ACKS_FOR[each.quantity] for each in self._latencies), default=0)
        self._processed = 0
        self._above: set[str] = set()
        self._lost: dict[str, int] = {}
        self._losing: set[str] = set()
        self.windows_unknown = 0
        """Windows that a latency's figure is not known of."""
        self.acks_unseen = 0
        """Acks that no window has seen."""
        self.transitions_unseen = 0
        """Transitions that the lifecycle no longer had when they were looked for."""

    def step(self, look: Look, *, is_last: bool = False) -> list[Fired]:
        """What fires at ``look``, in the order latency, overrun, transition, end."""
        fired = [] if self._window is None else self._judge_latency(self._window, look, is_last=is_last)
        if self._overruns:
            fired += self._judge_losses(look)
        if self._transitions and self._lifecycle.epoch != self._epoch:
            fired += self._judge_moves()
        if is_last:
            fired += [Fired(each.text, each.slug, "the run is over") for each in self._ends]
        return fired

    def _judge_latency(self, window: AckWindow, look: Look, *, is_last: bool) -> list[Fired]:
        processed = look.stages["executor"].processed
        if processed - self._processed < self._acks_needed and not is_last:
            return []
        self._processed = processed
        figures = window.take()
        self.acks_unseen += figures.dropped
        fired = []
        for trigger in self._latencies:
            value_ns, limit_ns = _figure(figures, trigger.quantity), trigger.limit_ns or 0
            if value_ns is None:
                # The rest at a run's end may be too little; anywhere else there were acks enough.
                self.windows_unknown += not is_last
                continue
            if value_ns <= limit_ns:
                self._above.discard(trigger.text)
            elif trigger.text not in self._above:
                self._above.add(trigger.text)
                evidence = (
                    f"{trigger.quantity} from publication to completion {value_ns:,} ns "
                    f"of {figures.count:,} acks, limit {limit_ns:,} ns"
                )
                fired.append(Fired(trigger.text, trigger.slug, evidence, may_repeat=True))
        return fired

    def _judge_losses(self, look: Look) -> list[Fired]:
        begun = []
        for name, stage in look.stages.items():
            lost = stage.lost - self._lost.get(name, 0)
            self._lost[name] = stage.lost
            if not lost and not _is_overrun(stage, look.capacity_slots):
                self._losing.discard(name)
            elif name not in self._losing:
                self._losing.add(name)
                what = f"lost {lost:,} events" if lost else f"is {stage.backlog:,} events behind"
                begun.append(f"{name} {what}, of {look.capacity_slots:,} slots")
        if not begun:
            return []
        return [Fired(each.text, each.slug, "; ".join(begun), may_repeat=True) for each in self._overruns]

    def _judge_moves(self) -> list[Fired]:
        known = self._epoch
        moves = [move for move in self._lifecycle.history if move.epoch > known]
        if moves:
            self.transitions_unseen += moves[0].epoch - known - 1
            self._epoch = moves[-1].epoch
        return [
            Fired(each.text, each.slug, f"{move.source.name} -> {move.target.name}: {move.cause}")
            for move in moves
            for each in self._transitions
            if each.state in (None, move.target.name)
        ]


def _figure(figures: AckWindowFigures, quantity: str | None) -> int | None:
    if quantity == "p50":
        return figures.p50_ns
    return figures.p99_ns if quantity == "p99" else figures.max_ns


def _is_overrun(stage: StageCounters, capacity_slots: int) -> bool:
    """Whether a stage that still reads is so far behind that events are gone, though it has not noticed."""
    return stage.epoch_seen is not None and stage.backlog > capacity_slots

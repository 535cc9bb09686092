"""What a picture shows: the status of a run as of one moment, and what has changed since the last one.

Nothing here counts anything itself: rates are differences of the counters on the status board.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tickpath.cli.watch.cost import WatchCost
    from tickpath.control.health.look import Look
    from tickpath.core.engine import AckWindowFigures
    from tickpath.core.state import Transition
    from tickpath.runtime.lag import Lag
    from tickpath.runtime.status import RuntimeStatus

__all__ = ["Moment", "Plan", "Rates"]

_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run."""

    name: str
    """What it is called on the screen."""
    events: int
    """Events the feed is going to publish."""
    length_ns: int | None
    """When the last of them is due; ``None`` without a plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Everything that a picture is made of."""

    plan: Plan
    """What is run."""
    status: RuntimeStatus
    """The status board."""
    feed_per_s: int | None
    """Events published in a second; ``None`` before the second look."""
    stages_per_s: Mapping[str, int | None]
    """Events that each stage has read to their end in a second."""
    lags: Mapping[str, Lag]
    """How far each stage is behind."""
    acks: AckWindowFigures | None
    """Latencies of the executor's events since the last picture; ``None`` where there is no ring of acks."""
    acks_ns: int
    """How long that was, in nanoseconds."""
    moves: Sequence[Transition]
    """The lifecycle's last moves, oldest first."""
    begin_ns: int | None
    """When the feed began, by the clock of ``moves``; ``None`` if that is not known yet."""
    pause_ns_max: int | None
    """The machine's longest pause before the run; ``None`` if nobody has watched."""
    cost: WatchCost
    """What watching takes."""
    has_keys: bool
    """Whether somebody can press one."""


@dataclass(slots=True)
class Rates:
    """Events a second, between one look and the next that is later."""

    feed_per_s: int | None = None
    """Published; ``None`` before the second look."""
    stages_per_s: dict[str, int | None] = field(default_factory=dict)
    """Read to their end by each stage."""
    _last: Look | None = None

    def see(self, look: Look) -> None:
        """The next look; one that is no later than the last changes nothing."""
        last = self._last
        if last is None:
            self._last = look
            self.stages_per_s = dict.fromkeys(look.stages)
            return
        elapsed_ns = look.at_ns - last.at_ns
        if elapsed_ns <= 0:
            return
        self.feed_per_s = (look.feed.published - last.feed.published) * _NS_PER_S // elapsed_ns
        self.stages_per_s = {
            name: (stage.processed - last.stages[name].processed) * _NS_PER_S // elapsed_ns
            for name, stage in look.stages.items()
        }
        self._last = look

"""The run as of one moment, for everybody outside: probe file, endpoints, progress.

The control step leaves its look on the board, which costs it little; whoever asks gets a frozen status
put together from what is shared, on his own thread. Nothing here is near the hot path, and nothing is kept
but counts.

Threads: :meth:`StatusBoard.step` is the control thread's, the rest anybody's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from tickpath.control.failure.causes import Cause, held
from tickpath.core.state import Lifecycle, State, Transition
from tickpath.core.state.states import LEGAL_MOVES
from tickpath.runtime.lag import unread_by

if TYPE_CHECKING:
    from tickpath.control.health.look import Look, StageCounters
    from tickpath.control.health.monitor import ProbeStatus
    from tickpath.runtime.latency_buckets import AckLatency, LatencyBuckets
    from tickpath.runtime.readiness import HasReadings, Readiness, UnmetCondition
    from tickpath.runtime.shutdown import Shutdown
    from tickpath.runtime.warmup import WarmUp, WarmupCertificate, WarmupProgress

__all__ = ["ControlCost", "RuntimeStatus", "StatusBoard", "gated_by_state"]


@dataclass(frozen=True, slots=True)
class ControlCost:
    """What the control steps took of the processor: the wait for a core that others spin on is not in it.

    >>> ControlCost(steps=100, total_ns=2_600_000, max_ns=40_000).total_ns
    2600000
    """

    steps: int = 0
    """How many there were."""
    total_ns: int = 0
    """Their time in all, in nanoseconds."""
    max_ns: int | None = None
    """The longest; ``None`` before the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeStatus:
    """A run as of one moment. ``None`` is unknown, never 0.

    >>> from tickpath.core.state import Lifecycle
    >>> from tickpath.runtime.readiness import Readiness
    >>> lifecycle = Lifecycle()
    >>> status = StatusBoard(lifecycle, Readiness(lifecycle, interval_ns=10_000_000)).read()
    >>> status.state.name, status.is_ready, status.phase
    ('INIT', False, 'running')
    """

    state: State
    """The lifecycle's state."""
    epoch: int
    """Transitions so far."""
    phase: str
    """The shutdown's phase; ``stopped`` once the process is about to end."""
    look: Look | None
    """What the last control step saw; ``None`` before the first."""
    unmet: tuple[UnmetCondition, ...]
    """Why it is not ready; empty when it is."""
    not_alive: tuple[UnmetCondition, ...]
    """Why it is not alive; empty when it is."""
    not_started: tuple[UnmetCondition, ...]
    """Why it has not started; empty once it has."""
    causes: tuple[Cause, ...]
    """The causes held, in the order they came."""
    probes: tuple[ProbeStatus, ...]
    """Every health probe."""
    transitions: tuple[tuple[State, State, int], ...]
    """Each legal move, and how often it was made since the board was set up."""
    warmup: WarmupProgress | None
    """How far the warm-up is; ``None`` if none is under way."""
    certificate: WarmupCertificate | None
    """That of the last warm-up; ``None`` before."""
    control: ControlCost
    """What the control plane costs."""
    latency: LatencyBuckets | None
    """How long events took; ``None`` where nobody counts that."""

    @property
    def at_ns(self) -> int | None:
        """Run time of the last control step, in nanoseconds; ``None`` before the first."""
        return None if self.look is None else self.look.at_ns

    @property
    def is_ready(self) -> bool:
        """Whether nothing is unmet."""
        return not self.unmet

    def line(self) -> str:
        """One line for people, such as a service manager's status.

        >>> status.line()
        'INIT, not ready: state is INIT, expected READY'
        """
        published = "" if self.look is None else f", {self.look.feed.published:,} events published"
        why = f": {self.unmet[0]}" if self.unmet else ""
        return f"{self.state.name}, {'ready' if self.is_ready else 'not ready'}{why}{published}"

    def as_json(self) -> dict[str, Any]:
        """The same as an object of JSON.

        >>> said = status.as_json()
        >>> said["schema"], said["state"], said["ready"], said["published"]  # None is unknown
        ('tickpath/status/1', 'INIT', False, None)
        """
        look = self.look
        return {
            "schema": "tickpath/status/1",
            "at_ns": self.at_ns,
            "phase": self.phase,
            "state": self.state.name,
            "epoch": self.epoch,
            "ready": self.is_ready,
            "started": not self.not_started,
            "unmet": [condition.as_json() for condition in self.unmet],
            "causes": [
                {
                    "words": cause.words,
                    "owner": cause.owner,
                    "evidence": cause.evidence,
                    "since_ns": cause.since_ns,
                }
                for cause in self.causes
            ],
            "published": None if look is None else look.feed.published,
            "stages": {} if look is None else {name: _stage(stage) for name, stage in look.stages.items()},
            "control_steps": self.control.steps,
        }


class StatusBoard:
    """Where the control plane leaves what it saw, and where everybody reads it.

    A context: at its end it stops counting the moves of ``lifecycle``.

    >>> from tickpath.core.state import Lifecycle
    >>> from tickpath.runtime.readiness import Readiness
    >>> lifecycle = Lifecycle()
    >>> board = StatusBoard(lifecycle, Readiness(lifecycle, interval_ns=10_000_000))
    >>> board.phase, board.is_ready
    ('running', False)
    """

    def __init__(
        self,
        lifecycle: Lifecycle,
        readiness: Readiness,
        *,
        monitor: HasReadings | None = None,
        warmup: WarmUp | None = None,
        shutdown: Shutdown | None = None,
    ) -> None:
        self._lifecycle = lifecycle
        self._readiness = readiness
        self._monitor = monitor
        self._warmup = warmup
        self._shutdown = shutdown
        self._latency: AckLatency | None = None
        self._stopped = False
        # Steps, their time in all, the longest: exchanged whole, so that nobody reads half of it.
        self._took = (0, 0, 0)
        self._moves = {(source, target): 0 for source, targets in LEGAL_MOVES.items() for target in targets}
        self._unsubscribe: Callable[[], None] = lifecycle.subscribe(self._count)

    @property
    def readiness(self) -> Readiness:
        """Why not ready, alive, started."""
        return self._readiness

    def count_latency(self, latency: AckLatency) -> None:
        """From now on each step counts the latencies of the acks that ``latency`` gives.

        >>> from types import SimpleNamespace
        >>> from tickpath.runtime.latency_buckets import AckLatency
        >>> board.count_latency(AckLatency(SimpleNamespace(dropped=0, read_into=lambda array: 0)))
        >>> board.read().latency.count
        0
        """
        self._latency = latency

    def step(self, look: Look) -> None:
        """A control step has seen ``look``.

        >>> from types import SimpleNamespace
        >>> from tickpath.control.automation import look_at
        >>> look = look_at(State.INIT)._replace(at_ns=5, stages={"executor": SimpleNamespace(epoch_seen=0)})
        >>> board.read().at_ns, board.step(look), board.read().at_ns
        (None, None, 5)
        """
        if self._latency is not None:
            self._latency.step()
        self._readiness.saw(look)

    def took(self, step_ns: int) -> None:
        """The whole control step, this board's share in it, took so long.

        >>> board.took(30_000), board.took(40_000)
        (None, None)
        >>> board.control
        ControlCost(steps=2, total_ns=70000, max_ns=40000)
        """
        steps, total_ns, max_ns = self._took
        self._took = (steps + 1, total_ns + step_ns, max(max_ns, step_ns))

    def read(self) -> RuntimeStatus:
        """The status as of now.

        >>> before = board.read()
        >>> _ = lifecycle.transition_to(State.WARMUP)
        >>> before.state.name, board.read().state.name  # a status stays what it was
        ('INIT', 'WARMUP')
        """
        readiness, warmup = self._readiness, self._warmup
        return RuntimeStatus(
            state=self._lifecycle.state,
            epoch=self._lifecycle.epoch,
            phase=self.phase,
            look=readiness.look,
            unmet=readiness.why_not_ready(),
            not_alive=readiness.why_not_alive(),
            not_started=readiness.why_not_started(),
            causes=held(self._lifecycle),
            probes=() if self._monitor is None else tuple(self._monitor.readings),
            transitions=tuple((*move, count) for move, count in self._moves.items()),
            warmup=None if warmup is None else warmup.progress,
            certificate=None if warmup is None else warmup.certificate,
            control=self.control,
            latency=None if self._latency is None else self._latency.buckets,
        )

    @property
    def control(self) -> ControlCost:
        """What the control steps took so far; cheap enough for every step."""
        steps, total_ns, max_ns = self._took
        return ControlCost(steps, total_ns, max_ns if steps else None)

    @property
    def is_ready(self) -> bool:
        """Whether the run is ready; cheap enough for every step."""
        return self._readiness.is_ready

    @property
    def phase(self) -> str:
        """The shutdown's phase, or ``stopped``; cheap enough for every step."""
        if self._stopped:
            return "stopped"
        return "running" if self._shutdown is None else self._shutdown.phase

    def close(self) -> None:
        """The run is over: from now on the status says ``stopped``.

        >>> board.close()
        >>> board.phase, str(board.read().unmet[0])
        ('stopped', 'run is over, expected running')
        """
        self._stopped = True
        self._readiness.end()
        self._unsubscribe()

    def _count(self, made: Transition) -> None:
        # Listeners are called one at a time, whoever moves.
        self._moves[made.source, made.target] += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def gated_by_state(stage: StageCounters) -> tuple[int, ...] | None:
    """Events of ``stage`` that were gated, by the code of the state; ``None`` where only the sum is known.

    >>> from types import SimpleNamespace
    >>> gated_by_state(SimpleNamespace(ledger=SimpleNamespace(gated=[0, 1_000, 0, 20])))
    (0, 1000, 0, 20)
    """
    gated = getattr(getattr(stage, "ledger", None), "gated", None)
    return None if gated is None else tuple(gated)


def _stage(stage: StageCounters) -> dict[str, int | None]:
    return {
        "processed": stage.processed,
        "executed": stage.executed,
        "lost": stage.lost,
        "shed": stage.shed,
        "unread": unread_by(stage),
    }

"""The readiness probe: reads what the control plane shares, and says what is missing.

Ready is: the lifecycle is READY, no cause is held, the executor has seen the present epoch (the fence), the
control plane still steps, and nobody has asked for the end. A probe that fails or does not know is no
condition of its own while all that holds, for hysteresis decides when it becomes a cause; where the run is
not ready it is listed, because it keeps the causes from clearing.

Threads: any. Nothing is written but by :meth:`Readiness.saw`, which the control step calls; nothing waits
for more than the set of causes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from tickpath.config.checks import whole
from tickpath.control.failure.causes import held
from tickpath.core.state import Lifecycle, State
from tickpath.core.time import now
from tickpath.runtime.lag import unread_by
from tickpath.runtime.readiness.conditions import UnmetCondition

if TYPE_CHECKING:
    from tickpath.control.health.look import Look
    from tickpath.control.health.monitor import ProbeStatus
    from tickpath.runtime.shutdown import Shutdown
    from tickpath.runtime.warmup import WarmUp

__all__ = ["HasReadings", "Readiness"]

_NS_MAX = (1 << 63) - 1


class HasReadings(Protocol):
    """A health monitor, as far as it is read here.

    >>> from tickpath.control.health import HealthMonitor
    >>> monitor: HasReadings = HealthMonitor([], Lifecycle())
    >>> monitor.readings
    ()
    """

    @property
    def readings(self) -> Sequence[ProbeStatus]:
        """Every probe as of the last step."""


class Readiness:
    """Why the run of ``lifecycle`` is not ready, not alive, not started.

    ``interval_ns`` is the control interval: a control plane that has not stepped for ``intervals_max`` of
    them, by ``clock``, is taken for dead. In virtual time ``clock`` is the virtual one.

    Raises ``ArgumentTypeError`` and ``ArgumentValueError`` for numbers that are no integers from 1.

    >>> from types import SimpleNamespace
    >>> from tickpath.control.automation import look_at
    >>> lifecycle = Lifecycle()
    >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
    >>> readiness = Readiness(lifecycle, interval_ns=10_000_000)
    >>> readiness.is_ready, readiness.is_alive, readiness.has_started  # no control step yet
    (False, True, True)
    >>> look = look_at(State.READY)._replace(stages={"executor": SimpleNamespace(epoch_seen=2)})
    """

    def __init__(
        self,
        lifecycle: Lifecycle,
        *,
        interval_ns: int,
        warmup: WarmUp | None = None,
        shutdown: Shutdown | None = None,
        monitor: HasReadings | None = None,
        intervals_max: int = 100,
        clock: Callable[[], int] = now,
    ) -> None:
        whole("interval_ns", interval_ns, 1, _NS_MAX)
        whole("intervals_max", intervals_max, 1, _NS_MAX)
        self._lifecycle = lifecycle
        self._warmup = warmup
        self._shutdown = shutdown
        self._monitor = monitor
        self._silence_ns_max = interval_ns * intervals_max
        self._clock = clock
        self._seen: tuple[Look, int] | None = None
        self._has_started = self._has_ended = False
        self._knows_epochs = False

    @property
    def look(self) -> Look | None:
        """What the control plane saw last; ``None`` before its first step."""
        return None if self._seen is None else self._seen[0]

    def saw(self, look: Look) -> None:
        """What a control step saw; to be called at each of them.

        >>> readiness.is_ready, readiness.saw(look), readiness.is_ready
        (False, None, True)
        """
        if look.stages["executor"].epoch_seen is not None:
            self._knows_epochs = True
        if look.state is State.READY:
            self._has_started = True
        self._seen = (look, self._clock())

    def end(self) -> None:
        """The run is over: not ready from now on, whatever the lifecycle says.

        >>> readiness.saw(look)
        >>> readiness.end()
        >>> [str(unmet) for unmet in readiness.why_not_ready()]
        ['run is over, expected running']
        """
        self._has_ended = True

    @property
    def is_ready(self) -> bool:
        """Whether :meth:`why_not_ready` is empty."""
        return not self._first_unmet()

    @property
    def is_alive(self) -> bool:
        """Whether :meth:`why_not_alive` is empty."""
        return not self.why_not_alive()

    @property
    def has_started(self) -> bool:
        """Whether the run has been READY once: its first warm-up was passed. Stays so."""
        if not self._has_started:
            self._has_started = any(made.target is State.READY for made in self._lifecycle.history)
        return self._has_started

    def why_not_ready(self) -> tuple[UnmetCondition, ...]:
        """The unmet conditions with their numbers, the plainest first; empty exactly when ready.

        >>> from tickpath.control.failure import Cause, hold
        >>> _ = hold(lifecycle, Cause("halt", "exchange", "notice 17"))
        >>> for unmet in readiness.why_not_ready():
        ...     print(unmet)
        cause:halt is held, expected not held (held by exchange, notice 17)
        control is not stepped yet, expected at least one step
        """
        unmet = self._first_unmet()
        if unmet:
            unmet += self._warmup_unmet() + self._probes_unmet()
        return tuple(unmet)

    def why_not_alive(self) -> tuple[UnmetCondition, ...]:
        """The control plane's silence, if it is too long; empty when alive.

        Before its first step it is, and so it is at the end: nobody steps while the account is made.

        >>> times = iter((0, 2_000_000_000))
        >>> readiness = Readiness(lifecycle, interval_ns=10_000_000, clock=times.__next__)
        >>> readiness.saw(look)
        >>> [(unmet.value, unmet.expected) for unmet in readiness.why_not_alive()]
        [(2000000000, 1000000000)]
        """
        is_accounting = self._shutdown is not None and self._shutdown.phase in ("accounting", "done")
        if self._seen is None or self._has_ended or is_accounting:
            return ()
        silence_ns = self._clock() - self._seen[1]
        if silence_ns <= self._silence_ns_max:
            return ()
        return (
            UnmetCondition(
                "control",
                silence_ns,
                self._silence_ns_max,
                "nanoseconds since the control plane's last step, and how many there may be",
            ),
        )

    def why_not_started(self) -> tuple[UnmetCondition, ...]:
        """What the first READY waits for; empty once it was there.

        >>> readiness.why_not_started()
        ()
        >>> str(Readiness(Lifecycle(), interval_ns=10_000_000).why_not_started()[0])
        'state is INIT, expected READY'
        """
        if self.has_started:
            return ()
        return self.why_not_ready() or (UnmetCondition("state", self._lifecycle.state.name, "READY once"),)

    def _first_unmet(self) -> list[UnmetCondition]:
        """The conditions of being ready, as far as they are not met."""
        unmet = []
        if self._has_ended:
            unmet.append(UnmetCondition("run", "over", "running"))
        elif self._shutdown is not None and self._shutdown.is_requested:
            # Whoever sends work here is to stop doing so before the intake does.
            phase = self._shutdown.phase
            unmet.append(UnmetCondition("shutdown", "requested" if phase == "running" else phase, "running"))
        state, epoch = self._lifecycle.state, self._lifecycle.epoch
        if state is not State.READY:
            unmet.append(UnmetCondition("state", state.name, State.READY.name))
        for cause in held(self._lifecycle):
            detail = ", ".join(filter(None, [cause.owner and f"held by {cause.owner}", cause.evidence]))
            since = "held" if cause.since_ns is None else f"held since {cause.since_ns:,} ns"
            unmet.append(UnmetCondition(f"cause:{cause.words}", since, "not held", detail))
        if self._seen is None:
            unmet.append(UnmetCondition("control", "not stepped yet", "at least one step"))
            return unmet
        executor = self._seen[0].stages["executor"]
        epoch_seen = executor.epoch_seen
        if epoch_seen is None and self._knows_epochs:
            # Its policy ends it with events left, the run without.
            why = "ended by its overrun policy" if unread_by(executor) else "has read everything"
            unmet.append(UnmetCondition("executor", why, "reading"))
        elif epoch_seen is not None and epoch_seen < epoch:
            unmet.append(UnmetCondition("fence:executor", epoch_seen, epoch, "the last epoch it has seen"))
        return unmet + list(self.why_not_alive())

    def _warmup_unmet(self) -> list[UnmetCondition]:
        if self._warmup is None:
            return []
        progress, certificate = self._warmup.progress, self._warmup.certificate
        if progress is not None:
            done = f"{progress.events:,} of {progress.round_events:,} events"
            if progress.tolerance is None:
                return [UnmetCondition("warmup", done, f"{progress.round_events:,} events")]
            spread = "unknown" if progress.spread is None else f"{progress.spread:.1%}"
            return [
                UnmetCondition(
                    "warmup",
                    f"round {progress.round} of at most {progress.rounds_max}, {done}; spread {spread}",
                    f"latency flat within {progress.tolerance:.1%}",
                )
            ]
        if certificate is not None and certificate.verdict != "passed":
            return [UnmetCondition("warmup", certificate.verdict, "passed", certificate.reason)]
        return []

    def _probes_unmet(self) -> list[UnmetCondition]:
        readings = () if self._monitor is None else self._monitor.readings
        return [
            UnmetCondition(
                f"probe:{probe.name}",
                probe.value,
                "known" if probe.threshold is None else probe.threshold,
                f"{probe.what}: {probe.verdict}"
                + ("" if probe.since_ns is None else f" since {probe.since_ns:,} ns"),
            )
            for probe in readings
            if probe.verdict != "ok"
        ]

"""The hands of the control plane: moves of the lifecycle, the warm-up, the feed's holds, runbooks' actions.

Nothing else moves the lifecycle of a run. READY is earned by a warm-up that passed and by no cause being
held; whoever asks for it sooner is refused. A fence lies between READY and the release of a held feed: the
executor has seen the epoch, so nothing of an older one is in flight. An executor that does not look up for
``fence_timeout_ns`` holds nobody up any longer: the gate is read with each event all the same.

A move by somebody else (a failure scenario, an operator in the same process) is taken as it is found: a
warm-up that was left ends without a verdict, and one that was entered begins anew.

Threads: the control plane's only. Nothing here waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.control.failure import Cause, held_causes, hold, release
from tickpath.core.state import State
from tickpath.errors import EngineFailed

if TYPE_CHECKING:
    from tickpath.control.health import HealthMonitor, Look
    from tickpath.core.engine import AckWindow, Engine, Faults, VirtualEngine
    from tickpath.core.state import Lifecycle
    from tickpath.runtime.warmup import WarmUp, WarmupCertificate, WarmupStep

__all__ = ["Steering"]

#: The cause that is held from a warm-up that failed until one has passed.
WARMUP_CAUSE = "warm-up incomplete"


class Steering:
    """Moves ``lifecycle`` as ``warmup`` and the runbooks say; the actions of ``tickpath.control.automation``.

    ``start_after_ns`` is how long the lifecycle stays in INIT once the feed runs; 0 leaves INIT before it
    does. ``fence_timeout_ns`` is how long a held feed waits for the executor to see the epoch.
    """

    def __init__(
        self,
        lifecycle: Lifecycle,
        engine: Engine | VirtualEngine,
        warmup: WarmUp,
        monitor: HealthMonitor | None = None,
        *,
        start_after_ns: int = 0,
        fence_timeout_ns: int = 1_000_000_000,
    ) -> None:
        self._lifecycle = lifecycle
        self._engine = engine
        self._warmup = warmup
        self._monitor = monitor
        self._start_after_ns = start_after_ns
        self._fence_timeout_ns = fence_timeout_ns
        self._window: AckWindow | None = None
        self._look: Look | None = None
        # What the warm-up of the present epoch came to, and that epoch: READY is earned by no other.
        self._passed = ""
        self._warmup_epoch = -1
        self._fence: tuple[int, int] | None = None
        self._certificates: list[WarmupCertificate] = []

    @property
    def certificates(self) -> tuple[WarmupCertificate, ...]:
        """Those of every warm-up that is over, in order."""
        return tuple(self._certificates)

    @property
    def start_due_ns(self) -> int | None:
        """When INIT ends; ``None`` if it has."""
        return self._start_after_ns if self._lifecycle.state is State.INIT else None

    def begin(self) -> None:
        """Before the feed begins."""
        if not self._start_after_ns:
            self._start(None)

    def step(self, look: Look) -> None:
        """One control step: INIT and warm-up end when it is time, and a held feed goes on after the fence."""
        self._look = look
        state = self._lifecycle.state
        if state is State.INIT:
            if look.at_ns >= self._start_after_ns:
                self._start(look)
        elif state is State.WARMUP:
            if self._lifecycle.epoch != self._warmup_epoch:
                self._begin_warmup(look)
            elif self._warmup.is_running:
                self._do(self._warmup.step(look, self._acks()))
            else:
                self._earn(self._passed)
        else:
            if self._warmup.is_running:
                self._leave_warmup(f"the lifecycle was moved to {state.name}")
            if look.feed.held and self._is_fenced(look):
                self._engine.release()

    def degrade(self, cause: str) -> None:
        """WARMUP or READY to DEGRADED; a warm-up under way ends without a verdict, and holds no feed."""
        if self._lifecycle.state in (State.WARMUP, State.READY):
            if self._warmup.is_running:
                self._leave_warmup(f"degraded: {cause}")
            self._lifecycle.transition_to(State.DEGRADED, cause)

    def recover(self, cause: str) -> bool:
        """DEGRADED to READY; ``False`` while a cause is held or the last warm-up has not passed."""
        certificate = self._certificates[-1] if self._certificates else None
        if (
            self._lifecycle.state is not State.DEGRADED
            or held_causes(self._lifecycle)
            or certificate is None
            or certificate.verdict != "passed"
        ):
            return False
        self._lifecycle.transition_to(State.READY, cause)
        return True

    def restart_warmup(self, cause: str) -> bool:
        """DEGRADED to WARMUP, which is gone through again; ``False`` from any other state."""
        if self._lifecycle.state is not State.DEGRADED:
            return False
        self._lifecycle.transition_to(State.WARMUP, cause)
        self._begin_warmup(self._look)
        return True

    def skip_to_head(self, stage: str) -> None:
        """``stage`` goes on with the newest event; what it skips is shed. Raises ``EngineFailed``."""
        self._knobs("skip to the head").stage_skip_to_head(stage)

    def acknowledge(self, cause: str) -> bool:
        """The operator's word that ``cause`` was seen to; whether anybody held it."""
        return self._monitor is not None and self._monitor.acknowledge(cause)

    def reset_clock(self) -> None:
        """The stages' clock is the machine's again. Raises ``EngineFailed``."""
        self._knobs("set a clock back").clock_step(0)

    def stop_intake(self) -> None:
        """The feed ends here."""
        self._engine.stop_intake()

    def end(self, look: Look) -> None:
        """The run is over: a warm-up under way ends without a verdict."""
        self._keep(self._warmup.interrupt(look.at_ns, "the run is over", look=look))

    def _start(self, look: Look | None) -> None:
        self._lifecycle.transition_to(State.WARMUP, "run started")
        self._begin_warmup(look)

    def _begin_warmup(self, look: Look | None) -> None:
        at_ns = 0 if look is None else look.at_ns
        self._keep(self._warmup.interrupt(at_ns, "begun again", look=look))
        self._warmup_epoch = self._lifecycle.epoch
        self._do(self._warmup.begin(at_ns, look=look, window=self._acks()))

    def _leave_warmup(self, reason: str) -> None:
        """The one under way ends without a verdict, and what it was to hold is let go."""
        self._keep(self._warmup.interrupt(self._now_ns(), reason, look=self._look))
        if self._lifecycle.state is not State.READY:
            self._engine.release()

    def _do(self, step: WarmupStep) -> None:
        if step.action == "next_round":
            self._engine.release(step.hold_at)
        elif step.action == "ready":
            self._keep(self._warmup.certificate)
            release(self._lifecycle, self._incomplete())
            self._passed = step.reason
            self._earn(step.reason)
        elif step.action == "failed":
            self._keep(self._warmup.certificate)
            hold(self._lifecycle, self._incomplete(step.reason))
            self._engine.release()
            self._lifecycle.transition_to(State.DEGRADED, step.reason)

    def _incomplete(self, evidence: str = "") -> Cause:
        return Cause(WARMUP_CAUSE, "warm-up", evidence, self._now_ns())

    def _earn(self, reason: str) -> None:
        """READY after a warm-up that has passed, once no cause is held; the feed does not wait for that."""
        if held_causes(self._lifecycle):
            self._engine.release()
        else:
            self._lifecycle.transition_to(State.READY, reason)

    def _keep(self, certificate: WarmupCertificate | None) -> None:
        if certificate is not None:
            self._certificates.append(certificate)

    def _is_fenced(self, look: Look) -> bool:
        """The executor's fence alone: only it is gated, and a slow consumer holds nobody up."""
        epoch = self._lifecycle.epoch
        if self._fence is None or self._fence[0] != epoch:
            self._fence = (epoch, look.at_ns)
        seen = look.stages["executor"].epoch_seen
        return seen is None or seen >= epoch or look.at_ns - self._fence[1] >= self._fence_timeout_ns

    def _knobs(self, action: str) -> Faults:
        faults = self._engine.faults
        if faults is None:
            raise EngineFailed(f"this engine cannot {action}: it was built without faults=True")
        return faults

    def _acks(self) -> AckWindow | None:
        if self._window is None:
            self._window = self._engine.ack_window()
        return self._window

    def _now_ns(self) -> int:
        return 0 if self._look is None else self._look.at_ns

"""What a runbook may do to a running system, and nothing beyond it.

Whoever owns the run implements it (``runtime``'s session does). Threads: called on the control plane's
thread only, one call at a time. No call waits: each asks, and the runbook's postcondition says later
whether it came true.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Actions"]


class Actions(Protocol):
    """The responses there are. A call that raises fails its step, is audited, and harms nobody else.

    A step of a runbook is given them:

    >>> from tickpath.control.automation import Step
    >>> from tickpath.core.state import Lifecycle, State
    >>> lifecycle = Lifecycle()
    >>> class Mover:  # what the steps of your runbooks call is enough
    ...     def degrade(self, cause: str) -> object:
    ...         return lifecycle.transition_to(State.DEGRADED, cause)
    ...
    ...     def restart_warmup(self, cause: str) -> object:
    ...         return lifecycle.transition_to(State.WARMUP, cause)
    >>> Step(
    ...     name="degrade",
    ...     does="stops executing",
    ...     timeout_ns=50_000_000,
    ...     action=lambda actions, situation: actions.degrade(situation.trigger),
    ... ).name
    'degrade'
    """

    def degrade(self, cause: str) -> object:
        """Moves WARMUP or READY to DEGRADED, giving ``cause``; does nothing in DEGRADED.

        >>> _ = lifecycle.transition_to(State.WARMUP)
        >>> Mover().degrade("market data outage").target.name
        'DEGRADED'
        """

    def recover(self, cause: str) -> bool:
        """Moves DEGRADED to READY if no cause is held; ``False`` if it did not.

        >>> from tickpath.control.failure import held_causes
        >>> class Careful:
        ...     def recover(self, cause: str) -> bool:
        ...         return not held_causes(lifecycle)  # and moves it, if so
        >>> Careful().recover("the feed is back")
        True
        """

    def restart_warmup(self, cause: str) -> object:
        """Moves DEGRADED to WARMUP, from where the warm-up goes its whole way.

        >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.DEGRADED)
        >>> Mover().restart_warmup("the state is rebuilt").target.name
        'WARMUP'
        """

    def skip_to_head(self, stage: str) -> object:
        """Asks ``stage`` to go on with the newest event at its next turn; what is skipped is shed.

        >>> class Turner:  # of an engine: engine.faults.stage_skip_to_head(stage)
        ...     def skip_to_head(self, stage: str) -> object:
        ...         return print(stage, "goes on with the newest event")
        >>> Turner().skip_to_head("logger")
        logger goes on with the newest event
        """

    def acknowledge(self, cause: str) -> object:
        """Lets go of a cause that does not clear by itself: somebody has seen and answered it.

        >>> from tickpath.control.health import HealthMonitor
        >>> monitor = HealthMonitor([], lifecycle)
        >>> monitor.acknowledge("refused moves")  # what the actions of a run call; whether a probe listens
        False
        """

    def reset_clock(self) -> object:
        """Sets the stages' clock back to the control plane's.

        >>> class Turner:  # of an engine: engine.faults.clock_step(0)
        ...     def reset_clock(self) -> object:
        ...         return print("clock_step(0)")
        >>> Turner().reset_clock()
        clock_step(0)
        """

    def stop_intake(self) -> object:
        """Ends the feed here; the stages drain what is there.

        >>> class Turner:  # of an engine: engine.stop_intake()
        ...     def stop_intake(self) -> object:
        ...         return print("the feed ends here")
        >>> Turner().stop_intake()
        the feed ends here
        """

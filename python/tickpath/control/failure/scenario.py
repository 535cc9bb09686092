"""One scenario: activate, deactivate, and what is restored when."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar, Self

from tickpath.control.failure.causes import Cause, check_lifecycle, held_causes, hold, release
from tickpath.core.fork import renew_in_forks
from tickpath.core.state import Lifecycle, State, Transition
from tickpath.errors import InvalidTransition

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["ExecutionFailure", "FailureScenario", "MarketDataOutage"]


class FailureScenario:
    """A fault that degrades ``lifecycle`` while it is active; also a context manager.

    A subclass names its fault in :attr:`cause`. Scenarios of one lifecycle exclude each other: in
    DEGRADED none can be activated.

    >>> from tickpath.core.state import Lifecycle, State
    >>> lifecycle = Lifecycle()
    >>> _ = lifecycle.transition_to(State.WARMUP)
    >>> with ExecutionFailure(lifecycle) as failure:
    ...     (lifecycle.state.name, failure.is_active())
    ('DEGRADED', True)
    >>> lifecycle.state.name
    'WARMUP'

    Threads: any; calls of one scenario wait for each other. Raises ``ArgumentTypeError`` if
    ``lifecycle`` is not a :class:`Lifecycle`.
    """

    cause: ClassVar[str] = "failure scenario"
    """What the transitions' ``cause`` says."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        check_lifecycle(lifecycle)
        self._lifecycle = lifecycle
        self._held = Cause(self.cause)
        self._active = False
        self._made: Transition | None = None
        # Re-entrant: a listener of our own transition may call us.
        self._lock = threading.RLock()
        renew_in_forks(self)

    def renew_in_fork(self) -> None:
        """Called in a fork: see :mod:`tickpath.core.fork`."""
        self._lock = threading.RLock()

    def is_active(self) -> bool:
        """Whether the fault is on.

        >>> failure.is_active(), failure.activate(), failure.is_active()
        (False, None, True)
        """
        return self._active

    def activate(self) -> None:
        """Moves the lifecycle to DEGRADED and remembers where it was; does nothing while active.

        Raises ``InvalidTransition`` unless the lifecycle is in WARMUP or READY; nothing is changed then.

        >>> failure.activate()
        >>> lifecycle.state.name, held_causes(lifecycle)
        ('DEGRADED', ('execution failure',))
        >>> ExecutionFailure(Lifecycle()).activate()
        Traceback (most recent call last):
        tickpath.errors.InvalidTransition: INIT -> DEGRADED is not allowed: from INIT it may go to WARMUP only
        """
        with self._lock:
            if self._active:
                return
            before = self._lifecycle.epoch
            # Set first: a listener of the transition sees an active scenario and may end it at once.
            self._active = True
            try:
                self._made = made = self._lifecycle.transition_to(State.DEGRADED, self.cause)
                # Only now: a cause held by an attempt that is refused would keep others from restoring.
                hold(self._lifecycle, self._held)
            except Exception:
                self._active = False
                raise
            except BaseException:
                # A listener was interrupted after the move was made: whoever cleans up must find it.
                self._made = self._own_move_since(before)
                self._active = self._made is not None
                if self._active:
                    hold(self._lifecycle, self._held)
                raise
            if not self._active:
                self._end(made)

    def deactivate(self) -> None:
        """Ends the fault; does nothing while it is not active.

        The lifecycle goes back to the state it was in, WARMUP or READY, only if nobody has moved it since
        and no other cause of degradation is held. Otherwise only the flag is cleared, and the way out of
        DEGRADED is somebody else's decision: a warm-up is never skipped.

        >>> failure.activate()
        >>> _ = hold(lifecycle, Cause("halt", "operator"))
        >>> failure.deactivate()
        >>> lifecycle.state.name, held_causes(lifecycle)  # for the other cause
        ('DEGRADED', ('halt',))
        """
        with self._lock:
            if not self._active:
                return
            self._active = False
            # None: called by a listener of activate()'s own move; activate() ends it when that returns.
            if self._made is not None:
                self._end(self._made)

    def __enter__(self) -> Self:
        """Activates."""
        try:
            self.activate()
        except BaseException:
            # Interrupted after the move: no __exit__ will follow.
            self.deactivate()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Deactivates, whatever the body did."""
        self.deactivate()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'active' if self._active else 'inactive'} on {self._lifecycle!r}>"

    def _end(self, made: Transition) -> None:
        lifecycle = self._lifecycle
        release(lifecycle, self._held)
        try:
            if not held_causes(lifecycle):
                # The lifecycle compares the epoch itself: a check of ours could be out of date by now.
                lifecycle.transition_to(made.source, f"{self.cause} over", expected_epoch=made.epoch)
        except InvalidTransition:
            pass  # somebody moved it since: it is not ours to restore
        except BaseException:
            if lifecycle.epoch == made.epoch:
                # Nothing was changed (the clock raised): still active, to be ended once more.
                hold(lifecycle, self._held)
                self._active = True
                raise
            self._made = None
            raise
        self._made = None

    def _own_move_since(self, epoch: int) -> Transition | None:
        for made in self._lifecycle.history:
            if made.epoch > epoch and made.target is State.DEGRADED and made.cause == self.cause:
                return made
        return None


class MarketDataOutage(FailureScenario):
    """The feed is gone: nothing new arrives, and nothing may be executed on what is old.

    >>> from tickpath.core.state import Lifecycle, State
    >>> lifecycle = Lifecycle()
    >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
    >>> outage = MarketDataOutage(lifecycle)
    >>> outage.activate()
    >>> lifecycle.state.name, held_causes(lifecycle)
    ('DEGRADED', ('market data outage',))
    >>> outage.deactivate()
    >>> lifecycle.state.name
    'READY'
    """

    cause = "market data outage"


class ExecutionFailure(FailureScenario):
    """Orders cannot be executed, though market data flows.

    >>> from tickpath.core.state import Lifecycle, State
    >>> lifecycle = Lifecycle()
    >>> _ = lifecycle.transition_to(State.WARMUP)
    >>> with ExecutionFailure(lifecycle):
    ...     lifecycle.history[-1].cause
    'execution failure'
    """

    cause = "execution failure"

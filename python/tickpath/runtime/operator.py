"""The operator of a scenario: acts by hand at the planned moments.

Explicit operator action is what some runbooks wait for, what moves a lifecycle behind everybody's back, and
what ends a run; in a drill somebody has to take it, at the same moment each time. Threads: the control
plane's only. Never waits.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tickpath.control.failure.schedule import Schedule
from tickpath.core.state import InvalidTransition, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from tickpath.config.scenario import OperatorSettings
    from tickpath.control.health import Look
    from tickpath.core.state import Lifecycle
    from tickpath.runtime.shutdown import Shutdown

__all__ = ["Operator"]


class Operator:
    """Takes each of ``actions`` once, when it is due, in their order.

    A cause is handed to ``acknowledge``; ``lifecycle`` is moved, or refuses and counts that; a stop is
    requested of ``shutdown``.
    """

    def __init__(
        self,
        actions: Iterable[OperatorSettings],
        acknowledge: Callable[[str], object],
        lifecycle: Lifecycle,
        shutdown: Shutdown,
    ) -> None:
        self._pending = [(Schedule(action), action) for action in actions]
        self._acknowledge = acknowledge
        self._lifecycle = lifecycle
        self._shutdown = shutdown

    def step(self, look: Look) -> None:
        """Does what is due at ``look``."""
        if not self._pending:
            return
        due = [entry for entry in self._pending if entry[0].is_due(look)]
        self._pending = [entry for entry in self._pending if entry not in due]
        for _, action in due:
            self._take(action)

    def _take(self, action: OperatorSettings) -> None:
        if action.cause is not None:
            self._acknowledge(action.cause)
        elif action.moves_to is not None:
            # Refused, if it is not legal, and counted: Lifecycle.refused_moves.
            with contextlib.suppress(InvalidTransition):
                self._lifecycle.transition_to(State[action.moves_to], action.name)
        else:
            self._shutdown.request(action.name)

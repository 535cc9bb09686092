"""The operator of a scenario: says at the planned moments that a cause has been seen to.

Explicit operator action is what some runbooks wait for; in a drill somebody has to take it, at the same
moment each time. Threads: the control plane's only. Never waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tickpath.control.failure.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from tickpath.config.scenario import AcknowledgeSettings
    from tickpath.control.health import Look

__all__ = ["Operator"]


class Operator:
    """Takes each of ``actions`` once, when it is due, by calling ``acknowledge`` with its cause."""

    def __init__(self, actions: Iterable[AcknowledgeSettings], acknowledge: Callable[[str], object]) -> None:
        self._pending = [(Schedule(action), action.cause) for action in actions]
        self._acknowledge = acknowledge

    def step(self, look: Look) -> None:
        """Does what is due at ``look``."""
        if not self._pending:
            return
        due = [entry for entry in self._pending if entry[0].is_due(look)]
        self._pending = [entry for entry in self._pending if entry not in due]
        for _, cause in due:
            self._acknowledge(cause)

"""The operator of a scenario: acknowledges causes when its schedule says so, as a person would from outside.

Threads: the control plane's, which steps it before the automation; it waits for nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tickpath.control.failure.schedule import Schedule

if TYPE_CHECKING:
    from tickpath.config.scenario.operator import AcknowledgeSettings
    from tickpath.control.automation.automation import Automation
    from tickpath.control.health.look import Look

__all__ = ["Operator"]


class Operator:
    """Does ``actions`` on ``automation``, each once, at the first step that finds it due."""

    def __init__(self, actions: Iterable[AcknowledgeSettings], automation: Automation) -> None:
        self._pending = [(Schedule(action), action.cause) for action in actions]
        self._automation = automation

    def step(self, look: Look) -> None:
        """What is due."""
        if not self._pending:
            return
        due = [entry for entry in self._pending if entry[0].is_due(look)]
        for entry in due:
            self._pending.remove(entry)
            self._automation.acknowledge(entry[1])

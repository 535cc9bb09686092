"""The lifecycle: four states, six transitions, one table of rules.

The rules live here and nowhere else. The hot path reads one word (:attr:`Lifecycle.gate`) and knows
no rule; see ``docs/concepts/lifecycle.md``.
"""

from __future__ import annotations

from tickpath.core.state.lifecycle import Lifecycle
from tickpath.core.state.states import State, Transition
from tickpath.errors import InvalidTransition

__all__ = ["InvalidTransition", "Lifecycle", "State", "Transition"]

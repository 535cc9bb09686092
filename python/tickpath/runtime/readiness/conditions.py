"""What stands between a run and READY, as conditions with their numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["UnmetCondition"]


@dataclass(frozen=True, slots=True)
class UnmetCondition:
    """One condition that is not met.

    >>> unmet = UnmetCondition("state", "WARMUP", "READY")
    >>> str(unmet)
    'state is WARMUP, expected READY'
    """

    name: str
    """``run``, ``shutdown``, ``state``, ``warmup``, ``executor``, ``control``, or ``cause:``, ``fence:`` and
    ``probe:`` with a name."""
    value: str | float | None
    """What was found; ``None``: unknown."""
    expected: str | float
    """What would meet it."""
    detail: str = ""
    """The rest of the evidence, for people; may be empty."""

    def as_json(self) -> dict[str, Any]:
        """The same as an object of JSON.

        >>> unmet.as_json()
        {'name': 'state', 'value': 'WARMUP', 'expected': 'READY', 'detail': ''}
        """
        return asdict(self)

    def __str__(self) -> str:
        value = "unknown" if self.value is None else self.value
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.name} is {value}, expected {self.expected}{detail}"

"""When a run of verdicts becomes a raised cause, and when that is cleared again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.config.checks import whole

if TYPE_CHECKING:
    from tickpath.control.health.reading import Verdict

__all__ = ["Hysteresis"]

_STEPS_MAX = 1_000_000


class Hysteresis:
    """Raised by ``raise_after`` failing verdicts in a row, cleared by ``clear_after`` ok ones in a row.

    ``"unknown"`` counts for neither side and interrupts neither row: it changes nothing at all.

    >>> hysteresis = Hysteresis(raise_after=2)
    >>> [hysteresis.step(v) for v in ("failing", "unknown", "failing", "failing", "ok")]
    [False, False, True, False, True]

    Raises ``ArgumentTypeError`` and ``ArgumentValueError`` unless both are integers from 1.
    """

    __slots__ = ("_row", "clear_after", "raise_after", "raised")

    def __init__(self, raise_after: int = 1, clear_after: int = 1) -> None:
        whole("raise_after", raise_after, 1, _STEPS_MAX)
        whole("clear_after", clear_after, 1, _STEPS_MAX)
        self.raise_after = raise_after
        self.clear_after = clear_after
        self.reset()

    def reset(self) -> None:
        """Begins anew: not raised.

        >>> hysteresis.step("failing"), hysteresis.reset(), hysteresis.step("failing")  # counts anew
        (False, None, False)
        >>> hysteresis.raised
        False
        """
        self.raised = False
        # Verdicts in a row against the present side.
        self._row = 0

    def step(self, verdict: Verdict) -> bool:
        """Takes the next verdict; whether :attr:`raised` has changed with it.

        >>> hysteresis.step("failing"), hysteresis.step("failing"), hysteresis.raised
        (False, True, True)
        """
        if verdict == "unknown":
            return False
        if (verdict == "failing") is self.raised:
            self._row = 0
            return False
        self._row += 1
        if self._row < (self.clear_after if self.raised else self.raise_after):
            return False
        self.raised = not self.raised
        self._row = 0
        return True

"""A cause that somebody outside knows of: an operator, a feed handler, an exchange's notice."""

from __future__ import annotations

from tickpath.control.failure.causes import Cause, check_lifecycle, held, hold, release
from tickpath.core.state import Lifecycle
from tickpath.errors import ArgumentValueError

__all__ = ["ExternalSignal"]


class ExternalSignal:
    """Holds and clears one cause on ``lifecycle``; moves nothing.

    >>> from tickpath.control.failure import held_causes
    >>> from tickpath.core.state import Lifecycle
    >>> lifecycle = Lifecycle()
    >>> signal = ExternalSignal(lifecycle, "market data outage", owner="feed handler")
    >>> signal.hold("line A: no packet for 3 s")
    True
    >>> held_causes(lifecycle)
    ('market data outage',)

    Whoever signals the same words as the same ``owner`` signals the same cause. Threads: any. Raises
    ``ArgumentTypeError`` if ``lifecycle`` is none, ``ArgumentValueError`` for empty words or owner.
    """

    def __init__(self, lifecycle: Lifecycle, words: str, *, owner: str = "operator") -> None:
        check_lifecycle(lifecycle)
        for name, text in (("words", words), ("owner", owner)):
            if not text:
                raise ArgumentValueError(f"{name} must say something: it is what the cause is known by")
        self._lifecycle = lifecycle
        self._words = words
        self._owner = owner

    @property
    def is_held(self) -> bool:
        """Whether the cause is held."""
        cause = Cause(self._words, self._owner)
        return any(cause.is_same(other) for other in held(self._lifecycle))

    def hold(self, evidence: str = "", since_ns: int | None = None) -> bool:
        """Holds the cause from now on; whether it was not held before.

        >>> signal.hold("line B too"), signal.clear(), signal.hold("line B too", since_ns=1_000)
        (False, True, True)
        >>> held(lifecycle)[0].evidence
        'line B too'
        """
        return hold(self._lifecycle, Cause(self._words, self._owner, evidence, since_ns))

    def clear(self) -> bool:
        """Clears the cause; whether it was held.

        >>> signal.clear(), signal.clear(), signal.is_held
        (True, False, False)
        """
        return release(self._lifecycle, Cause(self._words, self._owner))

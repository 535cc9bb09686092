"""What the reference accepts where the native tier takes an unsigned number, a limit or a start."""

from __future__ import annotations

import operator

from tickpath.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["index", "limit", "start"]


def index(what: str, value: object) -> int:
    """``value`` as an int; anything with ``__index__`` will do. Else ``ArgumentTypeError``."""
    try:
        return operator.index(value)  # type: ignore[arg-type]  # what it refuses is refused below
    except TypeError:
        raise ArgumentTypeError(f"{what} must be an int, not {type(value).__name__}") from None


def limit(value: object) -> int:
    """How many at most: an int from 0, else ``ArgumentTypeError`` or ``ArgumentValueError``."""
    count = index("limit", value)
    if count < 0:
        raise ArgumentValueError(f"limit must be 0 or more, not {count}")
    return count


def start(value: object, oldest: int, head: int) -> int:
    """The first sequence of a reader that starts at ``"oldest"``, ``"head"`` or a sequence.

    A sequence already overwritten is accepted: the first read says so.
    """
    if isinstance(value, str):
        if value == "oldest":
            return oldest
        if value == "head":
            return head
        raise ArgumentValueError(f'start must be "oldest", "head" or a sequence, not {value!r}')
    sequence = index("start", value)
    if sequence < 0:
        raise ArgumentValueError(f"start must be 0 or more, not {sequence}")
    if sequence > head:
        raise ArgumentValueError(
            f"start={sequence} lies beyond the head: the next sequence will be {head}; "
            f'use start="head" to begin there'
        )
    return sequence

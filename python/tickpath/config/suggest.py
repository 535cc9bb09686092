"""What someone who mistyped a name probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["suggestion"]

#: Nobody mistypes a name into more than this, and comparing takes the square of it.
_LENGTH_MAX = 100


def suggestion(word: str, known: Iterable[str]) -> str:
    """``; did you mean "…"?`` for the closest of ``known``, or nothing."""
    if len(word) > _LENGTH_MAX:
        return ""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    return f'; did you mean "{by_lower[close[0]]}"?' if close else ""

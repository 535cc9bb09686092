"""What a setting may be: each check names the setting, what was given and what was expected.

A wrong type is an ``ArgumentTypeError``, anything else an ``ArgumentValueError``. Settings are ``int`` or
``float`` and nothing that only behaves like one, so that they can be printed as JSON. What was given is shown
short: it may be anything that a file holds.
"""

from __future__ import annotations

import math
from typing import get_args

from tickpath.config.words import digits
from tickpath.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["flag", "given", "instance", "number", "one_of", "shown", "whole"]

_CHARACTERS_SHOWN = 80


def one_of(name: str, value: object, words: object) -> None:
    """Raises if ``value`` is none of the ``words`` of a ``Literal``."""
    expected = get_args(words)
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{name} must be one of {', '.join(expected)}, got {shown(value)}")
    if value not in expected:
        raise ArgumentValueError(f"{name} must be one of {', '.join(expected)}, got {given(value)}")


def whole(name: str, value: object, low: int, high: int) -> None:
    """Raises if ``value`` is no integer in ``[low, high]``."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArgumentTypeError(f"{name} must be an integer, got {shown(value)}")
    if not low <= value <= high:
        raise ArgumentValueError(f"{name} must be an integer from {low:,} to {high:,}, got {given(value)}")


def number(name: str, value: object, low: float, high: float, *, above: bool = False) -> None:
    """Raises if ``value`` is no finite number in ``[low, high]``; with ``above`` it must not be ``low``."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ArgumentTypeError(f"{name} must be a number, got {shown(value)}")
    if not low <= value <= high or not _finite(value) or (above and value == low):
        bound = "above" if above else "from"
        most = f" to {high:,.15g}" if math.isfinite(high) else ", and finite"
        raise ArgumentValueError(f"{name} must be a number {bound} {low:,.15g}{most}, got {given(value)}")


def flag(name: str, value: object) -> None:
    """Raises if ``value`` is no ``bool``."""
    if not isinstance(value, bool):
        raise ArgumentTypeError(f"{name} must be True or False, got {shown(value)}")


def instance(name: str, value: object, kind: type) -> None:
    """Raises if ``value`` is no ``kind``."""
    if not isinstance(value, kind):
        raise ArgumentTypeError(f"{name} must be of the type {kind.__name__}, got {shown(value)}")


def given(value: object) -> str:
    """``value``, cut where it is long; what holds others, by its type."""
    if isinstance(value, bool | float | None):
        return repr(value)
    if isinstance(value, int):
        return digits(value)
    if isinstance(value, str):
        cut = value[:_CHARACTERS_SHOWN]
        return repr(cut) if cut == value else f"{cut!r}… ({len(value)} characters)"
    return f"of the type {type(value).__name__}"


def shown(value: object) -> str:
    """``value`` and its type, for messages about a wrong type."""
    plain = isinstance(value, bool | int | float | str | None)
    return f"{given(value)} ({type(value).__name__})" if plain else f"a value {given(value)}"


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        # An integer beyond every float.
        return False

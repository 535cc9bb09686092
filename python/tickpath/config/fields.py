"""What a field may hold, said once, in its annotation: ``Annotated[int, Whole(1, 99)]``.

The same annotation refuses a wrong value where a dataclass is made (``check_fields``), binds a scenario file,
and is printed by ``tickpath config explain`` and as JSON Schema. What fields may be: ``bool``, ``int``,
``float`` (which takes an ``int``), ``str``, ``Literal`` words, frozen settings, tuples of one of these,
tables of plain values, and ``None`` or several of them side by side.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import sys
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from tickpath.config.checks import flag, given, instance, number, one_of, shown, whole
from tickpath.errors import ArgumentTypeError, ArgumentValueError

__all__ = [
    "NS_MAX",
    "SEED_MAX",
    "Number",
    "Plain",
    "Text",
    "Whole",
    "check",
    "check_fields",
    "check_plain",
    "hints_of",
    "split",
    "unannotated",
]

NS_MAX = (1 << 63) - 1
SEED_MAX = (1 << 64) - 1

#: What a table of parameters may hold.
Plain = bool | int | float | str


@dataclasses.dataclass(frozen=True, slots=True)
class Whole:
    """An integer in ``[low, high]``."""

    low: int
    high: int = NS_MAX


@dataclasses.dataclass(frozen=True, slots=True)
class Number:
    """A finite number in ``[low, high]``; with ``above`` it must not be ``low``."""

    low: float
    high: float = float("inf")
    above: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """Text of which the whole matches ``pattern``; ``words`` say what that means."""

    pattern: str
    words: str


def hints_of(settings: Any) -> dict[str, Any]:
    """The annotations of the fields of ``settings``, a dataclass, in their order."""
    return _hints_of(settings)


@functools.cache
def _hints_of(settings: Any) -> dict[str, Any]:
    hints = get_type_hints(settings, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(settings)}


def split(hint: Any) -> tuple[tuple[Any, ...], bool]:
    """What stands side by side in ``hint``, and whether ``None`` does."""
    parts = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    return tuple(part for part in parts if part is not type(None)), type(None) in parts


def unannotated(hint: Any) -> tuple[Any, Whole | Number | Text | None]:
    """A type, and the bounds it is annotated with."""
    return get_args(hint)[:2] if get_origin(hint) is Annotated else (hint, None)


def check_fields(settings: Any, naming: str = "{}") -> None:
    """Raises for the first field that holds what its annotation does not allow.

    ``naming`` says how messages call a field.
    """
    for name, hint in hints_of(type(settings)).items():
        check(naming.format(name), getattr(settings, name), hint)


def check(name: str, value: object, hint: Any) -> None:
    """Raises ``ArgumentTypeError`` or ``ArgumentValueError`` if ``hint`` does not allow ``value``."""
    parts, optional = split(hint)
    if optional and value is None:
        return
    if len(parts) == 1:
        _check_one(name, value, parts[0])
        return
    kinds = tuple(part for part in parts if isinstance(part, type) and dataclasses.is_dataclass(part))
    if kinds:
        if not isinstance(value, kinds):
            raise ArgumentTypeError(f"{name} must be settings of a known kind, got {shown(value)}")
        return
    # Words beside numbers: a word is judged as a word.
    words = [part for part in parts if get_origin(part) is Literal]
    others = [part for part in parts if get_origin(part) is not Literal]
    if isinstance(value, str) and words:
        if value not in get_args(words[0]):
            known = ", ".join(f'"{word}"' for word in get_args(words[0]))
            rest = " or None" if optional else ""
            raise ArgumentValueError(f"{name} must be {known}, a number{rest}, got {given(value)}")
    else:
        _check_one(name, value, others[0])


def _check_one(name: str, value: object, hint: Any) -> None:
    base, bounds = unannotated(hint)
    match get_origin(base) or base:
        case _ if isinstance(bounds, Whole):
            whole(name, value, bounds.low, bounds.high)
        case _ if isinstance(bounds, Number):
            number(name, value, bounds.low, bounds.high, above=bounds.above)
        case _ if base is bool:
            flag(name, value)
        case _ if base is str:
            _check_text(name, value, bounds)
        case origin if origin is Literal:
            one_of(name, value, base)
        case origin if origin is tuple:
            _check_each(name, value, get_args(base)[0])
        case origin if origin is dict:
            _check_table(name, value)
        case _:
            instance(name, value, base)


def _check_text(name: str, value: object, bounds: object) -> None:
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{name} must be text, got {shown(value)}")
    if isinstance(bounds, Text) and not re.fullmatch(bounds.pattern, value):
        raise ArgumentValueError(f"{name} must be {bounds.words}, got {given(value)}")


def _check_each(name: str, value: object, hint: Any) -> None:
    if not isinstance(value, tuple):
        raise ArgumentTypeError(f"{name} must be a tuple, got {shown(value)}")
    for index, item in enumerate(value):
        check(f"item {index} of {name}", item, hint)


def _check_table(name: str, value: object) -> None:
    if not isinstance(value, dict):
        raise ArgumentTypeError(f"{name} must be a table, got {shown(value)}")
    for key, item in value.items():
        if not isinstance(key, str):
            raise ArgumentTypeError(f"{name} must have text as keys, got {shown(key)}")
        check_plain(f"{name}.{key}", item)


def check_plain(name: str, value: object) -> None:
    """Raises if ``value`` is neither text, a finite number, ``True`` nor ``False``."""
    if isinstance(value, float):
        number(name, value, -sys.float_info.max, sys.float_info.max)
    elif not isinstance(value, Plain):
        raise ArgumentTypeError(f"{name} must be text, a number, True or False, got {shown(value)}")

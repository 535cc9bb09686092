"""Tables bound to frozen settings: every key and value judged, and all that is wrong collected.

The rules are the annotations of the dataclasses and what their constructors check: nothing is said
twice. Any table may be given, also one that no file can hold.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args, get_origin

from tickpath.config.checks import given, shown
from tickpath.config.fields import check, check_plain, hints_of, split
from tickpath.config.suggest import suggestion
from tickpath.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["PROBLEMS_MAX", "Binder", "key_of", "kinds_of", "path_of"]

#: More than anybody reads.
PROBLEMS_MAX = 100

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_FAILED = object()


def key_of(name: str) -> str:
    """A field's key in a file: ``break_`` is ``break``."""
    return name.rstrip("_")


def path_of(path: str, key: str) -> str:
    """The path of ``key`` in the table at ``path``."""
    word = key if _BARE.fullmatch(key) else given(key)
    return f"{path}.{word}" if path else word


def kinds_of(hint: Any) -> dict[str, type]:
    """The classes of a union that are told apart by ``kind``; of a class alone, that one under ``""``."""
    parts = [part for part in split(hint)[0] if isinstance(part, type) and dataclasses.is_dataclass(part)]
    if len(parts) == 1:
        return {"": parts[0]}
    return {str(part.__dict__["kind"]): part for part in parts}


class Binder:
    """Binds tables; ``problems`` are (key path, reason) in the order of the settings."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []

    def fields(
        self, kind: Any, table: Mapping[Any, Any], path: str, *, beside: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """The arguments of ``kind`` from ``table``; keys ``beside`` its fields are somebody else's."""
        fields = {key_of(field.name): field for field in dataclasses.fields(kind)}
        known = (*fields, *beside)
        for key in table:
            if key not in known:
                self._unknown_key(key, path, known)
        found: dict[str, Any] = {}
        hints = hints_of(kind)
        for key, field in fields.items():
            place = path_of(path, key)
            if key in table:
                value = self._value(table[key], hints[field.name], place, field)
                if value is not _FAILED:
                    found[field.name] = value
            elif field.default is field.default_factory:  # both MISSING
                self._wrong(place, f"is missing: {_demand(hints[field.name])}")
        return found

    def _unknown_key(self, key: object, path: str, known: tuple[str, ...]) -> None:
        if not isinstance(key, str):
            self._wrong(path, f"must have text as keys, got {shown(key)}")
            return
        hint = suggestion(key, known) or f" (known: {', '.join(known)})"
        self._wrong(path_of(path, key), f"is no key of this table{hint}")

    def _value(self, value: object, hint: Any, path: str, field: Any = None) -> Any:
        parts, optional = split(hint)
        if optional and value is None:
            return None
        if optional and value == "none" and field is not None and field.default is not None:
            # TOML has no null, and leaving the key out would be the default.
            return None
        if isinstance(parts[0], type) and dataclasses.is_dataclass(parts[0]):
            return self._table(value, hint, path, field)
        if get_origin(parts[0]) is tuple:
            return self._array(value, get_args(parts[0])[0], path)
        if get_origin(parts[0]) is dict:
            return self._parameters(value, path)
        return self._checked(path, lambda: check(path, value, hint), value, _words(hint))

    def _checked(self, path: str, judge: Callable[[], object], value: object, words: tuple[str, ...]) -> Any:
        try:
            judge()
        except (ArgumentTypeError, ArgumentValueError) as error:
            meant = suggestion(value, words) if isinstance(value, str) and words else ""
            self._wrong(path, str(error).removeprefix(f"{path} ") + meant)
            return _FAILED
        return value

    def _table(self, value: object, hint: Any, path: str, field: Any) -> Any:
        if not isinstance(value, Mapping):
            return self._wrong(path, f"must be a table, got {shown(value)}")
        kinds = kinds_of(hint)
        if "" in kinds:
            return self._made(kinds[""], value, path, field)
        word = value.get("kind")
        if not isinstance(word, str) or word not in kinds:
            return self._wrong_kind(word, path, kinds, given_at_all="kind" in value)
        return self._made(kinds[word], value, path, field, ("kind",))

    def _made(
        self, kind: Any, table: Mapping[Any, Any], path: str, field: Any, beside: tuple[str, ...] = ()
    ) -> Any:
        before = len(self.problems)
        if field is not None and field.default_factory is not dataclasses.MISSING:
            # The executor has its name already.
            start = field.default_factory()
            table = {"name": start.name, **table} if hasattr(start, "name") else table
        found = self.fields(kind, table, path, beside=beside)
        if len(self.problems) > before:
            return _FAILED
        try:
            return kind(**found)
        except (ArgumentTypeError, ArgumentValueError) as error:
            return self._wrong(path, f"is wrong: {error}")

    def _wrong_kind(self, word: object, path: str, kinds: dict[str, type], *, given_at_all: bool) -> Any:
        place, known = path_of(path, "kind"), ", ".join(kinds)
        if not given_at_all:
            return self._wrong(place, f"is missing: expected one of {known}")
        if not isinstance(word, str):
            return self._wrong(place, f"must be one of {known}, got {shown(word)}")
        return self._wrong(place, f"must be one of {known}, got {given(word)}{suggestion(word, kinds)}")

    def _array(self, value: object, hint: Any, path: str) -> Any:
        if not isinstance(value, list | tuple):
            return self._wrong(path, f"must be an array, got {shown(value)}")
        items = []
        for index, item in enumerate(value):
            items.append(self._value(item, hint, f"{path}[{index}]"))
            if len(self.problems) >= PROBLEMS_MAX:
                return _FAILED
        return _FAILED if any(item is _FAILED for item in items) else tuple(items)

    def _parameters(self, value: object, path: str) -> Any:
        if not isinstance(value, Mapping):
            return self._wrong(path, f"must be a table, got {shown(value)}")
        before = len(self.problems)
        for key, item in value.items():
            if not isinstance(key, str):
                self._wrong(path, f"must have text as keys, got {shown(key)}")
            else:
                place = path_of(path, key)
                self._checked(place, functools.partial(check_plain, place, item), item, ())
        return dict(value) if len(self.problems) == before else _FAILED

    def _wrong(self, path: str, reason: str) -> Any:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append((path, reason))
        return _FAILED


def _words(hint: Any) -> tuple[str, ...]:
    return tuple(word for part in split(hint)[0] if get_origin(part) is Literal for word in get_args(part))


def _demand(hint: Any) -> str:
    """What a required field must be, found by giving it what nothing may be."""
    try:
        check("it", None, hint)
    except ArgumentTypeError as error:
        return str(error).partition(", got ")[0]
    return "it must be given"

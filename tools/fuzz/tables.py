"""Changes a TOML file where it means something: its keys and values, so that what comes out can be read."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from datetime import time as clock
from pathlib import Path
from random import Random
from typing import Any

#: The folder of the shipped scenarios.
SHIPPED = Path(__file__).resolve().parents[2] / "python" / "tickpath" / "lab" / "scenarios"
#: What values are replaced by: every type, and the edges of each.
_VALUES: tuple[Any, ...] = (
    *(
        True,
        False,
        0,
        1,
        -1,
        2,
        63,
        64,
        65,
        1_000,
        10**6,
        10**9,
        2**31,
        2**32,
        2**63 - 1,
        2**63,
        2**64,
        10**30,
        -(2**63),
    ),
    *(0.0, -0.0, 0.5, 1.0, 1.5, 1e308, 5e-324, math.inf, -math.inf, math.nan),
    *(
        "",
        "executor",
        "READY",
        "0",
        "a" * 300,
        "\0",
        "é\n\u202e",
        "../x",
        "/dev/zero",
        "100ms",
        "1_000",
        "feed.rate_hz",
    ),
    *(
        [],
        [[]],
        [1, "a"],
        {},
        {"": 1},
        {"a": {"b": []}},
        [{}],
        datetime(1970, 1, 1, tzinfo=UTC),
        date(2038, 1, 19),
        clock(23, 59),
    ),
)


def changed(data: bytes, chance: Random) -> bytes | None:
    """``data`` with one to four changes; ``None`` if it is no TOML."""
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError):
        return None
    for _ in range(chance.randint(1, 4)):
        _change(table, chance)
    try:
        return "".join(f"{_text(key)} = {_value(value)}\n" for key, value in table.items()).encode("utf-8")
    except (RecursionError, UnicodeEncodeError):
        return None


def _change(table: dict[str, Any], chance: Random) -> None:
    inner = chance.choice([*_containers(table)])
    keys = [*inner] if isinstance(inner, dict) else [*range(len(inner))]
    match chance.randrange(5):
        case 0 if keys:
            del inner[chance.choice(keys)]
        case 1:
            _put(inner, chance.choice(_NAMES), _anything(chance))
        case 2 if keys:
            # A value where another of the file stood.
            other = chance.choice([*_containers(table)])
            values = [*other.values()] if isinstance(other, dict) else [*other]
            if values:
                inner[chance.choice(keys)] = _copied(chance.choice(values))
        case 3 if isinstance(inner, list) and keys:
            inner.append(_copied(inner[chance.choice(keys)]))
        case _ if keys:
            at = chance.choice(keys)
            inner[at] = _near(inner[at], chance)


def _near(value: Any, chance: Random) -> Any:
    """A value a little away from this one, or any other."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and chance.random() < 0.5:
        return chance.choice((value + 1, value - 1, -value, value * 2, value * 10**6, float(value)))
    return _anything(chance)


def _anything(chance: Random) -> Any:
    return _copied(chance.choice(_WORDS if chance.random() < 0.4 else _VALUES))


def _put(inner: dict[str, Any] | list[Any], name: str, value: Any) -> None:
    if isinstance(inner, dict):
        inner[name] = value
    else:
        inner.append(value)


def _containers(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list)):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _containers(inner)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def _text(text: str) -> str:
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(key)} = {_value(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (date, clock)):
        return value.isoformat()
    return str(value).lower()  # numbers, inf, nan, true and false


def _leaves(value: Any) -> Iterator[tuple[str | None, Any]]:
    """Every key and every text of the shipped scenarios."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, None
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield None, value


_ALL = [
    leaf
    for file in sorted(SHIPPED.glob("*.toml"))
    for leaf in _leaves(tomllib.loads(file.read_text(encoding="utf-8")))
]
#: Keys that mean something somewhere, and values that do.
_NAMES = sorted({key for key, _ in _ALL if key is not None} | {"", "extends", "schema", "no such key"})
_WORDS = sorted({value for key, value in _ALL if key is None and isinstance(value, str)})

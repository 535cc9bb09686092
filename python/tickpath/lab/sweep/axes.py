"""What a sweep varies: a setting and its values, as ``--set`` says them; and the seeds.

``PATH=VALUES``: values between commas, each as TOML has it (``true``, ``0.5``, ``"a, b"``, ``{kind =
"none"}``) or plain text; or a range, both ends included where a step meets them: ``1..4``,
``1000..9000+2000``, ``256..4096x2``. Ranges of decimals are exact: no step is a sum of floats.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from tickpath.config.fields import SEED_MAX
from tickpath.config.scenario.override import Place, parse_value, place_of, refused, split_assignment
from tickpath.errors import ScenarioError, ScenarioProblem

__all__ = ["SEEDS_MAX", "VALUES_MAX", "Axis", "parse_axes", "parse_seeds", "text_of"]

VALUES_MAX = 100_000
"""Of one axis."""
SEEDS_MAX = 10_000_000

_NUMBER = r"-?\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d{1,3})?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?:([+x])({_NUMBER}))?")
_SEEDS = re.compile(r"(\d[\d_]*)(?:\.\.(\d[\d_]*))?")
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_WORDS_OF_TOML = frozenset({"true", "false", "inf", "nan"})
_OPEN, _CLOSE = "[{", "]}"


@dataclass(frozen=True, slots=True)
class Axis:
    """A setting that is varied."""

    place: Place
    """Where it is."""
    values: tuple[Any, ...]
    """In the order in which they were given, no two the same."""

    @property
    def key(self) -> str:
        """Its key path: the name of its column."""
        return self.place.key


def parse_axes(table: Mapping[str, Any], assignments: Iterable[str]) -> tuple[Axis, ...]:
    """The axes of ``assignments``. Raises ``ScenarioError`` with everything that is wrong."""
    axes: dict[str, Axis] = {}
    problems: list[ScenarioProblem] = []
    for assignment in assignments:
        try:
            path, text = split_assignment(assignment)
            place = place_of(table, path)
            if place.key == "seed":
                raise refused("seed", "is varied by --seeds: leave it out")
            if place.key in axes:
                raise refused(place.key, "is varied twice: give all its values in one --set")
            axes[place.key] = Axis(place, _values(place.key, text))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(tuple(problems))
    return tuple(axes.values())


def parse_seeds(text: str) -> range:
    """``100`` is 0 to 99, ``5..9`` is 5 to 9. Raises ``ScenarioError``."""
    match = _SEEDS.fullmatch(text.strip())
    if match is None:
        raise _seeds_refused(f"must be a number of seeds, or FIRST..LAST, got {text[:80]!r}")
    first, last = (0, int(match[1]) - 1) if match[2] is None else (int(match[1]), int(match[2]))
    if last < first:
        raise _seeds_refused(f"must be at least one seed, got {text[:80]!r}")
    if last > SEED_MAX:
        raise _seeds_refused(f"must be seeds up to {SEED_MAX:,}, got {text[:80]!r}")
    if last - first >= SEEDS_MAX:
        raise _seeds_refused(f"must be at most {SEEDS_MAX:,} seeds, got {last - first + 1:,}")
    return range(first, last + 1)


def _seeds_refused(reason: str) -> ScenarioError:
    return ScenarioError((ScenarioProblem("--seeds", "", reason),))


def text_of(value: Any) -> str:
    """``value`` as ``--set`` takes it again."""
    if value is None:
        return "none"
    if isinstance(value, str):
        bare = _BARE.fullmatch(value) and value not in _WORDS_OF_TOML
        return value if bare else json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_inner(item)}" for key, item in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_inner(item) for item in value)}]"
    return json.dumps(value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)


def _inner(value: Any) -> str:
    """Within brackets only TOML itself is understood."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else text_of(value)


def _values(key: str, text: str) -> tuple[Any, ...]:
    """The values of one axis, each once."""
    found: list[Any] = []
    seen: dict[object, Any] = {}
    for item in _items(key, text):
        for value in _values_of_item(key, item, VALUES_MAX - len(found)):
            same = _same(value)
            if same in seen:
                raise refused(key, f"has the value {text_of(value)} twice: give each value once")
            seen[same] = value
            found.append(value)
    return tuple(found)


def _same(value: Any) -> object:
    """What two equal values share: 1 and 1.0 are one setting, 1 and true are not."""
    if isinstance(value, bool | str):
        return type(value).__name__, value
    if isinstance(value, int | float):
        return "number", value
    return "other", json.dumps(value, sort_keys=True)


def _items(key: str, text: str) -> Sequence[str]:
    """``text`` between its commas, those within brackets and quotes left alone."""
    items, begin, depth, quote, escaped = [], 0, 0, "", False
    for index, character in enumerate(text):
        if quote:
            ends = character == quote and not escaped
            escaped = quote == '"' and character == "\\" and not escaped
            quote = "" if ends else quote
        elif character in "\"'":
            quote = character
        elif character in _OPEN:
            depth += 1
        elif character in _CLOSE:
            depth -= 1
        elif character == "," and depth == 0:
            items.append(text[begin:index].strip())
            begin = index + 1
    items.append(text[begin:].strip())
    if not all(items):
        raise refused(key, f"has an empty value in {text[:80]!r}: expected values between commas")
    return items


def _values_of_item(key: str, item: str, most: int) -> Iterator[Any]:
    match = _RANGE.fullmatch(item)
    if match is None:
        return iter([parse_value(item)])
    first, last = _number(match[1]), _number(match[2])
    step = _number(match[4]) if match[4] else Decimal(1)
    whole = not any(_is_decimal(part) for part in (match[1], match[4] or "1"))
    times = match[3] == "x"
    if last < first:
        raise refused(key, f"has the range {item}, whose end is below its beginning")
    if times and (step <= 1 or first <= 0):
        raise refused(key, f"has the range {item}: a factor must be above 1, and the beginning above 0")
    if not times and step <= 0:
        raise refused(key, f"has the range {item}: a step must be above 0")
    found = list(itertools.islice(_steps(first, last, step, times=times), most + 1))
    if len(found) > most:
        raise refused(key, f"has more than {VALUES_MAX:,} values with the range {item}: take a larger step")
    if whole or (times and not _is_decimal(match[1])):
        return (int(value.to_integral_value(ROUND_HALF_EVEN)) for value in found)
    return (float(value) for value in found)


def _steps(first: Decimal, last: Decimal, step: Decimal, *, times: bool) -> Iterator[Decimal]:
    value = first
    while value <= last:
        yield value
        value = value * step if times else value + step


def _number(text: str) -> Decimal:
    return Decimal(text.replace("_", ""))


def _is_decimal(text: str) -> bool:
    return any(character in text for character in ".eE")

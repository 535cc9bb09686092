"""Single settings in the place of a scenario's own: ``ring.capacity_slots=256``, as a command line says it.

A path is the key path of the scenario file, as ``tickpath config explain`` prints it: ``feed.rate_hz``,
``consumers[0].overrun``, or by name ``consumers[log].overrun``, ``injections[feed-freeze].duration_ns``. Two
short forms are taken as well, where the table has nothing of that very name: without the ending that says the
unit (``ring.capacity``), and with ``_`` in the place of the last dot (``executor.service_ns``). The ``ns`` of
a stage that has no service time make it a constant one, unless its ``kind`` is set as well.

What a value may be is judged where every scenario is judged, by the same rules in the same words. Reads and
writes nothing, and changes no table that it is given.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tickpath.config.checks import given
from tickpath.config.scenario.binding import path_of
from tickpath.config.scenario.explain import table_of
from tickpath.config.scenario.loader import scenario_from_table
from tickpath.config.scenario.scenario import Scenario
from tickpath.config.suggest import suggestion
from tickpath.errors import ScenarioError, ScenarioProblem

__all__ = ["ORIGIN", "Place", "overridden", "parse_value", "place_of", "split_assignment", "with_values"]

ORIGIN = "--set"
"""What problems of a value that was set call its file."""

_STEP = re.compile(r"(?:^|\.)([A-Za-z0-9_-]+)|\[([^\[\]]+)\]")
_UNITS = ("_slots", "_ns", "_hz")
_NO_SETTINGS = {
    "schema": "says what kind of file it is, and is no setting",
    "extends": "is what a file is laid over, and no setting: name the other scenario instead",
}

Step = str | int


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a scenario's table a setting is."""

    key: str
    """Its key path, in full."""
    steps: tuple[Step, ...]
    """Keys, and indices of arrays."""
    implied: tuple[tuple[tuple[Step, ...], object], ...] = ()
    """What it says of others that must fit, unless these are said as well."""


def split_assignment(text: str) -> tuple[str, str]:
    """``PATH=VALUE`` in its two halves. Raises ``ScenarioError``."""
    path, equals, value = text.partition("=")
    path, value = path.strip(), value.strip()
    if not equals or not path or not value:
        raise refused("", f"must be PATH=VALUE, such as ring.capacity_slots=1024, got {given(text)}")
    return path, value


def parse_value(text: str) -> Any:
    """``text`` as TOML has it, and as plain text where it is no TOML: ``256``, ``true``, ``oldest``."""
    try:
        found = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    value = found.get("value")
    # Dates are nothing that a scenario has, and a line break would begin another key.
    return value if len(found) == 1 and isinstance(value, bool | int | float | str | list | dict) else text


def place_of(table: Mapping[str, Any], path: str) -> Place:
    """Where ``path`` is in ``table``, which has every key. Raises ``ScenarioError``.

    A key that no table has is left for the scenario's own rules to judge.
    """
    if path in _NO_SETTINGS:
        raise refused(path, _NO_SETTINGS[path])
    here: Any = table
    steps: list[Step] = []
    key = ""
    implied: tuple[tuple[tuple[Step, ...], object], ...] = ()
    for word, item in _words(path):
        if item:
            index = _index(here, item, key, path)
            steps.append(index)
            key += f"[{_name_of(here, index)}]"
            here = here[index]
            continue
        if here is not None and not isinstance(here, Mapping):
            raise refused(path, f"goes into {key}, which is no table")
        for step in _expanded(here or {}, word):
            if step == "ns" and here and here.get("kind") == "none":
                implied = (((*steps, "kind"), "constant"),)
            steps.append(step)
            key = path_of(key, step)
            here = here.get(step) if isinstance(here, Mapping) else None
    return Place(key, tuple(steps), implied)


def _words(path: str) -> list[tuple[str, str]]:
    found, end = [], 0
    for match in _STEP.finditer(path):
        if match.start() != end:
            break
        found.append((match[1] or "", match[2] or ""))
        end = match.end()
    if end != len(path) or not found or not found[0][0]:
        raise refused(path, "is no key path: expected one like ring.capacity_slots or consumers[log].overrun")
    return found


def _expanded(table: Mapping[str, Any], word: str) -> tuple[str, ...]:
    """The keys that ``word`` means in ``table``."""
    if word in table:
        return (word,)
    with_unit = [word + unit for unit in _UNITS if word + unit in table]
    if len(with_unit) == 1:
        return (with_unit[0],)
    for key, inner in table.items():
        rest = word.removeprefix(f"{key}_")
        if rest != word and isinstance(inner, Mapping) and rest in inner:
            return key, rest
    return (word,)


def _index(here: object, item: str, key: str, path: str) -> int:
    if not isinstance(here, list):
        raise refused(path, f"takes an item of {key}, which is no array")
    names = [_name_of(here, index) for index in range(len(here))]
    if item in names:
        return names.index(item)
    if item.isdecimal() and int(item) < len(here):
        return int(item)
    there = ", ".join(names) or "none"
    raise refused(path, f"names no item of {key} (there are: {there}){suggestion(item, names)}")


def _name_of(array: list[Any], index: int) -> str:
    """The name of an item that has one of its own; else its number."""
    name = array[index].get("name") if isinstance(array[index], Mapping) else None
    same = [item for item in array if isinstance(item, Mapping) and item.get("name") == name]
    return name if isinstance(name, str) and len(same) == 1 else str(index)


def with_values(table: Mapping[str, Any], values: Iterable[tuple[Place, object]]) -> dict[str, Any]:
    """``table`` with those values in their places; what it shares with ``table`` is not to be changed.

    Raises ``ScenarioError`` where one place lies within another.
    """
    asked = list(values)
    for (inner, _), (outer, _) in itertools.permutations(asked, 2):
        if inner.steps[: len(outer.steps)] == outer.steps:
            raise refused(inner.key, f"lies within {outer.key}, which is set as well: say one of them")
    changed: Any = dict(table)
    for place, _ in asked:
        for steps, value in place.implied:
            changed = _with(changed, steps, value)
    for place, value in asked:
        changed = _with(changed, place.steps, value)
    result: dict[str, Any] = changed
    return result


def _with(here: Any, steps: tuple[Step, ...], value: object) -> Any:
    if not steps:
        return value
    first, rest = steps[0], steps[1:]
    if isinstance(first, int):
        return [_with(item, rest, value) if index == first else item for index, item in enumerate(here)]
    here = here or {}
    return {**here, first: _with(here.get(first), rest, value)}


def overridden(scenario: Scenario, assignments: Iterable[str]) -> Scenario:
    """``scenario`` with what ``assignments`` say, each ``PATH=VALUE``. Raises ``ScenarioError``."""
    table = table_of(scenario)
    values: dict[str, tuple[Place, object]] = {}
    for assignment in assignments:
        path, text = split_assignment(assignment)
        place = place_of(table, path)
        if place.key in values:
            raise refused(place.key, "is set twice: say it once")
        values[place.key] = place, parse_value(text)
    return scenario_from_table(with_values(table, values.values()), ORIGIN) if values else scenario


def refused(path: str, reason: str) -> ScenarioError:
    """The error of one ``--set``."""
    return ScenarioError((ScenarioProblem(ORIGIN, path, reason),))

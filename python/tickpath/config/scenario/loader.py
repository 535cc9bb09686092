"""A scenario from a file, from a shipped one, or from a table: settings, or everything that is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tickpath.config.checks import given, shown
from tickpath.config.scenario.binding import Binder
from tickpath.config.scenario.files import Builtin, Layer, Origins, layered, read_layer, refuse_depth
from tickpath.config.scenario.scenario import SCHEMA, Scenario, contradictions
from tickpath.errors import ArgumentTypeError, ArgumentValueError, ScenarioError, ScenarioProblem

__all__ = ["LoadedScenario", "load_scenario", "read_scenario", "scenario_from_table"]

_NONE_SHIPPED: Builtin = MappingProxyType({})
_PARTS = ("injections", "probes", "runbooks", "break_")


@dataclass(frozen=True, slots=True)
class LoadedScenario:
    """A scenario and where its values came from.

    >>> from tickpath.lab.drill import shipped_scenarios
    >>> loaded = read_scenario("feed-freeze", builtin=shipped_scenarios())
    >>> loaded.origins.of("ring.capacity_slots")
    'base'
    """

    scenario: Scenario
    table: Mapping[str, Any]
    """What the files said, laid over each other."""
    origins: Origins
    """The file of each key."""


def load_scenario(source: str | os.PathLike[str], *, builtin: Builtin = _NONE_SHIPPED) -> Scenario:
    """The scenario of a TOML file, or of the shipped one of that name.

    ``builtin`` says which are shipped, and where. Raises ``ScenarioError``, which names everything that is
    wrong, and ``ArgumentTypeError`` if ``source`` is no path.

    >>> from tickpath.lab.drill import shipped_scenarios
    >>> load_scenario("feed-freeze", builtin=shipped_scenarios()).ring.capacity_slots
    16384
    """
    return read_scenario(source, builtin=builtin).scenario


def read_scenario(source: str | os.PathLike[str], *, builtin: Builtin = _NONE_SHIPPED) -> LoadedScenario:
    """As :func:`load_scenario`, with the origin of each value.

    >>> from tickpath.lab.drill import shipped_scenarios
    >>> sorted(read_scenario("feed-freeze", builtin=shipped_scenarios()).table)[:3]
    ['break', 'control', 'description']
    """
    if not isinstance(source, str | os.PathLike):
        raise ArgumentTypeError(f"a scenario must be the path of a file or a name, got {shown(source)}")
    return _bound(read_layer(source, builtin), builtin)


def scenario_from_table(
    table: Mapping[str, Any], origin: str = "table", *, builtin: Builtin = _NONE_SHIPPED
) -> Scenario:
    """The scenario of a table such as TOML or JSON gives; ``origin`` is what messages call it.

    ``None`` stands for a setting that is not set. Relative paths start from the current directory. Raises
    ``ScenarioError``.

    >>> scenario_from_table({"ring": {"capacity_slots": 1_024}}).ring.capacity_slots
    1024
    >>> scenario_from_table({"ring": {"capacity": 1_024}}, "mine")
    Traceback (most recent call last):
    tickpath.errors.ScenarioError: mine: ring.capacity is no key of this table; did you mean "capacity_slots"?
    """
    if not isinstance(table, Mapping):
        raise ScenarioError((ScenarioProblem(origin, "", f"must be a table, got {shown(table)}"),))
    refuse_depth(table, origin)
    return _bound(Layer(origin, "", table), builtin).scenario


def _bound(layer: Layer, builtin: Builtin) -> LoadedScenario:
    table, origins = layered(layer, builtin)
    binder = Binder()
    schema = table.get("schema", SCHEMA)
    if schema != SCHEMA:
        binder.problems.append(("schema", f"must be {SCHEMA}, got {given(schema)}"))
    found = binder.fields(Scenario, table, "", beside=("schema", "extends"))
    problems = binder.problems
    if not problems:
        try:
            problems = _contradictions(found)
            if not problems:
                return LoadedScenario(Scenario(**found), table, origins)
        except (ArgumentTypeError, ArgumentValueError) as error:
            problems = [("", f"is wrong: {error}")]
    raise ScenarioError(tuple(ScenarioProblem(origins.of(path), path, reason) for path, reason in problems))


def _contradictions(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    plain = Scenario()
    stages = ("executor", *(stage.name for stage in found.get("consumers", ())))
    return contradictions(stages, *(found.get(part, getattr(plain, part)) for part in _PARTS))

"""Scenario files: frozen settings of a whole run, read from TOML.

``Scenario`` holds the sections; ``load_scenario`` reads a file and says everything that is wrong with it.
Paths, keys and defaults: ``docs/reference/scenario.md``.
"""

from __future__ import annotations

from tickpath.config.scenario.loader import (
    LoadedScenario,
    load_scenario,
    read_scenario,
    scenario_from_table,
)
from tickpath.config.scenario.scenario import SCHEMA, Scenario
from tickpath.errors import ScenarioError, ScenarioProblem

__all__ = [
    "SCHEMA",
    "LoadedScenario",
    "Scenario",
    "ScenarioError",
    "ScenarioProblem",
    "load_scenario",
    "read_scenario",
    "scenario_from_table",
]

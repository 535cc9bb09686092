"""Scenario files: frozen settings of a whole run, read from TOML.

``Scenario`` holds the sections; ``load_scenario`` reads a file and says everything that is wrong with it.
Faults are in ``injections``, probes in ``probes``: a class for each kind.
Paths, keys and defaults: ``docs/reference/scenario.md``.
"""

from __future__ import annotations

from tickpath.config.scenario.feed import FeedFile, FeedSettings
from tickpath.config.scenario.loader import (
    LoadedScenario,
    load_scenario,
    read_scenario,
    scenario_from_table,
)
from tickpath.config.scenario.operator import OperatorSettings
from tickpath.config.scenario.responses import BreakSettings, ObjectiveSettings, RunbookSettings
from tickpath.config.scenario.scenario import SCHEMA, Scenario
from tickpath.config.scenario.surroundings import (
    ControlSettings,
    EngineRest,
    LifecycleSettings,
    RingSettings,
    WarmupSettings,
)
from tickpath.errors import ScenarioError, ScenarioProblem

__all__ = [
    "SCHEMA",
    "BreakSettings",
    "ControlSettings",
    "EngineRest",
    "FeedFile",
    "FeedSettings",
    "LifecycleSettings",
    "LoadedScenario",
    "ObjectiveSettings",
    "OperatorSettings",
    "RingSettings",
    "RunbookSettings",
    "Scenario",
    "ScenarioError",
    "ScenarioProblem",
    "WarmupSettings",
    "load_scenario",
    "read_scenario",
    "scenario_from_table",
]

"""Scenario files: frozen settings of a whole run, read from TOML.

``Scenario`` holds the sections; ``load_scenario`` reads a file and says everything that is wrong with it.
Paths, keys and defaults: ``docs/reference/scenario.md``.
"""

from __future__ import annotations

from tickpath.config.scenario.scenario import SCHEMA, Scenario

__all__ = ["SCHEMA", "Scenario"]

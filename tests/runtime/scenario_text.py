"""A scenario as the file that replays it: what a property that failed prints."""

from __future__ import annotations

import json
from typing import Any

from tickpath.config.scenario import Scenario
from tickpath.config.scenario.explain import table_of


def toml_of(scenario: Scenario) -> str:
    """``scenario`` as TOML, every setting said; loads again to the same."""
    return "".join(f"{key} = {_value(value)}\n" for key, value in table_of(scenario).items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        members = (f"{key} = {_value(member)}" for key, member in value.items() if member is not None)
        return "{ " + ", ".join(members) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(member) for member in value) + "]"
    return json.dumps(value)

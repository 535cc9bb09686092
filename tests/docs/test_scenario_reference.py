"""The page on scenario files holds every setting, as it is now."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from tickpath.config.fields import hints_of, split
from tickpath.config.scenario import Scenario
from tickpath.config.scenario.binding import kinds_of
from tickpath.config.scenario.explain import every_setting
from tools import scenario_reference


def test_the_tables_are_what_the_settings_are() -> None:
    page = scenario_reference.PAGE.read_text(encoding="utf-8")
    assert scenario_reference.rewritten(page) == page, "run make scenario-reference"


def test_no_table_is_forgotten() -> None:
    page = scenario_reference.PAGE.read_text(encoding="utf-8")
    marked = re.findall(r"<!-- settings: ([\w.]+) -->", page)
    assert sorted(marked) == sorted([*scenario_reference.TABLES, "injections", "probes"])


def parts(owner: Any) -> Iterator[Any]:
    """Every class of settings that is in ``owner``, itself included, but those with a kind of their own."""
    yield owner
    for hint in hints_of(owner).values():
        element = get_args(hint)[0] if get_origin(hint) is tuple else hint
        if dataclasses.is_dataclass(split(element)[0][0]):
            for kind, inner in kinds_of(element).items():
                if not kind:
                    yield from parts(inner)


def test_no_class_of_settings_is_forgotten() -> None:
    missing = [owner.__name__ for owner in parts(Scenario) if owner not in scenario_reference.TABLES.values()]
    assert missing == [], "give it a table in tools/scenario_reference.py"


def test_every_setting_is_on_the_page() -> None:
    page = scenario_reference.PAGE.read_text(encoding="utf-8")
    for setting in every_setting():
        name = setting.key.rpartition(".")[2]
        assert f"\n| `{name}` | {setting.allowed} |" in page, setting.key


def test_a_setting_that_changes_is_seen() -> None:
    field = dataclasses.fields(scenario_reference.TABLES["ring"])[0]
    row = scenario_reference.row(scenario_reference.TABLES["ring"], field)
    assert (
        row == "| `capacity_slots` | integer from 1 | slots | `65536` | Slots of the ring, kept exactly. |\n"
    )

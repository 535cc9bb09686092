"""The JSON Schema and the loader judge the same: by ``jsonschema``, an implementation that is not ours."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.config.test_scenario_files import SNIPPETS, WHOLE
from tests.config.test_scenario_properties import JUNK, KEYS, SCENARIOS, SECTIONS
from tickpath.config.fields import Number, Text, Whole, hints_of, split, unannotated
from tickpath.config.scenario import Scenario, ScenarioError, load_scenario, scenario_from_table
from tickpath.config.scenario.explain import table_of
from tickpath.config.scenario.schema import json_schema
from tickpath.lab.drill import shipped_scenarios

JUDGE = jsonschema.Draft202012Validator(json_schema())
SHIPPED = shipped_scenarios()

#: What fits together is beyond a schema: these are wrong, and only the loader knows.
ONLY_THE_LOADER = [
    "feed.speed = nan",
    "feed.speed = inf",
    'feed.pace = "constant"\nfeed.files = [{path = "a"}]',
    'executor.name = "x"',
    "executor.thread = {nice = 1, realtime_priority = 1}",
    "executor.service.ns = 5",
    'executor.after = ["b"]',
    'consumers = [{name = "a b"}]',
    'injections = [{kind = "stall"}]',
    'probes = [{kind = "backlog", stage = "x"}]',
    'runbooks = [{name = "a"}, {name = "a"}]',
    'runbooks = [{name = "a", params = {x = nan}}]',
    'break.disable = "probe:backlg"',
]
#: Draft 2020-12 calls 8.0 an integer; here it is none.
WHOLE_FLOATS = ["ring.capacity_slots = 8.0"]


def loads(table: Any) -> bool:
    try:
        scenario_from_table(table)
    except ScenarioError:
        return False
    return True


def wrong_by_the_schema(table: Any) -> list[str]:
    return [error.message for error in JUDGE.iter_errors(table)]


def test_it_is_a_schema_of_its_draft() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert json.loads(json.dumps(json_schema())) == json_schema()


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_is_right_by_both(name: str) -> None:
    load_scenario(name, builtin=SHIPPED)
    assert wrong_by_the_schema(tomllib.loads(Path(SHIPPED[name]).read_text())) == []


def test_a_whole_file_and_the_default_are_right_by_both() -> None:
    for table in (tomllib.loads(WHOLE), table_of(Scenario())):
        assert loads(table)
        assert wrong_by_the_schema(table) == []


# Numbers that jsonschema itself cannot print are left out.
@pytest.mark.parametrize(
    "text", [text for text, _, _ in SNIPPETS if "fff" not in text], ids=lambda text: text[:40]
)
def test_what_the_loader_refuses_the_schema_refuses_where_it_can_know(text: str) -> None:
    table = tomllib.loads(text)
    assert not loads(table)
    assert JUDGE.is_valid(table) is (text in ONLY_THE_LOADER + WHOLE_FLOATS)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.dictionaries(SECTIONS | KEYS, JUNK, max_size=4) | SCENARIOS)
def test_what_the_loader_takes_the_schema_takes(table: dict[Any, Any]) -> None:
    assert not loads(table) or wrong_by_the_schema(table) == []


def wrong_values(hint: Any) -> Iterator[Any]:
    """Values beside what ``hint`` allows: one beyond each bound, and another type."""
    yield {"x": 1}
    for part in split(hint)[0]:
        base, bounds = unannotated(part)
        match bounds:
            case Whole(low, high):
                yield from (low - 1, high + 1, low + 0.5, True, "x")
            case Number(low, high, above):
                yield from (low if above else low - 1, True, "x")
                yield from () if high == float("inf") else (high * 2,)
            case Text():
                yield from (1, ["x"])
        if base is bool:
            yield from (1, "true")
        elif get_origin(base) is Literal:
            yield from (1, *(f"{word}x" for word in get_args(base)))
        elif get_origin(base) is tuple:
            yield from (1, "x", [[]])


def right_values(hint: Any) -> Iterator[Any]:
    """Values at the very edge of what ``hint`` allows."""
    for part in split(hint)[0]:
        base, bounds = unannotated(part)
        match bounds:
            case Whole(low, high):
                yield from (low, high)
            case Number(low, high, above):
                yield from () if above else (low,)
                yield from () if high == float("inf") else (high,)
        if base is bool:
            yield from (True, False)
        elif get_origin(base) is Literal:
            yield from get_args(base)


SCALAR_SETTINGS = [
    (section.name, field.name, hints_of(type(held))[field.name])
    for section in dataclasses.fields(Scenario)
    if dataclasses.is_dataclass(held := getattr(Scenario(), section.name))
    for field in dataclasses.fields(held)
    if not dataclasses.is_dataclass(getattr(held, field.name))
]


@pytest.mark.parametrize(("section", "key", "hint"), SCALAR_SETTINGS, ids=lambda value: str(value)[:30])
def test_a_value_beyond_its_bound_is_wrong_by_both(section: str, key: str, hint: Any) -> None:
    for value in wrong_values(hint):
        table = {section.rstrip("_"): {key: value}}
        assert not loads(table), value
        assert not JUDGE.is_valid(table), value


#: At the edge by themselves, but of no use without another setting.
TOGETHER = {
    "model",
    "symbol",
    "policy",
    "out_of_order",
    "columns",
    "events",
    "rounds_min",
    "rounds_max",
    "flat_rounds",
    # With the probes and runbooks that a file has which says nothing, stages are built with faults.
    "stamp_per",
    "claim_lines",
    # Makes a service time longer, and there is none.
    "load_factor",
}


@pytest.mark.parametrize(("section", "key", "hint"), SCALAR_SETTINGS, ids=lambda value: str(value)[:30])
def test_a_value_at_its_bound_is_right_by_both(section: str, key: str, hint: Any) -> None:
    for value in right_values(hint):
        table = {section.rstrip("_"): {key: value}}
        assert JUDGE.is_valid(table), value
        assert loads(table) or key in TOGETHER, value


def test_every_setting_is_described_for_the_editor() -> None:
    def described(schema: dict[str, Any]) -> Iterator[str]:
        for name, said in schema["properties"].items():
            if not said.get("description"):
                yield name

    schema = json_schema()
    objects = [schema, *schema["$defs"].values()]
    assert [name for each in objects for name in described(each)] == []
    assert all(each["additionalProperties"] is False for each in objects)

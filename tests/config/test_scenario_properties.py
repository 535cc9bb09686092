"""Junk raises ``ScenarioError`` and nothing else; what loads is told, and loads again to the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickpath.config.fields import hints_of
from tickpath.config.scenario import Scenario, ScenarioError, load_scenario, scenario_from_table
from tickpath.config.scenario.binding import kinds_of
from tickpath.config.scenario.explain import UNSET, every_setting, explained, table_of
from tickpath.config.scenario.schema import json_schema

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([-1, 0, 1, 2**63 - 1, 2**63, 2**64, 10**4000]),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.sampled_from(
        ["none", "auto", "READY", "executor", "constant", "probe:backlog", "a b", "\0", "\ud800"]
    ),
)


def judged(load: Callable[[], Scenario]) -> Scenario | ScenarioError:
    """What comes of it; anything else that is raised comes through."""
    try:
        return load()
    except ScenarioError as error:
        return error


def _keys(schema: Any) -> set[str]:
    """Every key there is, whatever the table."""
    found: set[str] = set()
    if isinstance(schema, dict):
        found |= set(schema.get("properties", {}))
        for part in schema.values():
            found |= _keys(part)
    elif isinstance(schema, list):
        for part in schema:
            found |= _keys(part)
    return found


KEYS = st.sampled_from(sorted(_keys(json_schema()) - {"extends"})) | st.text(max_size=3) | st.integers(0, 2)
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
SECTIONS = st.sampled_from(
    ["operator", "feed", "ring", "executor", "consumers", "injections", "probes", "runbooks", "break"]
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.dictionaries(SECTIONS | KEYS, JUNK, max_size=5))
def test_junk_raises_a_scenario_error_or_nothing(table: dict[Any, Any]) -> None:
    found = judged(lambda: scenario_from_table(table))
    if isinstance(found, ScenarioError):
        assert found.problems
        assert all(len(str(problem)) < 2_000 for problem in found.problems)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(kind=st.sampled_from(sorted(kinds_of(hints_of(Scenario)["injections"].__args__[0]))), data=st.data())
def test_junk_in_a_table_of_a_known_kind_raises_a_scenario_error_or_nothing(kind: str, data: Any) -> None:
    (owner,) = [o for k, o in kinds_of(hints_of(Scenario)["injections"].__args__[0]).items() if k == kind]
    keys = st.sampled_from(sorted(hints_of(owner)))
    table = {"kind": kind, **data.draw(st.dictionaries(keys, SCALARS, max_size=4))}
    found = judged(lambda: scenario_from_table({"injections": [table]}))
    if isinstance(found, ScenarioError):
        assert all(problem.key.startswith("injections[0]") for problem in found.problems)
    else:
        assert [injection.kind for injection in found.injections] == [kind]


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    content=st.binary(max_size=40) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_bytes_in_a_file_raise_a_scenario_error_or_nothing(content: bytes, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    found = judged(lambda: load_scenario(path))
    assert isinstance(found, Scenario) or str(path) in str(found)


SCENARIOS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["a", "open-burst"]),
        "description": st.text(max_size=20),
        "seed": st.integers(0, 2**64 - 1),
        "ring": st.fixed_dictionaries({}, optional={"capacity_slots": st.integers(1, 2**63 - 1)}),
        "feed": st.fixed_dictionaries(
            {}, optional={"rate_hz": st.floats(1e-300, 1e9), "speed": st.floats(1e-300, 1e300)}
        ),
        "executor": st.fixed_dictionaries(
            {},
            optional={
                "thread": st.sampled_from(
                    [{}, {"core": None}, {"core": "none"}, {"core": 3}, {"core": "auto"}]
                ),
                "service": st.sampled_from([{"kind": "empirical", "samples_ns": [1, 2]}, {"kind": "none"}]),
            },
        ),
        "consumers": st.just([{"name": "logger", "after": ["executor"]}]),
        "injections": st.lists(
            st.sampled_from(
                [
                    {"kind": "feed_outage", "at_ns": 0},
                    {"kind": "clock_step", "in_state": "READY", "offset_ns": -5},
                    {"kind": "slow_consumer", "at_event": 3, "factor": 2, "duration_events": 4},
                ]
            ),
            unique_by=str,
        ),
        "operator": st.just([{"in_state": "DEGRADED", "after_ns": 3, "cause": "clock skew"}]),
        "probes": st.sampled_from([[], [{"kind": "backlog", "enabled": False}]]),
        "runbooks": st.sampled_from([[], [{"name": "a", "params": {"x": 1.5, "y": "z", "w": True}}]]),
        "objectives": st.sampled_from([{}, {"degrades": False, "expects_causes": ["a", "b"]}]),
    },
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(SCENARIOS)
def test_what_is_told_loads_again_to_the_same(table: dict[str, Any]) -> None:
    scenario = scenario_from_table(table)
    told = json.loads(json.dumps(table_of(scenario)))
    assert scenario_from_table(told) == scenario


def test_every_default_can_be_printed_and_said() -> None:
    for setting in every_setting():
        json.dumps(None if setting.default is UNSET else setting.default)
        assert setting.meaning.endswith("."), setting.key
        assert setting.allowed, setting.key


def test_every_setting_of_the_default_is_told_with_the_same_default() -> None:
    for setting in explained():
        assert setting.origin == "default"
        array = "[" in setting.key
        assert array or setting.value == setting.default, setting.key


def test_every_number_says_its_unit_or_is_a_count_without_one() -> None:
    without = {"seed", "symbols", "core", "realtime_priority", "nice", "sigma"}
    for setting in every_setting():
        if setting.allowed.startswith(("integer", "number", "array: integer")):
            name = setting.key.rpartition(".")[2]
            assert setting.unit or name in without, setting.key

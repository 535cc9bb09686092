"""Settings set one by one: where a path leads, what a value is, and the scenario's own words for errors."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tickpath.config.engine import ServiceTime
from tickpath.config.scenario import Scenario, ScenarioError, scenario_from_table
from tickpath.config.scenario.explain import table_of
from tickpath.config.scenario.override import overridden, parse_value, place_of, split_assignment, with_values

TABLE: dict[str, Any] = {
    "ring": {"capacity_slots": 64},
    "consumers": [{"name": "log"}, {"name": "tape", "service": {"kind": "exponential", "ns": 5}}],
    "injections": [{"kind": "feed_freeze", "name": "freeze", "at_ns": 1, "duration_ns": 2}],
}


@pytest.fixture(name="scenario")
def _scenario() -> Scenario:
    return scenario_from_table(TABLE)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("ring.capacity_slots", "ring.capacity_slots"),
        ("ring.capacity", "ring.capacity_slots"),
        ("feed.rate", "feed.rate_hz"),
        ("control.interval", "control.interval_ns"),
        ("executor.service.ns", "executor.service.ns"),
        ("executor.service_ns", "executor.service.ns"),
        ("feed.thread_core", "feed.thread.core"),
        ("consumers[tape].overrun", "consumers[tape].overrun"),
        ("consumers[1].overrun", "consumers[tape].overrun"),
        ("injections[freeze].duration", "injections[freeze].duration_ns"),
        ("break.disable", "break.disable"),
        # No such key: the scenario's own rules say so.
        ("ring.capcity", "ring.capcity"),
    ],
)
def test_a_path_is_a_key_of_the_file_in_full_or_short(scenario: Scenario, path: str, key: str) -> None:
    assert place_of(table_of(scenario), path).key == key


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("consumers[lag].overrun", 'names no item of consumers (there are: log, tape); did you mean "log"?'),
        ("consumers[2].overrun", "names no item of consumers"),
        ("feed[0].x", "takes an item of feed, which is no array"),
        ("ring.capacity.x", "goes into ring.capacity_slots, which is no table"),
        ("extends", "is what a file is laid over"),
        ("schema", "is no setting"),
        *((path, "is no key path") for path in ("", ".", "a..b", "a.", "[0]", "a b", "ring.", "é")),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(scenario: Scenario, path: str, words: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        place_of(table_of(scenario), path)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("256", 256),
        ("1_000", 1000),
        ("0.5", 0.5),
        ("true", True),
        ("oldest", "oldest"),
        ('"true"', "true"),
        ("[1, 2]", [1, 2]),
        ('{ kind = "none" }', {"kind": "none"}),
        ("2020-01-01", "2020-01-01"),
        ("1\nother = 2", "1\nother = 2"),
        ("1,2", "1,2"),
    ],
)
def test_a_value_is_what_toml_has_or_text(text: str, value: object) -> None:
    found = parse_value(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", ["", "=", "a", "a=", "=1", "  = 1"])
def test_half_an_assignment_is_none(text: str) -> None:
    with pytest.raises(ScenarioError, match="must be PATH=VALUE, such as"):
        split_assignment(text)


def test_what_is_set_is_set_and_nothing_else(scenario: Scenario) -> None:
    changed = overridden(
        scenario, ["ring.capacity=9", "consumers[log].overrun=head", "consumers[tape].service_ns=7"]
    )
    assert changed.ring.capacity_slots == 9
    assert changed.consumers[0].overrun == "head"
    assert changed.consumers[1].service == ServiceTime.exponential(7)
    back = overridden(
        changed, ["ring.capacity=64", "consumers[log].overrun=oldest", "consumers[tape].service_ns=5"]
    )
    assert back == scenario
    assert overridden(scenario, []) is scenario


def test_the_table_that_is_given_stays_as_it_was(scenario: Scenario) -> None:
    table = table_of(scenario)
    before = copy.deepcopy(table)
    place = place_of(table, "consumers[log].overrun")
    assert with_values(table, [(place, "head")])["consumers"][0]["overrun"] == "head"
    assert table == before


def test_the_ns_of_a_stage_without_a_service_time_make_a_constant_one(scenario: Scenario) -> None:
    for path in ("executor.service_ns", "executor.service.ns"):
        assert overridden(scenario, [f"{path}=9"]).executor.service == ServiceTime.constant(9)
    asked = ["executor.service.kind=exponential", "executor.service_ns=9"]
    assert overridden(scenario, asked).executor.service == ServiceTime.exponential(9)
    assert overridden(scenario, asked[::-1]).executor.service == ServiceTime.exponential(9)
    with pytest.raises(ScenarioError, match="a service time of the kind none has no ns, got 9"):
        overridden(scenario, ["executor.service.kind=none", "executor.service_ns=9"])


def test_what_is_wrong_is_said_as_of_a_file(scenario: Scenario) -> None:
    with pytest.raises(ScenarioError) as raised:
        overridden(scenario, ["ring.capacity=0", "executor.overrun=hed", "ring.capcity=1"])
    keys = [problem.key for problem in raised.value.problems]
    assert sorted(keys) == ["executor.overrun", "ring.capacity_slots", "ring.capcity"]
    assert {problem.origin for problem in raised.value.problems} == {"--set"}
    assert "got 'hed'; did you mean \"head\"?" in str(raised.value)


def test_a_setting_that_is_set_twice_is_refused_under_any_name(scenario: Scenario) -> None:
    with pytest.raises(ScenarioError, match=r"ring\.capacity_slots is set twice: say it once"):
        overridden(scenario, ["ring.capacity=1", "ring.capacity_slots=1"])


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        ("feed.rate_hz", "feed"),
        ("executor.service.ns", "executor.service"),
        ("consumers[0].after", "consumers"),
        ("executor.service.ns", "executor"),
    ],
)
def test_a_setting_within_another_that_is_set_is_refused(scenario: Scenario, inner: str, outer: str) -> None:
    """Which of the two is meant would be a guess, and the outer one may be no table any more."""
    for both in ([f"{inner}=5", f"{outer}=5"], [f"{outer}={{}}", f"{inner}=5"]):
        with pytest.raises(ScenarioError, match=rf"lies within {outer}, which is set as well: say one"):
            overridden(scenario, both)

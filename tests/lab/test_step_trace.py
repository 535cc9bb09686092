"""Two traces: the first step and field in which they differ."""

from __future__ import annotations

import io
from typing import Any

import pytest

from tickpath.lab.step_trace import Difference, StepTrace, first_difference


def trace(*steps: dict[str, Any]) -> list[str]:
    out = io.StringIO()
    written = StepTrace(out)
    for number, values in enumerate(steps):
        written.write(number * 10, values)
    assert written.steps == len(steps)
    return out.getvalue().splitlines(keepends=True)


STEP: dict[str, Any] = {"state": "READY", "stages": {"executor": {"cursor": 7}}, "causes": ["a", "b"]}


def test_the_same_traces_do_not_differ() -> None:
    assert first_difference(trace(STEP, STEP), trace(STEP, STEP)) is None
    assert first_difference([], []) is None


@pytest.mark.parametrize(
    ("other", "field", "first", "second"),
    [
        ({**STEP, "state": "DEGRADED"}, "state", "READY", "DEGRADED"),
        ({**STEP, "stages": {"executor": {"cursor": 8}}}, "stages.executor.cursor", 7, 8),
        ({**STEP, "causes": ["b", "a"]}, "causes.0", "a", "b"),
        ({**STEP, "causes": ["a"]}, "causes.1", "b", "(nothing)"),
        ({**STEP, "more": 1}, "more", "(nothing)", 1),
        ({**STEP, "causes": []}, "causes.0", "a", "(nothing)"),
        ({**STEP, "stages": {"executor": {"cursor": 7.0}}}, "stages.executor.cursor", 7, 7.0),
    ],
)
def test_the_first_step_and_field_are_named(
    other: dict[str, Any], field: str, first: object, second: object
) -> None:
    found = first_difference(trace(STEP, STEP, STEP), trace(STEP, other, other))
    assert found == Difference(1, 10, field, first, second)
    assert "step 1" in str(found)
    assert field in str(found)


def test_the_order_of_fields_counts() -> None:
    turned = {name: STEP[name] for name in reversed(STEP)}
    found = first_difference(trace(STEP), trace(turned))
    assert found is not None
    assert (found.step, found.field) == (0, "the order of the fields")


def test_a_run_that_is_longer_differs_where_the_other_ends() -> None:
    for one, other in ((trace(STEP), trace(STEP, STEP)), (trace(STEP, STEP), trace(STEP))):
        found = first_difference(one, other)
        assert found is not None
        assert (found.step, found.at_ns, found.field) == (1, 10, "the end of the run")

"""What a sweep varies: lists, ranges, what is refused, and values as they are written again."""

from __future__ import annotations

from typing import Any

import pytest

from tickpath.config.scenario import Scenario, ScenarioError
from tickpath.config.scenario.explain import table_of
from tickpath.config.scenario.override import parse_value
from tickpath.lab.sweep.axes import VALUES_MAX, parse_axes, parse_seeds, text_of

TABLE = table_of(Scenario())


def values(text: str) -> tuple[Any, ...]:
    """The values of the one axis of ``text``."""
    (axis,) = parse_axes(TABLE, [f"ring.capacity={text}"])
    return axis.values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("256", (256,)),
        ("256,1024, 64", (256, 1024, 64)),
        ("1..4", (1, 2, 3, 4)),
        ("1000..9000+2000", (1000, 3000, 5000, 7000, 9000)),
        ("1..9+5", (1, 6)),
        ("256..4096x2", (256, 512, 1024, 2048, 4096)),
        ("1_000..3_000+1e3", (1000.0, 2000.0, 3000.0)),
        ("100..350x1.5", (100, 150, 225, 338)),
        ("0.1..0.7+0.1", (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)),
        ("0.5..8x2", (0.5, 1.0, 2.0, 4.0, 8.0)),
        ("-2..2+2", (-2, 0, 2)),
        ("1,2..4,8..32x2", (1, 2, 3, 4, 8, 16, 32)),
        ("oldest,head", ("oldest", "head")),
        ('"a, b",c', ("a, b", "c")),
        ('"a\\", b",c', ('a", b', "c")),
        (
            "{ kind = 'none' },{ kind = 'exponential', ns = 5 }",
            ({"kind": "none"}, {"kind": "exponential", "ns": 5}),
        ),
        ("[1, 2],[]", ([1, 2], [])),
        ("true,1,1.5", (True, 1, 1.5)),
        ("a..b", ("a..b",)),
    ],
)
def test_values_are_lists_and_ranges(text: str, expected: tuple[Any, ...]) -> None:
    found = values(text)
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("256,256", "has the value 256 twice"),
        ("1,1.0", "has the value 1.0 twice"),
        ("1..4,3", "has the value 3 twice"),
        ("{a = 1},{ a=1 }", "twice"),
        ("1..10x1.1", "has the value 1 twice"),
        ("4..1", "whose end is below its beginning"),
        ("1..4+0", "a step must be above 0"),
        ("1..4x1", "a factor must be above 1"),
        ("0..4x2", "and the beginning above 0"),
        ("1..1e9", f"has more than {VALUES_MAX:,} values with the range 1..1e9"),
        ("1,,2", "has an empty value"),
        (",", "has an empty value"),
    ],
)
def test_what_makes_no_axis_is_refused(text: str, words: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        values(text)
    assert words in str(raised.value)
    assert "ring.capacity_slots" in str(raised.value)


def test_one_setting_is_one_axis_and_seeds_have_their_option() -> None:
    with pytest.raises(ScenarioError) as raised:
        parse_axes(TABLE, ["ring.capacity=1", "ring.capacity_slots=2", "seed=1,2", "extends=a", "x"])
    text = str(raised.value)
    for words in (
        "is varied twice",
        "is varied by --seeds",
        "is what a file is laid over",
        "must be PATH=VALUE",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", range(1)), ("100", range(100)), ("5..9", range(5, 10)), ("7..7", range(7, 8))],
)
def test_seeds_are_a_number_of_them_or_first_to_last(text: str, expected: range) -> None:
    assert parse_seeds(text) == expected


@pytest.mark.parametrize(
    "text", ["0", "-1", "x", "", "9..5", "1.5", "1,2", "20000000", "1..99999999999999999999"]
)
def test_other_seeds_are_refused(text: str) -> None:
    with pytest.raises(ScenarioError, match=r"^--seeds: must be"):
        parse_seeds(text)


@pytest.mark.parametrize(
    "value",
    [
        1,
        0.1,
        1e300,
        True,
        "head",
        "true",
        "nan",
        "a, b",
        'a"b\\',
        "é",
        "1..4",
        "7",
        [1, "a"],
        {"kind": "none", "a b": 1.5},
    ],
)
def test_a_value_is_written_so_that_it_is_read_again(value: object) -> None:
    text = text_of(value)
    assert parse_value(text) == value
    assert values(text) == (value,)

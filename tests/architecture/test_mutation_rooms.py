"""The mutation tests' table: every module of their rooms is judged, by tests that are there."""

from __future__ import annotations

import pytest

from tools.mutation.basis import basis_of
from tools.mutation.rooms import JUDGES, PACKAGE, ROOMS, ROOT, judges_of, modules_of, room_of


def test_every_module_of_the_rooms_is_judged() -> None:
    modules = modules_of([])
    assert len(modules) == sum(len([*(PACKAGE / room).rglob("*.py")]) for room in ROOMS) > 50
    assert {judges_of(module).modules for module in modules} == {judges.modules for judges in JUDGES}
    assert {room_of(module) for module in modules} == set(ROOMS)


def test_every_judge_is_there() -> None:
    tests = [test for judges in JUDGES for test in (*judges.quick, *judges.deep)]
    for test in tests:
        file, _, name = test.partition("::")
        assert (ROOT / file).is_file(), test
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8") or not name, test


@pytest.mark.parametrize(
    "pattern",
    [
        "control/health/probes",
        "control/health/probes/",
        "python/tickpath/control/health/probes",
        "*/probes/*",
    ],
)
def test_a_folder_is_named_in_many_ways(pattern: str) -> None:
    assert len(modules_of([pattern])) == len([*(PACKAGE / "control/health/probes").glob("*.py")])


def test_a_file_is_named_by_its_path() -> None:
    assert modules_of(["core/state/lifecycle.py"]) == ["core/state/lifecycle.py"]
    assert modules_of(["nowhere"]) == []


MODULE = '''"""A module."""


class Feed:
    """A feed."""

    def head(self) -> int:
        """Where it is."""
        # So far.
        return 1
'''


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ("A module.", "Another.", True),
        ('"""A feed."""', '"""One."""\n', True),
        ("Where it is.", "And why.", True),
        ("# So far.", "# For now.", True),
        ('"""Where it is."""', "", True),
        ("return 1", "return 2", False),
        ("return 1", 'return "Where it is."', False),
    ],
)
def test_what_does_nothing_is_no_reason_to_judge_again(before: str, after: str, is_same: bool) -> None:
    judges = judges_of("core/state/lifecycle.py")
    changed = MODULE.replace(before, after)
    assert changed != MODULE
    assert (basis_of(changed, judges) == basis_of(MODULE, judges)) is is_same


def test_other_judges_are_a_reason() -> None:
    one, two = judges_of("core/state/lifecycle.py"), judges_of("control/health/monitor.py")
    assert basis_of(MODULE, one) != basis_of(MODULE, two)

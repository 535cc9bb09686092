"""What the versioning policy covers is listed, and no change of it goes unnoticed."""

from __future__ import annotations

import difflib
import re

import pytest

from tests.architecture.test_public_names import NAMES
from tickpath import errors
from tools import public_api

COMMITTED = public_api.LIST.read_text(encoding="utf-8").splitlines()


def test_the_list_is_what_there_is() -> None:
    changed = difflib.unified_diff(COMMITTED, public_api.lines(), "committed", "now", lineterm="", n=0)
    assert "\n".join(changed) == "", "a promise changed: CHANGELOG.md says so, then make public-api"


def test_no_line_stands_twice() -> None:
    assert sorted(set(COMMITTED)) == sorted(COMMITTED)


@pytest.mark.parametrize(("module", "name"), [(m, name) for m, names in NAMES.items() for name in names])
def test_the_designs_names_are_in_it(module: str, name: str) -> None:
    path = re.escape(f"{module}.{name}")
    assert any(re.match(rf"(class|def|type|value) {path}\b", line) for line in COMMITTED)


def test_every_error_is_in_it() -> None:
    listed = {line.split("(")[0].rpartition(".")[2] for line in COMMITTED if line.startswith("class ")}
    assert set(errors.__all__) <= listed


def test_a_name_that_goes_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert any(line.startswith("class tickpath.errors.NotReady(") for line in COMMITTED)
    monkeypatch.setattr(errors, "__all__", [name for name in errors.__all__ if name != "NotReady"])
    assert not any(line.startswith("class tickpath.errors.NotReady(") for line in public_api.lines())

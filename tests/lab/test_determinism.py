"""Two fresh processes with different hash seeds: equal runs are equal, a planted difference is found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tickpath.errors import EngineFailed
from tickpath.lab.determinism import Determinism, check_determinism, determinism_report
from tickpath.lab.step_trace import Difference

#: An injection that begins a little later, by how much says the hash of its name.
PLANT = """
from tickpath.control.failure.schedule import Schedule

honest = Schedule.__init__

def planted(self, settings):
    honest(self, settings)
    if self._at_ns is not None:
        self._at_ns += hash(settings.name) % 1_000_003
        self._due_ns = self._at_ns

Schedule.__init__ = planted
"""


def plant(folder: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """Let every new interpreter run ``source`` as it starts."""
    (folder / "sitecustomize.py").write_text(source, encoding="utf-8")
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))


@pytest.mark.slow
def test_a_drill_is_the_same_under_two_hash_seeds() -> None:
    checked = check_determinism(["overlapping-outages"])
    assert checked.difference is None
    assert checked.same
    assert checked.steps > 100


@pytest.mark.slow
def test_a_planted_dependence_on_a_hash_is_caught_at_its_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, monkeypatch, PLANT)
    checked = check_determinism(["feed-freeze"])
    assert not checked.same
    assert checked.difference is not None
    # The freeze begins at 400 ms in the scenario, and a little later by the plant.
    assert checked.difference.field == "at_ns"
    assert 400_000_000 <= (checked.difference.at_ns or 0) <= 402_000_000


@pytest.mark.slow
def test_a_process_that_does_not_come_to_its_end_is_an_error() -> None:
    with pytest.raises(EngineFailed, match=r"exit code 2: .*no-such"):
        check_determinism(["no-such-drill"])


def test_runs_without_a_digest_or_with_two_are_not_the_same() -> None:
    assert Determinism(3, ("a", "a"), None).same
    assert not Determinism(3, ("a", "b"), None).same
    assert not Determinism(3, (None, None), None).same
    assert not Determinism(3, ("a", "a"), Difference(1, 10, "state", "READY", "INIT")).same


def test_the_report_names_the_step_and_the_field() -> None:
    found = Difference(1, 10, "state", "READY", "INIT")
    report = determinism_report(Determinism(3, ("a", "b"), found), scenario="x", seed=7)
    assert report == {
        "schema": "tickpath/determinism/1",
        "scenario": "x",
        "seed": 7,
        "verdict": "fail",
        "steps": 3,
        "digests": ["a", "b"],
        "difference": {"step": 1, "at_ns": 10, "field": "state", "first": "READY", "second": "INIT"},
    }

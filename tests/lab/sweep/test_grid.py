"""The runs of a sweep: their numbers, their order, their scenarios; what is known before the first."""

from __future__ import annotations

import pickle
import shlex
from pathlib import Path

import pytest

from tickpath.config.engine import ServiceTime
from tickpath.config.scenario import Scenario, ScenarioError, scenario_from_table
from tickpath.config.scenario.explain import table_of
from tickpath.errors import SweepRefused
from tickpath.lab.sweep.axes import parse_axes
from tickpath.lab.sweep.grid import Grid, judge, without_effect
from tickpath.lab.sweep.sweep import refuse_too_many

PLAIN = Scenario(seed=7)


def grid_of(*assignments: str, scenario: Scenario = PLAIN, seeds: range | None = range(3)) -> Grid:
    """A grid of ``scenario``."""
    return Grid.of(scenario, "feed.toml", parse_axes(table_of(scenario), assignments), seeds)


def test_runs_are_numbered_by_point_and_seed_and_done_seed_by_seed() -> None:
    grid = grid_of("ring.capacity=8,4", "executor.service_ns=1,2,3", seeds=range(5, 7))
    assert (len(grid), grid.points) == (12, 6)
    numbered = [(grid.values(run), grid.seed(run)) for run in range(12)]
    assert numbered == [((c, s), seed) for c in (8, 4) for s in (1, 2, 3) for seed in (5, 6)]
    order = list(grid.order())
    assert sorted(order) == list(range(12))
    assert [grid.seed(run) for run in order] == [5] * 6 + [6] * 6


def test_a_run_is_the_scenario_with_its_values_and_its_seed() -> None:
    grid = pickle.loads(pickle.dumps(grid_of("ring.capacity=8,4", "executor.service_ns=1,2")))
    scenario = grid.scenario_of(7)
    assert (scenario.ring.capacity_slots, scenario.executor.service, scenario.seed) == (
        4,
        ServiceTime.constant(1),
        1,
    )
    words = list(grid.replay(7))
    assert shlex.split(shlex.join(words)) == words
    assert words[:7] == ["tickpath", "run", "feed.toml", "--mode", "virtual", "--seed", "1"]
    assert words[7:] == ["--set", "ring.capacity_slots=4", "--set", "executor.service.ns=1"]


def test_without_seeds_and_axes_it_is_the_scenario_itself() -> None:
    grid = grid_of(seeds=None)
    assert (len(grid), grid.points, grid.scenario_of(0)) == (1, 1, PLAIN)


def test_wrong_values_are_refused_before_the_first_run_all_of_them() -> None:
    with pytest.raises(ScenarioError) as raised:
        judge(grid_of("ring.capacity=0,4,x", "executor.overrun=head,hed", "feed.nothing=1"))
    text = str(raised.value)
    assert len(raised.value.problems) == 4
    for words in ("got 0", "got 'x' (str)", 'did you mean "head"?', "feed.nothing is no key of this table"):
        assert words in text


def test_a_value_is_judged_with_the_others_that_make_sense_of_it() -> None:
    # Each is wrong with the scenario's own service time, and right in a combination.
    drawn = [
        "executor.service.kind=constant,lognormal",
        "executor.service.ns=100",
        "executor.service.sigma=0,1",
    ]
    judge(grid_of(*drawn))
    judge(grid_of(*drawn[::-1]))
    with pytest.raises(ScenarioError, match=r"kind constant has no sigma, got 0\.5"):
        judge(grid_of("executor.service.ns=100", "executor.service.sigma=0,0.5"))


def test_names_of_stages_may_only_be_wrong_in_a_combination() -> None:
    scenario = scenario_from_table({"consumers": [{"name": "log"}]})
    judge(grid_of("consumers[log].after=[],['executor']", scenario=scenario))
    with pytest.raises(ScenarioError, match="nobody"):
        judge(grid_of("consumers[log].after=['nobody']", scenario=scenario))


def test_paths_of_recordings_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    grid = grid_of("feed.files=[{path = 'a'}],[{path = 'b'}]", scenario=Scenario())
    assert [value[0]["path"] for value in grid.axes[0].values] == [str(tmp_path / name) for name in "ab"]
    recorded = scenario_from_table({"feed": {"files": [{"path": "c"}]}})
    assert grid_of(scenario=recorded).table["feed"]["files"][0]["path"] == str(tmp_path / "c")
    changed = grid_of("feed.files[0].path=d,e", scenario=recorded)
    assert changed.axes[0].values == (str(tmp_path / "d"), str(tmp_path / "e"))


@pytest.mark.parametrize(
    ("assignments", "seeds", "expected"),
    [
        (["executor.thread.core=none,auto"], 1, ["executor.thread.core"]),
        (["engine.clock=auto,monotonic", "ring.capacity=1,2"], 1, ["engine.clock"]),
        (["ring.capacity=1,2"], 2, []),
        (["feed.model=constant"], 2, []),
    ],
)
def test_what_has_no_effect_is_known_beforehand(
    assignments: list[str], seeds: int, expected: list[str]
) -> None:
    assert list(without_effect(grid_of(*assignments, seeds=range(seeds)))) == expected


def test_seeds_have_no_effect_where_nothing_is_drawn() -> None:
    fixed = scenario_from_table({"feed": {"model": "constant"}})
    drawn = scenario_from_table(
        {"feed": {"model": "constant"}, "executor": {"service": {"kind": "exponential", "ns": 9}}}
    )
    assert without_effect(grid_of("ring.capacity=1,2", scenario=fixed)) == ("seeds",)
    assert without_effect(grid_of("ring.capacity=1,2", scenario=fixed, seeds=range(1))) == ()
    assert without_effect(grid_of("executor.service.kind=none,exponential", scenario=fixed)) == ()
    assert without_effect(grid_of("ring.capacity=1,2", scenario=drawn)) == ()


def test_a_grid_that_is_too_large_says_what_it_is_made_of_and_costs_nothing() -> None:
    grid = grid_of("ring.capacity=1..1000", "executor.service_ns=1..1000", seeds=range(1000))
    assert len(grid) == 1_000_000_000
    words = (
        r"1,000,000,000 runs \(1,000 of ring\.capacity_slots x 1,000 of executor\.service\.ns x 1,000 seeds\)"
    )
    with pytest.raises(SweepRefused, match=words):
        refuse_too_many(grid, 100_000)
    refuse_too_many(grid, 1_000_000_000)

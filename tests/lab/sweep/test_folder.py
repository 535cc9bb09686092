"""What a sweep leaves in its folder: rows once each, whatever ended it, and never those of two sweeps."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.lab.sweep.small import AXES, SMALL, Scripted, grid_of, swept
from tickpath.config.scenario import scenario_from_table
from tickpath.errors import SourceNotFound, SweepRefused
from tickpath.lab.sweep.folder import Folder, plan_of
from tickpath.lab.sweep.one_run import Done, failed, line_of

GRID = grid_of(*AXES)


def row(run: int, **figures: object) -> Done:
    """A run that passed."""
    return run, "pass", line_of(run, {"outcome": "pass", "objectives": "pass", **figures})


def kept(path: Path) -> list[int]:
    """The runs of the rows in the file, in its order."""
    return [json.loads(line)["run"] for line in (path / "runs.jsonl").read_bytes().splitlines()]


def test_rows_are_kept_once_and_told_in_the_order_of_their_runs(tmp_path: Path) -> None:
    with Folder(tmp_path / "new" / "sweep", GRID) as folder:
        assert folder.keep([row(7), row(2, lost=1)]) == 2
        assert folder.keep([row(2, lost=9), row(3), row(3, lost=9)]) == 1
        assert [(each["run"], each.get("lost")) for each in folder.rows()] == [(2, 1), (3, None), (7, None)]
        assert (folder.done, folder.done_before) == (3, 0)
        assert list(folder.left()) == [run for run in GRID.order() if run not in (2, 3, 7)]
    assert kept(tmp_path / "new" / "sweep") == [7, 2, 3]


def test_what_was_done_before_is_not_done_again(tmp_path: Path) -> None:
    with Folder(tmp_path, GRID) as folder:
        folder.keep([row(run) for run in (0, 5, 11)])
    engine = Scripted(lambda run: [row(run)])
    result = swept(GRID, tmp_path, engine)
    assert sorted([*engine.asked, 0, 5, 11]) == list(range(12))
    assert (result.before, result.tally.runs, result.left, result.verdict) == (3, 12, 0, "pass")
    again = Scripted(lambda run: [row(run)])
    assert (swept(GRID, tmp_path, again).before, again.asked) == (12, [])
    assert sorted(kept(tmp_path)) == list(range(12))


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_line_that_a_killed_process_left_unfinished_is_done_again(tmp_path: Path, cut: int) -> None:
    with Folder(tmp_path, GRID) as folder:
        folder.keep([row(0), row(1)])
    runs = tmp_path / "runs.jsonl"
    whole = runs.read_bytes()
    runs.write_bytes(whole[:-cut])
    with Folder(tmp_path, GRID) as folder:
        assert folder.done == 2 - (cut > 0) - (cut > len(whole) // 2)
        folder.keep([row(0), row(1)])
    assert runs.read_bytes() == whole


def test_a_file_that_is_damaged_in_the_middle_is_left_alone(tmp_path: Path) -> None:
    with Folder(tmp_path, GRID) as folder:
        folder.keep([row(0), row(1)])
    runs = tmp_path / "runs.jsonl"
    damaged = runs.read_bytes().replace(b'"run":0', b'"run":x')
    runs.write_bytes(damaged)
    with pytest.raises(SweepRefused, match="damaged at byte 0, in the middle: nothing was changed"):
        Folder(tmp_path, GRID)
    assert runs.read_bytes() == damaged


def test_a_row_of_a_run_that_this_sweep_has_not_is_damage(tmp_path: Path) -> None:
    with Folder(tmp_path, GRID):
        pass
    (tmp_path / "runs.jsonl").write_bytes(row(99)[2] + row(0)[2])
    with pytest.raises(SweepRefused, match="damaged"):
        Folder(tmp_path, GRID)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (grid_of(*AXES, seeds=4), "seeds.count was 3 and is 4"),
        (grid_of("ring.capacity=8,65", AXES[1]), r"axes.ring.capacity_slots was \[8, 64\] and is \[8, 65\]"),
        (grid_of(AXES[0]), r"axes.executor.service.ns is gone \(\[100, 900\]\)"),
        (grid_of(*AXES, "feed.rate=1,2"), r"axes.feed.rate_hz is new \(\[1, 2\]\)"),
        (grid_of(*AXES, scenario=scenario_from_table({"ring": {"capacity_slots": 9}})), "scenario.name was"),
    ],
)
def test_another_sweep_in_the_same_folder_is_refused_with_what_differs(
    tmp_path: Path, other: object, words: str
) -> None:
    with Folder(tmp_path, GRID) as folder:
        folder.keep([row(0)])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(SweepRefused, match=words) as raised:
        Folder(tmp_path, other)  # type: ignore[arg-type]
    assert "Name another folder with --output, or remove this one" in str(raised.value)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_another_version_of_tickpath_is_another_sweep(tmp_path: Path) -> None:
    with Folder(tmp_path, GRID):
        pass
    plan = json.loads((tmp_path / "plan.json").read_bytes())
    (tmp_path / "plan.json").write_text(json.dumps({**plan, "tickpath": "0.0.9"}), encoding="ascii")
    with pytest.raises(SweepRefused, match="tickpath was"):
        Folder(tmp_path, GRID)


def test_a_recording_that_has_changed_makes_another_sweep(tmp_path: Path) -> None:
    recording = tmp_path / "day.csv"
    scenario = scenario_from_table({"feed": {"files": [{"path": str(recording)}]}})
    with pytest.raises(SourceNotFound, match=r"day\.csv"):
        plan_of(grid_of(*AXES, scenario=scenario))
    recording.write_bytes(b"1")
    with Folder(tmp_path / "sweep", grid_of(*AXES, scenario=scenario)):
        pass
    recording.write_bytes(b"12")
    with pytest.raises(SweepRefused, match=r"day\.csv\.bytes was 1 and is 2"):
        Folder(tmp_path / "sweep", grid_of(*AXES, scenario=scenario))


def test_two_processes_do_not_sweep_into_one_folder(tmp_path: Path) -> None:
    with Folder(tmp_path, GRID), pytest.raises(SweepRefused, match="another process sweeps into this folder"):
        Folder(tmp_path, GRID)
    with Folder(tmp_path, GRID):
        pass


def test_a_system_without_locks_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(SweepRefused, match="this system has no flock"):
        Folder(tmp_path, GRID)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(SweepRefused, match="holds other files and no sweep"):
        Folder(tmp_path, GRID)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_plan_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with Folder(tmp_path, GRID):
        pass
    (tmp_path / "plan.json").write_text("{", encoding="ascii")
    with pytest.raises(SweepRefused, match=r"plan\.json cannot be read"):
        Folder(tmp_path, GRID)


def test_a_run_that_failed_is_a_row_and_the_sweep_has_failed(tmp_path: Path) -> None:
    grid = grid_of(
        "executor.service.kind=constant,lognormal", "executor.service.ns=100", "executor.service.sigma=0,1"
    )
    result = swept(grid, tmp_path)
    assert (result.verdict, result.tally.outcomes) == ("fail", {"pass": 9, "error": 3})
    ((words, first),) = result.tally.errors.items()
    assert words.startswith("ScenarioError: --set: executor.service is wrong: ")
    assert words.endswith("a service time of the kind constant has no sigma, got 1")
    assert (first, result.tally.error_counts[words]) == (3, 3)


def test_an_error_of_any_kind_is_that_of_its_run(tmp_path: Path) -> None:
    def do(run: int) -> list[Done]:
        return [failed(run, ZeroDivisionError("by zero")) if run == 4 else row(run)]

    result = swept(GRID, tmp_path, Scripted(do))
    assert result.tally.errors == {"ZeroDivisionError: by zero": 4}
    assert result.verdict == "fail"
    assert result.left == 0


def test_small_is_what_the_file_says() -> None:
    assert SMALL.feed.events == 1_500

"""Processes that do a sweep's runs: each run once, whoever dies; and nothing left behind."""

from __future__ import annotations

import json
import multiprocessing
from collections import Counter
from pathlib import Path

import pytest

from tests.lab.sweep.small import AXES, deep, grid_of, swept
from tickpath.errors import SweepFailed
from tickpath.lab.sweep import local
from tickpath.lab.sweep.grid import Grid
from tickpath.lab.sweep.local import InProcess, LocalProcesses
from tickpath.lab.sweep.one_run import Done, Runs

GRID = grid_of(*AXES, seeds=6)


def do_all(engine: LocalProcesses, grid: Grid, *, kill_at: frozenset[int] = frozenset()) -> list[Done]:
    """Every run that ``engine`` does; a process of it is killed when so many are done.

    Far enough apart that no run is hit twice: that one would have failed.
    """
    done: list[Done] = []
    left = set(kill_at)
    for ended in engine.do(grid, grid.order(), len(grid), lambda: False):
        done += ended
        due = {at for at in left if len(done) >= at}
        left -= due
        for child in multiprocessing.active_children()[: len(due)]:
            child.kill()
    return done


@pytest.mark.slow
@pytest.mark.parametrize(
    ("processes", "kill_at"), [(1, [1]), pytest.param(3, [1, 10, 20], marks=deep)], ids=["one", "several"]
)
def test_a_process_that_is_killed_costs_no_run_and_none_is_done_twice(
    processes: int, kill_at: list[int]
) -> None:
    done = do_all(LocalProcesses(processes), GRID, kill_at=frozenset(kill_at))
    assert Counter(run for run, _, _ in done) == Counter(range(len(GRID)))
    here = Runs(GRID)
    assert sorted(done) == sorted(here.do(run) for run in range(len(GRID)))  # type: ignore[type-var]
    assert multiprocessing.active_children() == []


@pytest.mark.slow
@deep
def test_a_run_that_two_processes_die_of_has_failed_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grid = grid_of(seeds=2)
    monkeypatch.setattr(local, "_work", _dies_of_the_first)
    done = {run: (outcome, json.loads(line)) for run, outcome, line in do_all(LocalProcesses(1), grid)}
    assert done[0][1]["error"] == "the process that did it ended with exit code 7, 2 times"
    assert done[1] == ("pass", {"run": 1, "outcome": "pass"})


@pytest.mark.slow
@deep
def test_a_process_that_cannot_begin_ends_the_sweep_and_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(local, "_work", _dies_at_once)
    result = swept(grid_of(seeds=2), tmp_path, LocalProcesses(1))
    assert result.failure == (
        "3 processes of the sweep ended before their first run, the last one with exit code 9"
    )
    assert (result.verdict, result.interrupted, result.left) == ("fail", False, 2)


def test_the_machine_that_gives_no_process_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(local, "Child", nothing)
    with pytest.raises(SweepFailed, match=r"the machine gave no process for the sweep: .*unavailable"):
        list(LocalProcesses(2).do(GRID, GRID.order(), len(GRID), lambda: False))


def test_who_is_to_stop_begins_no_other_run() -> None:
    asked = iter([False, False, True])
    grid = grid_of(seeds=5)
    ended = list(InProcess().do(grid, grid.order(), len(grid), lambda: next(asked, True)))
    assert len(ended) < 5


def _dies_of_the_first(_grid: Grid, control: multiprocessing.connection.Connection) -> None:
    control.send(None)
    while True:
        for run in control.recv():
            if run == 0:
                raise SystemExit(7)
            control.send((run, "pass", json.dumps({"run": run, "outcome": "pass"}).encode() + b"\n"))


def _dies_at_once(_grid: Grid, _control: multiprocessing.connection.Connection) -> None:
    raise SystemExit(9)

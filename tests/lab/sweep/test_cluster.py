"""A sweep on a real Dask cluster of this machine whose workers are killed: nothing lost, nothing twice.

Scheduler and workers are processes of their own, as a cluster's are. ``make sweep-deep`` passes these; what
needs no cluster is in the suite.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.sweep.small import FILE, Scripted, deep, grid_of, swept
from tickpath.errors import SweepFailed, SweepRefused
from tickpath.lab.sweep.cluster import DaskCluster

SWEEP = [
    *[sys.executable, "-m", "tickpath", "sweep", "small.toml", "--quiet", "--json"],
    *["--set", "ring.capacity=8,64", "--set", "executor.service_ns=100,900"],
]
#: A run that ends its process, as one that takes all of its memory would.
POISON = """
import os, tickpath.lab.sweep.one_run as one_run
honest = one_run.Runs.do
def do(self, run, *rest):
    if run == {run}:
        os._exit(9)
    return honest(self, run, *rest)
one_run.Runs.do = do
"""


class Cluster:
    """A scheduler, and workers that come and go."""

    def __init__(self, folder: Path, around: contextlib.ExitStack) -> None:
        pytest.importorskip(
            "distributed", reason="distributed is not installed: pip install 'tickpath[dask]'"
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self._folder, self._around = folder, around
        port = self.address.rpartition(":")[2]
        self.scheduler = self._start("dask_scheduler", "--host", "127.0.0.1", "--port", port)

    def worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """Another one, without a nanny that would start it again."""
        words = [f"tcp://{self.address}", "--no-nanny", "--nthreads", "1"]
        return self._start("dask_worker", *words, "--local-directory", str(self._folder), **environment)

    def _start(self, program: str, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{program}", *words, "--no-dashboard"]
        # An allowance of one death: what workers die of is found with two of them.
        settings = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1", **environment}
        process = subprocess.Popen(
            command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._around.callback(process.wait)
        self._around.callback(process.kill)
        return process

    def until(self, workers: int) -> None:
        """Wait for so many workers."""
        from distributed import Client

        with Client(f"tcp://{self.address}", timeout=30, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=30)


@pytest.fixture(name="dask")
def _dask(tmp_path: Path) -> Iterator[Cluster]:
    with contextlib.ExitStack() as around:
        yield Cluster(tmp_path, around)


def sweep(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    """``tickpath sweep`` in ``folder``."""
    (folder / "small.toml").write_text(FILE, encoding="ascii")
    return subprocess.Popen([*SWEEP, *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def rows_when(process: subprocess.Popen[bytes], runs: Path, bytes_min: int) -> None:
    """Return once so much is written, or the process has ended."""
    while not runs.exists() or runs.stat().st_size < bytes_min:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
            return


def report_of(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """The object that it prints."""
    stdout, stderr = process.communicate(timeout=280)
    assert stdout, stderr.decode()
    report: dict[str, Any] = json.loads(stdout)
    return report


@pytest.mark.slow
@pytest.mark.timeout(300)
@deep
def test_a_worker_that_is_killed_in_the_middle_costs_no_run_and_none_is_done_twice(
    dask: Cluster, tmp_path: Path
) -> None:
    workers = [dask.worker(), dask.worker()]
    dask.until(2)
    seeds = ["--seeds", "100"]
    process = sweep(tmp_path, *seeds, "--engine", f"dask://{dask.address}", "-o", "dask")
    runs = tmp_path / "dask" / "runs.jsonl"
    rows_when(process, runs, 20_000)
    workers[0].kill()
    before = runs.read_bytes().count(b"\n")
    # Another one comes, and the last of the first goes.
    late = dask.worker()
    rows_when(process, runs, 60_000)
    workers[1].kill()
    report = report_of(process)
    assert 0 < before < 400
    assert (process.returncode, report["verdict"], report["runs"]["done"]) == (0, "pass", 400)
    assert late.poll() is None
    assert sorted(json.loads(line)["run"] for line in runs.read_bytes().splitlines()) == list(range(400))
    here = report_of(sweep(tmp_path, *seeds, "--processes", "1", "-o", "here"))
    for name in report["files"].values():
        other = here["files"]["table" if name.endswith("parquet") else "picture"]
        assert (tmp_path / name).read_bytes() == (tmp_path / other).read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(300)
@deep
def test_a_run_that_workers_die_of_is_a_row_and_the_others_are_done(dask: Cluster, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(POISON.format(run=5), encoding="ascii")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    # Two die of the batch, and two of the run alone.
    for _ in range(6):
        dask.worker(PYTHONPATH=path)
    dask.until(6)
    report = report_of(sweep(tmp_path, "--seeds", "3", "--engine", f"dask://{dask.address}"))
    assert (report["verdict"], report["runs"]["done"], report["runs"]["error"]) == ("fail", 12, 1)
    (error,) = report["errors"]
    assert (error["error"], error["first"]["run"]) == ("every worker that it was given to died of it", 5)


@pytest.mark.slow
@pytest.mark.timeout(300)
@deep
def test_a_scheduler_that_is_gone_ends_the_sweep_and_what_was_done_is_kept(
    dask: Cluster, tmp_path: Path
) -> None:
    dask.worker()
    dask.until(1)
    process = sweep(tmp_path, "--seeds", "200", "--engine", f"dask://{dask.address}")
    runs = tmp_path / "small-sweep" / "runs.jsonl"
    rows_when(process, runs, 20_000)
    dask.scheduler.kill()
    report = report_of(process)
    assert (process.returncode, report["verdict"]) == (1, "fail")
    assert "the scheduler is gone; what was done is kept" in report["reasons"][0]
    assert 0 < report["runs"]["done"] < 800
    again = report_of(sweep(tmp_path, "--seeds", "200", "--processes", "1"))
    assert (again["runs"]["done_before"], again["runs"]["done"]) == (report["runs"]["done"], 800)


@pytest.mark.slow
@pytest.mark.timeout(300)
@deep
def test_a_worker_without_tickpath_is_named_before_anything_is_run(dask: Cluster, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['tickpath'] = None", encoding="ascii")
    dask.worker(PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    dask.until(1)
    process = sweep(tmp_path, "--engine", f"dask://{dask.address}")
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"has no tickpath, and this is" in stderr
    assert not (tmp_path / "small-sweep").exists()


@pytest.mark.parametrize(
    "address", ["dask://", "dask://host", "dask://host:port", "spark://host:1", "", "dask"]
)
def test_an_engine_is_local_or_the_address_of_a_scheduler(address: str) -> None:
    with pytest.raises(SweepRefused, match="--engine is local or dask://HOST:PORT"):
        DaskCluster(address)


def test_the_package_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SweepRefused, match=r"pip install 'tickpath\[dask\]'"):
        DaskCluster("dask://127.0.0.1:8786")


def test_an_engine_that_cannot_go_on_keeps_what_was_done(tmp_path: Path) -> None:
    def do(run: int) -> list[Any]:
        if run == 2:
            raise SweepFailed("it is gone")
        return [(run, "pass", b'{"run":%d,"outcome":"pass","objectives":"pass"}\n' % run)]

    result = swept(grid_of(), tmp_path, Scripted(do))
    assert (result.verdict, result.failure, result.interrupted, result.left) == (
        "fail",
        "it is gone",
        False,
        1,
    )

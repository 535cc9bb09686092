"""``tickpath run --flight-recorder``: files in a folder, what is refused, and SIGUSR1."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_run import only_line, report_of
from tests.cli.test_run_scenario import Run, run, small
from tests.runtime.flight_traces import Trace

__all__ = ["run", "small"]

TICKPATH = [sys.executable, "-W", "error", "-m", "tickpath"]


def ended(process: subprocess.Popen[bytes], within_s: float) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(within_s)
    return process.returncode is not None


def test_a_scenario_s_dumps_are_files_that_the_report_names(run: Run, small: str, tmp_path: Path) -> None:
    folder = tmp_path / "flights"
    how = ["--mode", "virtual", "--flight-recorder", str(folder), "--dump-on", "transition", "--last", "200"]
    code, stdout, _ = run(small, *how, "--json")
    report = report_of(stdout)
    flight = report["flight_recorder"]
    assert (code, flight["folder"], flight["last"]) == (0, str(folder), 200)
    names = [name for dump in flight["dumps"] for name in dump["files"]]
    assert names == sorted(file.name for file in folder.iterdir())
    # The warm-up begins and ends by the first control step, which makes one dump.
    assert [len(dump["triggers"]) for dump in flight["dumps"]] == [2, 1, 1]
    for dump in flight["dumps"]:
        trace = Trace((folder / dump["files"][0]).read_bytes())
        assert trace.metadata["provenance"]["scenario"] == small
        assert trace.metadata["provenance"]["seed"] == 5
        assert "machine" not in trace.metadata["provenance"]
        assert trace.metadata["at_ns"] == dump["at_ns"]
    # The run is the one without, and the command that replays it says nothing of the recorder.
    _, without, _ = run(small, "--mode", "virtual", "--json")
    assert report_of(without)["digest"] == report["digest"]
    assert report_of(without)["flight_recorder"] is None
    # What is there is not written over.
    code, _, stderr = run(small, *how)
    assert code == 2
    assert "holds dumps of an earlier run (0001-transition.trace.json)" in only_line(stderr)


def test_people_are_told_of_each_dump_and_of_what_was_not(run: Run, small: str, tmp_path: Path) -> None:
    how = ["--mode", "virtual", "--flight-recorder", str(tmp_path), "--dump-on", "transition"]
    code, stdout, _ = run(small, *how, "--dump-on", "end,signal", "--dumps-max", "1", "--flight-arrow", "-q")
    assert code == 0
    said = " ".join(stdout.split())
    assert "0001-transition.trace.json, 0001-transition.events.arrow, 0001-transition.acks.arrow, " in said
    assert "not dumped: transition 2 times (dumps_max), end 1 times (dumps_max)" in said


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--last", "5"], "--last is of a flight recorder"),
        (["--dump-on", "end"], "--dump-on is of a flight recorder"),
        (["--flight-arrow"], "--flight-arrow is of a flight recorder"),
        (["--flight-recorder", "{folder}", "--dump-on", "p99"], "p99>50us"),
        (["--flight-recorder", "{folder}", "--dump-on", "end,end"], "each trigger once"),
        (["--flight-recorder", "{file}"], "cannot be made: File exists"),
        (["--flight-recorder", "{folder}", "--last", "0"], "--last"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    run: Run, tmp_path: Path, arguments: list[str], why: str
) -> None:
    taken = tmp_path / "taken"
    taken.touch()
    code, _, stderr = run(*(each.format(folder=tmp_path, file=taken) for each in arguments))
    assert code == 2
    assert why in only_line(stderr)


@pytest.mark.slow
def test_sigusr1_dumps_a_process_and_never_ends_it(tmp_path: Path) -> None:
    """Before the run, in it, and until the process is gone."""
    folder = tmp_path / "flights"
    command = [*TICKPATH, "run", "--events", "6000", "--rate", "20000", "--floor-ms", "1", "--json"]
    command += ["--flight-recorder", str(folder), "--dump-on", "signal", "--dumps-max", "3", "--last", "100"]
    out = tmp_path / "out.json"
    with (
        out.open("wb") as stdout,
        subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE) as process,
    ):
        # Once its folder is there the process is ours, and not Python's, which the signal would end.
        while not folder.exists() and not ended(process, 0.001):
            pass
        while not ended(process, 0.02):
            process.send_signal(signal.SIGUSR1)
        assert process.stderr is not None
        stderr = process.stderr.read().decode()
    assert (process.returncode, "Traceback" in stderr) == (0, False), stderr
    flight = json.loads(out.read_text(encoding="ascii"))["flight_recorder"]
    assert 1 <= len(flight["dumps"]) <= 3
    assert {dump["triggers"][0]["trigger"] for dump in flight["dumps"]} == {"signal"}
    assert {each["why"] for each in flight["suppressed"]} <= {"dumps_max", "over"}
    for dump in flight["dumps"]:
        trace = Trace((folder / dump["files"][0]).read_bytes())
        assert trace.metadata["acks"]["count"] == dump["acks"]
        assert trace.metadata["provenance"]["machine"]["cores"] >= 1

"""``tickpath`` as a process of its own: signals, pipes, what it imports, real recordings."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = [sys.executable, "-W", "error"]
TICKPATH = [*PYTHON, "-m", "tickpath"]
FAST = ["--rate", "1e6", "--events", "2000", "--floor-ms", "0.1"]
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
# The two smallest of the collector's files: the loader of a debug build takes its time.
CRYPTO = ["hft_spot_btcusdt_20240808.gz", "hft_spot_ethusdt_20240808.gz"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("mode", ["live", "virtual"])
def test_a_signal_ends_the_run_and_the_account_is_printed(number: signal.Signals, mode: str) -> None:
    # A plan of a day, and in virtual time of ten million control steps: only the signal ends it.
    command = [*TICKPATH, "run", "--model", "constant", "--rate", "0.001", "--events", "100", "--json"]
    command += ["--mode", mode]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("tickpath: running 100 events")
        process.send_signal(number)
        stdout, stderr = process.communicate()
    report = json.loads(stdout)
    assert (process.returncode, report["verdict"]) == (130, "interrupted")
    assert report["ledger"]["balanced"] is True
    assert "Traceback" not in stderr
    shutdown = report["shutdown"]
    assert (shutdown["by"], shutdown["drained"], shutdown["hurried"]) == ([number.name], True, False)
    assert shutdown["unread"] == {"executor": 0}
    assert [phase for phase, _ in shutdown["phases"]][-1] == "done"


def stalled(folder: Path, drain_ns: int) -> list[str]:
    """A run of a quarter of an hour whose executor takes no turn, so that it is never drained."""
    path = folder / "stalled.toml"
    path.write_text(
        'schema = "tickpath/scenario/1"\n'
        'feed = { model = "constant", rate_hz = 1_000, events = 1_000_000 }\n'
        "engine = { floor_window_ns = 100_000 }\n"
        'warmup = { kind = "count", events = 0 }\n'
        f"control = {{ drain_ns = {drain_ns} }}\n"
        'injections = [{ kind = "stall", at_ns = 0 }]\n'
    )
    return [*TICKPATH, "run", str(path), "--json"]


def signalled(command: list[str], *numbers: signal.Signals) -> tuple[int, str, str]:
    """Exit code, stdout and the rest of stderr of a run that gets these once it runs."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("tickpath: running 1,000,000 events")
        for number in numbers:
            process.send_signal(number)
        stdout, stderr = process.communicate()
    assert "Traceback" not in stderr
    return process.returncode, stdout, stderr


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_scenario_is_ended_in_order_and_its_faults_are_rolled_back(
    number: signal.Signals, tmp_path: Path
) -> None:
    # A shutdown waits for the stage until its deadline, and no longer.
    code, stdout, _ = signalled(stalled(tmp_path, 50_000_000), number)
    report = json.loads(stdout)
    assert (code, report["verdict"]) == (130, "interrupted")
    assert (report["ledger"]["balanced"], report["executed_outside_ready"]) == (True, 0)
    assert [line["event"] for line in report["injections"]][-1] == "rollback"
    assert report["shutdown"]["by"] == [number.name]


@pytest.mark.slow
def test_the_second_signal_means_now(tmp_path: Path) -> None:
    # The first alone would wait for an hour.
    code, stdout, stderr = signalled(stalled(tmp_path, 3_600_000_000_000), signal.SIGINT, signal.SIGTERM)
    assert (code, stdout) == (130, "")
    assert "interrupted, ended without an account" in stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [["run", "--quiet", *FAST], ["run", "--quiet", *FAST, "--json"], ["--help"]],
    ids=["text", "json", "help"],
)
def test_a_reader_that_has_gone_is_no_error(arguments: list[str]) -> None:
    command = [*TICKPATH, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        stderr = process.stderr.read()
    assert (process.returncode, stderr) == (0, "")


@pytest.mark.slow
def test_a_run_in_a_process_of_its_own_prints_one_object_and_nothing_else() -> None:
    done = subprocess.run([*TICKPATH, "run", *FAST, "--json"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["verdict"] == "pass"
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("module", ["tickpath", "tickpath.cli", "tickpath.runtime.session"])
def test_importing_it_loads_no_library_before_it_is_used(module: str) -> None:
    code = f"import {module}, sys; print(*sorted({{'numpy', 'click', 'rich'}} & set(sys.modules)))"
    done = subprocess.run([*PYTHON, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def real(*names: str) -> list[str]:
    """``--feed`` for recordings in the shared folder."""
    paths = [SHARED / name for name in names]
    absent = [path for path in paths if not path.exists()]
    if absent:
        pytest.skip(f"no {absent[0]} on this machine")
    return [word for path in paths for word in ("--feed", str(path))]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "events"),
    [(["LOBSTER_SampleFile_AAPL_2012-06-21_1.zip"], 118_497), (CRYPTO, 74_867)],
    ids=["lobster", "crypto"],
)
def test_real_recordings_run_and_every_event_is_accounted_for(names: list[str], events: int) -> None:
    arguments = [*real(*names), "--speed", "1e5", "--floor-ms", "1", "--quiet", "--json"]
    done = subprocess.run([*TICKPATH, "run", *arguments], capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr, report["verdict"]) == (0, "", "pass")
    assert report["feed"]["events"] == events
    assert report["ledger"]["consumers"]["executor"]["published"] == events
    assert report["executed_outside_ready"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("when", ["import", "end"])
def test_a_signal_outside_the_run_leaves_no_traceback(number: signal.Signals, when: str) -> None:
    # Raised where the command line is imported, or when all is said and the interpreter winds up.
    code = f"""
import atexit, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "tickpath.cli.app":
            signal.raise_signal({int(number)})
if {when!r} == "import":
    sys.meta_path.insert(0, Finder())
else:
    atexit.register(signal.raise_signal, {int(number)})
from tickpath.cli import main
sys.argv = ["tickpath", "--version"]
sys.exit(main())
"""
    done = subprocess.run([*PYTHON, "-c", code], capture_output=True, text=True, check=False)
    expected = (130, "tickpath: interrupted outside a run\n") if when == "import" else (0, "")
    assert (done.returncode, done.stderr) == expected


#: A command that computes with NumPy; then the threads of its process.
THREADS = """
import os, sys
from tickpath.cli import main
sys.argv = ["tickpath", "size", "--events", "2000", "--service-ns", "500", "--quiet"]
main()
print(len(os.listdir("/proc/self/task")), file=sys.stderr)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the machine does not list threads")
def test_numpy_starts_no_threads_for_want_of_which_a_command_would_be_interrupted() -> None:
    env = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run([*PYTHON, "-c", THREADS], capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, done.stderr) == (0, "1\n")


@pytest.mark.slow
def test_an_output_that_knows_only_ascii_gets_the_report_all_the_same() -> None:
    command = [*TICKPATH, "run", "--quiet", *FAST]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "PASS" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("redirection", "code", "stderr"),
    [
        (">&-", 0, ""),
        (">&- 2>&-", 0, ""),
        (
            ">/dev/full",
            1,
            "tickpath: error: the output cannot be written: [Errno 28] No space left on device\n",
        ),
        ("2>/dev/full >/dev/null", 0, ""),
    ],
)
@pytest.mark.parametrize("as_json", ["", "--json"])
def test_a_stream_that_is_closed_or_full_leaves_no_traceback(
    redirection: str, code: int, stderr: str, as_json: str
) -> None:
    command = shlex.join([*TICKPATH, "run", *FAST]) + f" {as_json} {redirection}"
    # A stream without a buffer has nothing left to be flushed at the end.
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, text=True, check=False, env=buffered
    )
    said = "".join(line for line in done.stderr.splitlines(True) if not line.startswith("tickpath: running"))
    assert (done.returncode, done.stdout, said) == (code, "", stderr)

"""What goes wrong outside of the process: killed, a full disk, no memory, files that change."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.ingest.recordings import dbn, dbn_mbo
from tickpath.cli import main

TICKPATH = [sys.executable, "-W", "error", "-m", "tickpath"]
RUN = [*TICKPATH, "run", "--events", "2000", "--rate", "1e6", "--floor-ms", "0.1", "--json"]
#: No file of this process grows: what a disk without room does.
NO_ROOM = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh"]
pytestmark = pytest.mark.slow


def run(command: list[str]) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("option", ["--hlog", "--report"])
def test_a_full_disk_takes_no_figure_with_it(tmp_path: Path, option: str) -> None:
    log = tmp_path / "run"
    log.write_text("what stood there")
    code, stdout, stderr = run([*NO_ROOM, *RUN, option, str(log)])
    assert json.loads(stdout)["verdict"] == "pass"
    assert (code, stderr.splitlines()[-1]) == (
        1,
        "tickpath: error: the output cannot be written: [Errno 27] File too large",
    )
    assert log.read_text() == "what stood there"
    assert list(tmp_path.iterdir()) == [log]


def test_a_full_disk_under_audit_and_probe_file_is_counted_and_the_run_goes_on(
    tmp_path: Path,
) -> None:
    audit, probe = tmp_path / "audit.jsonl", tmp_path / "probe.json"
    command = [*TICKPATH, "run", "feed-freeze", "--events", "2000", "--json", "--audit", str(audit)]
    code, stdout, stderr = run([*NO_ROOM, *command, "--probe-file", str(probe)])
    report = json.loads(stdout)
    assert report["ledger"]["balanced"] is True
    assert report["control"]["audit_lines_unwritten"] > 0
    assert "the probe file" in stderr
    assert "could not be written" in stderr
    assert code in (0, 1)
    assert "Traceback" not in stderr
    assert (audit.read_bytes(), probe.exists()) == (b"", False)


@pytest.mark.parametrize(
    "command",
    [
        [*RUN],
        [*TICKPATH, "run", "--events", "2000", "--max"],
        [*TICKPATH, "drill", "run", "feed-freeze", "--json"],
        [*TICKPATH, "config", "schema"],
    ],
    ids=lambda command: "-".join(command[5:7]),
)
def test_a_full_disk_under_stdout_is_an_error(command: list[str]) -> None:
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("[Errno 28] No space left on device")
    assert "Traceback" not in done.stderr


def test_an_audit_trail_stands_to_the_last_line_when_the_process_is_killed(tmp_path: Path) -> None:
    audit = tmp_path / "audit.jsonl"
    scenario = tmp_path / "long.toml"
    scenario.write_text(
        'extends = "market-data-outage"\nname = "long"\n'
        'feed = { model = "constant", rate_hz = 10_000, events = 300_000 }\n'
    )
    command = [*TICKPATH, "run", str(scenario), "--audit", str(audit), "--quiet", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        # The first runbook is done: its lines are there while the run goes on.
        while b"finished" not in (audit.read_bytes() if audit.exists() else b""):
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        assert process.stdout is not None
        assert process.stdout.read() == b""
    lines = audit.read_bytes()
    assert lines.endswith(b"\n")
    assert [json.loads(line)["event"] for line in lines.splitlines()][-1]


LIMITED = """
import resource, sys
import numpy
from tickpath.core.ingest import MarketDataSource
from tickpath.errors import SourceError
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
for megabytes in sys.argv[2:]:
    limit = used + int(float(megabytes) * 2**20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    try:
        print(len(MarketDataSource.from_file(sys.argv[1], policy="skip", out_of_order="sort")))
    except (SourceError, MemoryError) as error:
        print(error)
"""


MEGABYTES = ("0.1", "4", "9", "11", "16", "64")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
def test_a_limit_of_memory_met_while_loading_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "AAPL_2012-06-21_34200000_57600000_message_1.csv"
    rows = (f"{34_200 + (n * 7919 % 30_000)}.5,1,{n},100,5853300,1\n" for n in range(120_000))
    path.write_text("".join(rows))
    code, stdout, stderr = run([sys.executable, "-c", LIMITED, str(path), *MEGABYTES])
    assert (code, stderr) == (0, "")
    said = stdout.splitlines()
    assert len(said) == 6
    assert all("there is no memory" in line for line in said[:2])
    assert all("there is no memory" in line or line == "120000" for line in said[2:5])
    assert said[5] == "120000"


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
def test_a_limit_of_memory_met_while_instruments_are_learnt_is_an_error(tmp_path: Path) -> None:
    path, record = tmp_path / "many.dbn", dbn_mbo(1)
    path.write_bytes(dbn(b"".join(record[:4] + n.to_bytes(4, "little") + record[8:] for n in range(240_000))))
    # More memory than the events need, and less than the table of so many names grows to.
    code, stdout, stderr = run([sys.executable, "-c", LIMITED, str(path), "75"])
    assert (code, stderr) == (0, "")
    assert "there is no memory for more" in stdout


TABLE = """
import resource, sys
import numpy
from tickpath.core.ingest import MarketDataSource
from tickpath.errors import SourceError
rows = numpy.zeros(200_000, dtype=[("time", "u8"), ("price", "f8")])
rows["time"] = numpy.arange(200_000)[::-1]
columns = {"ts_ns": ("time", "us"), "price_e9": "price"}
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
for megabytes in (1, 14, 15, 16, 17, 18, 20, 24, 36):
    limit = used + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    try:
        print(megabytes, len(MarketDataSource.from_table(rows, columns=columns, out_of_order="sort")))
    except (SourceError, MemoryError) as error:
        print(megabytes, type(error).__name__)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
def test_a_limit_of_memory_met_by_a_table_is_an_error() -> None:
    code, stdout, stderr = run([sys.executable, "-c", TABLE])
    assert (code, stderr) == (0, "")
    assert len(stdout.splitlines()) == 9
    assert stdout.startswith("1 MemoryError\n")


@pytest.mark.parametrize("option", ["--hlog", "--probe-file", "--audit", "--report"])
def test_a_place_that_cannot_be_written_to_is_refused_before_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    before = sorted(tmp_path.iterdir())
    for name in (".", "nowhere/new", "file/new", "loop", "x" * 256):
        path = str(tmp_path / name)
        assert main(["run", "feed-freeze", "--json", option, path]) == 2
        stdout, stderr = capsys.readouterr()
        assert stdout == ""
        assert stderr.startswith(f"tickpath: error: {option} ")
        assert path in stderr
        assert len(stderr.splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before


NOBODY = """
import os, sys
from tickpath.core.ingest import MarketDataSource
from tickpath.errors import SourceUnreadable
os.setgid(65_534)
os.setuid(65_534)
try:
    MarketDataSource.from_file(sys.argv[1])
except SourceUnreadable as error:
    print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody who has no rights")
def test_what_a_user_may_not_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_text("34200.5,1,1,100,5853300,1\n")
    path.chmod(0o600)
    for above in (tmp_path, *tmp_path.parents[:2]):
        above.chmod(0o755)
    for unreadable in (path, tmp_path / "locked" / "recording"):
        (tmp_path / "locked").mkdir(mode=0o700, exist_ok=True)
        code, stdout, stderr = run([sys.executable, "-c", NOBODY, str(unreadable)])
        assert (code, stderr) == (0, "")
        assert stdout.startswith(f"{unreadable}: cannot be opened: Permission denied")

"""What is found about a machine, on machines made of files: good ones, bad ones, ones that say nothing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.lab.doctor.machines import CPU, LOUD, QUIET, machine
from tickpath.lab.doctor.finding import Finding, by_effect
from tickpath.lab.doctor.processor import processor_findings
from tickpath.lab.doctor.surroundings import Taken, limit_findings, taken_findings
from tickpath.lab.doctor.system_files import SystemFiles

NOTHING_TAKEN = Taken(watched_ns=10**9, stolen_ns=0, switches=0, throttled=0)
UNSEEN = Taken(watched_ns=0, stolen_ns=None, switches=None, throttled=None)
TSC: Any = SimpleNamespace(clock_source="tsc", clock_cost_ns=8, clock_fallback=None)
SLOW: Any = SimpleNamespace(
    clock_source="clock_gettime", clock_cost_ns=900, clock_fallback="the kernel does not keep its time by it"
)


def found(files: SystemFiles, taken: Taken = NOTHING_TAKEN, clock: Any = TSC) -> dict[str, Finding]:
    """Every finding by name."""
    topology = files.topology()
    findings = [
        *processor_findings(files, topology, clock),
        *taken_findings(files, taken),
        *limit_findings(files, topology, taken),
    ]
    assert len({each.name for each in findings}) == len(findings)
    return {each.name: each for each in findings}


def test_of_a_machine_that_was_made_for_it_nothing_is_to_be_changed(tmp_path: Path) -> None:
    findings = found(machine(tmp_path, QUIET, [0, 1, 2, 3]))
    assert by_effect(findings.values()) == []
    assert {each.name for each in findings.values() if each.status != "good"} == {"cpuset", "rtprio"}
    assert findings["isolation"].value == findings["timer_tick"].value == [2, 3]
    assert findings["memlock"].found == "unlimited; no swap"


def test_what_is_to_be_changed_comes_by_how_long_it_stalls_a_thread(tmp_path: Path) -> None:
    taken = Taken(watched_ns=10**9, stolen_ns=20_000_000, switches=3, throttled=2)
    findings = found(machine(tmp_path, LOUD, [0, 1, 2, 3]), taken, SLOW)
    assert [each.name for each in by_effect(findings.values())] == [
        "cpu_quota",
        "memory_limit",
        "steal",
        "other_work",
        "isolation",
        "transparent_huge_pages",
        "memlock",
        "governor",
        "timer_tick",
        "smt",
        "clock",
        "nofile",
    ]
    assert findings["cpu_quota"].value == 1.5
    assert findings["cpu_quota"].found == "1.5 cores; used up 2 times while watched"
    assert findings["memory_limit"].value == 256 << 20
    assert findings["steal"].found == "20.0 ms of 1.00 s (2.00%)"
    assert findings["smt"].found == "on: 0-1, 2-3 are halves of one core"
    assert findings["memlock"].found == "64 KiB; swap is on"


def test_of_a_machine_that_says_nothing_nothing_is_known_and_nothing_fails(tmp_path: Path) -> None:
    findings = found(machine(tmp_path, {}, None), UNSEEN)
    assert {each.name for each in findings.values() if each.status != "unknown"} == {"clock"}
    assert all(
        each.value is None and each.found.startswith("not known")
        for each in findings.values()
        if each.name != "clock"
    )
    assert by_effect(findings.values()) == []


@pytest.mark.parametrize(
    "text", ["", "odd", "\x00\xff", "-1", "9" * 5000, "1-", "0-99999999", "[", "]x[", "cpu0", "cpu0 a b"]
)
def test_a_file_that_is_not_as_expected_is_not_known_or_at_least_no_crash(tmp_path: Path, text: str) -> None:
    # What the topology reads is the core's, and tried there.
    of_topology = ("thread_siblings_list", "isolated")
    files = {name: old if name.endswith(of_topology) else text for name, old in LOUD.items()}
    findings = found(machine(tmp_path, files, [0, 1]), UNSEEN)
    assert all(each.found and each.means for each in findings.values())
    assert findings["transparent_huge_pages"].status == "unknown"
    assert findings["memlock"].status == findings["nofile"].status == "unknown"


def test_one_core_is_the_first_thing_to_change(tmp_path: Path) -> None:
    files = {f"{CPU}/online": "0-3\n", f"{CPU}/cpu2/topology/thread_siblings_list": "2-3\n"}
    findings = found(machine(tmp_path, QUIET | files, [2]))
    assert by_effect(findings.values())[0].name == "cores"
    assert findings["cpuset"].found == "1 of 4 cores"


def test_a_quota_of_as_many_cores_as_there_are_stops_nobody(tmp_path: Path) -> None:
    for limit, status in (("200000 100000", "good"), ("199999 100000", "costs"), ("max 100000", "good")):
        files = machine(tmp_path, QUIET | {"sys/fs/cgroup/cpu.max": limit}, [2, 3])
        assert found(files)["cpu_quota"].status == status, limit


def test_version_1_says_no_limit_of_memory_with_a_number(tmp_path: Path) -> None:
    groups = {
        "proc/self/cgroup": "4:memory:/m\n0::/\n",
        "proc/self/mountinfo": "32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
    }
    for limit, value in (("9223372036854771712", None), (str(1 << 30), 1 << 30)):
        file = {"sys/fs/cgroup/memory/m/memory.limit_in_bytes": limit}
        assert found(machine(tmp_path, QUIET | groups | file, [0, 1]))["memory_limit"].value == value


def test_the_files_of_this_machine_are_read(tmp_path: Path) -> None:
    here = SystemFiles()
    assert found(here).keys() == found(machine(tmp_path, QUIET, [0, 1])).keys()
    assert machine(tmp_path, QUIET, None).core_times() == {
        core: (1, 2, 3, 4, 5, 6, 7, core) for core in range(4)
    }

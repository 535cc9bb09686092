"""What was found about the processor: its cores, what shares them, how fast they go, what they keep time by.

Pure functions of the machine's files. What each value means stands in ``docs/operating/doctor.md`` too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.lab.doctor.finding import Finding, not_known
from tickpath.lab.report_text import duration

if TYPE_CHECKING:
    from tickpath.core.machine import MachineWatch, Topology
    from tickpath.lab.doctor.system_files import SystemFiles

__all__ = ["processor_findings"]

_CPU = "sys/devices/system/cpu"
_CLOCKS = "sys/devices/system/clocksource/clocksource0"
#: A thread that shares a core waits for whole time slices of the other.
_TIME_SLICES_NS = 50_000_000
_SCHEDULED_NS = 4_000_000
_RAMP_NS = 200_000
_TICK_NS = 5_000
_HALF_NS = 1_000
#: A stamp of the clock itself, where the counter is not to be had.
_SLOW_STAMP_NS = 500


def processor_findings(files: SystemFiles, topology: Topology, watch: MachineWatch) -> list[Finding]:
    """Cores, halves, isolation, tick, governor and clock."""
    return [
        _cores(topology),
        _smt(files, topology),
        _isolation(topology),
        _tick(files, topology),
        _governor(files, topology),
        _clock(files, watch),
    ]


def _words(cores: list[int]) -> str:
    """``0-3, 7``."""
    runs: list[list[int]] = []
    for core in sorted(cores):
        if runs and core == runs[-1][-1] + 1:
            runs[-1].append(core)
        else:
            runs.append([core])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _cores(topology: Topology) -> Finding:
    cores = topology.available
    if cores is None:
        return not_known(
            "cores", "the system does not say which", "threads are not tied to cores, and may be moved"
        )
    found = f"{len(cores)} for this process ({_words(cores)})"
    if len(cores) < 2:  # feed and executor
        return Finding(
            name="cores",
            value=cores,
            found=found,
            status="costs",
            means="feed and executor take turns on one core: no percentile of the way between them is yours",
            change="give the process two cores or more (taskset, cpuset, a larger machine)",
            stall_ns=_TIME_SLICES_NS,
        )
    spare = "" if len(cores) > 2 else "; none is left over to watch the machine during a run"
    return Finding(
        name="cores",
        value=cores,
        found=found,
        status="good" if len(cores) > 2 else "note",
        means=f"feed and executor have one each{spare}",
    )


def _smt(files: SystemFiles, topology: Topology) -> Finding:
    groups, control = topology.physical, files.text(f"{_CPU}/smt/control")
    if groups is None:
        return not_known("smt", "no topology", "two stages may share one core's units without a sign of it")
    halves = [group for group in groups if len(group) > 1]
    if not halves:
        # A half of somebody else's is not in our list, and slows ours down all the same.
        is_on = files.text(f"{_CPU}/smt/active") == "1"
        return Finding(
            name="smt",
            value=control,
            found="on, one half of each core is ours" if is_on else "no two of these cores are halves of one",
            status="note" if is_on else "good",
            means="the other halves are somebody's" if is_on else "a stage has all units of its core",
        )
    return Finding(
        name="smt",
        value=control or "on",
        found=f"on: {', '.join(_words(group) for group in halves)} are halves of one core",
        status="costs",
        means="work on the other half makes service times up to twice as long, at every percentile",
        change="leave the other halves idle, or echo off > /sys/devices/system/cpu/smt/control",
        stall_ns=_HALF_NS,
    )


def _isolation(topology: Topology) -> Finding:
    isolated = topology.isolated
    if isolated is None:
        return not_known("isolation", "no list of isolated cores", "other threads may run on a stage's core")
    if len(isolated) >= 2:  # feed and executor
        return Finding(
            name="isolation",
            value=isolated,
            found=f"isolated (isolcpus): {_words(isolated)}",
            status="good",
            means="the scheduler puts nothing on them by itself; they are taken first",
        )
    return Finding(
        name="isolation",
        value=isolated,
        found=f"isolated (isolcpus): {_words(isolated) or 'none of these cores'}",
        status="costs",
        means="any thread may take a stage's core for a time slice of some ms: p99 and up on a busy machine",
        change="boot with isolcpus=CORES (on the host, for a container), or keep others off with a cpuset",
        stall_ns=_SCHEDULED_NS,
    )


def _tick(files: SystemFiles, topology: Topology) -> Finding:
    cores = topology.available or []
    full = files.core_list(f"{_CPU}/nohz_full")
    # A kernel that cannot do without its tick has no such file.
    if full is None and files.core_list(f"{_CPU}/online") is None:
        return not_known("timer_tick", "no list of tickless cores", "a tick may interrupt each stage")
    tickless = [core for core in full or [] if core in cores]
    if len(tickless) >= 2:  # feed and executor
        return Finding(
            name="timer_tick",
            value=tickless,
            found=f"off where one thread runs alone (nohz_full): {_words(tickless)}",
            status="good",
            means="no tick on those cores while a stage has them to itself",
        )
    return Finding(
        name="timer_tick",
        value=tickless,
        found="on every core" if not tickless else f"off on {_words(tickless)} alone (nohz_full)",
        status="costs",
        means="100 to 1,000 interrupts a second and core, of some µs each: p99.9 and up at the scale of µs",
        change="boot with nohz_full=CORES rcu_nocbs=CORES beside isolcpus=CORES",
        stall_ns=_TICK_NS,
    )


def _governor(files: SystemFiles, topology: Topology) -> Finding:
    cores = topology.available or []
    governors = sorted(set(files.of_cores(cores, "cpufreq/scaling_governor").values()))
    if not governors:
        return not_known(
            "governor",
            "the hypervisor's or the firmware's affair",
            "the clock rate may change during a run: compare runs in turns",
        )
    if governors == ["performance"]:
        return Finding(
            name="governor",
            value=governors,
            found="performance",
            status="good",
            means="a core does not have to speed up first",
        )
    return Finding(
        name="governor",
        value=governors,
        found=", ".join(governors),
        status="costs",
        means="a core that idled is slow until it has sped up: the first events of a burst, p99 and up",
        change="cpupower frequency-set -g performance",
        stall_ns=_RAMP_NS,
    )


def _clock(files: SystemFiles, watch: MachineWatch) -> Finding:
    kernel = files.text(f"{_CLOCKS}/current_clocksource")
    cost = duration(watch.clock_cost_ns)
    if watch.clock_source == "tsc":
        return Finding(
            name="clock",
            value="tsc",
            found=f"the processor's counter, {cost} a stamp",
            status="good",
            means=f"a latency has two stamps: one of less than some {cost} says little",
        )
    return Finding(
        name="clock",
        value=watch.clock_source,
        found=f"{watch.clock_source}, {cost} a stamp; the kernel's is {kernel or 'not known'}",
        status="costs",
        means=f"{watch.clock_fallback or 'the counter is not used'}; each latency has {cost} of stamps in it",
        change="where the processor has an invariant counter: boot with clocksource=tsc tsc=reliable",
        stall_ns=max(watch.clock_cost_ns, _SLOW_STAMP_NS),
    )

"""What was found around the process: who takes its cores away, its container, its limits, memory.

Pure functions of the machine's files and of what was seen while it was watched. What each value means stands
in ``docs/operating/doctor.md`` too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.config.run import DEFAULTS
from tickpath.lab.doctor.finding import Finding, not_known
from tickpath.lab.report_text import count, duration

if TYPE_CHECKING:
    from tickpath.core.machine import Topology
    from tickpath.lab.doctor.system_files import Limits, SystemFiles

__all__ = ["Taken", "limit_findings", "taken_findings"]

_PERIOD_NS = 100_000_000
_RECLAIM_NS = 20_000_000
_STOLEN_NS = 10_000_000
_SCHEDULED_NS = 4_000_000
_COMPACTION_NS = 2_000_000
_PAGE_IN_NS = 1_000_000
_THP = "sys/kernel/mm/transparent_hugepage/enabled"
#: What the interpreter, NumPy and a run of the default size take, twice over.
_MEMORY_BYTES_MIN = 512 << 20
_SLOT_BYTES = 64
#: Version 1 says "no limit" with the largest number of whole pages.
_NO_LIMIT_BYTES = 1 << 60
_DESCRIPTORS_MIN = 256


class Taken:
    """What was taken of the cores that were watched, meanwhile; each is ``None`` where it is not known."""

    def __init__(
        self, *, watched_ns: int, stolen_ns: int | None, switches: int | None, throttled: int | None
    ) -> None:
        self.watched_ns = watched_ns
        self.stolen_ns = stolen_ns
        """Time that the hypervisor gave to others."""
        self.switches = switches
        """How often another thread was given the core."""
        self.throttled = throttled
        """How often the container's quota was used up."""


def taken_findings(files: SystemFiles, taken: Taken) -> list[Finding]:
    """Stolen time, and other work on the cores."""
    return [_steal(files, taken), _other_work(taken)]


def limit_findings(files: SystemFiles, topology: Topology, taken: Taken) -> list[Finding]:
    """The container's quota, its cores and its memory; huge pages; what the process may ask for."""
    limits = files.limits()
    return [
        _quota(topology, taken),
        _cpuset(files, topology),
        _memory(files),
        _huge_pages(files),
        _locked(files, limits),
        _priority(limits),
        _descriptors(limits),
    ]


def _steal(files: SystemFiles, taken: Taken) -> Finding:
    is_virtual = files.is_virtual_machine()
    if taken.stolen_ns is None:
        return not_known(
            "steal",
            "nothing was watched, or the system does not count it",
            "a hypervisor may run somebody else meanwhile, unseen",
        )
    share = taken.stolen_ns / taken.watched_ns
    if taken.stolen_ns:
        return Finding(
            name="steal",
            value=taken.stolen_ns,
            found=f"{duration(taken.stolen_ns)} of {duration(taken.watched_ns)} ({share:.2%})",
            status="costs",
            means=f"the hypervisor ran somebody else for {share:.2%} of the time: the tail beyond is its own",
            change="a machine of your own, or one with dedicated cores: nothing within this one helps",
            stall_ns=_STOLEN_NS,
        )
    below = {
        True: "a virtual machine, which need not be told",
        False: "no hypervisor",
        None: "below: not known",
    }
    return Finding(
        name="steal",
        value=0,
        found=f"none in {duration(taken.watched_ns)}; {below[is_virtual]}",
        status="note" if is_virtual else "good",
        means="what pauses there are were not said to be the hypervisor's",
    )


def _other_work(taken: Taken) -> Finding:
    if taken.switches is None:
        return not_known(
            "other_work",
            "nothing was watched, or the system does not count it",
            "whether a pause was another thread's turn is open",
        )
    if not taken.switches:
        return Finding(
            name="other_work",
            value=0,
            found=f"no other thread was given a watched core in {duration(taken.watched_ns)}",
            status="good",
            means="the pauses are those of interrupts and, if there is one, of the hypervisor",
        )
    times, watched = count(taken.switches), duration(taken.watched_ns)
    return Finding(
        name="other_work",
        value=taken.switches,
        found=f"{times} times another thread was given a watched core, in {watched}",
        status="costs",
        means="each is a pause of up to a time slice, some ms: the tail of any run on these cores",
        change="stop what else runs here, or keep it off the cores of the run (taskset, cpuset, isolcpus)",
        stall_ns=_SCHEDULED_NS + 1,
    )


def _quota(topology: Topology, taken: Taken) -> Finding:
    quota, cores = topology.quota_cores, len(topology.available or [])
    if not topology.quota_known:
        return not_known("cpu_quota", "no control groups to read", "a quota would stop every thread")
    throttled = "" if not taken.throttled else f"; used up {count(taken.throttled)} times while watched"
    if quota is None or (cores and quota >= cores):
        return Finding(
            name="cpu_quota",
            value=quota,
            found="none" if quota is None else f"{quota:g} cores, no less than there are",
            status="good",
            means="nothing stops the process for the rest of a period",
        )
    return Finding(
        name="cpu_quota",
        value=quota,
        found=f"{quota:g} cores{throttled}",
        status="costs",
        means="who has used it up is stopped for the rest of the period, up to 100 ms: p90 and up",
        change="give the container whole cores (cpuset) in the place of a quota, or one that exceeds them",
        stall_ns=_PERIOD_NS,
    )


def _cpuset(files: SystemFiles, topology: Topology) -> Finding:
    online = files.core_list("sys/devices/system/cpu/online")
    cores = topology.available
    if online is None or cores is None:
        return not_known("cpuset", "not known which cores there are", "others may share these cores")
    held = len(cores) < len(online)
    return Finding(
        name="cpuset",
        value=cores,
        found=f"{len(cores)} of {len(online)} cores" if held else "every core of the machine",
        status="note",
        means=(
            "affinity or a cpuset holds the process to them; whether they are its alone, this does not say"
            if held
            else "this process and everything else on the machine share them"
        ),
    )


def _memory(files: SystemFiles) -> Finding:
    limits = files.group_numbers("memory", {1: "memory.limit_in_bytes", 2: "memory.max"})
    if limits is None:
        return not_known("memory_limit", "no control groups to read", "at its limit a container is killed")
    held = [limit for limit in limits if limit is not None and limit < _NO_LIMIT_BYTES]
    if not held:
        return Finding(
            name="memory_limit", value=None, found="none", status="good", means="memory is the machine's own"
        )
    least, tight = min(held), min(held) < _MEMORY_BYTES_MIN
    return Finding(
        name="memory_limit",
        value=least,
        found=f"{least >> 20:,} MiB",
        status="costs" if tight else "good",
        means=(
            "near the limit the kernel takes pages back in the middle of a run, and may end the process"
            if tight
            else "enough for a run of the default size"
        ),
        change=f"allow {_MEMORY_BYTES_MIN >> 20} MiB, or run with a smaller --capacity" if tight else None,
        stall_ns=_RECLAIM_NS if tight else 0,
    )


def _huge_pages(files: SystemFiles) -> Finding:
    mode = files.chosen(_THP)
    if mode is None:
        return not_known("transparent_huge_pages", "no such file", "--huge-pages may be refused")
    means = {
        "always": "the kernel may stop any thread to make a huge page for it, up to some ms: p99.9 and up",
        "madvise": "who asks for them has them (--huge-pages), and nobody else is stopped for them",
        "never": "the ring lies on small pages: at full speed some ns an event, in no percentile by itself",
    }
    costs = mode == "always"
    return Finding(
        name="transparent_huge_pages",
        value=mode,
        found=mode,
        status="costs" if costs else "good" if mode == "madvise" else "note",
        means=means.get(mode, "a word this version does not know"),
        change="echo madvise > /sys/kernel/mm/transparent_hugepage/enabled" if costs else None,
        stall_ns=_COMPACTION_NS if costs else 0,
    )


def _locked(files: SystemFiles, limits: Limits | None) -> Finding:
    if limits is None or "Max locked memory" not in limits:
        return not_known("memlock", "no limits to read", "--lock-memory may be refused")
    limit = limits["Max locked memory"]
    needed = (DEFAULTS.capacity + 1) * _SLOT_BYTES
    enough = limit is None or limit >= needed
    swaps = files.text("proc/swaps")
    swapping = swaps is not None and len(swaps.splitlines()) > 1
    costs = swapping and not enough
    return Finding(
        name="memlock",
        value=limit,
        found=("unlimited" if limit is None else f"{limit >> 10:,} KiB")
        + ("" if swaps is None else "; swap is on" if swapping else "; no swap"),
        status="costs" if costs else "good" if enough else "note",
        means=(
            "a ring of the default size can be locked (--lock-memory)"
            if enough
            else "a ring of the default size cannot be locked; "
            + ("it may be paged out, and in again within some ms" if swapping else "without swap it stays")
        ),
        change=f"ulimit -l {needed >> 10} or more, and --lock-memory; or swapoff -a" if costs else None,
        stall_ns=_PAGE_IN_NS if costs else 0,
    )


def _priority(limits: Limits | None) -> Finding:
    if limits is None or "Max realtime priority" not in limits:
        return not_known("rtprio", "no limits to read", "--priority may be refused")
    limit = limits["Max realtime priority"]
    return Finding(
        name="rtprio",
        value=limit,
        found="unlimited" if limit is None else str(limit),
        status="note",
        means=(
            "no real-time level but with CAP_SYS_NICE; a thread that spins is better off without one"
            if limit == 0
            else "--priority is allowed; a spinning thread is then stopped for 50 ms a second if others wait"
        ),
    )


def _descriptors(limits: Limits | None) -> Finding:
    if limits is None or "Max open files" not in limits:
        return not_known("nofile", "no limits to read", "nothing for a percentile")
    limit = limits["Max open files"]
    few = limit is not None and limit < _DESCRIPTORS_MIN
    return Finding(
        name="nofile",
        value=limit,
        found="unlimited" if limit is None else count(limit),
        status="note" if few else "good",
        means="nothing for a percentile: only --http and many --feed files need descriptors",
        change=f"ulimit -n {_DESCRIPTORS_MIN}, for --http and many --feed files" if few else None,
    )

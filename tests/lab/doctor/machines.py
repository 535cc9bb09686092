"""Machines made of files, for the doctor: what ``/proc`` and ``/sys`` of each say."""

from __future__ import annotations

from pathlib import Path

from tickpath.lab.doctor.system_files import SystemFiles

CPU = "sys/devices/system/cpu"

#: A machine of one's own, made for this: four cores, two of them kept free.
QUIET = {
    "proc/cpuinfo": "processor : 0\nflags\t\t: fpu constant_tsc nonstop_tsc\n",
    "proc/stat": "".join(f"cpu{core} 1 2 3 4 5 6 7 {core} 0 0\n" for core in range(4)) + "intr 1\n",
    "proc/swaps": "Filename Type Size Used Priority\n",
    "proc/self/cgroup": "0::/\n",
    "proc/self/mountinfo": "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    "proc/self/limits": (
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        "Max locked memory         unlimited            unlimited            bytes     \n"
        "Max open files            1024                 4096                 files     \n"
        "Max realtime priority     99                   99                   \n"
    ),
    f"{CPU}/online": "0-3\n",
    f"{CPU}/isolated": "2-3\n",
    f"{CPU}/nohz_full": "2-3\n",
    f"{CPU}/smt/control": "off\n",
    f"{CPU}/smt/active": "0\n",
    **{f"{CPU}/cpu{core}/topology/thread_siblings_list": f"{core}\n" for core in range(4)},
    **{f"{CPU}/cpu{core}/cpufreq/scaling_governor": "performance\n" for core in range(4)},
    "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
    "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
}

#: What one has often enough: halves of two cores, in a container, with everything in the way.
LOUD = QUIET | {
    "proc/cpuinfo": "processor : 0\nflags\t\t: fpu hypervisor\n",
    "proc/swaps": "Filename Type Size Used Priority\n/swap file 100 0 -2\n",
    "proc/self/cgroup": "0::/box\n",
    "proc/self/limits": (
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        "Max locked memory         65536                65536                bytes     \n"
        "Max open files            64                   64                   files     \n"
        "Max realtime priority     0                    0                    \n"
    ),
    f"{CPU}/isolated": "\n",
    f"{CPU}/nohz_full": " (null)\n",
    f"{CPU}/smt/control": "on\n",
    f"{CPU}/smt/active": "1\n",
    **{
        f"{CPU}/cpu{core}/topology/thread_siblings_list": f"{core // 2 * 2}-{core // 2 * 2 + 1}\n"
        for core in range(4)
    },
    **{f"{CPU}/cpu{core}/cpufreq/scaling_governor": "powersave\n" for core in range(4)},
    "sys/fs/cgroup/box/cpu.max": "150000 100000\n",
    "sys/fs/cgroup/box/cpu.stat": "usage_usec 5\nnr_throttled 7\n",
    "sys/fs/cgroup/box/memory.max": "268435456\n",
    "sys/fs/cgroup/memory.max": "max\n",
    "sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never\n",
}


def machine(root: Path, files: dict[str, str], available: list[int] | None) -> SystemFiles:
    """The machine of ``files`` below ``root``, which lets a process run on ``available``."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return SystemFiles(root, available=available)

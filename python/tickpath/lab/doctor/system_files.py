"""What ``/proc`` and ``/sys`` say, below any root: what cannot be read, or is not as expected, is ``None``.

Reads small files of the kernel's and returns; nothing here raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tickpath.core.machine import Topology, control_groups

__all__ = ["CoreTimes", "Limits", "SystemFiles"]

CoreTimes = dict[int, tuple[int, ...]]
"""Ticks by core, in the order of ``/proc/stat``: user, nice, system, idle, iowait, irq, softirq, steal."""
Limits = Mapping[str, int | None]
"""Soft limits by name; ``None`` is unlimited."""

_TIMES = 8
#: A core's number, and a number of 64 bits: a file that says more is odd.
_CORES_MAX = 1 << 16
_DIGITS_MAX = 20
_CPU = "sys/devices/system/cpu"


class SystemFiles:
    """The files of a machine; below another root than ``/`` the cores ``available`` are those one may use."""

    def __init__(self, root: Path = Path("/"), *, available: list[int] | None = None) -> None:
        self.root = root
        self._is_here = root == Path("/")
        self._available = available

    def topology(self) -> Topology:
        """Cores, halves, isolated ones and the quota, as the engine sees them."""
        return Topology.read() if self._is_here else Topology.read(self.root, self._available)

    def text(self, path: str) -> str | None:
        """A file's text, without space around it."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return None

    def number(self, path: str) -> int | None:
        """A file that is a number."""
        text = self.text(path)
        return int(text) if text is not None and _is_whole(text) else None

    def chosen(self, path: str) -> str | None:
        """The word in brackets: ``always [madvise] never``."""
        _, opened, rest = (self.text(path) or "").partition("[")
        word, closed, _ = rest.partition("]")
        return word if opened and closed and word else None

    def core_list(self, path: str) -> list[int] | None:
        """``0-3,7`` as a list; an empty file is an empty list."""
        text = self.text(path)
        if text in ("", "(null)"):
            # The kernel's word for a mask that was never made.
            return []
        if text is None:
            return None
        cores: list[int] = []
        for part in text.split(","):
            first, dash, last = part.partition("-")
            ends = (first, last if dash else first)
            if not all(_is_whole(end) and int(end) <= _CORES_MAX for end in ends):
                return None
            cores += range(int(ends[0]), int(ends[1]) + 1)
        return cores

    def of_cores(self, cores: list[int], name: str) -> dict[int, str]:
        """The file ``name`` of each of ``cores`` that has it."""
        found = {core: self.text(f"{_CPU}/cpu{core}/{name}") for core in cores}
        return {core: text for core, text in found.items() if text}

    def is_virtual_machine(self) -> bool | None:
        """Whether the processor says that a hypervisor is below it."""
        info = self.text("proc/cpuinfo")
        lines = (info or "").splitlines()
        flags = next((line for line in lines if line.startswith("flags")), None)
        return None if flags is None else "hypervisor" in flags.split()

    def core_times(self) -> CoreTimes | None:
        """What each core's time went into since the start of the machine."""
        text = self.text("proc/stat")
        if text is None:
            return None
        times: CoreTimes = {}
        for line in text.splitlines():
            name, *fields = line.split() or [""]
            core = name.removeprefix("cpu")
            if name.startswith("cpu") and _is_whole(core) and all(map(_is_whole, fields[:_TIMES])):
                times[int(core)] = tuple(map(int, fields[:_TIMES]))
        return times or None

    def limits(self) -> Limits | None:
        """The soft limits of this process (``ulimit -S``)."""
        text = self.text("proc/self/limits")
        limits: dict[str, int | None] = {}
        for line in (text or "").splitlines():
            # The names have spaces in them, and a column each of 26.
            name, words = line[:26].strip(), line[26:].split()
            if words and (words[0] == "unlimited" or _is_whole(words[0])):
                limits[name] = None if words[0] == "unlimited" else int(words[0])
        return limits or None

    def group_numbers(self, controller: str, names: Mapping[int, str]) -> list[int | None] | None:
        """A file of each control group that holds this process, its own first; ``names`` are by version.

        A group without such a file is left out, one without a limit is ``None``; ``None`` for all where
        the groups are not known.
        """
        groups = control_groups(self.root, controller)
        if groups is None:
            return None
        texts = [self.text(f"{folder}/{names[version]}") for folder, version in groups]
        return [int(text) if _is_whole(text) else None for text in texts if text is not None]

    def group_counter(self, controller: str, name: str, key: str) -> int | None:
        """The number behind ``key`` in the file ``name`` of this process's own group (``cpu.stat``)."""
        for folder, _ in control_groups(self.root, controller) or ():
            for line in (self.text(f"{folder}/{name}") or "").splitlines():
                words = line.split()
                if len(words) == 2 and words[0] == key and _is_whole(words[1]):  # a name and a number
                    return int(words[1])
        return None


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX

"""Watching a machine's cores, in turns: the floor of each, and what was taken of them meanwhile.

Two cores at once, as feed and executor of a run use them; of more cores each pair has a slice in turn, so
that a mood of the machine's meets all of them. Blocks for as long as it takes, a slice at a time: between two
slices it asks whether it is to stop.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tickpath.lab.doctor.surroundings import Taken

if TYPE_CHECKING:
    from tickpath.core.machine import MachineWatch, Topology
    from tickpath.lab.doctor.system_files import CoreTimes, SystemFiles

__all__ = ["Core", "Watched", "cores_to_watch", "watch_cores"]

Core = int | None
"""``None`` is wherever the system puts a thread, where it does not say which cores there are."""

_SLICE_NS = 100_000_000
_NS_PER_S = 1_000_000_000
#: Feed and executor.
_AT_ONCE = 2
#: Where nobody says which cores: more take long, and a run uses few.
_CORES_MAX = 8
_STEAL = 7


@dataclass(slots=True)
class Watched:
    """What came of it."""

    cores: tuple[Core, ...]
    """Those that were to be watched, the ones a run would take first."""
    stolen_ns: dict[Core, int | None] = field(default_factory=dict)
    """By core, while it was watched; ``None`` where the system does not count it."""
    throttled: int | None = None
    """How often the quota was used up meanwhile."""
    refused: list[str] = field(default_factory=list)
    """What the machine would not do."""
    interrupted: bool = False
    """Whether it was stopped before its time."""

    def taken(self, watch: MachineWatch) -> Taken:
        """What was taken of all of them."""
        floor = watch.floor(list(self.cores), 0)
        stolen = list(self.stolen_ns.values())
        known = [each for each in stolen if each is not None]
        return Taken(
            watched_ns=floor.watched_ns,
            stolen_ns=sum(known) if known and len(known) == len(stolen) else None,
            switches=floor.switches,
            throttled=self.throttled,
        )


def cores_to_watch(topology: Topology, asked: Sequence[int]) -> tuple[Core, ...]:
    """The cores of ``asked``, or those of a run first and others after them, eight at most."""
    return tuple(asked) or tuple(topology.best_first[:_CORES_MAX]) or (None,)


def watch_cores(
    watch: MachineWatch,
    files: SystemFiles,
    cores: tuple[Core, ...],
    *,
    length_ns: int,
    at_once: int = _AT_ONCE,
    progress: Callable[[int, int], object] = lambda _done_ns, _total_ns: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Watched:
    """Watch each of ``cores`` for ``length_ns``; ``progress`` is given nanoseconds done, and of how many."""
    watched = Watched(cores)
    at_once = max(1, min(at_once, _AT_ONCE))
    groups = [list(cores[first : first + at_once]) for first in range(0, len(cores), at_once)]
    throttled_before = files.group_counter("cpu", "cpu.stat", "nr_throttled")
    done_ns, total_ns = 0, length_ns * len(groups)
    for begin_ns in range(0, length_ns, _SLICE_NS):
        slice_ns = min(_SLICE_NS, length_ns - begin_ns)
        for group in groups:
            progress(done_ns, total_ns)
            if should_stop():
                watched.interrupted = True
                break
            before = files.core_times()
            refused = watch.watch(group, slice_ns)
            _account(watched, group, before, files.core_times())
            watched.refused += [each for each in refused if each not in watched.refused]
            done_ns += slice_ns
        if watched.interrupted:
            break
    throttled = files.group_counter("cpu", "cpu.stat", "nr_throttled")
    if throttled is not None and throttled_before is not None:
        watched.throttled = throttled - throttled_before
    return watched


def _account(watched: Watched, group: list[Core], before: CoreTimes | None, after: CoreTimes | None) -> None:
    for core in group:
        stolen_ns = _stolen_ns(core, before, after)
        so_far = watched.stolen_ns.get(core, 0)
        watched.stolen_ns[core] = None if stolen_ns is None or so_far is None else so_far + stolen_ns


def _stolen_ns(core: Core, before: CoreTimes | None, after: CoreTimes | None) -> int | None:
    if core is None or before is None or after is None or core not in before or core not in after:
        return None
    ticks = [times[core] for times in (before, after)]
    if any(len(each) <= _STEAL for each in ticks):
        return None
    return max(0, ticks[1][_STEAL] - ticks[0][_STEAL]) * _NS_PER_S // os.sysconf("SC_CLK_TCK")

"""``tickpath doctor``: the machine watched, its files read, and what both come to, as ``tickpath/doctor/1``.

Every field stands in ``docs/reference/doctor-json.md``. Times are integers in nanoseconds, what is unknown is
``None``, never 0. Blocks for as long as the cores are watched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tickpath.config.run import SYNTHETIC_RATE_HZ
from tickpath.core.machine import MachineWatch
from tickpath.lab.doctor.finding import by_effect
from tickpath.lab.doctor.percentiles import percentile_rows, supported_up_to
from tickpath.lab.doctor.processor import processor_findings
from tickpath.lab.doctor.surroundings import limit_findings, taken_findings
from tickpath.lab.doctor.watching import cores_to_watch, watch_cores
from tickpath.lab.machine import machine_facts
from tickpath.lab.report import figures_of
from tickpath.lab.report_text import duration

if TYPE_CHECKING:
    from tickpath.core.machine import CoreFloor
    from tickpath.lab.doctor.percentiles import PercentileRow
    from tickpath.lab.doctor.system_files import SystemFiles
    from tickpath.lab.doctor.watching import Core, Watched

__all__ = ["SCHEMA", "Question", "examine"]

SCHEMA = "tickpath/doctor/1"
#: Events as those of a run that says nothing of its feed.
_RATE_HZ = int(SYNTHETIC_RATE_HZ)
#: Feed and executor.
_OF_A_RUN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a machine."""

    latency_ns: int
    """How long the latencies are that one wants to believe."""
    length_ns: int
    """How long each core is watched."""
    cores: tuple[int, ...] = ()
    """Those of the run; none for the two that a run would take, and others beside them."""
    require: str | None = None
    """The percentile that has to be supported, or the machine fails."""


def examine(
    question: Question,
    files: SystemFiles,
    *,
    progress: Callable[[int, int], object] = lambda _done_ns, _total_ns: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """The machine's report. Raises ``EngineFailed`` where there is no thread to watch with."""
    topology, watch = files.topology(), MachineWatch()
    cores = cores_to_watch(topology, question.cores)
    watched = watch_cores(
        watch,
        files,
        cores,
        length_ns=question.length_ns,
        at_once=topology.spinning_max,
        progress=progress,
        should_stop=should_stop,
    )
    of_run = cores if question.cores else cores[:_OF_A_RUN]
    floor = watch.floor(list(of_run), _RATE_HZ)
    rows = percentile_rows(floor, question.latency_ns)
    taken = watched.taken(watch)
    findings = [
        *processor_findings(files, topology, watch),
        *taken_findings(files, taken),
        *limit_findings(files, topology, taken),
    ]
    verdict, reasons = _judge(question, rows, interrupted=watched.interrupted)
    return {
        "schema": SCHEMA,
        "verdict": verdict,
        "reasons": reasons,
        "config": {
            "latency_ns": question.latency_ns,
            "length_ns": question.length_ns,
            "cores": list(question.cores),
            "require": question.require,
            "rate_hz": _RATE_HZ,
        },
        "supports": supported_up_to(rows),
        "percentiles": [asdict(row) for row in rows],
        "floor": {"cores": list(of_run), **_figures(floor)},
        "cores": [_core(core, watch, watched, question) for core in cores],
        "cores_not_watched": [core for core in topology.available or [] if core not in cores],
        "clock": {
            "source": watch.clock_source,
            "cost_ns": watch.clock_cost_ns,
            "fallback": watch.clock_fallback,
        },
        "findings": [asdict(each) for each in findings],
        "changes": [each.name for each in by_effect(findings)],
        "machine": {**machine_facts(), "virtual": files.is_virtual_machine()},
        "refused": watched.refused,
    }


def _judge(
    question: Question, rows: tuple[PercentileRow, ...], *, interrupted: bool
) -> tuple[str, list[str]]:
    if interrupted:
        return "interrupted", ["stopped before every core had been watched for its time"]
    needed = next((row for row in rows if row.percentile == question.require), None)
    if needed is None or needed.supported:
        return "pass", []
    if needed.explained_up_to_ns is None:
        return "fail", [
            f"{needed.percentile} is not known: {needed.samples:,} samples, and ten are needed beyond it"
        ]
    asked, floor = duration(question.latency_ns), duration(needed.explained_up_to_ns)
    return "fail", [
        f"{needed.percentile} is not supported for latencies of {asked}: the machine explains up to {floor}"
    ]


def _figures(floor: CoreFloor) -> dict[str, Any]:
    names = ("watched_ns", "longest_pause_ns", "forgotten", "switches")
    return {**figures_of(floor.figures), **{name: getattr(floor, name) for name in names}}


def _core(core: Core, watch: MachineWatch, watched: Watched, question: Question) -> dict[str, Any]:
    floor = watch.floor([core], _RATE_HZ)
    return {
        "core": core,
        **_figures(floor),
        "stolen_ns": watched.stolen_ns.get(core),
        "supports": supported_up_to(percentile_rows(floor, question.latency_ns)),
    }

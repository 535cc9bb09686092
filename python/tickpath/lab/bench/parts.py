"""The parts of the bench in the order of the table, each loaded when it is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tickpath.lab.bench.part import Part

__all__ = ["PARTS", "PartEntry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartEntry:
    """What is known of a part before it is loaded."""

    load: Callable[[], Part]
    seconds_max: float
    """Its share of the two minutes; of the twenty seconds with ``--quick`` it has a sixth of it."""
    has_latency: bool
    """Whether it measures distributions, so that there is something to draw."""


def _object_tier() -> Part:
    from tickpath.lab.bench.object_tier import ObjectTier

    return ObjectTier()


def _batches() -> Part:
    from tickpath.lab.bench.batches import Batches

    return Batches()


def _arrow() -> Part:
    from tickpath.lab.bench.arrow import Arrow

    return Arrow()


def _threads() -> Part:
    from tickpath.lab.bench.threads import Threads

    return Threads()


def _processes() -> Part:
    from tickpath.lab.bench.processes import Processes

    return Processes()


def _engine() -> Part:
    from tickpath.lab.bench.engine import EngineBench

    return EngineBench()


def _virtual() -> Part:
    from tickpath.lab.bench.virtual import VirtualBench

    return VirtualBench()


def _control() -> Part:
    from tickpath.lab.bench.control import ControlBench

    return ControlBench()


#: A new part is one more line here.
PARTS = {
    "object-tier": PartEntry(load=_object_tier, seconds_max=10, has_latency=False),
    "batches": PartEntry(load=_batches, seconds_max=9, has_latency=False),
    "arrow": PartEntry(load=_arrow, seconds_max=8, has_latency=False),
    "virtual": PartEntry(load=_virtual, seconds_max=10, has_latency=False),
    "engine": PartEntry(load=_engine, seconds_max=34, has_latency=True),
    "control": PartEntry(load=_control, seconds_max=17, has_latency=True),
    "threads": PartEntry(load=_threads, seconds_max=13, has_latency=True),
    "processes": PartEntry(load=_processes, seconds_max=18, has_latency=True),
}

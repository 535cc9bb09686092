"""Which percentiles a floor supports: by the rule that marks a run's percentiles ``at_floor``, and no other.

A machine supports a percentile for latencies of ``latency_ns`` if a run's percentile of that length would not
be marked: it is longer than what the floor explains, and the floor's own percentile is known, with ten
samples beyond it. Both rules are the core's (``rust/core/src/metrics/figures.rs``); nothing is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tickpath.lab.report import PERCENTILES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickpath.core.machine import CoreFloor

__all__ = ["NAMES", "PercentileRow", "percentile_rows", "supported_up_to", "why_not"]

NAMES = tuple(name.removesuffix("_ns").replace("_", ".") for name in PERCENTILES)
"""``p50`` to ``p99.99``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentileRow:
    """One percentile of the floor, and whether it can be believed of a run."""

    percentile: str
    """One of :data:`NAMES`."""
    floor_ns: int | None
    """What an event waits for the machine; ``None``, unknown, with fewer than ten samples beyond it."""
    samples: int
    """Moments of arrival behind it."""
    pauses_beyond: int | None
    """Pauses of the machine that were longer: how many moments it really rests on."""
    explained_up_to_ns: int | None
    """The longest latency that the machine alone explains."""
    supported: bool | None
    """Whether latencies of the asked length can be believed there; ``None`` is unknown."""


def percentile_rows(floor: CoreFloor, latency_ns: int) -> tuple[PercentileRow, ...]:
    """A row for each percentile of ``floor``."""
    rows = zip(NAMES, PERCENTILES, floor.explained_up_to_ns, floor.pauses_beyond, strict=True)
    return tuple(
        PercentileRow(
            percentile=name,
            floor_ns=getattr(floor.figures, key),
            samples=floor.figures.count,
            pauses_beyond=beyond,
            explained_up_to_ns=explained_ns,
            supported=None if explained_ns is None else latency_ns > explained_ns,
        )
        for name, key, explained_ns, beyond in rows
    )


def supported_up_to(rows: Sequence[PercentileRow]) -> str | None:
    """The highest percentile that is supported with all below it; ``None`` if the lowest is not."""
    highest = None
    for row in rows:
        if not row.supported:
            break
        highest = row.percentile
    return highest


def why_not(rows: Sequence[PercentileRow]) -> PercentileRow | None:
    """The first row that is not supported; ``None`` if all are."""
    return next((row for row in rows if not row.supported), None)

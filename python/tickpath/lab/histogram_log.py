"""The histograms of a run for others: a log for the HdrHistogram tools, and a part of the run's object."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

from tickpath.control.metrics import write_hlog
from tickpath.core.time import now

if TYPE_CHECKING:
    from pathlib import Path

    from tickpath.control.metrics import LatencyHistogram
    from tickpath.core.engine import EngineRecord

__all__ = ["histogram_section", "write_run_hlog"]


def histogram_section(record: EngineRecord | None) -> dict[str, Any]:
    """Those that hold something, in HdrHistogram's compressed V2 encoding, as its logs have them."""
    floor = record.floor_histogram if record else None
    consumers = {
        stage.name: {
            name: _v2(histogram) for name, histogram in stage.histograms().items() if histogram.count
        }
        for stage in (record.stages if record else ())
    }
    return {
        "floor": _v2(floor) if floor is not None and floor.count else None,
        "consumers": {name: stages for name, stages in consumers.items() if stages},
    }


def _v2(histogram: LatencyHistogram) -> str:
    return base64.b64encode(histogram.to_v2()).decode("ascii")


def write_run_hlog(record: EngineRecord, path: Path) -> bool:
    """Writes a line tagged ``consumer/stage`` for each histogram that holds a sample, over all states.

    ``False``, and nothing is written, if none does. Raises ``OSError``.
    """
    tagged = {
        f"{stage.name}/{name}": histogram
        for stage in record.stages
        for name, histogram in stage.histograms().items()
        if histogram.count
    }
    if not tagged or record.begin_ns is None:
        return False
    # The run's clock tells no date: the moment of its start is as far back as that clock says.
    start_ns = time.time_ns() - (now() - record.begin_ns)
    write_hlog(path, tagged, start_ns=start_ns, length_ns=record.wall_ns or 0, comments=["tickpath run"])
    return True

"""The histograms of a run as a log for the HdrHistogram tools: a line for each consumer and stage."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tickpath.control.metrics import write_hlog
from tickpath.core.time import now

if TYPE_CHECKING:
    from pathlib import Path

    from tickpath.core.engine import EngineRecord

__all__ = ["write_run_hlog"]


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

"""Histogram logs: latencies in the file format that the HdrHistogram tools read.

Off the hot path; a file is there whole or not at all: it is written beside its place and then moved.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from tickpath._native import LatencyHistogram, encode_hlog
from tickpath.core.whole_file import write_whole


def write_hlog(
    path: str | os.PathLike[str],
    histograms: LatencyHistogram | Mapping[str, LatencyHistogram],
    *,
    start_ns: int | None = None,
    offset_ns: int = 0,
    length_ns: int = 0,
    comments: Iterable[str] = (),
) -> None:
    """Write a log with one line for each histogram, tagged with its key; a file of that name is replaced.

    ``start_ns`` is the start of the run since the UNIX epoch (left out of the file if ``None``: the tools
    take what they find for a date); the lines cover ``length_ns`` from ``offset_ns`` after it. The times in
    the file are rounded to milliseconds, as the format has it.

    Raises ``ArgumentValueError`` for a tag that is empty or holds a comma or white space, and ``OSError`` if
    the file cannot be written; what stood there before is untouched then.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from tickpath.config.recorded import read_hlog
    >>> path = Path(tempfile.mkdtemp(), "latency.hlog")
    >>> write_hlog(path, LatencyHistogram([100, 200, 300]))
    >>> [histogram.count for histogram in read_hlog(path).values()]
    [3]
    """
    tagged = {None: histograms} if isinstance(histograms, LatencyHistogram) else histograms
    lines = [(tag, histogram, offset_ns, length_ns) for tag, histogram in tagged.items()]
    text = encode_hlog(lines, start_ns, ["latencies in nanoseconds", *comments])
    write_whole(path, text.encode("utf-8"))

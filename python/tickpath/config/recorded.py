"""Histogram logs read back: what a run recorded, as the service time of another.

The file format of the HdrHistogram tools (``tickpath run --hlog`` writes it, and they do). Off the hot path.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from pathlib import Path

from tickpath._native import LatencyHistogram
from tickpath.errors import ArgumentValueError

__all__ = ["quantile_samples", "read_hlog"]

#: A line is a few KiB at most, and a log has one for each histogram and interval.
_FILE_BYTES_MAX = 64 << 20
#: A service time has so many samples at most.
_SAMPLES_MAX = 1_000
#: A quantile is known with ten samples beyond it; the highest one lies half a sample below the end.
_COUNT_PER_SAMPLE = 20


def read_hlog(path: str | os.PathLike[str]) -> dict[str, LatencyHistogram]:
    """The histograms of a log by their tag, ``""`` without one; intervals of the same tag are merged.

    Raises ``OSError`` if the file cannot be read, and ``ArgumentValueError``, with the line, if it is no log,
    no regular file (a pipe could block for ever, a device never end), or longer than 64 MiB.
    """
    found: dict[str, LatencyHistogram] = {}
    is_regular = stat.S_ISREG(Path(path).stat().st_mode)
    content = b""
    if is_regular:
        with open(path, "rb") as file:
            content = file.read(_FILE_BYTES_MAX + 1)
    if not is_regular or len(content) > _FILE_BYTES_MAX:
        why = f"is longer than {_FILE_BYTES_MAX} bytes" if is_regular else "is no regular file"
        raise ArgumentValueError(f"{os.fspath(path)}: no histogram log: it {why}")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ArgumentValueError(f"{os.fspath(path)}: no histogram log: {error}") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith(("#", '"')):
            continue
        try:
            tag, histogram = _interval(line)
        except (ArgumentValueError, binascii.Error, ValueError) as error:
            raise ArgumentValueError(
                f"{os.fspath(path)}: line {number} is no interval of a histogram log: {error}"
            ) from error
        found[tag] = found[tag].merge(histogram) if tag in found else histogram
    return found


def _interval(line: str) -> tuple[str, LatencyHistogram]:
    """The tag and the counts of one line: ``[Tag=…,]start,length,max,counts``."""
    tag, has_tag, rest = "", line.startswith("Tag="), line
    if has_tag:
        tag, _, rest = line.removeprefix("Tag=").partition(",")
    fields = rest.split(",")
    if len(fields) != 4:
        raise ArgumentValueError(f"expected start, length, maximum and counts, got {len(fields)} fields")
    return tag, LatencyHistogram.from_v2(base64.b64decode(fields[3], validate=True))


def quantile_samples(histogram: LatencyHistogram) -> tuple[int, ...]:
    """Latencies that stand for those of ``histogram``: evenly spaced quantiles, the same ones every time.

    ``n`` samples, a twentieth of the counts but 1,000 at most; the ``i``-th (from 0) is the quantile
    ``(2 i + 1) / (2 n)``. What lies beyond the last quantile is not among them. Raises
    ``ArgumentValueError`` for fewer than 20 counts.
    """
    samples = min(_SAMPLES_MAX, histogram.count // _COUNT_PER_SAMPLE)
    quantiles = (histogram.percentile((2 * index + 1) / (2 * samples)) for index in range(samples))
    known = tuple(sample for sample in quantiles if sample is not None)
    if not known:
        raise ArgumentValueError(
            f"a service time from a histogram needs at least {_COUNT_PER_SAMPLE} counts, "
            f"got {histogram.count}"
        )
    return known

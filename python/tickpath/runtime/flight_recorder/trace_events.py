"""Single events of a Chrome trace, as lines of JSON, and the times in them.

Times are written in microseconds, as the format wants them, so that whoever reads one as a double, multiplies
it by 1,000 and cuts or rounds gets the nanosecond that it was.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    Times = NDArray[np.int64]

__all__ = ["Window", "counter", "instant", "micros", "micros_of", "named", "slice_"]


class Window:
    """The run time that a trace covers, and the count of what it does not show."""

    def __init__(self, begin_ns: int, end_ns: int) -> None:
        self.begin_ns = begin_ns
        self.end_ns = end_ns
        self.left_out: dict[str, int] = {}
        """Things of the dump that happened before, by kind."""
        self.straightened = 0
        """Slices whose stamps went back behind those of the slice before, and were moved up."""

    def has(self, at_ns: int, kind: str) -> bool:
        """Whether ``at_ns`` is not before it; what is is counted as ``kind``."""
        if at_ns >= self.begin_ns:
            return True
        self.left_out[kind] = self.left_out.get(kind, 0) + 1
        return False


def micros(ns: int) -> str:
    """``ns`` as microseconds: the shortest number that is no smaller, times 1,000, than what it was."""
    value = ns / 1_000
    if int(value * 1_000.0) < ns:
        value = math.nextafter(value, math.inf)
    return repr(value)


def micros_of(ns: Times) -> list[str]:
    """The same for many, none negative."""
    import numpy as np

    values = ns / 1_000.0
    short = (values * 1_000.0).astype(np.int64) < ns
    values[short] = np.nextafter(values[short], np.inf)
    return [repr(value) for value in values.tolist()]


def named(what: str, pid: int, tid: int, name: str) -> str:
    """The name of a process or a thread."""
    return _line({"ph": "M", "pid": pid, "tid": tid, "name": what, "args": {"name": name}})


def slice_(
    pid: int, tid: int, begin_ns: int, end_ns: int, name: str, cat: str, args: Mapping[str, Any]
) -> str:
    """Something that lasts."""
    return _timed("X", pid, tid, begin_ns, name, cat, args, f',"dur":{micros(end_ns - begin_ns)}')


def instant(pid: int, tid: int, at_ns: int, name: str, cat: str, args: Mapping[str, Any]) -> str:
    """Something that happens."""
    return _timed("i", pid, tid, at_ns, name, cat, args, ',"s":"t"')


def counter(pid: int, tid: int, at_ns: int, name: str, values: Mapping[str, int]) -> str:
    """Something that is counted."""
    return _timed("C", pid, tid, at_ns, name, "counter", values, "")


def _timed(
    phase: str, pid: int, tid: int, at_ns: int, name: str, cat: str, args: Mapping[str, Any], more: str
) -> str:
    rest = _line({"name": name, "cat": cat, "args": dict(args)})
    return f'{{"ph":"{phase}","pid":{pid},"tid":{tid},"ts":{micros(at_ns)}{more},{rest[1:]}'


def _line(event: Mapping[str, Any]) -> str:
    return json.dumps(event, separators=(",", ":"))

"""The trace of a run, a line of JSON for each control step, and the first place where two of them differ.

A line holds everything that the control side could see and what it decided by that: run time, state, epoch,
counters of feed and stages, causes held. The last line is the run's end, with its digest. Two runs that are
the same have the same lines, byte for byte; the first line that differs names the step at which they
parted.

Reads and writes text, one line at a time; runs on one thread.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, TextIO

__all__ = ["Difference", "StepTrace", "first_difference"]

_STEP = "step"
_MISSING = "(nothing)"


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two traces part."""

    step: int
    """Number of the control step, from 0; the end of the run counts as one."""
    at_ns: int | None
    """Its run time, by the first trace that has one."""
    field: str
    """Which value, by its path in the line, as in ``stages.executor.cursor``."""
    first: Any
    """The first run's value."""
    second: Any
    """The second run's."""

    def __str__(self) -> str:
        """One sentence."""
        when = "" if self.at_ns is None else f" at {self.at_ns:,} ns"
        return (
            f"step {self.step}{when}: {self.field} is {self.first!r} in one run "
            f"and {self.second!r} in the other"
        )


class StepTrace:
    """Writes the lines into ``out``."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._steps = 0

    @property
    def steps(self) -> int:
        """Lines so far."""
        return self._steps

    def write(self, at_ns: int, values: Mapping[str, Any]) -> None:
        """One step. The order of ``values`` is kept: it is part of what has to be the same."""
        line = {_STEP: self._steps, "at_ns": at_ns, **values}
        self._out.write(json.dumps(line, separators=(",", ":")) + "\n")
        self._steps += 1


def first_difference(first: Iterable[str], second: Iterable[str]) -> Difference | None:
    """Where the lines ``first`` and ``second`` part; ``None`` if they are the same."""
    for number, (one, other) in enumerate(zip_longest(first, second)):
        if one != other:
            return _difference(number, one, other)
    return None


def _difference(number: int, one: str | None, other: str | None) -> Difference:
    ours, theirs = _values(one), _values(other)
    present = ours if ours is not None else theirs
    at_ns = present.get("at_ns") if present is not None else None
    if ours is None or theirs is None:
        ended = "the end of the run"
        return Difference(number, at_ns, ended, _whether(ours), _whether(theirs))
    flat_ours, flat_theirs = _flat(ours), _flat(theirs)
    # Both orders, so that a value that only one of them has is found, too.
    for path in [*flat_ours, *flat_theirs]:
        left, right = flat_ours.get(path, _MISSING), flat_theirs.get(path, _MISSING)
        if left != right or type(left) is not type(right):
            return Difference(number, at_ns, path, left, right)
    # The same values in another order.
    return Difference(number, at_ns, "the order of the fields", list(flat_ours), list(flat_theirs))


def _values(line: str | None) -> dict[str, Any] | None:
    if line is None:
        return None
    values: dict[str, Any] = json.loads(line)
    return values


def _whether(values: dict[str, Any] | None) -> str:
    return "over" if values is None else "one step further"


def _flat(values: Any, path: str = "") -> dict[str, Any]:
    """Every value by its path; an empty table or list stands for itself."""
    if isinstance(values, dict) and values:
        children: Iterable[tuple[str, Any]] = values.items()
    elif isinstance(values, list) and values:
        children = ((str(index), value) for index, value in enumerate(values))
    else:
        return {path: values}
    flat: dict[str, Any] = {}
    for name, value in children:
        flat.update(_flat(value, f"{path}.{name}" if path else name))
    return flat

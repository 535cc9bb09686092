"""One thing found about the machine: what it is, what it means for a percentile, and what to change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Finding", "Status", "by_effect", "not_known"]

Status = Literal["good", "costs", "note", "unknown"]
"""``costs`` makes latencies longer and can be changed; ``note`` is worth knowing, and costs nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found in one place."""

    name: str
    """Which place; the same in every version."""
    value: Any
    """What a program would compare: a word, a number, a list; ``None`` is unknown."""
    found: str
    """The same in words."""
    status: Status
    """What it is worth."""
    means: str
    """For the percentiles one may believe."""
    change: str | None = None
    """What to do about it; ``None`` where nothing is to be done."""
    stall_ns: int = 0
    """The order of magnitude of the longest pause it is known to make: what findings are ordered by."""


def not_known(name: str, what: str, means: str) -> Finding:
    """A place that cannot be read here: in a container, or on another system than Linux."""
    return Finding(name=name, value=None, found=f"not known: {what}", status="unknown", means=means)


def by_effect(findings: Iterable[Finding]) -> list[Finding]:
    """Those that there is something to change about, the longest pause first."""
    return sorted((each for each in findings if each.change), key=lambda each: -each.stall_ns)

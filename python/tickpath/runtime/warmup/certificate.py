"""The certificate of a warm-up: what was seen, round by round, and what was made of it.

Frozen and of plain numbers. In virtual time the same scenario and seed give the same certificate, byte for
byte; what belongs to the machine (frozen objects) is ``None`` there, because nothing is frozen.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["WarmupCertificate", "WarmupKind", "WarmupRound", "WarmupVerdict"]

WarmupKind = Literal["evidence", "count"]
WarmupVerdict = Literal["passed", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class WarmupRound:
    """One round: so many events, and how long the middle one took.

    >>> WarmupRound(events=500, samples=500, p50_ns=410, service_p50_ns=90, spread=None).p50_ns
    410
    """

    events: int
    """Events the executor processed in it; those that were lost on the way are not among them."""
    samples: int
    """How many of them the figures are of: the way the acks come is lossy."""
    p50_ns: int | None
    """Median latency from published to completed; ``None``, unknown, with too few samples."""
    service_p50_ns: int | None
    """Median of the work alone, from polled to completed; reported, and not judged."""
    spread: float | None
    """How far ``p50_ns`` is from the round's before, as a share of that; ``None`` where one is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmupCertificate:
    """A warm-up that is over.

    >>> certificate = WarmupCertificate(
    ...     attempt=1,
    ...     kind="count",
    ...     began_ns=0,
    ...     ended_ns=40_000_000,
    ...     events=1_000,
    ...     rounds=(),
    ...     tolerance=None,
    ...     flat_rounds=None,
    ...     spread=None,
    ...     verdict="passed",
    ...     reason="1000 warm-up events processed",
    ...     held_feed=True,
    ...     gc_frozen_objects=None,
    ... )
    >>> certificate.verdict, certificate.events
    ('passed', 1000)
    """

    attempt: int
    """1 for the first, one more for each restart."""
    kind: WarmupKind
    """``evidence``: READY by what was measured; ``count``: by a number of events."""
    began_ns: int
    """Run time of its begin, in nanoseconds."""
    ended_ns: int
    """Run time of its end, in nanoseconds."""
    events: int
    """Events the executor processed in it."""
    rounds: tuple[WarmupRound, ...]
    """Every round that came to its end, in order; none for the kind ``count``."""
    tolerance: float | None
    """By what share the medians of ``flat_rounds`` rounds may differ; ``None`` for the kind ``count``."""
    flat_rounds: int | None
    """How many rounds in a row have to agree; ``None`` for the kind ``count``."""
    spread: float | None
    """By how much the last ``flat_rounds`` medians differed, (largest - smallest) / smallest; ``None`` where
    one of them is unknown or there were not so many."""
    verdict: WarmupVerdict
    """``passed``, ``failed`` or ``interrupted``."""
    reason: str
    """Why, with the numbers."""
    held_feed: bool
    """Whether the feed was held between the rounds."""
    gc_frozen_objects: int | None
    """Objects the garbage collector leaves alone since ``prepare()``; ``None`` where nothing was frozen."""

    def as_json(self) -> dict[str, Any]:
        """The same as an object of JSON, the keys in the order of the fields.

        >>> said = certificate.as_json()
        >>> said["verdict"], said["ended_ns"], said["rounds"]
        ('passed', 40000000, [])
        """
        return asdict(self) | {"rounds": [asdict(each) for each in self.rounds]}

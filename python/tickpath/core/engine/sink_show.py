"""Shows a run's acks to its sink, and keeps the account of it.

Threads: :meth:`SinkShow.show` in one at a time, which blocks as long as the sink does; the rest in any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tickpath.core.time import now

if TYPE_CHECKING:
    from tickpath._native import AckReader, SinkFeeder

__all__ = ["SinkAccount", "SinkShow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkAccount:
    """What a sink was shown, and what it was not: together every ack of the run.

    >>> SinkAccount(sink="Log", shown=900, dropped=100, errors=0, ended_by="SystemExit").failure
    'the sink Log ended its thread by SystemExit: 900 acks were shown to it, and 100 were not'
    """

    sink: str
    """Who it is: the name of its class."""
    shown: int
    """Acks it was shown, whatever it made of them."""
    dropped: int
    """Acks it was not shown: overwritten before it came to them, without their event, or left at the end."""
    errors: int
    """How often it raised."""
    abandoned: bool = False
    """Whether it was still busy, or blocked, when the run had ended and its time was up."""
    busy_ns: int | None = None
    """How long it has been at its last acks, at most 256, in nanoseconds; ``None``: at none."""
    ended_by: str | None = None
    """What ended its thread before the run: the name of what it raised that is no ``Exception``."""

    @property
    def failure(self) -> str | None:
        """What is to be said of a sink that did not see the run to its end; ``None`` of one that did."""
        if self.ended_by is not None:
            return f"the sink {self.sink} ended its thread by {self.ended_by}: {self._not_shown()}"
        if self.abandoned:
            busy_s = (self.busy_ns or 0) / 1e9
            waited = f"{busy_s:.1f} s of waiting"
            return f"the sink {self.sink} was left behind after {waited}: {self._not_shown()}"
        return None

    def _not_shown(self) -> str:
        return f"{self.shown:,} acks were shown to it, and {self.dropped:,} were not"


class SinkShow:
    """The acks of one run, and the sink that they are shown to."""

    def __init__(self, acks: AckReader, feeder: SinkFeeder, capacity: int, name: str) -> None:
        self._acks = acks
        self._feeder = feeder
        self._capacity = capacity
        self._name = name
        self._since_ns: int | None = None

    @property
    def waiting(self) -> int:
        """Acks that were not taken yet."""
        return self._acks.available()

    def show(self, limit: int) -> int:
        """Show up to ``limit`` acks, and return how many were taken.

        An ``Exception`` of the sink is counted, and the first one reported through ``sys.unraisablehook``.
        Anything else that it raises comes through.
        """
        self._since_ns = now()
        try:
            return self._acks.show(self._feeder, limit)
        finally:
            self._since_ns = None

    def account(self) -> SinkAccount:
        """As of now: what is waiting counts as dropped only where it was overwritten."""
        return self._account(not_shown=max(0, self._acks.available() - self._capacity))

    def close(self, *, abandoned: bool = False, ended_by: str | None = None) -> SinkAccount:
        """At the end, once nothing more is shown: what is waiting was not."""
        return self._account(not_shown=self._acks.available(), abandoned=abandoned, ended_by=ended_by)

    def _account(
        self, *, not_shown: int, abandoned: bool = False, ended_by: str | None = None
    ) -> SinkAccount:
        since_ns = self._since_ns
        return SinkAccount(
            sink=self._name,
            shown=self._acks.shown,
            dropped=self._acks.dropped + not_shown,
            errors=self._feeder.errors,
            abandoned=abandoned,
            busy_ns=None if since_ns is None else now() - since_ns,
            ended_by=ended_by,
        )

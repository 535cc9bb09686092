"""Shows a run's acks to its sink, one by one, and keeps the account of it.

The loop is written in Python on purpose: where a process ends while a sink that was left behind is still at
work, CPython (before 3.14) ends its thread in the middle of the call. It survives that; a frame of Rust below
would not.

Threads: :meth:`SinkShow.show` in one at a time; :meth:`SinkShow.account` and :meth:`SinkShow.leave` in any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tickpath.core.time import now
from tickpath.core.unraisable import report_unraisable

if TYPE_CHECKING:
    from tickpath._native import AckReader, SinkFeeder

__all__ = ["SinkAccount", "SinkShow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkAccount:
    """What a sink was shown, and what it was not: together every ack of the run."""

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
    """How long it has been at the ack that it was shown last, in nanoseconds; ``None``: at none."""
    ended_by: str | None = None
    """What ended its thread before the run: the name of what it raised that is no ``Exception``."""

    @property
    def failure(self) -> str | None:
        """What is to be said of a sink that did not see the run to its end; ``None`` of one that did."""
        if self.ended_by is not None:
            return f"the sink {self.sink} ended its thread by {self.ended_by}: {self._not_shown()}"
        if self.abandoned:
            busy = "" if self.busy_ns is None else f" after {self.busy_ns / 1e9:.1f} s at one ack"
            return f"the sink {self.sink} was left behind{busy}: {self._not_shown()}"
        return None

    def _not_shown(self) -> str:
        return f"{self.shown:,} acks were shown to it, and {self.dropped:,} were not"


class SinkShow:
    """The acks of one run, and the sink that they are shown to."""

    def __init__(self, acks: AckReader, feeder: SinkFeeder, capacity: int, name: str) -> None:
        self._acks = acks
        self._feeder = feeder
        self._observe = feeder.observe
        self._capacity = capacity
        self._name = name
        self._shown = 0
        self._errors = 0
        self._since_ns: int | None = None
        self._left = False

    @property
    def waiting(self) -> int:
        """Acks that were not taken yet."""
        return self._acks.available()

    def leave(self) -> None:
        """Show nothing more, after the ack under way."""
        self._left = True

    def show(self, limit: int) -> int:
        """Show up to ``limit`` acks, and return how many.

        An ``Exception`` of the sink is counted, and the first one reported through ``sys.unraisablehook``.
        Anything else that it raises comes through.
        """
        if self._observe is None:
            taken = self._acks.feed(self._feeder, limit)
            self._shown += taken
            return taken
        taken = 0
        while taken < limit and not self._left:
            pair = self._acks.take()
            if pair is None:
                break
            taken += 1
            self._call(*pair)
        return taken

    def _call(self, event: object, ack: object) -> None:
        # Counted before: a sink that never comes back was shown it.
        self._shown += 1
        self._since_ns = now()
        try:
            self._observe(event, ack)  # type: ignore[misc]  # looked at by show()
        except Exception as error:  # noqa: BLE001  a sink's fault costs no ack
            self._errors += 1
            if self._errors == 1:
                report_unraisable(error, self._observe)
        finally:
            self._since_ns = None

    def account(self) -> SinkAccount:
        """As of now: what is waiting counts as dropped only where it was overwritten."""
        return self._account(not_shown=max(0, self._acks.available() - self._capacity))

    def close(self, *, abandoned: bool = False, ended_by: str | None = None) -> SinkAccount:
        """At the end, once nothing more is shown: what is waiting was not."""
        self.leave()
        return self._account(not_shown=self._acks.available(), abandoned=abandoned, ended_by=ended_by)

    def _account(
        self, *, not_shown: int, abandoned: bool = False, ended_by: str | None = None
    ) -> SinkAccount:
        since_ns = self._since_ns
        return SinkAccount(
            sink=self._name,
            shown=self._shown,
            dropped=self._acks.dropped + not_shown,
            errors=self._errors,
            abandoned=abandoned,
            busy_ns=None if since_ns is None else now() - since_ns,
            ended_by=ended_by,
        )

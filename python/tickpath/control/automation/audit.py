"""The audit trail: what every runbook was asked, did, saw and gave up, in the order it happened.

Threads: the control plane's only. Memory: grows by an entry an event, never by time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TextIO, get_args

from tickpath.core.fork import HomeProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["AUDIT_SCHEMA", "EVENTS", "AuditEntry", "AuditTrail", "Event"]

AUDIT_SCHEMA = "tickpath/audit/1"
"""The schema that every line names."""

Event = Literal[
    "triggered",
    "began",
    "acted",
    "already",
    "refused",
    "unclear",
    "raised",
    "done",
    "failed",
    "undoing",
    "undone",
    "not_undone",
    "acknowledged",
    "escalated",
    "finished",
]

EVENTS: tuple[str, ...] = get_args(Event)
"""Every event there is; ``docs/reference/audit-json.md`` says what each means."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that happened.

    >>> entry = AuditEntry(5, "feed-gap", "feed gap", "wait", "done", "after 2 looks")
    >>> entry.step, entry.event
    ('wait', 'done')
    """

    at_ns: int
    """Run time of the look on which it happened, in nanoseconds."""
    runbook: str
    """Name of the runbook; empty for what concerns none."""
    trigger: str
    """The cause that the response answers."""
    step: str
    """Name of the step; empty for what concerns the whole response."""
    event: Event
    """What happened."""
    detail: str = ""
    """Words: what was done, what did not hold, what was raised."""

    def json_line(self) -> str:
        """The entry as one line of JSON without its end: sorted keys, ASCII, the same bytes everywhere.

        >>> print(entry.json_line())  # doctest: +NORMALIZE_WHITESPACE
        {"at_ns": 5, "detail": "after 2 looks", "event": "done", "runbook": "feed-gap",
         "schema": "tickpath/audit/1", "step": "wait", "trigger": "feed gap"}
        """
        return json.dumps(
            {
                "at_ns": self.at_ns,
                "detail": self.detail,
                "event": self.event,
                "runbook": self.runbook,
                "schema": AUDIT_SCHEMA,
                "step": self.step,
                "trigger": self.trigger,
            },
            sort_keys=True,
        )


class AuditTrail:
    """The entries so far, and a file that they are written to as they come, if there is one.

    ``file`` is opened and closed by the caller. A write that fails, by whatever ``Exception``, costs nothing
    but its line, which stays in memory: it is counted in :attr:`unwritten`.

    >>> triggered, finished = (
    ...     AuditEntry(at_ns, "feed-gap", "feed gap", "", event)
    ...     for at_ns, event in ((5, "triggered"), (6, "finished"))
    ... )
    >>> trail = AuditTrail()
    >>> trail.add(triggered)
    >>> [entry.event for entry in trail]
    ['triggered']
    """

    def __init__(self, file: TextIO | None = None) -> None:
        self._entries: list[AuditEntry] = []
        self._file = file
        self._unwritten = 0
        self._home = HomeProcess()

    @property
    def entries(self) -> tuple[AuditEntry, ...]:
        """Every entry, oldest first."""
        return tuple(self._entries)

    @property
    def unwritten(self) -> int:
        """Lines that the file refused."""
        return self._unwritten

    def add(self, entry: AuditEntry) -> None:
        """Appends ``entry`` and writes its line.

        >>> import io
        >>> file = io.StringIO()
        >>> trail = AuditTrail(file)
        >>> trail.add(finished)
        >>> len(trail), len(file.getvalue().splitlines()), trail.unwritten
        (1, 1, 0)
        """
        self._entries.append(entry)
        if self._file is None:
            return
        if not self._home.is_here():
            # A fork does not write into another process's file.
            self._unwritten += 1
            return
        try:
            self._file.write(entry.json_line() + "\n")
            # A fork would inherit what is not written yet, and write it once more.
            self._file.flush()
        except Exception:  # noqa: BLE001  full, closed, or a file of somebody's own making
            self._unwritten += 1

    def since(self, count: int) -> tuple[AuditEntry, ...]:
        """The entries after the first ``count``.

        >>> seen = len(trail)
        >>> trail.add(finished)
        >>> [entry.event for entry in trail.since(seen)]
        ['finished']
        """
        return tuple(self._entries[count:])

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[AuditEntry]:
        return iter(self._entries)

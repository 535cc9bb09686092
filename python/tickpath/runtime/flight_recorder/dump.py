"""One dump: what a flight recorder copied at one moment, as rows, as a trace, as Arrow, and as files.

Frozen; its arrays are copies of its own. Any thread may read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tickpath.core.arrow import ArrowRows
from tickpath.core.whole_file import write_whole
from tickpath.errors import ArgumentValueError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    import numpy as np
    import pyarrow
    from numpy.typing import NDArray

    from tickpath.config.flight import FlightSettings
    from tickpath.control.automation import AuditEntry
    from tickpath.control.failure import Cause, InjectionEvent
    from tickpath.control.health import Look
    from tickpath.core.engine import FlightTail
    from tickpath.core.state import Transition
    from tickpath.runtime.drivers import Mode
    from tickpath.runtime.flight_recorder.watch import Fired

__all__ = ["CauseMove", "FlightDump", "check_arrow"]


class CauseMove(NamedTuple):
    """A cause that was raised or cleared, by whomever.

    >>> from tickpath.control.failure import Cause
    >>> CauseMove(550_000_000, Cause("market data outage"), raised=True).cause.words
    'market data outage'
    """

    at_ns: int
    """Run time of the control step that saw it."""
    cause: Cause
    """Which."""
    raised: bool
    """Whether it was raised; else it was cleared."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlightDump:
    """The last events, acks and transitions of a run as of one moment, and what the control plane saw.

    >>> from tickpath.core.ingest import MarketDataSource
    >>> from tickpath.runtime.flight_recorder import FlightRecorder, FlightSettings
    >>> from tickpath.runtime.session import Session
    >>> recorder = FlightRecorder(settings=FlightSettings(last=10, dump_on=("end",)))
    >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e5, events=1_000)
    >>> _ = Session(source, mode="virtual", recorder=recorder).run()
    >>> (dump,) = recorder.dumps
    >>> dump.stem, len(dump.events), dump.events_not_kept
    ('0001-end', 10, 0)
    """

    number: int
    """From 1, in the order they were taken."""
    at_ns: int
    """Run time at which it was taken."""
    fired: tuple[Fired, ...]
    """What made it."""
    earlier: tuple[tuple[int, Fired], ...] = ()
    """What fired before, and when, dumped or not: the last of them."""
    mode: Mode
    """Which driver ran it."""
    settings: FlightSettings
    """The recorder's."""
    origin_ns: int
    """The stamps' clock at run time 0: what to subtract from a stamp for its run time."""
    capacity_slots: int
    """Slots of the ring."""
    ack_capacity_slots: int
    """Slots of the ring of acks."""
    shared_stamps: bool
    """Whether one stamp was taken for several events, so that no service time is known."""
    tail: FlightTail
    """What was copied, and what was not."""
    events: NDArray[np.void]
    """The events, rows of ``EVENT_DTYPE``, oldest first; the last one's sequence is ``events_head - 1``."""
    acks: NDArray[np.void]
    """The acks, rows of ``STAMPED_ACK_DTYPE``, oldest first."""
    transitions: tuple[Transition, ...]
    """The last transitions; their ``at_ns`` by the stamps' clock."""
    transitions_dropped: int
    """Transitions that are not among them."""
    looks: tuple[Look, ...]
    """What the last control steps saw."""
    injections: tuple[InjectionEvent, ...] = ()
    """Faults that began and ended."""
    causes: tuple[CauseMove, ...] = ()
    """Causes that came and went."""
    audit: tuple[AuditEntry, ...] = ()
    """What the runbooks did."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """What the recorder was told of the run: plain values, written into every file."""

    @property
    def events_not_kept(self) -> int:
        """Events that were asked for and published, and no longer in the ring: it has fewer slots."""
        return _not_kept(self.settings.last, self.tail.events_head, self.capacity_slots)

    @property
    def acks_not_kept(self) -> int:
        """Acks that were asked for and given, and no longer in their ring."""
        return _not_kept(self.settings.last, self.tail.acks_head, self.ack_capacity_slots)

    @property
    def stem(self) -> str:
        """How its files begin: number and first trigger."""
        return f"{self.number:04d}-{self.fired[0].slug}"

    def trace(self) -> bytes:
        """The dump in the Chrome trace event format, which Perfetto and ``chrome://tracing`` open.

        >>> dump.trace().splitlines()[0]
        b'{"traceEvents":['
        """
        from tickpath.runtime.flight_recorder.trace import chrome_trace

        return chrome_trace(self)

    def metadata(self) -> dict[str, Any]:
        """What the dump holds and what not, and where it comes from; the same in every file.

        >>> said = dump.metadata()
        >>> said["mode"], said["events"]["first_seq"], said["events"]["count"]
        ('virtual', 990, 10)
        """
        from tickpath.runtime.flight_recorder.metadata import metadata_of

        return metadata_of(self)

    def event_rows(self) -> ArrowRows:
        """The events with their sequence as Arrow columns, through the PyCapsule interface.

        >>> import pyarrow
        >>> pyarrow.record_batch(dump.event_rows())["seq"].to_pylist()
        [990, 991, 992, 993, 994, 995, 996, 997, 998, 999]
        """
        import numpy as np

        from tickpath.core.ingest.event import EVENT_DTYPE

        rows = np.empty(len(self.events), dtype=[("seq", "<u8"), *EVENT_DTYPE.descr])
        head = self.tail.events_head
        rows["seq"] = np.arange(head - len(rows), head)
        for name in EVENT_DTYPE.names or ():
            rows[name] = self.events[name]
        return ArrowRows(rows)

    def ack_rows(self) -> ArrowRows:
        """The acks as Arrow columns, through the PyCapsule interface; ``seq`` joins them with the events.

        >>> import pyarrow
        >>> pyarrow.record_batch(dump.ack_rows())["seq"].to_pylist()
        [990, 991, 992, 993, 994, 995, 996, 997, 998, 999]
        """
        return ArrowRows(self.acks)

    def contents(self, *, arrow: bool = False) -> dict[str, Callable[[], bytes]]:
        """The names of its files, and what makes each: the trace, and with ``arrow`` three Arrow files.

        Raises ``ArgumentValueError`` for ``arrow`` without pyarrow.

        >>> list(dump.contents())
        ['0001-end.trace.json']
        """
        contents: dict[str, Callable[[], bytes]] = {f"{self.stem}.trace.json": self.trace}
        if arrow:
            check_arrow()
            contents[f"{self.stem}.events.arrow"] = lambda: self._arrow_file(self.event_rows())
            contents[f"{self.stem}.acks.arrow"] = lambda: self._arrow_file(self.ack_rows())
            contents[f"{self.stem}.transitions.arrow"] = lambda: self._arrow_file(self._transition_rows())
        return contents

    def write(self, folder: str | os.PathLike[str], *, arrow: bool = False) -> tuple[str, ...]:
        """Writes its files into ``folder``, each whole or not at all; their names.

        Raises ``OSError``, and ``ArgumentValueError`` as :meth:`contents` does.

        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     names = dump.write(folder)
        ...     [(name, pathlib.Path(folder, name).read_bytes() == dump.trace()) for name in names]
        [('0001-end.trace.json', True)]
        """
        contents = self.contents(arrow=arrow)
        for name, content in contents.items():
            write_whole(Path(folder) / name, content())
        return tuple(contents)

    def _transition_rows(self) -> pyarrow.Table:
        """The transitions as a table, their stamps by the stamps' clock."""
        import pyarrow

        moves = self.transitions
        return pyarrow.table(
            {
                "epoch": pyarrow.array([move.epoch for move in moves], pyarrow.uint64()),
                "source": pyarrow.array([move.source.name for move in moves], pyarrow.string()),
                "target": pyarrow.array([move.target.name for move in moves], pyarrow.string()),
                "at_ns": pyarrow.array([move.at_ns for move in moves], pyarrow.int64()),
                "cause": pyarrow.array([move.cause for move in moves], pyarrow.string()),
            }
        )

    def _arrow_file(self, rows: ArrowRows | pyarrow.Table) -> bytes:
        """The rows as an Arrow IPC file, with the metadata under the key ``tickpath``."""
        import json

        import pyarrow

        table = pyarrow.table(rows)
        said = json.dumps(self.metadata(), separators=(",", ":")).encode("ascii")
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), b"tickpath": said})
        out = pyarrow.BufferOutputStream()
        with pyarrow.ipc.new_file(out, table.schema) as writer:
            writer.write_table(table)
        content: bytes = out.getvalue().to_pybytes()
        return content


def check_arrow() -> None:
    """Raises ``ArgumentValueError`` if Arrow files cannot be written here."""
    try:
        import pyarrow.ipc  # noqa: F401
    except ImportError:
        raise ArgumentValueError(
            "Arrow files are written by pyarrow, which is not installed: pip install 'tickpath[arrow]'"
        ) from None


def _not_kept(last: int, so_far: int, slots: int) -> int:
    return max(0, min(last, so_far) - slots)

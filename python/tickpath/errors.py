"""Every exception tickpath raises.

::

    TickpathError
    ├── ArgumentTypeError        (TypeError)       an argument of the wrong type
    ├── ArgumentValueError       (ValueError)      an argument of the right type that makes no sense
    ├── ArgumentOverflowError    (OverflowError)   a number too large for its field
    ├── Overrun                  (LookupError)     the event was overwritten before it was read
    ├── NotPublished             (LookupError)     the sequence does not exist yet
    ├── ProducerBusy             (RuntimeError)    someone else is publishing into the ring
    ├── ReaderBusy               (RuntimeError)    someone else is reading with this reader
    ├── InvalidTransition        (ValueError)      the lifecycle does not allow this move
    ├── NotReady                 (RuntimeError)    the lifecycle is in INIT
    ├── EngineFailed             (RuntimeError)    a run that could not be started, or that a bug ended
    ├── ThreadUnavailable        (RuntimeError)    the machine gives no thread
    ├── CorrectionRefused        (RuntimeError)    latencies that must not be corrected (again)
    ├── ScenarioError            (ValueError)      a scenario file that is wrong, and everything that is
    ├── ReportError              (ValueError)      reports of runs that cannot be read or compared
    ├── EndpointsUnavailable     (RuntimeError)    HTTP endpoints that cannot be opened
    ├── PackageMissing           (ImportError)     an optional package that is not installed
    ├── SweepRefused             (ValueError)      a sweep that cannot be begun, or not gone on with, here
    ├── SweepFailed              (RuntimeError)    a sweep whose processes or cluster went away
    └── SourceError              (ValueError)      market data that cannot be loaded
        ├── SourceNotFound       (FileNotFoundError)
        ├── SourceUnreadable     (OSError)
        ├── BadRow               one row, record or message is wrong, and the policy is "strict"
        └── OutOfOrder           stamps run backwards, and the policy is "refuse"

Each also derives from the builtin in brackets, which is what a caller would expect to catch. The native
module raises these same classes; there is no second hierarchy. All that carry fields can be pickled.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "ArgumentOverflowError",
    "ArgumentTypeError",
    "ArgumentValueError",
    "BadRow",
    "CorrectionRefused",
    "EndpointsUnavailable",
    "EngineFailed",
    "InvalidTransition",
    "NotPublished",
    "NotReady",
    "OutOfOrder",
    "Overrun",
    "PackageMissing",
    "ProducerBusy",
    "ReaderBusy",
    "ReportError",
    "ScenarioError",
    "ScenarioProblem",
    "SourceError",
    "SourceNotFound",
    "SourceUnreadable",
    "SweepFailed",
    "SweepRefused",
    "ThreadUnavailable",
    "TickpathError",
]


class TickpathError(Exception):
    """The base of every error tickpath raises.

    >>> issubclass(Overrun, TickpathError) and issubclass(Overrun, LookupError)
    True
    """


class ArgumentTypeError(TickpathError, TypeError):
    """An argument has the wrong type.

    >>> isinstance(ArgumentTypeError("capacity must be an int, got '4'"), TypeError)
    True
    """


class ArgumentValueError(TickpathError, ValueError):
    """An argument has the right type and a value that makes no sense.

    >>> isinstance(ArgumentValueError("capacity must be at least 1, got 0"), ValueError)
    True
    """


class ArgumentOverflowError(TickpathError, OverflowError):
    """A number does not fit the field it is meant for.

    >>> isinstance(ArgumentOverflowError("ts_ns must be less than 2**64"), OverflowError)
    True
    """


class Overrun(TickpathError, LookupError):
    """The sequence asked for was overwritten before it was read.

    A snapshot of the ring at that moment. A consumer keeps raising it on every read until it
    recovers explicitly (``reset_to_oldest()`` or ``reset_to_head()``).

    >>> Overrun(3, 10, 14).lost
    7
    """

    requested: int
    """The sequence that was asked for."""
    oldest: int
    """The oldest sequence that could be read."""
    head: int
    """The next sequence to be published."""

    def __init__(self, requested: int, oldest: int, head: int) -> None:
        super().__init__(requested, oldest, head)
        self.requested = requested
        self.oldest = oldest
        self.head = head

    @property
    def lost(self) -> int:
        """How many sequences from ``requested`` on are gone: ``oldest - requested``."""
        return self.oldest - self.requested

    def __str__(self) -> str:
        return (
            f"sequence {self.requested} was overwritten: {self.lost} lost, readable now "
            f"[{self.oldest}, {self.head}); recover with reset_to_oldest() or reset_to_head()"
        )


class NotPublished(TickpathError, LookupError):
    """The sequence asked for is at or beyond the head.

    >>> print(NotPublished(7, 5))
    sequence 7 is not published yet: the next one will be 5
    """

    requested: int
    """The sequence that was asked for."""
    head: int
    """The next sequence to be published."""

    def __init__(self, requested: int, head: int) -> None:
        super().__init__(requested, head)
        self.requested = requested
        self.head = head

    def __str__(self) -> str:
        sequence = self.requested if self.requested < 2**256 else "of more than 256 bits"  # str may refuse
        return f"sequence {sequence} is not published yet: the next one will be {self.head}"


class ProducerBusy(TickpathError, RuntimeError):
    """A second producer entered the ring, or an engine owns it: an event ring has one producer.

    >>> issubclass(ProducerBusy, RuntimeError)
    True
    """


class ReaderBusy(TickpathError, RuntimeError):
    """A reader was entered from two threads at once: give each thread a reader of its own.

    >>> issubclass(ReaderBusy, RuntimeError)
    True
    """


class InvalidTransition(TickpathError, ValueError):
    """The lifecycle does not allow this move, or another thread moved it first.

    >>> print(InvalidTransition("INIT", "READY", ("WARMUP",)))
    INIT -> READY is not allowed: from INIT it may go to WARMUP only
    """

    source: str
    """Name of the state the lifecycle is in."""
    target: str
    """Name of the state that was asked for."""
    legal: tuple[str, ...]
    """Names of the states that can be reached from ``source``."""
    reason: str
    """Why a move was refused that the table alone would not explain; empty if the table does."""

    def __init__(self, source: str, target: str, legal: tuple[str, ...], reason: str = "") -> None:
        super().__init__(source, target, legal, reason)
        self.source = source
        self.target = target
        self.legal = legal
        self.reason = reason

    def __str__(self) -> str:
        moves = ", ".join(self.legal) or "nothing"
        move = f"{self.source} -> {self.target}"
        if self.reason:
            return f"{move} was not made: {self.reason}; from {self.source} it may go to {moves}"
        return f"{move} is not allowed: from {self.source} it may go to {moves} only"


class NotReady(TickpathError, RuntimeError):
    """The lifecycle is in INIT: nothing may be processed before WARMUP.

    >>> print(NotReady())
    the lifecycle is in INIT: nothing is processed before the transition to WARMUP
    """

    def __init__(self, state: str = "INIT") -> None:
        super().__init__(state)
        self.state = state

    def __str__(self) -> str:
        return f"the lifecycle is in {self.state}: nothing is processed before the transition to WARMUP"


class EngineFailed(TickpathError, RuntimeError):
    """A run could not be started, was started twice, or one of its stages ended by a bug.

    >>> issubclass(EngineFailed, RuntimeError)
    True
    """


class ThreadUnavailable(TickpathError, RuntimeError):
    """The machine gives no thread: a limit on threads (``ulimit -u``, ``pids.max``) or on memory.

    >>> issubclass(ThreadUnavailable, RuntimeError)
    True
    """


class CorrectionRefused(TickpathError, RuntimeError):
    """Latencies were corrected for coordinated omission before, or recorded by plan: nothing is omitted.

    >>> issubclass(CorrectionRefused, RuntimeError)
    True
    """


class ScenarioProblem(NamedTuple):
    """One thing that is wrong with a scenario: where, what was given, what was expected.

    >>> print(ScenarioProblem("incident.toml", "ring.capacity_slots", "must be at least 1, got 0"))
    incident.toml: ring.capacity_slots must be at least 1, got 0
    """

    origin: str
    """The file, the shipped scenario, or what else the value came from."""
    key: str
    """The path of the key, such as ``injections[2].duration_ns``; empty for the file as a whole."""
    reason: str
    """What was given, what was expected, and what was probably meant."""
    line: int | None = None
    """Line number from 1, where the file is no TOML."""
    column: int | None = None
    """Column from 1, where the file is no TOML."""

    def __str__(self) -> str:
        # What a file is called may have been said by another file, and may hold anything.
        place = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in self.origin)
        if self.line is not None:
            place += f", line {self.line}"
        if self.column is not None:
            place += f", column {self.column}"
        return f"{place}: {self.key} {self.reason}" if self.key else f"{place}: {self.reason}"


class ScenarioError(TickpathError, ValueError):
    """A scenario cannot be read; names everything that is wrong with it, the first ones in its text.

    >>> print(ScenarioError((ScenarioProblem("a.toml", "seed", "must be a whole number, got 1.5"),)))
    a.toml: seed must be a whole number, got 1.5
    """

    problems: tuple[ScenarioProblem, ...]
    """Everything that is wrong, in the order of the settings; at least one, at most 100."""

    def __init__(self, problems: tuple[ScenarioProblem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        shown = "; ".join(str(problem) for problem in self.problems[:10])
        more = len(self.problems) - 10
        return f"{shown}; and {more} more" if more > 0 else shown


class ReportError(TickpathError, ValueError):
    """A report of a run cannot be read, or runs cannot be compared: the text says which, where and why.

    >>> issubclass(ReportError, ValueError)
    True
    """


class EndpointsUnavailable(TickpathError, RuntimeError):
    """The HTTP endpoints cannot be opened: the address is taken or not ours, or a package is missing.

    >>> issubclass(EndpointsUnavailable, RuntimeError)
    True
    """


class PackageMissing(TickpathError, ImportError):
    """An optional package that this needs is not installed; the text says what to install.

    >>> issubclass(PackageMissing, ImportError)
    True
    """


class SweepRefused(TickpathError, ValueError):
    """A sweep cannot be begun, or gone on with, as asked: another grid, too many runs, no package.

    >>> issubclass(SweepRefused, ValueError)
    True
    """


class SweepFailed(TickpathError, RuntimeError):
    """The processes of a sweep, or its cluster, went away; what was done is kept.

    >>> issubclass(SweepFailed, RuntimeError)
    True
    """


class SourceError(TickpathError, ValueError):
    """Market data that cannot be loaded; names the file and, where there is one, the place in it.

    >>> print(SourceError("AAPL.csv", "must be a price in 1/10,000, got 'x'", line=7, field="price"))
    AAPL.csv, line 7, field price: must be a price in 1/10,000, got 'x'
    """

    path: str
    """The file, or a description of the table."""
    reason: str
    """What is wrong, and what was expected."""
    line: int | None
    """Line number from 1, for formats made of lines."""
    byte_offset: int | None
    """Offset into the decompressed stream, for formats made of records."""
    field: str | None
    """The field of the row that is wrong."""

    def __init__(
        self,
        path: str,
        reason: str,
        line: int | None = None,
        byte_offset: int | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(path, reason, line, byte_offset, field)
        self.path = path
        self.reason = reason
        self.line = line
        self.byte_offset = byte_offset
        self.field = field

    def __str__(self) -> str:
        place = self.path
        for word, value in (("line", self.line), ("byte", self.byte_offset), ("field", self.field)):
            if value is not None:
                place += f", {word} {value}"
        return f"{place}: {self.reason}"


class SourceNotFound(SourceError, FileNotFoundError):
    """The file does not exist.

    >>> issubclass(SourceNotFound, FileNotFoundError)
    True
    """


class SourceUnreadable(SourceError, OSError):
    """The file exists and cannot be read: permissions, a directory, an input error.

    >>> issubclass(SourceUnreadable, OSError)
    True
    """


class BadRow(SourceError):
    """A row, record or message is wrong, and the policy is ``"strict"``.

    >>> print(BadRow("feed.dbn", "the record ends in its middle", byte_offset=120))
    feed.dbn, byte 120: the record ends in its middle
    """


class OutOfOrder(SourceError):
    """A stamp is smaller than the one before it, and the policy is ``"refuse"``.

    >>> print(OutOfOrder("feed.csv", "stamp 5 comes after 9", line=3))
    feed.csv, line 3: stamp 5 comes after 9
    """

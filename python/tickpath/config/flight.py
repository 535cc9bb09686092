"""What can be set about a flight recorder: how much it keeps, and what makes it write that down.

A trigger is a word: ``overrun``, ``transition``, ``transition:DEGRADED``, ``p99>50us`` (also ``p50`` and
``max``), ``signal``, ``end``. The same words stand on the command line, in Python and in the files written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal, cast

from tickpath.config.checks import given, instance
from tickpath.config.fields import NS_MAX, Whole, check_fields
from tickpath.config.words import NS_PER_UNIT
from tickpath.errors import ArgumentValueError

__all__ = [
    "DUMP_ON",
    "DUMP_ON_HELP",
    "LAST_MAX",
    "FlightSettings",
    "Quantity",
    "Trigger",
    "TriggerKind",
    "parse_trigger",
]

TriggerKind = Literal["latency", "overrun", "transition", "signal", "end"]
Quantity = Literal["p50", "p99", "max"]

LAST_MAX = 250_000
"""The most events and acks that a dump can have: some 180 MB of trace, and two seconds to write it."""
DUMP_ON = ("overrun", "transition:DEGRADED", "signal", "end")
"""What makes a recorder write that nobody told otherwise."""
DUMP_ON_HELP = "p99>50us (or p50, max; ns, us, ms, s), overrun, transition, transition:STATE, signal or end"
"""What a trigger may be, for people."""

_STATES = ("WARMUP", "READY", "DEGRADED")
_LATENCY = re.compile(r"(p50|p99|max)>(\d+)(ns|us|µs|ms|s)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What makes a recorder write; made by :func:`parse_trigger`.

    >>> parse_trigger("p99>50us").slug
    'p99'
    """

    text: str
    """As it was said."""
    kind: TriggerKind
    """What it looks at."""
    state: str | None = None
    """Of a transition: into which state; ``None`` for any."""
    quantity: Quantity | None = None
    """Of a latency: which figure of it."""
    limit_ns: int | None = None
    """Of a latency: what it must not exceed, in nanoseconds."""

    @property
    def slug(self) -> str:
        """A short name for files: letters, digits and ``-``."""
        if self.kind == "latency":
            return f"{self.quantity}"
        return self.kind if self.state is None else f"{self.kind}-{self.state.lower()}"


def parse_trigger(text: str) -> Trigger:
    """The trigger that ``text`` says.

    >>> parse_trigger("p99>50us").limit_ns
    50000
    >>> parse_trigger("transition:DEGRADED").state
    'DEGRADED'

    Raises ``ArgumentTypeError`` for what is no text, ``ArgumentValueError`` for any other word.
    """
    instance("a trigger", text, str)
    if text in ("overrun", "transition", "signal", "end"):
        return Trigger(text, cast("TriggerKind", text))
    kind, colon, state = text.partition(":")
    if kind == "transition" and colon and state.upper() in _STATES:
        return Trigger(text, "transition", state=state.upper())
    match = _LATENCY.fullmatch(text)
    if match is not None:
        limit_ns = int(match[2]) * NS_PER_UNIT[match[3]]
        if limit_ns <= NS_MAX:
            return Trigger(text, "latency", quantity=cast("Quantity", match[1]), limit_ns=limit_ns)
    raise ArgumentValueError(
        f"a flight recorder writes on {DUMP_ON_HELP}; STATE is {', '.join(_STATES)}: got {given(text)}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightSettings:
    """A flight recorder's settings. Raises ``ArgumentTypeError`` and ``ArgumentValueError``.

    >>> FlightSettings(last=1_000, dump_on=("p99>50us", "signal")).triggers[0].limit_ns
    50000
    """

    last: Annotated[int, Whole(1, LAST_MAX)] = 4_096
    """How many events, acks and transitions are kept, the newest of each: at most 250,000."""
    dump_on: tuple[str, ...] = DUMP_ON
    """The triggers, as :func:`parse_trigger` takes them."""
    dumps_max: Annotated[int, Whole(1, 10_000)] = 16
    """How often it writes in one run; what triggers beyond that is counted."""
    gap_ns: Annotated[int, Whole(0, NS_MAX)] = 100_000_000
    """Run time between two dumps of the same latency or of ``overrun``; what comes sooner is counted."""

    def __post_init__(self) -> None:
        check_fields(self)
        if not self.dump_on:
            raise ArgumentValueError(f"dump_on must name at least one trigger: {DUMP_ON_HELP}; got none")
        texts = [trigger.text for trigger in self.triggers]
        twice = next((text for text in texts if texts.count(text) > 1), None)
        if twice is not None:
            raise ArgumentValueError(f"dump_on must name each trigger once, got {twice!r} twice")

    @property
    def triggers(self) -> tuple[Trigger, ...]:
        """The triggers, in the order they were named."""
        return tuple(parse_trigger(text) for text in self.dump_on)

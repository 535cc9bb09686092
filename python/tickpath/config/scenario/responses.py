"""The responses of a scenario and its grade: runbooks, objectives, and what its ``--break`` run lacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from tickpath.config.engine import DurationNs, Events
from tickpath.config.fields import NS_MAX, Number, Plain, Text, Whole, check_fields
from tickpath.config.scenario.injections import Name
from tickpath.config.scenario.probes import Cause
from tickpath.errors import ArgumentValueError

__all__ = [
    "STANDARD_RUNBOOKS",
    "BreakSettings",
    "ObjectiveSettings",
    "RunbookSettings",
    "standard_runbooks",
]

STANDARD_RUNBOOKS = (
    "state-corruption",
    "clock-skew",
    "cold-start",
    "warm-up-incomplete",
    "market-data-outage",
    "stale-feed",
    "feed-integrity",
    "execution-failure",
    "execution-backlog",
    "latency-breach",
    "slow-consumer",
    "sink-loss",
)
"""The shipped runbooks, the graver first: where two could act on one look, the earlier does."""

_Share = Annotated[float, Number(0, 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookSettings:
    """A runbook that answers, and what is set about it.

    >>> RunbookSettings(name="slow-consumer", enabled=False).enabled
    False
    """

    name: Name
    """One of ``tickpath runbook list``."""
    enabled: bool = True
    """Whether it answers."""
    timeout_ns: Annotated[int, Whole(1, NS_MAX)] | None = None
    """How long a step may take until its postcondition is true; ``None`` leaves it to the runbook."""
    params: dict[str, Plain] = field(default_factory=dict)
    """What this runbook takes beside that; ``tickpath runbook show NAME`` says it."""

    def __post_init__(self) -> None:
        check_fields(self)


def standard_runbooks() -> tuple[RunbookSettings, ...]:
    """The runbooks of a scenario that names none.

    >>> standard_runbooks()[0].name
    'state-corruption'
    """
    return tuple(RunbookSettings(name=name) for name in STANDARD_RUNBOOKS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveSettings:
    """What the run is graded by; ``None`` grades nothing. Executing outside READY always fails.

    >>> ObjectiveSettings(lost_max=0, expects_causes=("market data outage",)).live_slack_ns
    300000000
    """

    p99_ns_max: DurationNs | None = None
    """The executor's p99 from publication to completion, in READY."""
    executed_share_min: _Share | None = None
    """Events executed, as a share of those published."""
    lost_max: Events | None = None
    """Events that the executor lost or shed."""
    detect_ns_max: DurationNs | None = None
    """For each expected cause: from the last injection that had begun by then until it was raised."""
    degrade_ns_max: DurationNs | None = None
    """From the first injection to DEGRADED."""
    recover_ns_max: DurationNs | None = None
    """From the end of the last injection to READY with no cause held; without one from the begin."""
    live_slack_ns: DurationNs = 300_000_000
    """Live, each limit on a time is so much wider: what a machine that stands still may add."""
    degrades: bool | None = None
    """Whether the lifecycle must have been DEGRADED, or must not."""
    expects_causes: tuple[Cause, ...] = ()
    """Causes that must have been raised."""
    expects_runbooks: tuple[Name, ...] = ()
    """Runbooks that must have answered, and come to their end."""

    def __post_init__(self) -> None:
        check_fields(self)
        for name in ("expects_causes", "expects_runbooks"):
            words = getattr(self, name)
            repeated = [word for n, word in enumerate(words) if word in words[:n]]
            if repeated:
                raise ArgumentValueError(f"{name} names {repeated[0]!r} twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakSettings:
    """What ``tickpath drill run --break`` switches off, so that the drill must fail.

    >>> BreakSettings(disable="probe:feed-staleness").disable
    'probe:feed-staleness'
    """

    disable: Annotated[str, Text(r"(probe|runbook):.+", '"probe:NAME" or "runbook:NAME"')] | None = None
    """``probe:NAME`` or ``runbook:NAME``; ``None``: there is no such variant."""

    def __post_init__(self) -> None:
        check_fields(self)

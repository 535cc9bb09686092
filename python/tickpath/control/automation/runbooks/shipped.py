"""The list of them, and how one is made with a scenario's settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from tickpath.config.suggest import suggestion
from tickpath.control.automation.runbook import Runbook
from tickpath.control.automation.runbooks.feed import feed_integrity, market_data_outage, stale_feed
from tickpath.control.automation.runbooks.stages import (
    execution_backlog,
    execution_failure,
    latency_breach,
    sink_loss,
    slow_consumer,
)
from tickpath.control.automation.runbooks.start import cold_start, warmup_incomplete
from tickpath.control.automation.runbooks.state import clock_skew, state_corruption
from tickpath.control.automation.runbooks.steps import Limits
from tickpath.errors import ArgumentTypeError, ArgumentValueError

if TYPE_CHECKING:
    from tickpath.config.scenario.responses import RunbookSettings

__all__ = ["FAILURE_TABLE", "SHIPPED", "build", "build_all"]

FAILURE_TABLE = (
    "Slow Consumer",
    "Market Data Outage",
    "Execution Backlog",
    "Cold Start",
    "Warm-up Incomplete",
    "State Corruption",
)
"""The rows of the specification's failure table; each has a runbook."""

SHIPPED: Mapping[str, Callable[[Limits], Runbook]] = MappingProxyType(
    {
        # What stops execution first: where two could act on one look, the graver one is declared earlier.
        "state-corruption": state_corruption,
        "clock-skew": clock_skew,
        "cold-start": cold_start,
        "warm-up-incomplete": warmup_incomplete,
        "market-data-outage": market_data_outage,
        "stale-feed": stale_feed,
        "feed-integrity": feed_integrity,
        "execution-failure": execution_failure,
        "execution-backlog": execution_backlog,
        "latency-breach": latency_breach,
        "slow-consumer": slow_consumer,
        "sink-loss": sink_loss,
    }
)
"""Every shipped runbook by name, in the order in which they are advanced by default."""

_STAGE_RUNBOOKS = ("slow-consumer",)


def build(
    name: str, *, timeout_ns: int | None = None, params: Mapping[str, object] = MappingProxyType({})
) -> Runbook:
    """The shipped runbook ``name``.

    ``params``: ``confirm_looks`` (at least 1), and for ``slow-consumer`` the ``stage``. Raises
    ``ArgumentValueError`` for a name or a parameter that there is not, with a suggestion, and for a value
    out of range; ``ArgumentTypeError`` for one of the wrong type.

    >>> build("slow-consumer", params={"stage": "log"}).triggers
    ('slow consumer',)
    """
    maker = SHIPPED.get(name)
    if maker is None:
        raise ArgumentValueError(
            f'there is no runbook "{name}"{suggestion(name, SHIPPED)}: see tickpath runbook list'
        )
    known = ("confirm_looks", "stage") if name in _STAGE_RUNBOOKS else ("confirm_looks",)
    for param in params:
        if param not in known:
            raise ArgumentValueError(
                f'runbook {name} has no parameter "{param}"{suggestion(param, known)}: '
                f"it takes {', '.join(known)}"
            )
    default = Limits()
    return maker(
        Limits(
            timeout_ns=default.timeout_ns if timeout_ns is None else _whole(name, "timeout_ns", timeout_ns),
            confirm_looks=_whole(name, "confirm_looks", params.get("confirm_looks", default.confirm_looks)),
            stage=_stage(name, params.get("stage")),
        )
    )


def build_all(settings: Iterable[RunbookSettings] | None = None) -> tuple[Runbook, ...]:
    """The runbooks of a scenario that are enabled, in its order; all the shipped ones without ``settings``.

    Raises like :func:`build`.

    >>> len(build_all()) == len(SHIPPED)
    True
    """
    if settings is None:
        return tuple(build(name) for name in SHIPPED)
    return tuple(
        build(each.name, timeout_ns=each.timeout_ns, params=each.params) for each in settings if each.enabled
    )


def _whole(name: str, param: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArgumentTypeError(f"{param} of runbook {name} must be an integer, got {value!r}")
    if value < 1:
        raise ArgumentValueError(f"{param} of runbook {name} must be at least 1, got {value}")
    return value


def _stage(name: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ArgumentTypeError(f"stage of runbook {name} must be the name of a stage, got {value!r}")
    return value

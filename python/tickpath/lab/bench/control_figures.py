"""What the rounds of the control plane come to: its rows of the table, and what is promised of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.config.run import DEFAULTS
from tickpath.lab.bench.part import Figure, Promise

if TYPE_CHECKING:
    from tickpath.lab.bench.figures import Spread
    from tickpath.lab.bench.turns import Seen

__all__ = [
    "ANSWERING",
    "STEPPED",
    "UNSTEPPED",
    "WATCHED",
    "WITHOUT",
    "WITHOUT_FAULTS",
    "control_figures",
    "control_promises",
]

WITHOUT_FAULTS, WITHOUT = "the engine alone", "the engine alone, orders can be given"
WATCHED = "with the control plane"
ANSWERING = "a runbook under way"
STEPPED, UNSTEPPED = "a control step every 10 ms", "no control steps"

_CALM = "nothing wrong"
_LIVE = (WITHOUT_FAULTS, WITHOUT, WATCHED)
#: Of the interval, for a step on average.
STEP_SHARE_MAX = 0.003
#: While a runbook asks its conditions, which is a small part of any run.
ANSWERING_SHARE_MAX = 0.004
#: With over without. Of the tail no ratio is promised: on few cores the machine's own pauses decide it.
P50_RATIO_MAX = 1.1
EVENTS_PER_S_MIN = 10e6
INTERVAL_NS = DEFAULTS.control_interval_ns

_RATE = "100,000 events/s"
_WAY = "published → completed"


def control_figures(seen: Seen) -> tuple[Figure, ...]:
    """The rows."""
    return (
        *(_step(seen, name, words) for name, words in ((WATCHED, _CALM), (ANSWERING, ANSWERING))),
        *(_longest(seen, name, words) for name, words in ((WATCHED, _CALM), (ANSWERING, ANSWERING))),
        *(_live(seen, name) for name in _LIVE),
        *(_tail(seen, name) for name in _LIVE),
        *(_virtual(seen, name) for name in (UNSTEPPED, STEPPED)),
    )


def _measured(ns: Spread | None) -> str | None:
    return "not a complete round" if ns is None else None


def _step(seen: Seen, name: str, words: str) -> Figure:
    ns = seen.spread(f"{name} step")
    return Figure(
        what="a control step, live, on average",
        contender=words,
        ns=ns,
        base=_CALM,
        times_base=seen.ratio(f"{name} step", f"{WATCHED} step"),
        missing=_measured(ns),
    )


def _longest(seen: Seen, name: str, words: str) -> Figure:
    ns = seen.spread(f"{name} longest")
    return Figure(what="the longest control step of a run", contender=words, ns=ns, missing=_measured(ns))


def _live(seen: Seen, name: str) -> Figure:
    ns = seen.spread(f"{name} p50")
    return Figure(
        what=f"open loop, {_RATE}, {_WAY}",
        contender=name,
        ns=ns,
        latency=seen.latency(name),
        base=WITHOUT,
        times_base=seen.ratio(f"{name} p50", f"{WITHOUT} p50"),
        missing=_measured(ns),
    )


def _tail(seen: Seen, name: str) -> Figure:
    ns = seen.spread(f"{name} p99")
    return Figure(
        what=f"the same, p99 of a run of {_RATE}",
        contender=name,
        ns=ns,
        base=WITHOUT,
        times_base=seen.ratio(f"{name} p99", f"{WITHOUT} p99"),
        missing=_measured(ns),
    )


def _virtual(seen: Seen, name: str) -> Figure:
    ns = seen.spread(name)
    return Figure(
        what="simulated, 1,000,000 events/s of virtual time",
        contender=name,
        ns=ns,
        base=UNSTEPPED,
        times_base=seen.ratio(name, UNSTEPPED),
        missing=_measured(ns),
    )


def control_promises(seen: Seen) -> tuple[Promise, ...]:
    """What is promised; the ratio beside that of two runs that do not differ."""
    interval_ms = INTERVAL_NS // 1_000_000
    return (
        *(
            Promise(
                what=f"a control step on average, {words}: {share_max:.1%} of {interval_ms} ms",
                unit="ns",
                value=seen.spread(f"{name} step"),
                at_most=share_max * INTERVAL_NS,
            )
            for name, words, share_max in (
                (WATCHED, _CALM, STEP_SHARE_MAX),
                (ANSWERING, ANSWERING, ANSWERING_SHARE_MAX),
            )
        ),
        Promise(
            what=f"{_RATE}: {_WAY}, p50, with the control plane / without",
            unit="times",
            value=seen.ratio(f"{WATCHED} p50", f"{WITHOUT} p50"),
            at_most=P50_RATIO_MAX,
            floor=seen.spread(f"{WITHOUT} p50 moves"),
        ),
        Promise(
            what="simulated at 1 M events/s, the standard control plane every 10 ms",
            unit="events/s",
            value=seen.rate(STEPPED),
            at_least=EVENTS_PER_S_MIN,
        ),
    )

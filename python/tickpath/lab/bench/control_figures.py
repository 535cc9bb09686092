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
    "control_figures",
    "control_promises",
]

WITHOUT, WATCHED = "the engine alone", "with the control plane"
ANSWERING = "a runbook under way"
STEPPED, UNSTEPPED = "a control step every 10 ms", "no control steps"

_CALM = "nothing wrong"
#: Of the interval, for a step on average.
STEP_SHARE_MAX = 0.003
#: With over without: what a run differs from the same run a moment later is the floor of it.
P50_RATIO_MAX = 1.1
P99_RATIO_MAX = 1.2
EVENTS_PER_S_MIN = 10e6
INTERVAL_NS = DEFAULTS.control_interval_ns

_RATE = "100,000 events/s"
_WAY = "published → completed"


def control_figures(seen: Seen) -> tuple[Figure, ...]:
    """The rows."""
    return (
        *(_step(seen, name, words) for name, words in ((WATCHED, _CALM), (ANSWERING, ANSWERING))),
        *(_longest(seen, name, words) for name, words in ((WATCHED, _CALM), (ANSWERING, ANSWERING))),
        *(_live(seen, name) for name in (WITHOUT, WATCHED)),
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
    """What is promised; the ratios beside those of two runs that do not differ."""
    interval_ms = INTERVAL_NS // 1_000_000
    return (
        *(
            Promise(
                what=f"a control step on average, {words}: {STEP_SHARE_MAX:.1%} of {interval_ms} ms",
                unit="ns",
                value=seen.spread(f"{name} step"),
                at_most=STEP_SHARE_MAX * INTERVAL_NS,
            )
            for name, words in ((WATCHED, _CALM), (ANSWERING, ANSWERING))
        ),
        *(
            Promise(
                what=f"{_RATE}: {_WAY}, {percentile}: {WATCHED} / without",
                unit="times",
                value=seen.ratio(f"{WATCHED} {percentile}", f"{WITHOUT} {percentile}"),
                at_most=most,
                floor=seen.spread(f"{WITHOUT} {percentile} moves"),
            )
            for percentile, most in (("p50", P50_RATIO_MAX), ("p99", P99_RATIO_MAX))
        ),
        Promise(
            what="simulated at 1 M events/s, the standard control plane every 10 ms",
            unit="events/s",
            value=seen.rate(STEPPED),
            at_least=EVENTS_PER_S_MIN,
        ),
    )

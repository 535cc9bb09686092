"""What the rounds of the engine come to: its rows of the table, and what is promised of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.lab.bench.engine_cases import (
    ALONE,
    ONE_STAMP,
    PACED,
    PACED_FAST,
    PACED_SINKS,
    READERS,
    SINKS,
    SPIN_PAUSES,
    TWO_STAMPS,
)
from tickpath.lab.bench.part import Figure, Promise

if TYPE_CHECKING:
    from tickpath.lab.bench.figures import Spread
    from tickpath.lab.bench.turns import Seen

__all__ = ["BARE", "FLOOR", "PAUSED", "engine_figures", "engine_promises"]

BARE = "ping-pong, bare spin"
PAUSED = f"ping-pong, {SPIN_PAUSES} PAUSE"
FLOOR = "the machine's floor"
#: What is promised, in nanoseconds, events per second, or times.
PUBLISHED_P99_NS_MAX = 1_500
PUBLISHED_P99_PING_PONGS_MAX = 6
INTENDED_P99_NS_MAX = 50_000
BEYOND_FLOOR_P99_NS_MAX = 1_500
FAST_P99_NS_MAX = 3_000
EVENTS_PER_S_MIN = {TWO_STAMPS: 15e6, ONE_STAMP: 40e6}
READER_COSTS_MAX = 1.02

_PUBLISHED, _INTENDED = "published → completed", "intended → completed"
_WAYS = {_PUBLISHED: "published_to_completed", _INTENDED: "intended_to_completed"}
_SPINS = f"spins, {SPIN_PAUSES} PAUSE"


def engine_figures(seen: Seen) -> tuple[Figure, ...]:
    """The rows, the floor first."""
    return (
        *(_ping_pong(seen, name) for name in (BARE, PAUSED)),
        *_paced(seen, PACED),
        *_paced(seen, PACED_FAST),
        *(_flow(seen, name) for name in (TWO_STAMPS, ONE_STAMP)),
        *(_beside(seen, name) for name in READERS),
        *(_watched(seen, name) for name in SINKS),
        *(_watched_paced(seen, name) for name in PACED_SINKS),
    )


def _measured(ns: Spread | None) -> str | None:
    return "not a complete round" if ns is None else None


def _ping_pong(seen: Seen, name: str) -> Figure:
    ns = seen.spread(f"{name} p50")
    return Figure(
        what="two lines, there and back",
        contender=name,
        waits="spins",
        ns=ns,
        latency=seen.latency(name),
        base=PAUSED,
        times_base=seen.ratio(f"{name} p50", f"{PAUSED} p50"),
        missing=_measured(ns),
    )


def _paced(seen: Seen, case: str) -> list[Figure]:
    rows = []
    for contender, key in (*_WAYS.items(), (f"{FLOOR}, both cores", FLOOR)):
        ns = seen.spread(f"{case} {key} p50")
        ours = key != FLOOR
        rows.append(
            Figure(
                what=f"open loop, {case}",
                contender=contender,
                waits=_SPINS if ours else None,
                ns=ns,
                latency=seen.latency(f"{case} {key}"),
                base=PAUSED if ours else None,
                times_base=seen.ratio(f"{case} {key} p50", f"{PAUSED} p50") if ours else None,
                missing=_measured(ns),
            )
        )
    return rows


def _flow(seen: Seen, name: str) -> Figure:
    ns = seen.spread(f"{name} wall")
    return Figure(
        what="feed → ring → executor → ack ring, nothing lost",
        contender=name,
        waits=_SPINS,
        ns=ns,
        base=TWO_STAMPS,
        times_base=seen.ratio(f"{name} wall", f"{TWO_STAMPS} wall"),
        missing=_measured(ns),
    )


def _beside(seen: Seen, name: str) -> Figure:
    ns = seen.spread(f"{name} feed")
    return Figure(
        what="the producer's time, never waiting",
        contender=name,
        ns=ns,
        base=ALONE,
        times_base=seen.ratio(f"{name} feed", f"{ALONE} feed"),
        read=None if name == ALONE else seen.counts.get(f"{name} read"),
        lost=None if name == ALONE else seen.counts.get(f"{name} lost"),
        missing=_measured(ns),
    )


def _watched(seen: Seen, name: str) -> Figure:
    ns = seen.spread(f"{name} wall")
    with_sink = name in SINKS[2:]
    return Figure(
        what="what a sink costs, full speed, nothing lost",
        contender=name,
        ns=ns,
        base=SINKS[0],
        times_base=seen.ratio(f"{name} wall", f"{SINKS[0]} wall"),
        read=seen.counts.get(f"{name} read") if with_sink else None,
        lost=seen.counts.get(f"{name} lost") if with_sink else None,
        missing=_measured(ns),
    )


def _watched_paced(seen: Seen, name: str) -> Figure:
    key = f"{name} published_to_completed"
    ns = seen.spread(f"{key} p50")
    with_sink = name in PACED_SINKS[1:]
    return Figure(
        what=f"what a sink costs, {PACED}, {_PUBLISHED}",
        contender=name.removeprefix(f"{PACED}, "),
        waits=_SPINS,
        ns=ns,
        latency=seen.latency(key),
        base=SINKS[0],
        times_base=seen.ratio(f"{key} p50", f"{PACED_SINKS[0]} published_to_completed p50"),
        read=seen.counts.get(f"{name} read") if with_sink else None,
        lost=seen.counts.get(f"{name} lost") if with_sink else None,
        missing=_measured(ns),
    )


def engine_promises(seen: Seen) -> tuple[Promise, ...]:
    """What is promised, beside the machine's floor where the machine can make it impossible."""
    published, intended = (f"{PACED} {way} p99" for way in _WAYS.values())
    core, path = seen.spread(f"{PACED} floor p99"), seen.spread(f"{PACED} {FLOOR} p99")
    return (
        _at_most(f"{PACED}: {_PUBLISHED}, p99", "ns", seen.spread(published), PUBLISHED_P99_NS_MAX, core),
        _at_most(
            f"{PACED}: {_PUBLISHED}, p99 / {PAUSED}, p50",
            "times",
            seen.ratio(published, f"{PAUSED} p50"),
            PUBLISHED_P99_PING_PONGS_MAX,
            seen.ratio(f"{PACED} floor p99", f"{PAUSED} p50"),
        ),
        _at_most(f"{PACED}: {_INTENDED}, p99", "ns", seen.spread(intended), INTENDED_P99_NS_MAX, path),
        _at_most(
            f"{PACED}: {_INTENDED}, p99 beyond the floor's",
            "ns",
            seen.spread(f"{PACED} beyond"),
            BEYOND_FLOOR_P99_NS_MAX,
            # How far the floor's own p99 is from itself a moment later: nothing finer can be told.
            seen.spread(f"{PACED} floor moves"),
        ),
        _at_most(
            f"{PACED_FAST}: {_PUBLISHED}, p99",
            "ns",
            seen.spread(f"{PACED_FAST} published_to_completed p99"),
            FAST_P99_NS_MAX,
            seen.spread(f"{PACED_FAST} floor p99"),
        ),
        *(
            Promise(
                what=f"through the engine, nothing lost, {name}",
                unit="events/s",
                value=seen.rate(f"{name} wall"),
                at_least=least,
            )
            for name, least in EVENTS_PER_S_MIN.items()
        ),
        *(
            _at_most(
                f"the producer's time beside {name} / {ALONE}",
                "times",
                seen.ratio(f"{name} feed", f"{ALONE} feed"),
                READER_COSTS_MAX,
            )
            for name in READERS[1:4]
        ),
        _at_most(
            "lost of a feed that is held back, all runs",
            "events",
            seen.total(*(f"{name} ring lost" for name in (TWO_STAMPS, ONE_STAMP, *SINKS))),
            0,
        ),
        _at_most("unaccounted for in the ledgers, all runs", "events", seen.total("unaccounted"), 0),
    )


def _at_most(what: str, unit: str, value: Spread | None, most: float, floor: Spread | None = None) -> Promise:
    return Promise(what=what, unit=unit, value=value, at_most=most, floor=floor)

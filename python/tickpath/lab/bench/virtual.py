"""The engine in virtual time on one core: how many events a second it simulates, beside plain Python.

Every turn builds an engine, untimed, and times it from its first event to its last, with the digest of the
acks and all histograms on. The peer simulates the same queue in a few plain lines, with the same digest.
"""

from __future__ import annotations

import dataclasses
import statistics
from typing import TYPE_CHECKING

from tickpath.config.engine import ConsumerSettings, EngineSettings, ServiceTime
from tickpath.core.engine import VirtualEngine
from tickpath.core.ingest import MarketDataSource
from tickpath.core.state import Lifecycle, State
from tickpath.lab.bench.figures import Spread
from tickpath.lab.bench.interleaved import Samples, Workload, measure
from tickpath.lab.bench.part import Budget, Figure, PartResult, Promise
from tickpath.reference import simulate

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["VirtualBench", "build", "figures_of", "promises_of"]

#: The feed: a million events a second, served in 700 ns each.
RATE_HZ = 1_000_000
SERVICE_NS = 700
CAPACITY = 65_536
#: The default control interval.
STEP_NS = 10_000_000
#: Turns of the object tier for one of these.
_TURNS_EACH = 6
#: Events of an engine, and of the peer, for each turn of a round.
_EVENTS_PER_TURN = 5_000
_PEER_EVENTS_PER_TURN = 400
_NS_PER_S = 1e9

CONSTANT, STEPPED, LOGNORMAL = "constant service time", "control steps", "lognormal service time"
GRAPH, FAULTS, PEER = "graph", "faults", "plain Python"
#: The thing, the contender, and its workload; the first contender for a thing is its base.
_ROWS = (
    ("constant service time", "tickpath", CONSTANT),
    ("constant service time", "plain Python", PEER),
    ("the same, a look at the counters every 10 ms", "tickpath", STEPPED),
    ("lognormal service time", "tickpath", LOGNORMAL),
    ("constant service time, a consumer behind the executor", "tickpath", GRAPH),
    ("constant service time, faults at hand", "tickpath", FAULTS),
)
_NOTES = (
    "one thread; a digest over every ack (SHA-256) and five histograms are in it",
    "1,000,000 events a virtual second; the executor works 700 ns on each, lognormal: 600 ns in the median",
)


class VirtualBench:
    """The part."""

    name = "virtual"
    title = "the engine in virtual time: events simulated on one core"

    def run(self, budget: Budget) -> PartResult:
        """Measures within ``budget``."""
        turns = max(1, budget.sizes.turns // _TURNS_EACH)
        events = budget.sizes.turns * _EVENTS_PER_TURN
        peer_events = budget.sizes.turns * _PEER_EVENTS_PER_TURN
        budget = dataclasses.replace(budget, sizes=dataclasses.replace(budget.sizes, turns=turns))
        samples = measure(lambda: build(events, peer_events), budget)
        return PartResult(
            rounds=len(samples.rounds),
            figures=figures_of(samples),
            promises=promises_of(samples),
            notes=_NOTES,
        )


def build(events: int, peer_events: int) -> Mapping[str, Workload]:
    """The workloads of a round."""
    source = MarketDataSource.synthetic(model="constant", rate_hz=RATE_HZ, events=events)
    due_ns = [number * 1_000 for number in range(peer_events)]

    def peer() -> None:
        simulate(due_ns, CAPACITY, SERVICE_NS).digest()

    constant = ServiceTime.constant(SERVICE_NS)
    lognormal = ServiceTime.lognormal(median_ns=600, sigma=0.4)
    return {
        CONSTANT: _simulated(source, constant),
        STEPPED: _simulated(source, constant, step_ns=STEP_NS),
        LOGNORMAL: _simulated(source, lognormal),
        GRAPH: _simulated(source, constant, ConsumerSettings(name="log", after=("executor",))),
        FAULTS: _simulated(source, constant, faults=True),
        PEER: Workload(peer, peer_events),
    }


def _simulated(
    source: MarketDataSource,
    service: ServiceTime,
    *consumers: ConsumerSettings,
    step_ns: int | None = None,
    faults: bool = False,
) -> Workload:
    """A run from its first event to its last; made anew before each turn."""
    settings = EngineSettings(
        capacity=CAPACITY,
        executor=ConsumerSettings(name="executor", service=service),
        consumers=consumers,
        faults=faults,
    )
    engines: list[VirtualEngine] = []

    def prepare() -> None:
        lifecycle = Lifecycle()
        lifecycle.transition_to(State.WARMUP)
        lifecycle.transition_to(State.READY)
        engine = VirtualEngine(source, lifecycle, settings)
        engine.start()
        engines[:] = [engine]

    def run() -> None:
        engine = engines[0]
        until_ns = step_ns
        while not engine.advance(until_ns):
            engine.snapshot()
            if until_ns is not None and step_ns is not None:
                until_ns += step_ns

    return Workload(run, len(source), prepare)


def figures_of(samples: Samples) -> tuple[Figure, ...]:
    """The rows of the table."""
    bases = {what: (contender, workload) for what, contender, workload in reversed(_ROWS)}
    return tuple(
        Figure(
            what=what,
            contender=contender,
            ns=samples.ns(workload),
            base=bases[what][0],
            times_base=samples.ratio(workload, bases[what][1]),
        )
        for what, contender, workload in _ROWS
    )


def promises_of(samples: Samples) -> tuple[Promise, ...]:
    """The promises, of whatever was measured."""
    return (
        Promise(
            what="simulated, constant service time, no control steps",
            unit="events/s",
            value=_rate(samples, CONSTANT),
            at_least=20e6,
        ),
        Promise(
            what="simulated at 1 M events/s, a control step every 10 ms",
            unit="events/s",
            value=_rate(samples, STEPPED),
            at_least=10e6,
        ),
        Promise(
            what="simulated, constant service time: plain Python / tickpath",
            unit="times",
            value=samples.ratio(PEER, CONSTANT),
            at_least=15,
        ),
    )


def _rate(samples: Samples, name: str) -> Spread | None:
    """Events a second: the median turn of each round."""
    return Spread.of(_NS_PER_S / statistics.median(turns[name]) for turns in samples.rounds)

"""The runs of the engine that are compared: which rates, which readers, which sinks.

Cases of one group take turns. Feed and executor spin on a core each; whatever else reads shares the
executor's core and never the feed's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tickpath.config.engine import ConsumerSettings, EngineSettings, ServiceTime, ThreadSettings
from tickpath.control.metrics import LatencySink, Metrics
from tickpath.core.execution.observability import NoOpSink
from tickpath.lab.bench.engine_run import EngineCase

if TYPE_CHECKING:
    from collections.abc import Callable

    from tickpath.core.execution import Ack
    from tickpath.core.execution.observability import ObservabilitySink
    from tickpath.lab.bench.part import Sizes

__all__ = [
    "ALONE",
    "ONE_STAMP",
    "PACED",
    "PACED_FAST",
    "PACED_SINKS",
    "READERS",
    "SINKS",
    "SLOTS",
    "SPIN_PAUSES",
    "TWO_STAMPS",
    "groups",
]

SLOTS = 65_536
#: Between two looks of a stage that waits; the default of a run, and the ping-pong's beside it.
SPIN_PAUSES = ThreadSettings().spin_pauses

PACED = "100,000 events/s"
PACED_FAST = "1,000,000 events/s"
TWO_STAMPS = "two stamps an event"
ONE_STAMP = "one stamp for a batch"
ALONE = "nobody reads"
#: The readers beside the producer, and what each is; the first is the run without.
READERS = (
    ALONE,
    "a consumer that is stopped",
    "a consumer 1,000 times too slow",
    "a reader in Python that never looks",
    "a consumer that reads all it can",
)
#: The sinks of a run at full speed; the first is the run without.
SINKS = ("NoOpSink", "acks written, no sink", "LatencySink", "a sink in Python")
#: The same at the paced rate.
PACED_SINKS = tuple(f"{PACED}, {sink}" for sink in SINKS if sink != "acks written, no sink")

_STOPPED_NS = 60_000_000_000
#: A thousand times what the producer needs for an event, and more.
_SLOW_NS = 30_000
#: Runs at full speed are not compared with the machine's floor.
_NO_FLOOR = 0
_NS_PER_S = 1e9


class _Counting:
    """The least a sink in Python can do."""

    def __init__(self) -> None:
        self.seen = 0

    def observe(self, _event: object, _ack: Ack) -> None:
        """Counts."""
        self.seen += 1


def _latency_sink() -> LatencySink:
    return LatencySink(Metrics())


def groups(sizes: Sizes) -> tuple[tuple[EngineCase, ...], ...]:
    """The cases, those that are compared together."""
    return (_paced(sizes), _flowing(sizes), _read(sizes), _watched(sizes), _watched_paced(sizes))


def _at_rate(rate_hz: float, events: int) -> EngineSettings:
    """The machine is watched for as long as the run lasts, half before and half after."""
    return EngineSettings(
        capacity=SLOTS,
        pace="constant",
        rate_hz=rate_hz,
        events_max=events,
        floor_window_ns=round(events / rate_hz / 2 * _NS_PER_S),
    )


def _paced(sizes: Sizes) -> tuple[EngineCase, ...]:
    return (
        EngineCase(name=PACED, settings=_at_rate(1e5, sizes.engine_paced_events)),
        EngineCase(name=PACED_FAST, settings=_at_rate(1e6, 5 * sizes.engine_paced_events)),
    )


def _flow(sizes: Sizes) -> EngineSettings:
    """As fast as the executor can, nothing lost; nobody else reads, so it takes lines over."""
    return EngineSettings(
        executor=ConsumerSettings(name="executor", claim_lines=True),
        capacity=SLOTS,
        pace="max",
        hold_back=True,
        events_max=sizes.engine_events,
        floor_window_ns=_NO_FLOOR,
    )


def _flowing(sizes: Sizes) -> tuple[EngineCase, ...]:
    each = replace(_flow(sizes), ack_capacity=SLOTS)
    return (
        EngineCase(name=TWO_STAMPS, settings=each),
        EngineCase(name=ONE_STAMP, settings=replace(each, stamp_per="batch")),
    )


def _read(sizes: Sizes) -> tuple[EngineCase, ...]:
    """The feed at full speed, waiting for nobody; the executor, gated, spins and reads nothing.

    So its core is as busy without the reader as with it. One that reads all it can has that core to itself
    but for an executor that looks every 50 µs.
    """
    parked = ThreadSettings(wait="park")
    alone = EngineSettings(
        capacity=SLOTS, pace="max", events_max=sizes.engine_events, floor_window_ns=_NO_FLOOR
    )

    def beside(service: ServiceTime, thread: ThreadSettings = parked) -> EngineSettings:
        return replace(alone, consumers=(ConsumerSettings(name="reader", service=service, thread=thread),))

    active = replace(
        beside(ServiceTime(), ThreadSettings(wait="yield")),
        executor=ConsumerSettings(name="executor", thread=parked),
    )

    settings = (
        alone,
        beside(ServiceTime.constant(_STOPPED_NS)),
        beside(ServiceTime.constant(_SLOW_NS)),
        alone,
        active,
    )
    return tuple(
        EngineCase(name=name, settings=one, gated=True, python_reader=name == READERS[3])
        for name, one in zip(READERS, settings, strict=True)
    )


def _watched(sizes: Sizes) -> tuple[EngineCase, ...]:
    noop, acks, latency, python = SINKS
    flow = _flow(sizes)
    return (
        EngineCase(name=noop, settings=flow, sink=NoOpSink),
        EngineCase(name=acks, settings=replace(flow, ack_capacity=SLOTS)),
        EngineCase(name=latency, settings=flow, sink=_latency_sink),
        EngineCase(name=python, settings=flow, sink=_Counting),
    )


def _watched_paced(sizes: Sizes) -> tuple[EngineCase, ...]:
    settings = replace(_at_rate(1e5, sizes.engine_paced_events * 2 // 3), floor_window_ns=_NO_FLOOR)
    sinks: tuple[Callable[[], ObservabilitySink], ...] = (NoOpSink, _latency_sink, _Counting)
    return tuple(
        EngineCase(name=name, settings=settings, sink=sink)
        for name, sink in zip(PACED_SINKS, sinks, strict=True)
    )

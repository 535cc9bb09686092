"""The engine: feed → ring → executor and other consumers, live on native threads or in virtual time.

>>> from tickpath.config.engine import ConsumerSettings, EngineSettings
>>> from tickpath.core.engine import Engine
>>> from tickpath.core.ingest import MarketDataSource
>>> from tickpath.core.state import Lifecycle, State
>>> lifecycle = Lifecycle()
>>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
>>> settings = EngineSettings(consumers=(ConsumerSettings(name="log", after=("executor",)),))
>>> engine = Engine(source, lifecycle, settings)
>>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
>>> engine.start()
>>> record = engine.finish()
>>> {stage.name: (stage.ledger.executed, stage.ledger.read) for stage in record.stages}
{'executor': (1000, 0), 'log': (0, 1000)}
>>> record.balanced
True

In virtual time the same stages run on the calling thread, as far as they are told to:

>>> virtual = VirtualEngine(source, lifecycle, settings)
>>> virtual.start()
>>> virtual.advance(until_ns=499_000), virtual.snapshot().published, virtual.now_ns()
(False, 500, 499000)
>>> virtual.finish().stages[1].ledger.read
1000
"""

from __future__ import annotations

from tickpath._native import (
    AckReader,
    AckSlice,
    AckSlices,
    AckWindow,
    AckWindowFigures,
    EngineLedger,
    EngineRecord,
    EngineSnapshot,
    Faults,
    FeedCounters,
    FeedPlan,
    FeedRecord,
    FlightReader,
    FlightTail,
    LatencyFigures,
    PingPong,
    Sizing,
    StagePlace,
    StageRecord,
    StageState,
    ping_pong,
)
from tickpath.core.engine.engine import Engine
from tickpath.core.engine.sink_show import SinkAccount
from tickpath.core.engine.virtual_engine import VirtualEngine

__all__ = [
    "AckReader",
    "AckSlice",
    "AckSlices",
    "AckWindow",
    "AckWindowFigures",
    "Engine",
    "EngineLedger",
    "EngineRecord",
    "EngineSnapshot",
    "Faults",
    "FeedCounters",
    "FeedPlan",
    "FeedRecord",
    "FlightReader",
    "FlightTail",
    "LatencyFigures",
    "PingPong",
    "SinkAccount",
    "Sizing",
    "StagePlace",
    "StageRecord",
    "StageState",
    "VirtualEngine",
    "ping_pong",
]

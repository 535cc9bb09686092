"""What a user writes first; every type is the one a reader expects, in mypy and in pyright."""

from typing import Any, assert_type

from tickpath.config.engine import ConsumerSettings, EngineSettings, ServiceTime, ThreadSettings
from tickpath.control.failure import ExecutionFailure, MarketDataOutage
from tickpath.control.metrics import LatencySink, Metrics, Snapshot
from tickpath.core.bus import Consumer, NotPublished, Overrun, RingBuffer
from tickpath.core.engine import AckReader, Engine, EngineLedger, EngineRecord, SinkAccount, StageRecord
from tickpath.core.execution import Ack, Executor, NotReady
from tickpath.core.execution.observability import NoOpSink, ObservabilitySink
from tickpath.core.ingest import MarketDataSource
from tickpath.core.state import InvalidTransition, Lifecycle, State, Transition
from tickpath.core.time import delta, now

# The five lines.
ring = RingBuffer[int](1024)
consumer = Consumer(ring, start="oldest")
lifecycle = Lifecycle()
executor = Executor(ring, lifecycle, LatencySink(Metrics()))
lifecycle.transition_to(State.WARMUP, cause="start")

assert_type(ring, RingBuffer[int])
assert_type(ring.publish(1), int)
assert_type(ring.publish_many([1, 2]), int)
assert_type(ring.get(0), int)
assert_type(ring.head(), int)
assert_type(ring.capacity, int)

assert_type(consumer, Consumer[int])
assert_type(Consumer[int](ring, start="head"), Consumer[int])
assert_type(Consumer(ring, start=1).cursor(), int)
assert_type(consumer.poll(), int | None)
assert_type(consumer.poll_many(8), list[int])
assert_type(consumer.available(), int)
assert_type(consumer.reset_to_head(), int)
assert_type(consumer.reset_to_oldest(), int)
assert_type(consumer.lost, int)

assert_type(lifecycle.state, State)
assert_type(lifecycle.epoch, int)
assert_type(lifecycle.can_transition_to(State.READY), bool)
assert_type(lifecycle.history, tuple[Transition, ...])

assert_type(executor.process(), Ack | None)
assert_type(executor.process_many(8), list[Ack])
assert_type(executor.cursor(), int)
assert_type(executor.lost, int)
assert_type(executor.sink_errors, int)

for ack in executor.process_many(1):
    assert_type(ack.seq, int)
    assert_type(ack.decision_ts, int)
    assert_type(ack.completion_ts, int)
    assert_type(ack.executed, bool)
    assert_type(ack.epoch, int)
    assert_type(ack.latency_ns, int)

metrics = Metrics(histogram=True)
metrics.observe(250)
assert_type(metrics.snapshot(), Snapshot)
assert_type(metrics.reset(), Snapshot)
assert_type(metrics.snapshot().count, int)
assert_type(metrics.snapshot().min_latency_ns, int | None)

assert_type(now(), int)
assert_type(delta(1, 2), int)


class Recorder:
    """A sink of the user's own: structural, it derives from nothing."""

    def observe(self, event: Any, ack: Ack) -> None:
        """Take one ack."""


sinks: list[ObservabilitySink] = [NoOpSink(), LatencySink(metrics), Recorder()]
Executor(ring, lifecycle, sinks[0])
Executor(ring, lifecycle, Recorder(), start="head")
with MarketDataOutage(lifecycle) as outage:
    assert_type(outage.is_active(), bool)
ExecutionFailure(lifecycle).activate()

log = ConsumerSettings(
    name="log",
    after=("executor",),
    overrun="head",
    thread=ThreadSettings(core=None, wait="park"),
    service=ServiceTime.lognormal(2_000, 0.5),
)
source = MarketDataSource.synthetic(rate_hz=1e6, events=10)
engine = Engine(source, lifecycle, EngineSettings(consumers=(log,)), sink=Recorder(), hold_at=None)
assert_type(engine.fence(timeout_ms=1), bool)
assert_type(engine.acks(), AckReader | None)
assert_type(engine.sink_account, SinkAccount | None)
record = engine.finish()
assert_type(record, EngineRecord)
assert_type(record.stages, list[StageRecord])
assert_type(record.stages[0].ledger, EngineLedger)
assert_type(record.stages[0].ended_by, tuple[int, int] | None)
assert_type(record.clock.error_ppm, float | None)

try:
    consumer.poll()
except Overrun as error:
    assert_type(error.lost, int)
except NotPublished as error:
    assert_type(error.head, int)
except (NotReady, InvalidTransition):
    pass

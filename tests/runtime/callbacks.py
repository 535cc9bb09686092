"""Every place where code of a user's is called, each as a small scene that calls it.

A scene is given the callback and puts it where the user would, and adds what must hold afterwards, whatever
the callback did. The places stand in ``docs/operating/faults.md``.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from tests.control.fake_world import LIMIT_NS, World
from tests.control.looks import Knobs, look
from tests.core.engine.runs import lifecycle, source
from tickpath.config.scenario import FeedSettings, Scenario, WarmupSettings
from tickpath.config.scenario.injections import FeedOutageSettings
from tickpath.control.automation import AuditTrail, Condition, Runbook, Step
from tickpath.control.failure import Injector
from tickpath.control.health import HealthMonitor, Reading, WatchThread
from tickpath.control.metrics import LatencySink, Metrics
from tickpath.core.bus import Consumer, RingBuffer
from tickpath.core.engine import VirtualEngine
from tickpath.core.execution import Executor
from tickpath.core.ingest import MarketDataSource
from tickpath.core.state import Lifecycle, State
from tickpath.lab.scenario_source import load_source
from tickpath.runtime.session import Session

Call = Callable[..., Any]
After = Callable[[], object]
#: Where an ``Exception`` goes. Whatever is none comes through, but where it is nobody's to end: ``always``.
#: ``told``: somebody else's code has made an error of its own of it, which says what it was.
Goes = Literal["through", "told", "reported", "audited", "counted", "always"]


@dataclass(frozen=True)
class Scene:
    """One place where code of a user's is called."""

    name: str
    goes: Goes
    play: Callable[[Call, list[After]], object]
    """Calls the callback; what is to be asked afterwards is in the list by then."""


SCENES: list[Scene] = []


def scene(goes: Goes) -> Callable[[Callable[[Call, list[After]], object]], None]:
    def add(play: Callable[[Call, list[After]], object]) -> None:
        SCENES.append(Scene(play.__name__, goes, play))

    return add


class Int:
    """Something that is an integer by ``__index__``."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def __index__(self) -> int:
        return int(self._call())


def ring_of(items: int, capacity: int = 8) -> RingBuffer[Any]:
    ring = RingBuffer[Any](capacity)
    ring.publish_many(range(items))
    return ring


def check(fact: bool) -> None:
    assert fact


# The object tier.


@scene("reported")
def sink_of_an_executor(call: Call, after: list[After]) -> None:
    class Sink:
        def observe(self, event: object, ack: object) -> None:
            call()

    executor = Executor(ring_of(3), lifecycle(), Sink())
    after.append(lambda: check(executor.cursor() == 1 and len(executor.process_many(9)) == 2))
    executor.process()


@scene("through")
def attribute_observe_of_a_sink(call: Call, after: list[After]) -> None:
    class Sink:
        @property
        def observe(self) -> Call:
            call()
            return print

    Executor(ring_of(1), lifecycle(), Sink())


@scene("through")
def items_of_publish_many(call: Call, after: list[After]) -> None:
    ring = RingBuffer[int](8)

    def items() -> Iterator[int]:
        yield 1
        call()

    after.append(lambda: check((ring.head(), ring.publish(2), ring.get(0)) == (1, 1, 1)))
    ring.publish_many(items())


@scene("through")
def integer_of_a_ring(call: Call, after: list[After]) -> None:
    RingBuffer[int](Int(call))  # type: ignore[arg-type]  # an integer all the same


@scene("through")
def integer_of_a_read(call: Call, after: list[After]) -> None:
    ring = ring_of(3)
    consumer = Consumer(ring)
    after.append(lambda: check(consumer.poll_many(9) == [0, 1, 2]))
    consumer.poll_many(Int(call))  # type: ignore[arg-type]


@scene("through")
def integer_of_a_latency(call: Call, after: list[After]) -> None:
    metrics = Metrics(histogram=True)
    after.append(lambda: check(metrics.snapshot().count == 0))
    metrics.observe(Int(call))  # type: ignore[arg-type]


@scene("through")
def ack_of_a_latency_sink(call: Call, after: list[After]) -> None:
    class Ack:
        @property
        def latency_ns(self) -> object:
            return call()

    metrics = Metrics()
    after.append(lambda: check(metrics.snapshot().count == 0))
    LatencySink(metrics).observe(None, Ack())  # type: ignore[arg-type]


@scene("always")
def destructor_of_an_item(call: Call, after: list[After]) -> None:
    class Item:
        def __del__(self) -> None:
            call()

    ring = RingBuffer[object](1)
    ring.publish(Item())
    after.append(lambda: check((ring.head(), ring.get(1)) == (2, "next")))
    ring.publish("next")


# The lifecycle.


@scene("reported")
def listener(call: Call, after: list[After]) -> None:
    made, told = Lifecycle(), list[Any]()
    made.subscribe(lambda _move: call())
    made.subscribe(told.append)
    after.append(lambda: check(made.state is State.WARMUP and len(told) == 1))
    made.transition_to(State.WARMUP)


@scene("through")
def clock_of_a_lifecycle(call: Call, after: list[After]) -> None:
    made = Lifecycle(call)
    after.append(lambda: check((made.state, made.epoch, made.history) == (State.INIT, 0, ())))
    made.transition_to(State.WARMUP)


# Market data.


class Path(os.PathLike[str]):
    """A path that has to be asked for."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def __fspath__(self) -> str:
        return str(self._call())


@scene("through")
def path_of_a_file(call: Call, after: list[After]) -> None:
    MarketDataSource.from_file(Path(call))


@scene("through")
def progress_of_a_load(call: Call, after: list[After]) -> None:
    MarketDataSource.synthetic(rate_hz=1e6, events=300_000, progress=lambda *_: call())


class Columns(Mapping[str, object]):
    """A table by name."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[str]:
        return iter(["time"])

    def __getitem__(self, _name: str) -> object:
        return self._call()


@scene("through")
def column_of_a_table(call: Call, after: list[After]) -> None:
    MarketDataSource.from_table(Columns(call), columns={"ts_ns": "time"})


@scene("through")
def arrow_stream_of_a_table(call: Call, after: list[After]) -> None:
    class Table:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return call()

    MarketDataSource.from_table(Table(), columns={"ts_ns": "ts_ns"})


@scene("told")
def batches_of_an_arrow_stream(call: Call, after: list[After]) -> None:
    schema = pa.schema([("ts_ns", pa.int64())])

    def batches() -> Iterator[pa.RecordBatch]:
        call()
        yield pa.record_batch([pa.array([1], pa.int64())], schema=schema)

    reader = pa.RecordBatchReader.from_batches(schema, batches())
    MarketDataSource.from_table(reader, columns={"ts_ns": "ts_ns"})


# The control plane.


class Probe:
    """A probe whose answer is the callback's."""

    name, cause = "mine", "mine"

    def __init__(self, call: Call) -> None:
        self._call = call

    def read(self, _look: object) -> Reading:
        self._call()
        return Reading("ok", 0, 1)


@scene("reported")
def probe(call: Call, after: list[After]) -> None:
    monitor = HealthMonitor([Probe(call)], lifecycle())
    after.append(lambda: check(monitor.unknown == ("mine",)))
    monitor.step(look(0))


@scene("always")
def probe_on_the_thread_of_a_watch(call: Call, after: list[After]) -> None:
    class Looks:
        def look(self) -> object:
            # The second look says that the thread has outlived the first.
            if watch.steps > 1:
                watch._over.set()  # as stop() would, which must not wait for its own thread
                return look(1)
            call()
            return look(0)

    watch = WatchThread(HealthMonitor([], lifecycle()), Looks(), interval_ns=1)  # type: ignore[arg-type]
    after.append(lambda: check((watch.steps, watch.errors) == (2, 1)))
    watch.start()
    assert watch._thread is not None
    watch._thread.join()


@scene("reported")
def knob_of_an_injection(call: Call, after: list[After]) -> None:
    class Broken(Knobs):
        def feed_outage(self, on: bool) -> None:
            call()

    knobs = Broken()
    injector = Injector.of([FeedOutageSettings(name="outage", at_ns=0)], knobs)
    with contextlib.ExitStack() as around:
        # A second error, of the knob that is set back, is the first one's.
        around.enter_context(injector)
        after.append(lambda: check(injector.is_over and not injector.active))
        injector.step(look(0))


def runbook(**step: Any) -> Runbook:
    given = {"name": "one", "does": "something", "timeout_ns": LIMIT_NS, **step}
    return Runbook(
        name="mine", title="mine", row=None, triggers=("mine",), steps=(Step(**given),), description="mine"
    )


def responded(*books: Runbook, **given: Any) -> World:
    world = World(books, **given)
    world.hold("mine")
    world.step()
    return world


@scene("audited")
def action_of_a_step(call: Call, after: list[After]) -> World:
    return responded(runbook(action=lambda *_: call()))


@scene("audited")
def condition_of_a_step(call: Call, after: list[After]) -> World:
    return responded(runbook(pre=Condition("mine", lambda _: call())))


@scene("audited")
def undo_of_a_step(call: Call, after: list[After]) -> World:
    never = Condition("never", lambda _: False)
    book = runbook(action=lambda *_: None, post=never, timeout_ns=0, undo=lambda *_: call())
    return responded(book)


@scene("reported")
def listener_of_escalations(call: Call, after: list[After]) -> None:
    never = Condition("never", lambda _: False)
    responded(runbook(pre=never, timeout_ns=0), on_escalation=lambda _entry: call())


@scene("counted")
def file_of_an_audit(call: Call, after: list[After]) -> None:
    class File:
        def write(self, _line: str) -> int:
            return int(call())

    trail = AuditTrail(File())  # type: ignore[arg-type]
    after.append(lambda: check(len(trail) > 0))
    responded(runbook(), audit=trail)


# A run.

SMALL = Scenario(
    feed=FeedSettings(model="constant", rate_hz=1_000.0, events=50),
    warmup=WarmupSettings(kind="count", events=5),
    probes=(),
    runbooks=(),
)


def run(after: list[After], **given: Any) -> None:
    session = Session(load_source(SMALL), scenario=SMALL, mode="virtual")
    # Ended, and not left in the middle: the control plane has let go of everything.
    after.append(lambda: check(session.board.read().phase == "stopped"))
    session.run(**given)


@scene("through")
def should_stop_of_a_run(call: Call, after: list[After]) -> None:
    run(after, should_stop=call)


@scene("through")
def on_start_of_a_run(call: Call, after: list[After]) -> None:
    run(after, on_start=call)


@scene("through")
def on_look_of_a_run(call: Call, after: list[After]) -> None:
    run(after, on_look=lambda _seen: call())


@scene("through")
def trace_of_a_run(call: Call, after: list[After]) -> None:
    run(after, trace=lambda *_: call())


@scene("reported")
def sink_of_a_run_in_virtual_time(call: Call, after: list[After]) -> None:
    class Sink:
        def observe(self, event: object, ack: object) -> None:
            call()

    engine = VirtualEngine(source(20), lifecycle(), sink=Sink())
    engine.start()

    after.append(lambda: check(engine.finish().balanced and engine.sink_account is not None))
    engine.advance()

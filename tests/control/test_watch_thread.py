"""A monitor over rings, executors and consumers: stepped by hand, and on its thread beside a busy loop."""

from __future__ import annotations

import os
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from tests.control.looks import Told, lifecycle_in, reported
from tickpath.config.scenario.probes import (
    BacklogSettings,
    CursorProgressSettings,
    FeedIntegritySettings,
    FeedStalenessSettings,
    LatencySettings,
    OverrunRateSettings,
    RefusedMovesSettings,
    SinkLossSettings,
)
from tickpath.control.failure import held_causes
from tickpath.control.health import (
    HealthChange,
    Look,
    OverLimitSink,
    Reading,
    WatchThread,
    monitor_objects,
    probe_of,
)
from tickpath.core.bus import Consumer, RingBuffer
from tickpath.core.execution import Ack, Executor
from tickpath.core.state import InvalidTransition, Lifecycle, State
from tickpath.errors import ArgumentTypeError, ArgumentValueError, ThreadUnavailable


class Bench:
    """A ring with an executor and a consumer, and a clock that the test moves."""

    def __init__(self, *settings: Any, sink: Any = None, latency: OverLimitSink | None = None) -> None:
        self.lifecycle = lifecycle_in(State.READY)
        self.ring: RingBuffer[int] = RingBuffer(10)
        self.executor = Executor(self.ring, self.lifecycle, sink or latency)
        self.slow = Consumer(self.ring)
        self.now_ns = 5_000
        self.changes: list[HealthChange] = []
        self.watch: WatchThread = monitor_objects(
            [probe_of(each) for each in settings],
            ring=self.ring,
            lifecycle=self.lifecycle,
            executor=self.executor,
            consumers={"slow": self.slow},
            latency=latency,
            on_change=self.changes.append,
            clock=lambda: self.now_ns,
        )

    def step(self, after_ns: int = 10) -> list[tuple[bool, str]]:
        """Step once, later; whether causes were raised or cleared, and which."""
        self.now_ns += after_ns
        before = len(self.changes)
        self.watch.step()
        return [(change.raised, change.cause.words) for change in self.changes[before:]]


class TestWhatItSees:
    def test_a_backlog_of_each_reader(self) -> None:
        bench = Bench(BacklogSettings(), BacklogSettings(stage="slow", cause="logger behind"))
        bench.ring.publish_many(range(6))
        bench.executor.process_many(3)
        assert bench.step() == [(True, "logger behind")]
        bench.slow.poll_many(6)
        assert bench.step() == [(False, "logger behind")]

    def test_a_stalled_executor(self) -> None:
        bench = Bench(CursorProgressSettings(standstill_ns_max=25))
        bench.ring.publish_many(range(6))
        assert [bench.step() for _ in range(3)] == [[], [], []]
        assert bench.step() == [(True, "execution failure")]
        bench.executor.process()
        assert bench.step() == [(False, "execution failure")]

    def test_a_dead_feed_by_its_head(self) -> None:
        bench = Bench(FeedStalenessSettings(staleness_ns_max=20))
        bench.ring.publish(0)
        assert [bench.step() for _ in range(5)] == [[]] * 5, "nobody knows when that one came"
        bench.ring.publish(1)
        assert [bench.step() for _ in range(3)] == [[]] * 3
        assert bench.step() == [(True, "market data outage")]
        bench.ring.publish(2)
        assert bench.step() == [(False, "market data outage")]

    def test_a_loss_at_recovery_but_not_what_is_shed(self) -> None:
        bench = Bench(OverrunRateSettings(stage="slow", window_ns=10))
        bench.step()
        bench.ring.publish_many(range(8))
        assert bench.slow.reset_to_head() == 8
        assert bench.step() == []
        bench.ring.publish_many(range(13))
        bench.slow.reset_to_oldest()
        assert bench.step() == [(True, "slow consumer")]
        assert bench.step() == [(False, "slow consumer")]

    def test_a_latency_over_its_limit(self) -> None:
        latency = OverLimitSink(100)
        bench = Bench(LatencySettings(samples_min=1), latency=latency)
        bench.step()
        for seq in range(11):
            latency.observe(None, Ack(seq, 0, 101, True, 2))
        bench.ring.publish_many(range(10))
        bench.executor.process_many(10)
        assert latency.observed == 21
        assert bench.step() == [(True, "latency over its limit")]

    def test_a_sink_that_raises(self) -> None:
        class Broken:
            def observe(self, event: Any, ack: Ack) -> None:
                raise OSError

        bench = Bench(SinkLossSettings(), sink=Broken())
        bench.step()
        bench.ring.publish(1)
        with reported():
            bench.executor.process()
        assert bench.step() == [(True, "sink loss")]

    def test_moves_that_the_lifecycle_refused(self) -> None:
        bench = Bench(RefusedMovesSettings())
        bench.step()
        with pytest.raises(InvalidTransition):
            bench.lifecycle.transition_to(State.INIT)
        assert bench.step() == [(True, "state corruption")]
        assert bench.watch.monitor.acknowledge("state corruption")
        assert bench.step() == [(False, "state corruption")]

    def test_what_nobody_counts_is_unknown(self) -> None:
        bench = Bench(FeedIntegritySettings(), LatencySettings())
        bench.ring.publish_many(range(5))
        bench.executor.process_many(5)
        for _ in range(3):
            bench.step()
        assert bench.watch.monitor.unknown == ("feed-integrity", "latency")

    def test_a_ring_alone(self) -> None:
        lifecycle, ring = lifecycle_in(State.READY), RingBuffer[int](4)
        watch = monitor_objects([probe_of(BacklogSettings())], ring=ring, lifecycle=lifecycle)
        assert watch.step() == ()
        assert watch.monitor.unknown == ("backlog",)


class TestOverLimitSink:
    def test_it_counts_above_the_limit_and_passes_on(self) -> None:
        seen: list[int] = []

        class Sink:
            def observe(self, event: Any, ack: Ack) -> None:
                seen.append(ack.latency_ns)

        sink = OverLimitSink(100, Sink())
        for latency_ns in (99, 100, 101):
            sink.observe(None, Ack(0, 0, latency_ns, True, 2))
        assert (sink.observed, sink.over_limit, seen) == (3, 1, [99, 100, 101])

    def test_the_limit_is_an_integer_from_one(self) -> None:
        bad: Any
        for bad in (0, -1, 1.5, None):
            with pytest.raises((ArgumentTypeError, ArgumentValueError), match="limit_ns"):
                OverLimitSink(bad)


class TestErrors:
    def test_a_listener_that_raises_is_reported_and_the_watch_goes_on(self) -> None:
        told: list[str] = []

        def on_change(change: HealthChange) -> None:
            told.append(change.probe)
            raise ValueError(change.probe)

        lifecycle = lifecycle_in(State.READY)
        probes = [Told(["failing", "ok"], name) for name in ("a", "b")]
        watch = monitor_objects(probes, ring=RingBuffer(4), lifecycle=lifecycle, on_change=on_change)
        with reported() as errors:
            assert len(watch.step()) == 2
            watch.step()
        assert told == ["a", "b", "a", "b"]
        assert (watch.errors, watch.steps, len(errors)) == (4, 2, 4)

    def test_a_clock_that_raises_likewise(self) -> None:
        def clock() -> int:
            raise OSError("no time")

        watch = monitor_objects([], ring=RingBuffer(4), lifecycle=Lifecycle(), clock=clock)
        with reported() as errors:
            assert watch.step() == ()
        assert (watch.errors, str(errors[0])) == (1, "no time")

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ({"interval_ns": 0}, "interval_ns"),
            ({"interval_ns": 1.5}, "interval_ns"),
            ({"on_change": 1}, "on_change"),
            ({"clock": None}, "clock"),
            ({"consumers": {"executor": Consumer(RingBuffer[int](1))}}, "executor"),
        ],
    )
    def test_arguments_are_checked(self, arguments: Any, words: str) -> None:
        with pytest.raises((ArgumentTypeError, ArgumentValueError), match=words):
            monitor_objects([], ring=RingBuffer(4), lifecycle=Lifecycle(), **arguments)

    def test_they_say_what_was_given(self) -> None:
        bad: Any = 1.5
        hour_ns = 3_600_000_000_000
        monitor_objects([], ring=RingBuffer(4), lifecycle=Lifecycle(), interval_ns=hour_ns)
        words = "^interval_ns must be an integer from 1 to 3,600,000,000,000, got 3600000000001$"
        with pytest.raises(ArgumentValueError, match=words):
            monitor_objects([], ring=RingBuffer(4), lifecycle=Lifecycle(), interval_ns=hour_ns + 1)
        with pytest.raises(ArgumentTypeError, match=r"^on_change must be callable, not float$"):
            monitor_objects([], ring=RingBuffer(4), lifecycle=Lifecycle(), on_change=bad)

    def test_an_error_is_reported_as_the_watchs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[Any] = []
        monkeypatch.setattr("sys.unraisablehook", lambda args: seen.append(args.object))
        watch = monitor_objects([], ring=RingBuffer(4), lifecycle=Lifecycle(), clock=lambda: int("never"))
        watch.step()
        assert seen == [watch]


class Ends:
    """In the place of the event that ends a watch: waits for nobody, and ends it at the n-th time."""

    def __init__(self, times: int) -> None:
        self.waits: list[float] = []
        self._times = times

    def wait(self, timeout_s: float) -> bool:
        self.waits.append(timeout_s)
        return len(self.waits) == self._times


class TestThread:
    @pytest.mark.parametrize(
        ("settings", "interval_s"),
        [({}, 0.01), ({"interval_ns": 2_500_000}, 0.0025), ({"interval_ns": 1}, 1e-9)],
    )
    def test_it_looks_once_an_interval_until_it_is_ended(self, settings: Any, interval_s: float) -> None:
        watch = monitor_objects([], ring=RingBuffer(4), lifecycle=Lifecycle(), **settings)
        ends: Any = Ends(3)
        watch._watch(ends)
        assert (watch.steps, ends.waits) == (3, [interval_s] * 3)

    def test_whatever_a_listener_raises_it_goes_on_and_says_so(self) -> None:
        answers = iter([SystemExit(3), KeyboardInterrupt()])

        def on_change(_change: HealthChange) -> None:
            raise next(answers)

        probe = Told(["failing", "ok", "ok"])
        watch = monitor_objects(
            [probe], ring=RingBuffer(4), lifecycle=lifecycle_in(State.READY), on_change=on_change
        )
        ends: Any = Ends(1)
        with reported() as errors:
            watch._watch(ends)
        assert [type(error) for error in errors] == [SystemExit, KeyboardInterrupt]
        assert (watch.steps, watch.errors, len(ends.waits)) == (3, 2, 1)

    @pytest.mark.parametrize("leave", [None, SystemExit(0)], ids=["returns", "exits"])
    def test_a_listener_that_forks_and_leaves_ends_the_fork(
        self, leave: SystemExit | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def on_change(_change: HealthChange) -> None:
            monkeypatch.setattr(os, "getpid", lambda: -1)
            if leave is not None:
                raise leave

        world: Any = {"ring": RingBuffer(4), "lifecycle": lifecycle_in(State.READY)}
        watch = monitor_objects([Told(["failing"])], **world, on_change=on_change)
        ends: Any = Ends(1)
        with reported():
            watch._watch(ends)
        assert (watch.steps, ends.waits) == (1, [])  # at once, whatever its interval is

    def test_without_a_thread_to_be_had_it_says_so_and_can_be_started_later(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        watch = monitor_objects([], ring=RingBuffer(4), lifecycle=Lifecycle())
        with monkeypatch.context() as without:
            without.setattr(threading.Thread, "start", refuse)
            words = "^the machine gave no thread for the watch: can't start new thread$"
            with pytest.raises(ThreadUnavailable, match=words) as raised:
                watch.start()
        assert (type(raised.value.__cause__), watch.is_running) == (RuntimeError, False)
        with watch:
            assert watch.is_running

    def test_it_is_a_daemon_with_a_name(self) -> None:
        threads: list[threading.Thread] = []
        told = threading.Event()

        def on_change(change: HealthChange) -> None:
            threads.append(threading.current_thread())
            told.set()

        lifecycle = lifecycle_in(State.READY)
        probe = Told(["failing"] * 99_999)
        with monitor_objects([probe], ring=RingBuffer(4), lifecycle=lifecycle, on_change=on_change):
            assert told.wait(30)
        assert [(thread.name, thread.daemon) for thread in threads] == [("tickpath-health", True)]

    def test_a_stop_waits_for_the_step_under_way_before_it_releases(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        watch = monitor_objects([], ring=RingBuffer(4), lifecycle=Lifecycle())
        order: list[str] = []
        monkeypatch.setattr(watch.monitor, "close", lambda: order.append("released"))
        thread: Any = SimpleNamespace(join=lambda: order.append("waited"), is_alive=lambda: not order)
        watch._thread = thread
        watch.stop()
        assert (order, watch.is_running) == (["waited", "released"], False)

    def test_its_own_thread_does_not_wait_for_itself(self) -> None:
        watch = monitor_objects([], ring=RingBuffer(4), lifecycle=Lifecycle())
        watch._thread = threading.current_thread()
        watch.stop()
        assert not watch.is_running

    def test_one_that_was_never_started_is_stopped_without_harm(self) -> None:
        lifecycle = lifecycle_in(State.READY)
        watch = monitor_objects([Told(["failing"])], ring=RingBuffer(4), lifecycle=lifecycle)
        watch.step()
        assert (held_causes(lifecycle), watch.is_running) == (("told so",), False)
        watch.stop()
        assert held_causes(lifecycle) == ()

    def test_it_detects_beside_a_loop_that_never_waits(self) -> None:
        """The main thread publishes and processes without a pause; the consumer is never served."""
        lifecycle, ring = lifecycle_in(State.READY), RingBuffer[int](1024)
        executor, slow = Executor(ring, lifecycle), Consumer(ring)
        found = threading.Event()
        watch = monitor_objects(
            [probe_of(BacklogSettings(stage="slow", cause="slow consumer"))],
            ring=ring,
            lifecycle=lifecycle,
            executor=executor,
            consumers={"slow": slow},
            interval_ns=1_000_000,
            on_change=lambda change: found.set(),
        )
        # A deadlock of the two would end by the timeout of the test.
        with watch:
            assert watch.is_running
            while not found.is_set():
                ring.publish(0)
                executor.process()
            assert held_causes(lifecycle) == ("slow consumer",)
        assert (watch.is_running, watch.errors) == (False, 0)
        assert held_causes(lifecycle) == (), "nobody would clear it any more"

    def test_it_can_be_started_again_and_stopped_twice(self) -> None:
        lifecycle = lifecycle_in(State.READY)
        stepped = threading.Event()

        class Stepped(Told):
            def read(self, look: Look) -> Reading:
                stepped.set()
                return Reading("ok", 0, 0)

        watch = monitor_objects([Stepped([])], ring=RingBuffer(4), lifecycle=lifecycle, interval_ns=1)
        for _ in range(2):
            stepped.clear()
            assert watch.start() is watch
            assert watch.start().is_running
            assert stepped.wait(30)
            watch.stop()
            watch.stop()
            assert not watch.is_running

    def test_a_listener_may_stop_it(self) -> None:
        lifecycle = lifecycle_in(State.READY)
        done = threading.Event()

        def on_change(change: HealthChange) -> None:
            watch.stop()
            done.set()

        watch = monitor_objects(
            [Told(["failing"])], ring=RingBuffer(4), lifecycle=lifecycle, on_change=on_change
        )
        watch.start()
        assert done.wait(30)
        watch.stop()
        assert (watch.steps, watch.errors, held_causes(lifecycle)) == (1, 0, ())

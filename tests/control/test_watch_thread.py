"""A watch on its thread, beside a busy loop too."""

from __future__ import annotations

import os
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from tests.control.looks import Told, lifecycle_in, reported
from tickpath.config.scenario.probes import (
    BacklogSettings,
)
from tickpath.control.failure import held_causes
from tickpath.control.health import (
    HealthChange,
    Look,
    Reading,
    monitor_objects,
    probe_of,
)
from tickpath.core.bus import Consumer, RingBuffer
from tickpath.core.execution import Executor
from tickpath.core.state import Lifecycle, State
from tickpath.errors import ThreadUnavailable


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

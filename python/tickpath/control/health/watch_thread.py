"""A thread that watches the object tier, whatever the other threads are doing.

Python gives a thread that wants to run its turn every few milliseconds (``sys.getswitchinterval``), also
where another one never waits: a look comes late then, but it comes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from tickpath.config.checks import whole
from tickpath.control.health.monitor import HealthChange, HealthMonitor, Watch
from tickpath.control.health.objects import ObjectLooks
from tickpath.core.fork import HomeProcess
from tickpath.core.time import now
from tickpath.core.unraisable import report_unraisable
from tickpath.errors import ArgumentTypeError, ThreadUnavailable

if TYPE_CHECKING:
    from types import TracebackType

    from tickpath.control.health.over_limit import OverLimitSink
    from tickpath.control.health.reading import Probe
    from tickpath.core.bus import Consumer, EventRing, RingBuffer
    from tickpath.core.execution import Executor
    from tickpath.core.state import Lifecycle

__all__ = ["WatchThread", "monitor_objects"]

_NS_PER_S = 1_000_000_000
_INTERVAL_NS = 10_000_000
_INTERVAL_NS_MAX = 3_600 * _NS_PER_S


class WatchThread:
    """Steps ``monitor`` with ``looks`` every ``interval_ns``, on a thread of its own; a context manager.

    ``on_change`` is called on that thread with every cause that was raised or cleared. What it raises, or a
    look, is counted (:attr:`errors`) and reported through ``sys.unraisablehook``, and the watch goes on: only
    :meth:`stop` ends it, and no ``SystemExit`` of whoever it calls.

    The thread is a daemon: a program does not wait for it. When it is stopped, by :meth:`stop` or at the end
    of the ``with``, the causes of its probes are released: nobody would clear them any more.

    Raises ``ArgumentTypeError`` and ``ArgumentValueError`` for an interval outside 1 ns to an hour.

    >>> from tickpath.core.bus import Consumer, RingBuffer
    >>> from tickpath.core.state import Lifecycle, State
    >>> ring, lifecycle = RingBuffer[int](8), Lifecycle()
    >>> with monitor_objects([], ring=ring, lifecycle=lifecycle, consumers={"slow": Consumer(ring)}) as watch:
    ...     watch.errors
    0
    """

    def __init__(
        self,
        monitor: HealthMonitor,
        looks: ObjectLooks,
        *,
        interval_ns: int = _INTERVAL_NS,
        on_change: Callable[[HealthChange], object] | None = None,
    ) -> None:
        whole("interval_ns", interval_ns, 1, _INTERVAL_NS_MAX)
        if on_change is not None and not callable(on_change):
            raise ArgumentTypeError(f"on_change must be callable, not {type(on_change).__name__}")
        self.monitor = monitor
        self._looks = looks
        self._interval_s = interval_ns / _NS_PER_S
        self._on_change = on_change
        # Of the thread that runs: each has its own, so that one that ends late does not come back to life.
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._steps = 0
        self._errors = 0

    @property
    def steps(self) -> int:
        """How often it has looked."""
        return self._steps

    @property
    def errors(self) -> int:
        """How often a look or ``on_change`` raised; probes that raise are in ``monitor.errors``."""
        return self._errors

    @property
    def is_running(self) -> bool:
        """Whether its thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def step(self) -> tuple[HealthChange, ...]:
        """Looks once and tells ``on_change``: what the thread does; for tests, and for loops that have time.

        Raises no ``Exception``: see above.

        >>> from tickpath.config.scenario.probes import BacklogSettings
        >>> from tickpath.control.health.probes import probe_of
        >>> _ = lifecycle.transition_to(State.WARMUP), ring.publish_many(range(5))
        >>> probe, log = probe_of(BacklogSettings(stage="log", backlog_share_max=0.5)), Consumer(ring)
        >>> watch = monitor_objects([probe], ring=ring, lifecycle=lifecycle, consumers={"log": log})
        >>> [change.raised for change in watch.step()], watch.steps, watch.is_running
        ([True], 1, False)
        """
        self._steps += 1
        try:
            changes = self.monitor.step(self._looks.look())
        except Exception as error:  # noqa: BLE001  counted and reported; the watch goes on
            self._count(error)
            return ()
        if self._on_change is not None:
            for change in changes:
                try:
                    self._on_change(change)
                except Exception as error:  # noqa: BLE001  likewise
                    self._count(error)
        return changes

    def start(self) -> Self:
        """Starts the thread, unless it runs. Raises ``ThreadUnavailable`` if there is none to be had.

        >>> watch = monitor_objects([], ring=ring, lifecycle=lifecycle).start()
        >>> watch.is_running
        True
        >>> watch.stop()
        """
        if not self.is_running:
            self._over = threading.Event()
            thread = threading.Thread(
                target=self._watch, args=(self._over,), name="tickpath-health", daemon=True
            )
            try:
                thread.start()
            except RuntimeError as error:
                raise ThreadUnavailable(f"the machine gave no thread for the watch: {error}") from error
            self._thread = thread
        return self

    def stop(self) -> None:
        """Ends the thread, waits for the step under way, and releases the causes; harmless when repeated.

        >>> watch = monitor_objects([], ring=ring, lifecycle=lifecycle).start()
        >>> watch.stop(), watch.stop(), watch.is_running
        (None, None, False)
        """
        thread, self._thread = self._thread, None
        # In a fork it is not alive, and who held the event's lock then will never let it go.
        if thread is not None and thread.is_alive():
            self._over.set()
            if thread is not threading.current_thread():
                thread.join()
        self.monitor.close()

    def __enter__(self) -> Self:
        """Starts."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stops."""
        self.stop()

    def _count(self, error: BaseException) -> None:
        self._errors += 1
        report_unraisable(error, self)

    def _watch(self, over: threading.Event) -> None:
        # Whoever forks in a step and returns, or leaves by SystemExit, ends his fork by it.
        home = HomeProcess()
        while home.is_here():
            try:
                self.step()
                if home.is_here() and over.wait(self._interval_s):
                    return
            except BaseException as error:  # noqa: BLE001  a watch that ends leaves its causes held for ever
                self._count(error)


def monitor_objects(
    probes: Iterable[Probe | Watch],
    *,
    ring: RingBuffer[Any] | EventRing,
    lifecycle: Lifecycle,
    executor: Executor | None = None,
    consumers: Mapping[str, Consumer[Any]] | None = None,
    latency: OverLimitSink | None = None,
    interval_ns: int = _INTERVAL_NS,
    on_change: Callable[[HealthChange], object] | None = None,
    clock: Callable[[], int] = now,
) -> WatchThread:
    """A watch of ``probes`` over a ring and who reads it; to be started, or used as a context manager.

    >>> from tickpath.config.scenario.probes import BacklogSettings
    >>> from tickpath.control.failure import held_causes
    >>> from tickpath.control.health import probe_of
    >>> from tickpath.core.bus import Consumer, RingBuffer
    >>> from tickpath.core.state import Lifecycle, State
    >>> lifecycle, ring = Lifecycle(), RingBuffer(8)
    >>> slow = Consumer(ring)
    >>> _ = lifecycle.transition_to(State.WARMUP)
    >>> probe = probe_of(BacklogSettings(stage="slow", backlog_share_max=0.5))
    >>> watch = monitor_objects([probe], ring=ring, lifecycle=lifecycle, consumers={"slow": slow})
    >>> _ = ring.publish_many(range(5))
    >>> [change.cause.evidence for change in watch.step()]
    ['0.625 of the ring unread, at most 0.5 is ok']
    >>> held_causes(lifecycle)
    ('execution backlog',)

    The other arguments are those of :class:`ObjectLooks` and :class:`WatchThread`.
    """
    monitor = HealthMonitor(probes, lifecycle)
    looks = ObjectLooks(
        ring=ring, lifecycle=lifecycle, clock=clock, executor=executor, consumers=consumers, latency=latency
    )
    return WatchThread(monitor, looks, interval_ns=interval_ns, on_change=on_change)

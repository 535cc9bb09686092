"""What can be set about an engine: its feed's pace, its stages, their threads, and the clock.

Everything is frozen, every default is the value that a run without arguments has, and what makes no sense is
refused here with what was given and what was expected. What depends on the machine (cores, rights) is found
out at the start.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

from tickpath.errors import ArgumentTypeError, ArgumentValueError

__all__ = [
    "ClockChoice",
    "ConsumerSettings",
    "EngineSettings",
    "OverrunPolicy",
    "Pace",
    "ServiceTime",
    "StampPer",
    "ThreadSettings",
    "Wait",
]

Pace = Literal["recorded", "constant", "max"]
Wait = Literal["auto", "spin", "yield", "park"]
OverrunPolicy = Literal["raise", "oldest", "head", "detach"]
StampPer = Literal["event", "batch"]
ClockChoice = Literal["auto", "monotonic"]
ServiceKind = Literal["none", "constant", "exponential", "lognormal", "empirical"]

_RATE_HZ_MAX = 1e9
_SERVICE_NS_MAX = 60_000_000_000
_SIGMA_MAX = 10.0
_LEVEL_MAX = 99
_NICE = (-20, 19)


def one_of(name: str, value: object, words: object) -> None:
    """Raises ``ArgumentValueError`` if ``value`` is not one of the ``words`` of a ``Literal``."""
    expected = get_args(words)
    if value not in expected:
        raise ArgumentValueError(f"{name} must be one of {', '.join(expected)}, got {value!r}")


def whole(name: str, value: object, low: int, high: int) -> None:
    """Raises if ``value`` is no integer in ``[low, high]``."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArgumentTypeError(f"{name} must be an integer, got {value!r}")
    if not low <= value <= high:
        raise ArgumentValueError(f"{name} must lie between {low} and {high}, got {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTime:
    """How long a stage works on an event: spun on its thread, not slept.

    >>> ServiceTime.lognormal(median_ns=2_000, sigma=0.5).kind
    'lognormal'
    """

    kind: ServiceKind = "none"
    """``none``, ``constant``, ``exponential``, ``lognormal`` or ``empirical``."""
    ns: float = 0.0
    """The constant, the mean of ``exponential``, the median of ``lognormal``; at most a minute."""
    sigma: float = 0.0
    """Standard deviation of the logarithm, for ``lognormal``; at most 10."""
    samples_ns: tuple[int, ...] = ()
    """Of ``empirical``: each is drawn as often as any other."""

    def __post_init__(self) -> None:
        one_of("a service time's kind", self.kind, ServiceKind)
        for value in (self.ns, *self.samples_ns):
            if not (math.isfinite(value) and 0 <= value <= _SERVICE_NS_MAX):
                raise ArgumentValueError(f"a service time must lie between 0 ns and a minute, got {value} ns")
        if not 0 <= self.sigma <= _SIGMA_MAX:
            raise ArgumentValueError(f"sigma must lie between 0 and 10, got {self.sigma}")
        if (self.kind == "empirical") != bool(self.samples_ns):
            raise ArgumentValueError("samples_ns are of an empirical service time, which needs at least one")

    @classmethod
    def constant(cls, ns: int) -> ServiceTime:
        """The same for every event."""
        return cls(kind="constant", ns=ns)

    @classmethod
    def exponential(cls, mean_ns: float) -> ServiceTime:
        """Memoryless."""
        return cls(kind="exponential", ns=mean_ns)

    @classmethod
    def lognormal(cls, median_ns: float, sigma: float) -> ServiceTime:
        """``median_ns * exp(sigma * z)``, ``z`` standard normal."""
        return cls(kind="lognormal", ns=median_ns, sigma=sigma)

    @classmethod
    def empirical(cls, samples_ns: tuple[int, ...]) -> ServiceTime:
        """One of ``samples_ns``, each as likely as any other."""
        return cls(kind="empirical", samples_ns=tuple(samples_ns))


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadSettings:
    """Where a stage's thread runs, how it waits, and before which others."""

    core: int | Literal["auto"] | None = "auto"
    """``auto`` is a core of its own where there is one, and never the feed's; ``None`` leaves it to the system."""
    wait: Wait = "auto"
    """``auto`` spins on a core of its own, and else does what disturbs the others least."""
    spin_pauses: int = 4
    """PAUSE instructions between two looks, for ``spin``."""
    park_ns: int = 50_000
    """Length of a sleep, for ``park``."""
    realtime_priority: int | None = None
    """1 to 99: before every ordinary thread (``SCHED_FIFO``); needs the right to it."""
    nice: int | None = None
    """-20 (first) to 19."""

    def __post_init__(self) -> None:
        one_of("wait", self.wait, Wait)
        if self.core is not None and self.core != "auto":
            whole("core", self.core, 0, 1 << 16)
        whole("spin_pauses", self.spin_pauses, 0, 1_000_000)
        whole("park_ns", self.park_ns, 1, 1_000_000_000)
        if self.realtime_priority is not None:
            whole("realtime_priority", self.realtime_priority, 1, _LEVEL_MAX)
        if self.nice is not None:
            whole("nice", self.nice, *_NICE)
        if self.nice is not None and self.realtime_priority is not None:
            raise ArgumentValueError("realtime_priority and nice exclude each other: give one")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerSettings:
    """A stage that reads the ring: the executor, or a plain consumer."""

    name: str
    """In ``after`` of others, in reports, and of its thread: letters, digits, ``_``, ``-`` and ``.``."""
    after: tuple[str, ...] = ()
    """The stages that must have come to an event before this one reads it, what they lost included."""
    overrun: OverrunPolicy = "oldest"
    """When it was overrun: ``raise`` ends the run, ``oldest`` and ``head`` go on there, ``detach`` drops it."""
    thread: ThreadSettings = field(default_factory=ThreadSettings)
    """Its thread."""
    service: ServiceTime = field(default_factory=ServiceTime)
    """How long it works on an event."""
    seed: int = 0
    """Where the draws of its service time begin."""

    def __post_init__(self) -> None:
        one_of("overrun", self.overrun, OverrunPolicy)
        whole("seed", self.seed, 0, 2**64 - 1)
        if isinstance(self.after, str):
            raise ArgumentTypeError(f"after must be a tuple of names, got {self.after!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """An engine's settings. Raises ``ArgumentTypeError`` and ``ArgumentValueError``."""

    capacity: int = 65_536
    """Slots of the ring, where the engine makes its own."""
    pace: Pace = "recorded"
    """``recorded``, ``constant`` or ``max``."""
    speed: float = 1.0
    """How many times as fast as recorded; for the pace ``recorded``."""
    rate_hz: float | None = None
    """Events per second; for the pace ``constant``."""
    max_gap_ns: int = 1_000_000_000
    """The longest idle gap in the run, after ``speed``; for the pace ``recorded``."""
    events_max: int | None = None
    """Publish no more than so many events; ``None`` for all."""
    feed: ThreadSettings = field(default_factory=ThreadSettings)
    """The feed's thread."""
    executor: ConsumerSettings = field(default_factory=lambda: ConsumerSettings(name="executor"))
    """The executor; it is always called so."""
    consumers: tuple[ConsumerSettings, ...] = ()
    """The plain consumers."""
    stamp_per: StampPer = "event"
    """``event``, or ``batch``: one stamp for up to 64 events, so that less is known of each."""
    ack_capacity: int | None = None
    """Slots of the ack ring; ``None`` for none, unless a sink needs one."""
    hold_back: bool = False
    """A measuring device: hold the feed to three quarters of the ring, so that nothing is lost."""
    touch_memory: bool = True
    """Bring every page of the rings into memory before the run."""
    huge_pages: bool = False
    """Ask for huge pages under the rings."""
    lock_memory: bool = False
    """Ask for the rings never to be paged out."""
    clock: ClockChoice = "auto"
    """``auto`` is the processor's counter where it can be trusted; ``monotonic`` the machine's clock."""
    floor_window_ns: int = 100_000_000
    """How long the machine is watched before the run, and again after it."""

    def __post_init__(self) -> None:
        for name, words in (("pace", Pace), ("stamp_per", StampPer), ("clock", ClockChoice)):
            one_of(name, getattr(self, name), words)
        if not 1 <= self.capacity < 1 << 63:
            raise ArgumentValueError(f"capacity must be at least 1 slot and fit 63 bits, got {self.capacity}")
        if self.ack_capacity is not None and not 1 <= self.ack_capacity < 1 << 63:
            raise ArgumentValueError(f"ack_capacity must be at least 1 slot, got {self.ack_capacity}")
        if not (math.isfinite(self.speed) and self.speed > 0):
            raise ArgumentValueError(f"speed must be a positive number, got {self.speed}")
        if self.pace == "constant" and self.rate_hz is None:
            raise ArgumentValueError("the pace 'constant' needs rate_hz, the events per second")
        if self.rate_hz is not None and not 0 < self.rate_hz <= _RATE_HZ_MAX:
            raise ArgumentValueError(f"rate_hz must lie above 0 and at most 1e9, got {self.rate_hz}")
        for name in ("max_gap_ns", "floor_window_ns", "events_max"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < 1 << 63:
                raise ArgumentValueError(f"{name} must lie between 0 and 2**63, got {value}")
        if self.executor.name != "executor":
            raise ArgumentValueError(f"the executor is called 'executor', got {self.executor.name!r}")

"""What can be set about an engine: its feed's pace, its stages, their threads, and the clock.

Everything is frozen, every default is the value that a run without arguments has, and what makes no sense is
refused here with what was given and what was expected. What a stage may be called, and which stages may wait
for which, is the core's rule, and asked of it. What depends on the machine (cores, rights) is found out at
the start.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Annotated, Literal

from tickpath._native import LatencyHistogram, check_stage_name, check_stages
from tickpath.config.checks import instance, whole
from tickpath.config.fields import NS_MAX, SEED_MAX, Number, Whole, check_fields
from tickpath.config.recorded import quantile_samples, read_hlog
from tickpath.errors import ArgumentTypeError, ArgumentValueError

__all__ = [
    "ACK_CAPACITY",
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

_SERVICE_NS_MAX = 60_000_000_000

#: Slots of the ack ring where somebody needs one, and nothing else is asked for.
ACK_CAPACITY = 65_536

#: Ranges that several settings share.
Slots = Annotated[int, Whole(1, NS_MAX)]
Events = Annotated[int, Whole(0, NS_MAX)]
DurationNs = Annotated[int, Whole(0, NS_MAX)]
RateHz = Annotated[float, Number(0, 1e9, above=True)]
Seed = Annotated[int, Whole(0, SEED_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTime:
    """How long a stage works on an event: spun on its thread, not slept.

    >>> ServiceTime.lognormal(median_ns=2_000, sigma=0.5).kind
    'lognormal'
    """

    kind: ServiceKind = "none"
    """``none``, ``constant``, ``exponential``, ``lognormal`` or ``empirical``."""
    ns: Annotated[float, Number(0, _SERVICE_NS_MAX)] = 0.0
    """The constant, the mean of ``exponential``, the median of ``lognormal``; at most a minute."""
    sigma: Annotated[float, Number(0, 10)] = 0.0
    """Standard deviation of the logarithm, for ``lognormal``; at most 10."""
    samples_ns: tuple[Annotated[int, Whole(0, _SERVICE_NS_MAX)], ...] = ()
    """Of ``empirical``: each is drawn as often as any other."""

    def __post_init__(self) -> None:
        check_fields(self, "{} of a service time")
        if self.kind == "constant":
            if self.ns == 0 and isinstance(self.ns, float):
                raise ArgumentTypeError(
                    "a constant service time needs ns, an integer of nanoseconds, got none or 0.0"
                )
            whole("ns of a constant service time", self.ns, 0, _SERVICE_NS_MAX)
        if self.kind in ("none", "empirical") and self.ns:
            raise ArgumentValueError(f"a service time of the kind {self.kind} has no ns, got {self.ns}")
        if self.kind != "lognormal" and self.sigma:
            raise ArgumentValueError(f"a service time of the kind {self.kind} has no sigma, got {self.sigma}")
        if (self.kind == "empirical") != bool(self.samples_ns):
            raise ArgumentValueError(
                "samples_ns are of a service time of the kind empirical, which needs at least one: "
                f"got kind={self.kind!r} and {len(self.samples_ns)} samples"
            )

    @classmethod
    def constant(cls, ns: int) -> ServiceTime:
        """The same for every event.

        >>> ServiceTime.constant(2_000)
        ServiceTime(kind='constant', ns=2000, sigma=0.0, samples_ns=())
        """
        return cls(kind="constant", ns=ns)

    @classmethod
    def exponential(cls, mean_ns: float) -> ServiceTime:
        """Memoryless.

        >>> ServiceTime.exponential(mean_ns=1_500).ns
        1500
        """
        return cls(kind="exponential", ns=mean_ns)

    @classmethod
    def lognormal(cls, median_ns: float, sigma: float) -> ServiceTime:
        """``median_ns * exp(sigma * z)``, ``z`` standard normal.

        >>> ServiceTime.lognormal(median_ns=2_000, sigma=11)
        Traceback (most recent call last):
        tickpath.errors.ArgumentValueError: sigma of a service time must be a number from 0 to 10, got 11
        """
        return cls(kind="lognormal", ns=median_ns, sigma=sigma)

    @classmethod
    def empirical(cls, samples_ns: tuple[int, ...]) -> ServiceTime:
        """One of ``samples_ns``, each as likely as any other.

        >>> ServiceTime.empirical((900, 1_000, 8_000)).samples_ns
        (900, 1000, 8000)
        """
        return cls(kind="empirical", samples_ns=tuple(samples_ns))

    @classmethod
    def from_histogram(
        cls, recorded: LatencyHistogram | str | os.PathLike[str], *, tag: str | None = None
    ) -> ServiceTime:
        """What was recorded, drawn again: evenly spaced quantiles of a histogram, of one in a ``.hlog`` file.

        The samples are those of :func:`tickpath.config.recorded.quantile_samples`: 1,000 at most, and the
        tail beyond the last of them is left out. ``tag`` names the histogram in a file that has several.
        Raises ``ArgumentValueError`` for fewer than 20 counts, a tag that is not there, and a file that is no
        log; ``OSError`` if it cannot be read.

        >>> recorded = LatencyHistogram([100, 200, 300, 400] * 25)
        >>> ServiceTime.from_histogram(recorded).samples_ns
        (100, 200, 200, 300, 400)
        >>> ServiceTime.from_histogram(LatencyHistogram([100]))
        Traceback (most recent call last):
        tickpath.errors.ArgumentValueError: a service time from a histogram needs at least 20 counts, got 1
        """
        if not isinstance(recorded, LatencyHistogram):
            recorded = _tagged(recorded, tag)
        elif tag is not None:
            raise ArgumentValueError(f"tag names a histogram in a file: got {tag!r} and a histogram")
        return cls.empirical(quantile_samples(recorded))


def _tagged(path: str | os.PathLike[str], tag: str | None) -> LatencyHistogram:
    """The histogram of a file that ``tag`` names, or the only one."""
    found = read_hlog(path)
    if tag is None and len(found) == 1:
        return next(iter(found.values()))
    if tag is None or tag not in found:
        there = ", ".join(sorted(found)) or "none"
        raise ArgumentValueError(
            f"{os.fspath(path)}: tag must name one of its histograms ({there}), got {tag!r}"
        )
    return found[tag]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadSettings:
    """Where a stage's thread runs, how it waits, and before which others.

    >>> ThreadSettings(core=1, wait="spin").core
    1
    >>> ThreadSettings(nice=5, realtime_priority=50)
    Traceback (most recent call last):
    tickpath.errors.ArgumentValueError: realtime_priority and nice exclude each other: give one
    """

    core: Annotated[int, Whole(0, 1 << 16)] | Literal["auto"] | None = "auto"
    """``auto``: one of its own where there is one, and never the feed's; ``None`` leaves it to the system."""
    wait: Wait = "auto"
    """``auto`` spins on a core of its own, and else does what disturbs the others least."""
    spin_pauses: Annotated[int, Whole(0, 1_000_000)] = 1
    """PAUSE instructions between two looks, for ``spin``."""
    park_ns: Annotated[int, Whole(1, 1_000_000_000)] = 50_000
    """Length of a sleep, for ``park``."""
    realtime_priority: Annotated[int, Whole(1, 99)] | None = None
    """1 to 99: before every ordinary thread (``SCHED_FIFO``); needs the right to it."""
    nice: Annotated[int, Whole(-20, 19)] | None = None
    """-20 (first) to 19."""

    def __post_init__(self) -> None:
        check_fields(self)
        if self.nice is not None and self.realtime_priority is not None:
            raise ArgumentValueError("realtime_priority and nice exclude each other: give one")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerSettings:
    """A stage that reads the ring: the executor, or a plain consumer.

    >>> logger = ConsumerSettings(name="logger", after=("executor",), service=ServiceTime.constant(20_000))
    >>> logger.overrun, logger.service.ns
    ('oldest', 20000)
    """

    name: str
    """In ``after`` of others, in reports, and of its thread: letters, digits, ``_``, ``-`` and ``.``."""
    after: tuple[str, ...] = ()
    """The stages that must have come to an event before this one reads it, what they lost included."""
    overrun: OverrunPolicy = "oldest"
    """When overrun: ``raise`` ends the run, ``oldest`` and ``head`` go on there, ``detach`` drops it."""
    thread: ThreadSettings = field(default_factory=ThreadSettings)
    """Its thread."""
    service: ServiceTime = field(default_factory=ServiceTime)
    """How long it works on an event."""
    seed: Seed = 0
    """Where the draws of its service time begin."""
    claim_lines: bool = False
    """The executor of a ring that nobody else reads takes each line over as it reads it: on some processors
    several times the rate at full speed, and a locked instruction an event."""
    latency_limit_ns: Annotated[int, Whole(1, NS_MAX)] | None = None
    """Count the events whose latency from publication to completion is above this; ``None`` counts none."""
    load_factor: Annotated[float, Number(0, 1000)] = 0.0
    """Slower under load: with the whole ring waiting an event takes ``1 + load_factor`` times as long, and
    in proportion with less."""

    def __post_init__(self) -> None:
        instance("the name of a consumer", self.name, str)
        check_stage_name(self.name)
        # A name that has passed holds no braces.
        check_fields(self, f"{self.name}: {{}}")
        if self.load_factor and self.service.kind == "none":
            raise ArgumentValueError(
                f"{self.name}: load_factor makes a service time longer, and there is none: "
                f"got load_factor={self.load_factor} and a service of the kind none"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """An engine's settings. Raises ``ArgumentTypeError`` and ``ArgumentValueError``.

    >>> settings = EngineSettings(capacity=1_024, pace="constant", rate_hz=100_000)
    >>> settings.capacity, settings.executor.name
    (1024, 'executor')
    >>> EngineSettings(pace="constant")
    Traceback (most recent call last):
    tickpath.errors.ArgumentValueError: the pace 'constant' needs rate_hz, the events per second: got None
    """

    capacity: Slots = 65_536
    """Slots of the ring, where the engine makes its own."""
    pace: Pace = "recorded"
    """``recorded``, ``constant`` or ``max``."""
    speed: Annotated[float, Number(0, above=True)] = 1.0
    """How many times as fast as recorded; for the pace ``recorded``."""
    rate_hz: RateHz | None = None
    """Events per second; for the pace ``constant``."""
    max_gap_ns: DurationNs = 1_000_000_000
    """The longest idle gap in the run, after ``speed``; for the pace ``recorded``."""
    events_max: Events | None = None
    """Publish no more than so many events; ``None`` for all."""
    feed: ThreadSettings = field(default_factory=ThreadSettings)
    """The feed's thread."""
    executor: ConsumerSettings = field(default_factory=lambda: ConsumerSettings(name="executor"))
    """The executor; it is always called so."""
    consumers: tuple[ConsumerSettings, ...] = ()
    """The plain consumers."""
    stamp_per: StampPer = "event"
    """``event``, or ``batch``: one stamp for up to 64 events, so that less is known of each."""
    ack_capacity: Slots | None = None
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
    floor_window_ns: DurationNs = 100_000_000
    """How long the machine is watched before the run, and again after it."""
    faults: bool = False
    """Build the stages so that faults can be injected: ``Engine.faults``. Else nothing of them is there."""

    def __post_init__(self) -> None:
        check_fields(self)
        if self.pace == "constant" and self.rate_hz is None:
            raise ArgumentValueError("the pace 'constant' needs rate_hz, the events per second: got None")
        if self.executor.name != "executor":
            raise ArgumentValueError(f"the executor is called 'executor', got {self.executor.name!r}")
        check_stages(self)

"""The monitor: asks every probe at each step, and holds and clears the causes.

A step reads one look, allocates a reading for each probe, and waits for nobody but the set of causes, where
something changed. One thread steps it at a time; what it answers may be read from any.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, get_args

from tickpath.control.failure.causes import Cause, check_lifecycle, hold, release
from tickpath.control.health.hysteresis import Hysteresis
from tickpath.control.health.probes import probe_of
from tickpath.control.health.reading import Acknowledged, Probe, Reading, Verdict
from tickpath.core.state import Lifecycle
from tickpath.core.unraisable import report_unraisable
from tickpath.errors import ArgumentTypeError, ArgumentValueError

if TYPE_CHECKING:
    from tickpath.config.scenario.probes import ProbeSettings
    from tickpath.control.health.look import Look

__all__ = ["HealthChange", "HealthMonitor", "ProbeStatus", "Watch"]

_VERDICTS = get_args(Verdict)


@dataclass(frozen=True, slots=True)
class Watch:
    """A probe, and how patient the monitor is with it.

    >>> from tickpath.config.scenario.probes import BacklogSettings
    >>> from tickpath.control.health.probes import Backlog
    >>> Watch(Backlog(BacklogSettings()), raise_after=3).clear_after
    1
    """

    probe: Probe
    """The probe."""
    raise_after: int = 1
    """Failing steps in a row until its cause is held."""
    clear_after: int = 1
    """Ok steps in a row until its cause is cleared."""


@dataclass(frozen=True, slots=True)
class HealthChange:
    """A cause that a step raised or cleared.

    >>> from tickpath.control.health.reading import Reading
    >>> HealthChange(5, "quiet", Cause("market data outage"), True, Reading("failing", 9, 5)).raised
    True
    """

    at_ns: int
    """Run time of the look."""
    probe: str
    """The probe's name."""
    cause: Cause
    """The cause, with the evidence that it was raised on."""
    raised: bool
    """Whether it was raised; else it was cleared."""
    reading: Reading
    """What decided it."""


@dataclass(frozen=True, slots=True)
class ProbeStatus:
    """A probe as of the last step, for people and metrics.

    >>> from tickpath.config.scenario.probes import BacklogSettings
    >>> HealthMonitor.of((BacklogSettings(),), Lifecycle()).readings[0].verdict
    'unknown'
    """

    name: str
    """The probe's name."""
    cause: str
    """The words of its cause."""
    verdict: Verdict
    """Its last verdict; ``"unknown"`` before the first step."""
    value: float | None
    """What it found; ``None``: unknown."""
    threshold: float | None
    """The largest value that is ok; ``None`` before the first step."""
    what: str
    """What both count, with the unit."""
    since_ns: int | None
    """Run time of the first step of this verdict with no other since; ``None`` before the first step."""
    raised: bool
    """Whether it holds its cause."""


class _Watched:
    """A probe in its monitor: its patience, and what it said last."""

    __slots__ = ("cause", "errors", "hysteresis", "probe", "reading", "since_ns")

    def __init__(self, watch: Watch) -> None:
        self.probe = watch.probe
        self.hysteresis = Hysteresis(watch.raise_after, watch.clear_after)
        self.cause = Cause(watch.probe.cause, f"probe:{watch.probe.name}")
        self.reading: Reading | None = None
        self.since_ns: int | None = None
        self.errors = 0

    def status(self) -> ProbeStatus:
        reading = self.reading
        return ProbeStatus(
            name=self.probe.name,
            cause=self.cause.words,
            verdict="unknown" if reading is None else reading.verdict,
            value=None if reading is None else reading.value,
            threshold=None if reading is None else reading.threshold,
            what="" if reading is None else reading.what,
            since_ns=self.since_ns,
            raised=self.hysteresis.raised,
        )


class HealthMonitor:
    """Asks ``probes`` at each step and holds their causes on ``lifecycle``; it never moves it.

    Each is a probe, or a :class:`Watch`. A cause is held by the owner ``"probe:NAME"``: where two probes have
    the same words, it takes both to clear them. A probe that raises is unknown for that step; :attr:`errors`
    counts them, and the first of each probe is reported through ``sys.unraisablehook``.

    Raises ``ArgumentTypeError`` for what is no probe or no lifecycle, ``ArgumentValueError`` for two probes
    of one name and for a patience below 1.

    >>> from tickpath.config.scenario.probes import BacklogSettings, RefusedMovesSettings
    >>> from tickpath.control.automation import look_at
    >>> from tickpath.core.state import Lifecycle, State
    >>> lifecycle = Lifecycle()
    >>> probes = [probe_of(BacklogSettings()), probe_of(RefusedMovesSettings())]
    >>> monitor = HealthMonitor(probes, lifecycle)
    >>> monitor.unknown, monitor.errors  # before the first step
    (('backlog', 'refused-moves'), 0)
    >>> wrong = look_at(State.READY)._replace(refused_moves=1)
    """

    def __init__(self, probes: Iterable[Probe | Watch], lifecycle: Lifecycle) -> None:
        check_lifecycle(lifecycle)
        self._lifecycle = lifecycle
        self._watched = tuple(_Watched(_watch(probe)) for probe in probes)
        names = [watched.probe.name for watched in self._watched]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise ArgumentValueError(f"two probes are called {name!r}: give one of them another name")

    @classmethod
    def of(cls, settings: Sequence[ProbeSettings], lifecycle: Lifecycle) -> Self:
        """A monitor of the probes that a scenario has enabled.

        >>> from tickpath.config.scenario.probes import ClockSkewSettings
        >>> monitor = HealthMonitor.of((BacklogSettings(), ClockSkewSettings(enabled=False)), lifecycle)
        >>> [probe.name for probe in monitor.readings]
        ['backlog']
        """
        enabled = [each for each in settings if each.enabled]
        return cls([Watch(probe_of(each), each.raise_after, each.clear_after) for each in enabled], lifecycle)

    @property
    def readings(self) -> tuple[ProbeStatus, ...]:
        """Every probe as of the last step, in the order they were given."""
        return tuple(watched.status() for watched in self._watched)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The names of the probes that do not know."""
        return tuple(
            watched.probe.name
            for watched in self._watched
            if watched.reading is None or watched.reading.verdict == "unknown"
        )

    @property
    def errors(self) -> int:
        """How often a probe raised in the place of an answer."""
        return sum(watched.errors for watched in self._watched)

    def step(self, look: Look) -> tuple[HealthChange, ...]:
        """Asks every probe, holds and clears causes, and says which, in the order of the probes.

        The cause of a probe is held from exactly the ``raise_after``-th failing step on.

        >>> [(change.cause.words, change.raised) for change in monitor.step(wrong)]
        [('state corruption', True)]
        >>> monitor.step(wrong)  # raised already
        ()
        """
        changes: tuple[HealthChange, ...] = ()
        for watched in self._watched:
            before = watched.reading
            try:
                reading = _checked(watched.probe.read(look))
                verdict = reading.verdict
            except Exception as error:  # noqa: BLE001  a broken probe does not stop the control plane
                reading = _broken(watched, error)
                verdict = "unknown"
            watched.reading = reading
            if before is None or verdict != before.verdict:
                watched.since_ns = look.at_ns
            if watched.hysteresis.step(verdict):
                changes = (*changes, self._change(watched, look.at_ns, reading))
        return changes

    def acknowledge(self, cause: str) -> bool:
        """Tells the probes of ``cause`` that somebody has seen to it; whether one of them listens.

        Some causes do not end by themselves, such as a refused move: their probes have ``acknowledge()``, and
        say ok from the next step on.

        >>> monitor.acknowledge("state corruption"), monitor.acknowledge("execution backlog")
        (True, False)
        """
        listening = [watched.probe for watched in self._watched if watched.cause.words == cause]
        heard = False
        for probe in listening:
            if isinstance(probe, Acknowledged):
                probe.acknowledge()
                heard = True
        return heard

    def close(self) -> None:
        """Releases what the probes hold: nobody would clear it any more. Moves nothing.

        A step after that begins anew: what fails is raised again.

        >>> from tickpath.control.failure import held_causes
        >>> _ = monitor.step(wrong)
        >>> held_causes(lifecycle), monitor.close(), held_causes(lifecycle)
        (('state corruption',), None, ())
        """
        for watched in self._watched:
            watched.hysteresis.reset()
            release(self._lifecycle, watched.cause)

    def _change(self, watched: _Watched, at_ns: int, reading: Reading) -> HealthChange:
        raised = watched.hysteresis.raised
        if raised:
            evidence = f"{_shown(reading.value)} {reading.what}, at most {_shown(reading.threshold)} is ok"
            watched.cause = Cause(watched.cause.words, watched.cause.owner, evidence, at_ns)
            hold(self._lifecycle, watched.cause)
        else:
            release(self._lifecycle, watched.cause)
        return HealthChange(at_ns, watched.probe.name, watched.cause, raised, reading)


def _watch(given: Probe | Watch) -> Watch:
    watch = given if isinstance(given, Watch) else Watch(given)
    probe = watch.probe
    if not all(isinstance(getattr(probe, name, None), str) for name in ("name", "cause")) or not callable(
        getattr(probe, "read", None)
    ):
        raise ArgumentTypeError(f"a probe must have name, cause and read(look), got {type(probe).__name__}")
    return watch


def _checked(answer: object) -> Reading:
    if not isinstance(answer, Reading) or answer.verdict not in _VERDICTS:
        raise ArgumentTypeError(f"read(look) must return a Reading, got {type(answer).__name__}")
    return answer


def _broken(watched: _Watched, error: Exception) -> Reading:
    watched.errors += 1
    if watched.errors == 1:
        report_unraisable(error, watched.probe)
    return Reading("unknown", None, 0, type(error).__name__)


def _shown(value: float | None) -> str:
    """As people write it: 12,000, or 0.75."""
    if isinstance(value, int):
        return f"{value:,}"
    # A probe of somebody's own may have put anything there.
    return f"{value:,.6g}" if isinstance(value, float) else "unknown"

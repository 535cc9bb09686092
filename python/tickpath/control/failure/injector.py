"""The injector: starts and ends the injections of a run as their schedules say, and rolls all of them back.

Stepped by one thread, at each control step and at the moments it asks for; it blocks nowhere and has no
clock of its own. It never moves a lifecycle.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from tickpath.control.failure.engine_knobs import EngineKnobs
from tickpath.control.failure.injection import Injection, injection_of
from tickpath.control.failure.schedule import Schedule
from tickpath.core.unraisable import report_unraisable

if TYPE_CHECKING:
    from types import TracebackType

    from tickpath.config.scenario.injections import InjectionSettings
    from tickpath.control.failure.faults import Faults, SinkFaults
    from tickpath.control.health.look import Look
    from tickpath.core.state import Lifecycle

__all__ = ["InjectionEvent", "Injector"]

Happened = Literal["start", "end", "rollback"]
#: Kinds without whose end a run has none. A slow stage comes to its end, however late.
_HOLD_UP = frozenset({"feed_freeze", "stall"})


@dataclass(frozen=True, slots=True)
class InjectionEvent:
    """One line of the log.

    >>> InjectionEvent(at_ns=400_000_000, name="freeze", kind="feed_freeze", event="start").event
    'start'
    """

    at_ns: int
    """Run time of the look it happened at; a rollback has that of the last one."""
    name: str
    """The injection's name."""
    kind: str
    """Its kind, as in scenario files."""
    event: Happened
    """``"start"``, then exactly one of ``"end"`` (by its schedule, or by itself) and ``"rollback"``."""


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """An injection and its schedule.

    >>> from tickpath.config.scenario import scenario_from_table
    >>> from tickpath.control.failure.injection import injection_of
    >>> given = {"kind": "feed_gap", "at_ns": 5_000, "events": 10}
    >>> (gap,) = scenario_from_table({"injections": [given]}).injections
    >>> gap.name, gap.kind
    ('feed-gap', 'feed_gap')
    """

    name: str
    """What the log calls it."""
    kind: str
    """Its kind, as in scenario files."""
    schedule: Schedule
    """When; it belongs to this one."""
    injection: Injection
    """What."""


class Injector:
    """Breaks what is planned, when it is planned; a context manager that mends everything.

    ``knobs`` are those that the injections turn. Injections may overlap: what several make of one knob
    together stands in ``tickpath.control.failure.engine_knobs``, and it is neutral again when the last one
    has ended.

    An injection that cannot be started or ended (its knob raised) is rolled back as far as that goes; the
    error is counted (:attr:`errors`) and reported through ``sys.unraisablehook``, and the others go on.

    >>> from types import SimpleNamespace
    >>> from tickpath.config.scenario.injections import FeedOutageSettings
    >>> from tickpath.control.automation.rehearsal import look_at
    >>> from tickpath.core.state import State
    >>> outage = FeedOutageSettings(name="outage", at_ns=100, duration_ns=50)
    >>> faults = SimpleNamespace(feed_outage=print)  # of an engine: engine.faults
    >>> injector, look = Injector.of([outage], faults), look_at(State.READY)
    >>> injector.step(look), injector.is_over  # at 0 nothing is due
    (None, False)
    """

    def __init__(self, planned: Iterable[Planned], knobs: EngineKnobs) -> None:
        self._knobs = knobs
        self._pending = list(planned)
        self._active: list[Planned] = []
        self._log: list[InjectionEvent] = []
        self._at_ns = 0
        self._errors = 0

    @classmethod
    def of(
        cls,
        injections: Iterable[InjectionSettings],
        faults: Faults | None,
        lifecycle: Lifecycle | None = None,
        *,
        sink: SinkFaults | None = None,
    ) -> Self:
        """An injector of a scenario's ``injections`` on the knobs of an engine and of its sink.

        ``lifecycle`` is the one that a cold start signals on and a state corruption attempts its move on.
        Raises ``ArgumentTypeError`` for what is no injection, ``ArgumentValueError`` for one that has
        nothing to break (a sink that is not there, an engine without faults) or could never end.

        >>> from tickpath.config.scenario.injections import SinkStallSettings
        >>> Injector.of([SinkStallSettings(name="stall", at_ns=0)], None)
        Traceback (most recent call last):
        tickpath.errors.ArgumentValueError: the injection sink_stall needs a sink, and there is none
        """
        knobs = EngineKnobs(faults, sink, lifecycle)
        # First: it refuses what has no name, either.
        made = [(each, injection_of(each, knobs)) for each in injections]
        return cls([Planned(each.name, each.kind, Schedule(each), one) for each, one in made], knobs)

    @property
    def log(self) -> tuple[InjectionEvent, ...]:
        """What happened so far, in the order of time."""
        return tuple(self._log)

    @property
    def active(self) -> tuple[str, ...]:
        """The names of the injections under way, in the order they started."""
        return tuple(planned.name for planned in self._active)

    @property
    def holds_up(self) -> bool:
        """Whether something under way keeps a run from ending: a stage never reads, or a feed never comes.

        Of an outage the events are gone: the run ends without them.
        """
        return any(planned.kind in _HOLD_UP for planned in self._active)

    @property
    def is_over(self) -> bool:
        """Whether nothing is under way and nothing will start any more."""
        return not self._pending and not self._active

    @property
    def errors(self) -> int:
        """How often a knob raised."""
        return self._errors

    def step(self, look: Look) -> None:
        """Starts and ends what is due at ``look``; starts first, so that two in a row leave no gap.

        >>> for at_ns in (100, 150):
        ...     injector.step(look._replace(at_ns=at_ns))
        True
        False
        >>> [(event.at_ns, event.event) for event in injector.log]
        [(100, 'start'), (150, 'end')]
        """
        self._at_ns = max(self._at_ns, look.at_ns)
        if self._pending:
            due = [planned for planned in self._pending if planned.schedule.is_due(look)]
            for planned in due:
                self._start(planned, look)
        if self._active:
            for planned in tuple(self._active):
                if planned.injection.is_over(look) or planned.schedule.is_over(look):
                    self._end(planned, "end")

    def next_due_ns(self, now_ns: int) -> int | None:
        """The next run time after ``now_ns`` at which something starts or ends; ``None`` if none is known.

        A driver that steps exactly there injects exactly then.

        >>> injector.next_due_ns(0), injector.next_due_ns(100)
        (100, None)
        """
        if self.is_over:
            return None
        return _soonest([one.schedule.next_due_ns() for one in (*self._pending, *self._active)], now_ns)

    def next_end_ns(self, now_ns: int) -> int | None:
        """The next run time after ``now_ns`` at which something under way ends; ``None`` if none is known.

        What has not begun yet mends nothing, and is not waited for.

        >>> injector.next_end_ns(100), injector.step(look._replace(at_ns=100)), injector.next_end_ns(100)
        True
        (None, None, 150)
        """
        return _soonest([one.schedule.next_due_ns() for one in self._active], now_ns)

    def next_due_event(self) -> int | None:
        """The count of published events at which something starts next, likewise.

        >>> outage = FeedOutageSettings(name="outage", at_event=2_000, duration_events=50)
        >>> Injector.of([outage], faults).next_due_event()
        2000
        """
        # None of them is past: what a look found due has started with it.
        return _least([one.schedule.starts_at_event() for one in self._pending])

    def next_end_due(self) -> int | None:
        """The count of events that became due, published or withheld, at which something ends next, likewise.

        >>> outage = FeedOutageSettings(name="outage", at_event=2_000, duration_events=50)
        >>> injector = Injector.of([outage], faults)
        >>> injector.next_end_due()  # it has not begun
        >>> feed = SimpleNamespace(published=2_000, withheld=0, repeats=0)
        >>> injector.step(look._replace(feed=feed)), injector.next_end_due()
        True
        (None, 2050)
        """
        return _least([one.schedule.ends_at_due() for one in self._active])

    def roll_back(self) -> None:
        """Ends everything under way, last started first, and sets every knob back; nothing starts any more.

        One that raises does not keep the others from being rolled back. ``KeyboardInterrupt`` and its like
        pass through when all of them are.

        >>> injector.step(look._replace(at_ns=100))
        True
        >>> injector.roll_back()
        False
        >>> [event.event for event in injector.log], injector.is_over
        (['start', 'rollback'], True)
        """
        self._pending.clear()
        passing: BaseException | None = None
        for planned in reversed(self._active):
            try:
                self._stop(planned)
            except BaseException as error:  # noqa: BLE001  raised below, after the others
                passing = passing or error
            self._note(planned, "rollback")
        self._active.clear()
        for knob in self._knobs.all():
            try:
                knob.reset()
            except Exception as error:  # noqa: BLE001  the others are still to be reset
                self._count(error, knob)
            except BaseException as error:  # noqa: BLE001  raised below, after the others
                passing = passing or error
        if passing is not None:
            raise passing

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Rolls back, whatever the body did."""
        self.roll_back()

    def _start(self, planned: Planned, look: Look) -> None:
        self._pending.remove(planned)
        # Active first: one that is interrupted while it starts is rolled back.
        self._active.append(planned)
        self._note(planned, "start")
        planned.schedule.begin(look)
        try:
            planned.injection.start(look)
        except Exception as error:  # noqa: BLE001  the others go on
            self._count(error, planned.injection)
            self._end(planned, "rollback")

    def _end(self, planned: Planned, event: Happened) -> None:
        self._stop(planned)
        self._active.remove(planned)
        self._note(planned, event)

    def _stop(self, planned: Planned) -> None:
        try:
            planned.injection.stop()
        except Exception as error:  # noqa: BLE001  its knob is set once more when everything is rolled back
            self._count(error, planned.injection)

    def _note(self, planned: Planned, event: Happened) -> None:
        self._log.append(InjectionEvent(self._at_ns, planned.name, planned.kind, event))

    def _count(self, error: Exception, source: object) -> None:
        self._errors += 1
        report_unraisable(error, source)


def _soonest(dues: list[int | None], after: int) -> int | None:
    return _least([due for due in dues if due is not None and due > after])


def _least(counts: list[int | None] | list[int]) -> int | None:
    return min((count for count in counts if count is not None), default=None)

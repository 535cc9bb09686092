"""The flight recorder: looks at each control step whether something happened, and keeps what led to it.

The rings of a run hold the last events and acks as it is, the lifecycle its last transitions: a dump is a
copy of what is there, made in Rust in one call. The stages are asked for nothing, and a run that has a ring
of acks anyway has no instruction more on its hot path; a run without one gets one. What the rings no longer
have, and what was overwritten while it was copied, is counted.

Threads: the control plane's, but for :meth:`FlightRecorder.request`: any, and signal handlers.
A dump blocks the control step for its copy and its files, 5 to 8 µs an event; the stages do not notice.
Memory: the copies' room once, at the beginning; without a folder also the dumps.
"""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tickpath.config.acks import with_acks
from tickpath.config.checks import flag, instance
from tickpath.config.engine import ACK_CAPACITY
from tickpath.config.flight import FlightSettings
from tickpath.control.failure.causes import held
from tickpath.core.fork import HomeProcess
from tickpath.core.whole_file import write_whole
from tickpath.errors import ArgumentTypeError, EngineFailed
from tickpath.runtime.flight_recorder.account import DumpNote, FlightAccount, Suppressed, Why
from tickpath.runtime.flight_recorder.dump import CauseMove, FlightDump, check_arrow
from tickpath.runtime.flight_recorder.recorded_run import RecordedRun, Seen
from tickpath.runtime.flight_recorder.watch import Fired

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickpath.config.run import RunSettings
    from tickpath.control.failure import Cause
    from tickpath.control.health import Look
    from tickpath.core.engine import Engine, VirtualEngine
    from tickpath.core.state import Lifecycle
    from tickpath.runtime.control_plane import ControlPlane
    from tickpath.runtime.drivers import Mode

__all__ = ["FlightRecorder", "Unrecorded"]

#: Control steps whose counters are kept: 2.5 s by default.
_LOOKS = 256


class FlightRecorder:
    """Keeps the last events, acks and transitions of one run, and writes them into ``folder`` when it should.

    ``settings`` say how much and when. Without ``folder`` nothing is written, and :attr:`dumps` has them.
    ``arrow`` writes events and acks as Arrow files beside each trace. ``provenance`` is what the files say of
    the run beside the recorder's own figures: plain values.

    Give it to a ``Session``, which begins it, asks it at each control step, and ends it. A run without a ring
    of acks gets one of ``last`` slots, 65,536 at least; a ring that was asked for keeps its size.

    >>> from tickpath.core.ingest import MarketDataSource
    >>> from tickpath.runtime.session import Session
    >>> recorder = FlightRecorder(settings=FlightSettings(last=100, dump_on=("transition:READY", "end")))
    >>> source = MarketDataSource.synthetic(rate_hz=100_000, events=5_000)
    >>> _ = Session(source, mode="virtual", recorder=recorder).run()
    >>> [(dump.fired[0].trigger, len(dump.events), len(dump.acks)) for dump in recorder.dumps]
    [('transition:READY', 100, 100), ('end', 100, 100)]

    Who drives an engine without a session begins it, asks it and ends it by hand:

    >>> from tickpath.config.run import RunSettings
    >>> from tickpath.control.automation import look_at
    >>> from tickpath.core.engine import VirtualEngine
    >>> from tickpath.core.state import Lifecycle, State
    >>> recorder, lifecycle = FlightRecorder(settings=FlightSettings(dump_on=("end",))), Lifecycle()
    >>> settings = recorder.fit(RunSettings())
    >>> engine = VirtualEngine(source, lifecycle, settings)
    >>> engine.start()
    >>> recorder.begin(engine, lifecycle, settings, "virtual")

    Raises ``ArgumentTypeError``, and ``ArgumentValueError`` for ``arrow`` without pyarrow.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] | None = None,
        settings: FlightSettings | None = None,
        *,
        arrow: bool = False,
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        self._settings = FlightSettings() if settings is None else settings
        instance("settings", self._settings, FlightSettings)
        flag("arrow", arrow)
        if arrow:
            check_arrow()
        self._folder = None if folder is None else Path(folder)
        self._arrow = arrow
        self._home = HomeProcess()
        self._provenance = dict(provenance or {})
        self._run: RecordedRun | None = None
        self._is_over = False
        self._requests: deque[tuple[str, str]] = deque()
        self._looks: deque[Look] = deque(maxlen=_LOOKS)
        self._dumps: list[FlightDump] = []
        self._notes: list[DumpNote] = []
        self._fired: deque[tuple[int, Fired]] = deque(maxlen=_LOOKS)
        self._causes: list[CauseMove] = []
        self._held: tuple[Cause, ...] = ()
        self._dumped_at_ns: dict[str, int] = {}
        self._suppressed: dict[tuple[str, Why], int] = {}

    def __reduce__(self) -> NoReturn:
        raise ArgumentTypeError(
            "a FlightRecorder can be neither copied nor pickled: it belongs to a run; make one there"
        )

    @property
    def settings(self) -> FlightSettings:
        """How much it keeps, and when it writes."""
        return self._settings

    @property
    def folder(self) -> Path | None:
        """Where it writes; ``None`` if it keeps its dumps."""
        return self._folder

    @property
    def dumps(self) -> tuple[FlightDump, ...]:
        """The dumps so far, of a recorder without a folder."""
        return tuple(self._dumps)

    @property
    def account(self) -> FlightAccount:
        """What became of its triggers so far."""
        suppressed = dict(self._suppressed)
        # A copy, which nothing comes between: a signal may ask at any line of ours.
        for trigger, _ in tuple(self._requests) if self._is_over or self._run is None else ():
            suppressed[trigger, "over"] = suppressed.get((trigger, "over"), 0) + 1
        watch = None if self._run is None else self._run.watch
        return FlightAccount(
            settings=self._settings,
            folder=None if self._folder is None else str(self._folder),
            dumps=tuple(self._notes),
            suppressed=tuple(Suppressed(*which, count) for which, count in suppressed.items()),
            windows_unknown=0 if watch is None else watch.windows_unknown,
            acks_unseen=0 if watch is None else watch.acks_unseen,
            transitions_unseen=0 if watch is None else watch.transitions_unseen,
        )

    def request(self, evidence: str = "asked for", *, by_signal: bool = False) -> None:
        """Asks for a dump at the next control step; of several before one step there is one dump.

        From any thread, and from a signal handler. One that comes when the run is over, or that never begins,
        is counted. The dump's trigger is ``request``, or ``signal``.

        >>> recorder = FlightRecorder(settings=FlightSettings(dump_on=("end",)))
        >>> recorder.request("before lunch")
        >>> [(one.trigger, one.why, one.count) for one in recorder.account.suppressed]  # no run has begun
        [('request', 'over', 1)]
        """
        self._requests.append(("signal" if by_signal else "request", evidence))

    def fit(self, settings: RunSettings) -> RunSettings:
        """``settings`` with a ring of acks, if they have none: it is where the acks are kept.

        >>> [recorder.fit(RunSettings(ack_capacity=asked)).ack_capacity for asked in (None, 1_024)]
        [65536, 1024]
        """
        return with_acks(settings, slots=max(self._settings.last, ACK_CAPACITY))

    def begin(
        self, engine: Engine | VirtualEngine, lifecycle: Lifecycle, settings: RunSettings, mode: Mode
    ) -> None:
        """The stages run. Raises ``EngineFailed`` if it has recorded another run.

        >>> recorder.begin(engine, lifecycle, settings, "virtual")
        Traceback (most recent call last):
        tickpath.errors.EngineFailed: this flight recorder has recorded a run: make another for another run
        """
        if self._run is not None:
            raise EngineFailed("this flight recorder has recorded a run: make another for another run")
        reader = engine.flight_reader()
        if reader is None:
            raise EngineFailed("a flight recorder needs a ring of acks: set ack_capacity")
        self._run = RecordedRun(engine, lifecycle, settings, mode, reader, self._settings)

    def step(self, look: Look, plane: ControlPlane | None = None) -> None:
        """After a control step on ``look``: a dump, if something fired or somebody asked.

        >>> recorder.request("before lunch")
        >>> recorder.step(look_at(State.INIT))
        >>> [one.evidence for one in recorder.dumps[0].fired]
        ['before lunch']
        """
        self._step(look, plane, is_last=False)

    def end(self, look: Look, plane: ControlPlane | None = None) -> None:
        """The run is over, ``look`` was its last; its rings are still there.

        >>> recorder.end(look_at(State.INIT))
        >>> [dump.stem for dump in recorder.dumps]
        ['0001-end']
        """
        if not self._is_over:
            self._step(look, plane, is_last=True)
            self._is_over = True

    def _step(self, look: Look, plane: ControlPlane | None, *, is_last: bool) -> None:
        run = self._run
        if run is None:
            return
        if not self._looks or self._looks[-1] is not look:
            self._looks.append(look)
        self._note_causes(look.at_ns, run.lifecycle)
        fired = run.watch.step(look, is_last=is_last)
        if self._requests:
            fired += self._requested()
        at_ns = look.at_ns
        dumped = [one for one in fired if self._may_dump(one, at_ns)]
        if dumped:
            seen = Seen(tuple(self._looks), tuple(self._causes), tuple(self._fired))
            try:
                dump = run.copy(dumped, seen, plane, self._provenance, len(self._notes) + 1)
            except MemoryError:
                for one in dumped:
                    self._suppress(one, "memory")
            else:
                self._keep(dump)
                self._dumped_at_ns.update((one.trigger, at_ns) for one in dumped)
        self._fired.extend((at_ns, one) for one in fired)

    def _note_causes(self, at_ns: int, lifecycle: Lifecycle) -> None:
        """Which causes came and went since the last step, whoever holds them."""
        now, before = held(lifecycle), self._held
        if now is before:
            return
        self._held = now
        for raised, ones, others in ((False, before, now), (True, now, before)):
            for cause in ones:
                if not any(cause.is_same(other) for other in others):
                    self._causes.append(CauseMove(at_ns, cause, raised))

    def _requested(self) -> list[Fired]:
        """What was asked for since the last step, by trigger."""
        asked: dict[str, list[str]] = {}
        for _ in range(len(self._requests)):
            trigger, evidence = self._requests.popleft()
            asked.setdefault(trigger, []).append(evidence)
        return [
            Fired(trigger, trigger, said[0] if len(said) == 1 else f"{said[0]}, {len(said)} times")
            for trigger, said in asked.items()
        ]

    def _may_dump(self, fired: Fired, at_ns: int) -> bool:
        """Whether there is a dump of it; if not it is counted."""
        why: Why | None = None
        before_ns = self._dumped_at_ns.get(fired.trigger)
        if len(self._notes) >= self._settings.dumps_max:
            why = "dumps_max"
        elif fired.may_repeat and before_ns is not None and at_ns - before_ns < self._settings.gap_ns:
            why = "gap"
        if why is not None:
            self._suppress(fired, why)
        return why is None

    def _suppress(self, fired: Fired, why: Why) -> None:
        self._suppressed[fired.trigger, why] = self._suppressed.get((fired.trigger, why), 0) + 1

    def _keep(self, dump: FlightDump) -> None:
        files: list[str] = []
        failure = None
        if self._folder is None:
            self._dumps.append(dump)
        elif not self._home.is_here():
            # The folder is the parent's.
            failure = "a fork writes nothing in the name of the process that it comes from"
        else:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                for name, content in dump.contents(arrow=self._arrow).items():
                    write_whole(self._folder / name, content())
                    files.append(name)
            except OSError as error:
                failure = f"{error.strerror or error}: {error.filename or self._folder}"
            except Exception as error:  # noqa: BLE001  whatever a library of others raised: the run goes on
                failure = f"{type(error).__name__}: {error}"
        tail = dump.tail
        self._notes.append(
            DumpNote(
                number=dump.number,
                at_ns=dump.at_ns,
                fired=dump.fired,
                events=tail.events,
                events_overwritten=tail.events_overwritten,
                events_not_kept=dump.events_not_kept,
                acks=tail.acks,
                acks_overwritten=tail.acks_overwritten,
                acks_not_kept=dump.acks_not_kept,
                files=tuple(files),
                failure=failure,
            )
        )


class Unrecorded:
    """In the place of a recorder where nobody wants one: does nothing."""

    account = None

    def fit(self, settings: RunSettings) -> RunSettings:
        """As they are."""
        return settings

    def begin(
        self, engine: Engine | VirtualEngine, lifecycle: Lifecycle, settings: RunSettings, mode: Mode
    ) -> None:
        """Nothing."""

    def step(self, look: Look, plane: ControlPlane) -> None:
        """Nothing."""

    def end(self, look: Look, plane: ControlPlane) -> None:
        """Nothing."""

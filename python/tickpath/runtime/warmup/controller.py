"""The controller of a warm-up: told of each control step, it says when READY is earned.

It never waits, reads no clock and touches neither engine nor lifecycle: who calls it does what it says. A
round is ``round_events`` events of the executor's cursor (those lost count, so that a round ends whatever
happens), or, where the feed is held between rounds, all that came until the hold. The feed is held in the
first warm-up only: a restart happens in mid-session, and a market does not wait.

Threads: one at a time; :attr:`WarmUp.progress`, :attr:`WarmUp.certificate` and :attr:`WarmUp.is_running` may
be read from any.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tickpath.errors import ArgumentValueError
from tickpath.runtime.warmup.certificate import (
    WarmupCertificate,
    WarmupRound,
    WarmupVerdict,
)
from tickpath.runtime.warmup.evidence import evidence_words, is_flat, round_of, spread_of
from tickpath.runtime.warmup.garbage import FrozenGarbage

if TYPE_CHECKING:
    from tickpath.config.scenario.surroundings import WarmupSettings
    from tickpath.control.health.look import Look
    from tickpath.runtime.warmup.evidence import AckWindow

__all__ = ["WarmUp", "WarmupProgress", "WarmupStep"]

WarmupAction = Literal["continue", "next_round", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class WarmupStep:
    """What is to be done now.

    >>> WarmupStep("next_round", hold_at=1_000).hold_at
    1000
    """

    action: WarmupAction
    """``continue``: nothing. ``next_round``: let the feed go on, to :attr:`hold_at` if there is one.
    ``ready`` and ``failed``: the warm-up is over, and the certificate is there."""
    reason: str = ""
    """Why it is over, in words for the lifecycle's history; empty before."""
    hold_at: int | None = None
    """The index of the event before which the feed is held next; ``None`` where it is not held."""


@dataclass(frozen=True, slots=True)
class WarmupProgress:
    """How far a warm-up is.

    >>> WarmupProgress(2, 50, 100, 500, spread=None, tolerance=0.1).round
    2
    """

    round: int
    """The round under way, from 1."""
    rounds_max: int
    """After how many it has failed; 1 for the kind ``count``."""
    events: int
    """How far the round is."""
    round_events: int
    """How many events it has."""
    spread: float | None
    """By how much the last ``flat_rounds`` medians differ; ``None`` where that is unknown."""
    tolerance: float | None
    """By how much they may; ``None`` for the kind ``count``."""


@dataclass(slots=True)
class _Attempt:
    """A warm-up under way. Cursors are the executor's."""

    number: int
    began_ns: int
    holds: bool
    #: Before which event the feed is held next; 0 for nowhere.
    hold_at: int
    processed_at_begin: int = 0
    at_cursor: int = 0
    processed: int = 0
    #: Published and withheld as of the last release: a held feed that has not moved since is held still.
    moved_from: tuple[int, int] = (0, 0)
    rounds: list[WarmupRound] = field(default_factory=list)


_CONTINUE = WarmupStep("continue")
_LET_GO = WarmupStep("next_round")


class WarmUp:
    """A warm-up as ``settings`` say; once over, it may begin again.

    ``events`` is how many one of the kind ``count`` has, in the place of the settings' own: what 1,000 or a
    tenth of the source come to. ``resolution_ns`` is what the clock cannot tell apart: medians that differ by
    no more are the same. A warm-up of evidence always ends by ``rounds_max`` rounds; it fails before that if
    the feed is over or the executor was ended by its overrun policy.

    Raises ``ArgumentValueError`` for the kind ``count`` without a number.

    >>> from tickpath.config.scenario import WarmupSettings
    >>> warmup = WarmUp(WarmupSettings(kind="count", events=100))
    >>> warmup.hold_at, warmup.is_running
    (100, False)
    """

    def __init__(
        self, settings: WarmupSettings, *, events: int | None = None, resolution_ns: int = 0
    ) -> None:
        wanted = settings.events if events is None else events
        if settings.kind == "count" and wanted is None:
            raise ArgumentValueError('a warm-up of the kind "count" needs its number of events, got None')
        self._settings = settings
        self._events = wanted or 0
        self._resolution_ns = resolution_ns
        self._attempt: _Attempt | None = None
        self._attempts = 0
        self._certificate: WarmupCertificate | None = None
        self._progress: WarmupProgress | None = None
        self._garbage: FrozenGarbage | None = None

    @property
    def hold_at(self) -> int | None:
        """Before which event the feed is to be held at first; ``None`` for nowhere. For the engine."""
        return self._round_events() or None if self._settings.hold_feed else None

    @property
    def is_running(self) -> bool:
        """Whether a warm-up is under way."""
        return self._attempt is not None

    @property
    def progress(self) -> WarmupProgress | None:
        """How far the one under way is; ``None`` if there is none."""
        return self._progress

    @property
    def certificate(self) -> WarmupCertificate | None:
        """That of the last warm-up that is over; ``None`` before."""
        return self._certificate

    def prepare(self) -> FrozenGarbage:
        """A context in which the garbage collector leaves alone what exists by now; see there.

        For live runs. Where it was used, the certificates say how many objects it froze.

        >>> around = warmup.prepare()
        >>> around.objects is None  # nothing is frozen before `with around:`
        True
        """
        self._garbage = FrozenGarbage()
        return self._garbage

    def begin(
        self, at_ns: int = 0, *, look: Look | None = None, window: AckWindow | None = None
    ) -> WarmupStep:
        """Begins at run time ``at_ns``; one that is under way is interrupted.

        Without ``look`` the feed has not begun; with it all is counted from there on, and what ``window`` has
        gathered so far is thrown away. Only the first warm-up holds the feed. Ready at once if no events were
        asked for.

        >>> warmup.begin()
        WarmupStep(action='continue', reason='', hold_at=100)
        >>> WarmUp(WarmupSettings(kind="count", events=0)).begin().action
        'ready'
        """
        self.interrupt(at_ns, "begun again")
        self._attempts += 1
        holds = self._settings.hold_feed and self._attempts == 1
        attempt = _Attempt(self._attempts, at_ns, holds, self._round_events() if holds else 0)
        self._attempt = attempt
        if look is not None:
            executor = look.stages["executor"]
            attempt.processed_at_begin = attempt.processed = executor.processed
            attempt.at_cursor = executor.cursor
            if window is not None:
                window.take()
        if self._settings.kind == "count" and not self._events:
            return self._end(attempt, at_ns, attempt.processed, "passed", "no warm-up asked for")
        self._show(attempt, 0)
        return WarmupStep("continue", hold_at=attempt.hold_at or None)

    def step(self, look: Look, window: AckWindow | None = None) -> WarmupStep:
        """One control step; ``window`` is where the figures of a round come from, taken when it is over.

        Does nothing while no warm-up is under way. Without ``window`` every round is unknown.

        >>> from types import SimpleNamespace
        >>> from tickpath.control.automation import look_at
        >>> from tickpath.core.state import State
        >>> _ = warmup.begin()
        >>> for cursor in (40, 100):
        ...     executor = SimpleNamespace(cursor=cursor, processed=cursor, backlog=0, epoch_seen=1)
        ...     warmup.step(look_at(State.WARMUP)._replace(stages={"executor": executor})).action
        'continue'
        'ready'
        """
        attempt = self._attempt
        if attempt is None:
            return _CONTINUE
        executor = look.stages["executor"]
        if self._is_round_over(attempt, look):
            return self._round(attempt, look, window)
        progress = self._show(attempt, executor.cursor - attempt.at_cursor)
        if executor.epoch_seen is None:
            why = "its overrun policy has ended the executor"
        elif look.feed.done and not executor.backlog:
            why = "the feed is over"
        elif look.feed.held and not attempt.holds:
            # By a warm-up that did not come to its end: nobody else would let it go.
            return _LET_GO
        else:
            return _CONTINUE
        return self._end(attempt, look.at_ns, executor.processed, "failed", f"{why}, {self._where(progress)}")

    def interrupt(self, at_ns: int, reason: str, *, look: Look | None = None) -> WarmupCertificate | None:
        """Ends the one under way without a verdict; its certificate, or ``None`` if there is none.

        >>> _ = warmup.begin()
        >>> warmup.interrupt(5_000, "degraded").reason
        'degraded, 0 of 100 warm-up events processed'
        >>> warmup.interrupt(6_000, "once more") is None
        True
        """
        attempt, progress = self._attempt, self._progress
        if attempt is None or progress is None:
            return None
        processed = attempt.processed if look is None else look.stages["executor"].processed
        self._end(attempt, at_ns, processed, "interrupted", f"{reason}, {self._where(progress)}")
        return self._certificate

    def _where(self, progress: WarmupProgress) -> str:
        if self._settings.kind == "count":
            return f"{progress.events} of {progress.round_events} warm-up events processed"
        return (
            f"{progress.events} of {progress.round_events} events into warm-up round {progress.round} "
            f"of at most {progress.rounds_max}"
        )

    def _round_events(self) -> int:
        return self._events if self._settings.kind == "count" else self._settings.round_events

    def _is_round_over(self, attempt: _Attempt, look: Look) -> bool:
        executor, feed = look.stages["executor"], look.feed
        if executor.cursor - attempt.at_cursor >= self._round_events():
            return True
        # Events that were withheld never come to the executor: the hold is the end of their round, too.
        has_moved = (feed.published, feed.withheld) != attempt.moved_from
        return attempt.holds and feed.held and has_moved and not executor.backlog

    def _round(self, attempt: _Attempt, look: Look, window: AckWindow | None) -> WarmupStep:
        settings, processed = self._settings, look.stages["executor"].processed
        if settings.kind == "count":
            events = processed - attempt.processed_at_begin
            reason = f"{self._events} warm-up events processed"
            if events < self._events:
                reason = f"{events} of {reason}, the others were lost or never came"
            return self._end(attempt, look.at_ns, processed, "passed", reason)
        rounds = attempt.rounds
        rounds.append(
            round_of(processed - attempt.processed, None if window is None else window.take(), rounds)
        )
        attempt.processed, attempt.at_cursor = processed, look.stages["executor"].cursor
        attempt.moved_from = (look.feed.published, look.feed.withheld)
        flat_rounds, tolerance = settings.flat_rounds, settings.tolerance
        close_ns = max(settings.tolerance_ns, self._resolution_ns)
        numbers = evidence_words(
            rounds, flat_rounds=flat_rounds, tolerance=tolerance, tolerance_ns=settings.tolerance_ns
        )
        if len(rounds) >= settings.rounds_min and is_flat(
            rounds, flat_rounds=flat_rounds, tolerance=tolerance, resolution_ns=close_ns
        ):
            reason = f"latency flat after {len(rounds)} rounds: {numbers}"
            return self._end(attempt, look.at_ns, processed, "passed", reason)
        if len(rounds) >= settings.rounds_max:
            reason = f"latency not flat after {len(rounds)} rounds, the most there may be: {numbers}"
            return self._end(attempt, look.at_ns, processed, "failed", reason)
        attempt.hold_at += settings.round_events if attempt.holds else 0
        self._show(attempt, 0)
        return WarmupStep("next_round", hold_at=attempt.hold_at or None)

    def _end(
        self, attempt: _Attempt, at_ns: int, processed: int, verdict: WarmupVerdict, reason: str
    ) -> WarmupStep:
        settings, is_evidence = self._settings, self._settings.kind == "evidence"
        self._certificate = WarmupCertificate(
            attempt=attempt.number,
            kind=settings.kind,
            began_ns=attempt.began_ns,
            ended_ns=at_ns,
            events=processed - attempt.processed_at_begin,
            rounds=tuple(attempt.rounds),
            tolerance=settings.tolerance if is_evidence else None,
            flat_rounds=settings.flat_rounds if is_evidence else None,
            spread=spread_of(attempt.rounds, settings.flat_rounds),
            verdict=verdict,
            reason=reason,
            held_feed=attempt.holds,
            gc_frozen_objects=None if self._garbage is None else self._garbage.objects,
        )
        self._attempt = self._progress = None
        return WarmupStep("ready" if verdict == "passed" else "failed", reason)

    def _show(self, attempt: _Attempt, events: int) -> WarmupProgress:
        settings, is_evidence = self._settings, self._settings.kind == "evidence"
        self._progress = progress = WarmupProgress(
            round=len(attempt.rounds) + 1,
            rounds_max=settings.rounds_max if is_evidence else 1,
            events=events,
            round_events=self._round_events(),
            spread=spread_of(attempt.rounds, settings.flat_rounds),
            tolerance=settings.tolerance if is_evidence else None,
        )
        return progress

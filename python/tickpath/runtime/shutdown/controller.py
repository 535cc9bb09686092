"""The controller of a shutdown: told of each control step, it says what to do next.

Its phases are its own, and the lifecycle keeps its four states::

    running --request--> stopping_intake --feed done--> draining --drained or deadline--> accounting --> done

It never waits, reads no clock and touches no engine. It ends at the latest at the first step at or after the
deadline, ``drain_ns`` after the step that saw the request; a second request ends it in the step that sees it.

Threads: :meth:`Shutdown.request` and what is read may be called from any, and from a signal handler; the rest
from one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from tickpath.config.checks import whole

if TYPE_CHECKING:
    from tickpath.control.health.look import Look

__all__ = ["Shutdown", "ShutdownAction", "ShutdownPhase", "ShutdownResult"]

ShutdownPhase = Literal["running", "stopping_intake", "draining", "accounting", "done"]
ShutdownAction = Literal["continue", "stop_intake", "stop"]

_NS_MAX = (1 << 63) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutdownResult:
    """A shutdown that is over.

    >>> from tickpath.control.automation.rehearsal import look_at
    >>> from tickpath.core.state import State
    >>> shutdown = Shutdown(drain_ns=0)
    >>> shutdown.request("SIGTERM")
    >>> shutdown.step(look_at(State.READY))
    'stop'
    >>> result = shutdown.account(5, unread={"executor": 3})
    >>> result.by, result.drained, result.reason
    (('SIGTERM',), False, 'the deadline of 0 ns passed, the feed had not ended')
    """

    requested_at_ns: int
    """Run time of the control step that saw the request, in nanoseconds."""
    by: tuple[str, ...]
    """Who asked, in order: names of signals, or of whoever called."""
    drained: bool
    """Whether every stage that still read had come to everything that was published."""
    hurried: bool
    """Whether a second request ended it."""
    unread: Mapping[str, int]
    """Events of each stage that nobody read, as the final account has them."""
    duration_ns: int
    """Run time from the request to the account, in nanoseconds."""
    phases: tuple[tuple[ShutdownPhase, int], ...]
    """Each phase it entered, and when."""
    reason: str
    """What ended it, in words."""

    def as_json(self) -> dict[str, Any]:
        """The same as an object of JSON, the keys in the order of the fields.

        >>> said = result.as_json()
        >>> said["by"], said["unread"], said["drained"]
        (('SIGTERM',), {'executor': 3}, False)
        """
        return asdict(self) | {"unread": dict(self.unread)}


class Shutdown:
    """An orderly end: stop the intake, drain for at most ``drain_ns``, account for the rest.

    Raises ``ArgumentTypeError`` and ``ArgumentValueError`` if ``drain_ns`` is no integer from 0.

    >>> shutdown = Shutdown(drain_ns=1_000_000_000)
    >>> shutdown.phase, shutdown.is_requested
    ('running', False)
    """

    def __init__(self, drain_ns: int) -> None:
        whole("drain_ns", drain_ns, 0, _NS_MAX)
        self._drain_ns = drain_ns
        # Appending is atomic: a signal handler may interrupt anything.
        self._requests: list[str] = []
        self._phases: list[tuple[ShutdownPhase, int]] = []
        self._drained = self._hurried = False
        self._reason = ""
        self._result: ShutdownResult | None = None

    @property
    def phase(self) -> ShutdownPhase:
        """Where it is."""
        return self._phases[-1][0] if self._phases else "running"

    @property
    def is_requested(self) -> bool:
        """Whether anybody has asked for it."""
        return bool(self._requests)

    @property
    def result(self) -> ShutdownResult | None:
        """How it went; ``None`` until it is over."""
        return self._result

    def request(self, by: str) -> None:
        """Asks for it, in the name of ``by``; asking again means now. Takes effect at the next step.

        >>> shutdown.request("SIGTERM")
        >>> shutdown.is_requested, shutdown.phase  # it begins with the next step
        (True, 'running')
        """
        self._requests.append(by)

    def step(self, look: Look) -> ShutdownAction:
        """One control step: ``stop_intake`` once, later ``stop`` once, and ``continue`` else.

        After ``stop_intake`` the feed ends, held or not, and the stages go on; ``stop`` ends them. An engine
        whose run is over by itself meanwhile needs no ``stop``: go on with :meth:`account`.

        >>> from tickpath.control.automation import look_at
        >>> from tickpath.core.state import State
        >>> look = look_at(State.READY)
        >>> shutdown.step(look), shutdown.request("SIGTERM"), shutdown.step(look), shutdown.phase
        ('continue', None, 'stop_intake', 'stopping_intake')
        >>> shutdown.step(look._replace(at_ns=1_000_000_000)), shutdown.phase
        ('stop', 'accounting')
        """
        if not self._requests or self.phase in ("accounting", "done"):
            return "continue"
        is_first = not self._phases
        if is_first:
            self._enter("stopping_intake", look.at_ns)
        if self._phases[-1][0] == "stopping_intake" and look.feed.done:
            self._enter("draining", look.at_ns)
        # A stage that its overrun policy has ended will never read again: nobody waits for it.
        behind = [
            f"{name} by {stage.backlog:,}"
            for name, stage in look.stages.items()
            if stage.backlog and stage.epoch_seen is not None
        ]
        waited_ns = look.at_ns - self._phases[0][1]
        if look.feed.done and not behind:
            ended = [name for name, stage in look.stages.items() if stage.backlog]
            self._drained, self._reason = True, "everything published was read"
            if ended:
                self._reason += f", but by what had ended before: {', '.join(ended)}"
        elif len(self._requests) > 1:
            self._hurried, self._reason = True, f"{self._requests[1]} asked again, which means now"
        elif waited_ns >= self._drain_ns:
            what = f"behind: {', '.join(behind)}" if behind else "the feed had not ended"
            self._reason = f"the deadline of {self._drain_ns:,} ns passed, {what}"
        else:
            return "stop_intake" if is_first else "continue"
        self._enter("accounting", look.at_ns)
        return "stop"

    def account(self, at_ns: int, unread: Mapping[str, int]) -> ShutdownResult | None:
        """Closes it at run time ``at_ns`` with the final books; ``None`` if nobody has asked for it.

        ``unread`` has the events of each stage that were never read. To be called once the engine has ended,
        however that came about.

        >>> shutdown.account(5, unread={"executor": 0}) is None  # nobody has asked
        True
        >>> shutdown.request("SIGTERM")
        >>> shutdown.account(5, unread={"executor": 3}).unread
        {'executor': 3}
        """
        if self._result is not None or not self._requests:
            return self._result
        if self.phase != "accounting":
            # Before the next step, or even before the one that would have seen the request.
            self._enter("accounting", at_ns)
            self._reason = "the run ended by itself"
            self._drained = not any(unread.values())
        self._enter("done", at_ns)
        began_ns = self._phases[0][1]
        self._result = ShutdownResult(
            requested_at_ns=began_ns,
            by=tuple(self._requests),
            drained=self._drained,
            hurried=self._hurried,
            unread=dict(unread),
            duration_ns=at_ns - began_ns,
            phases=tuple(self._phases),
            reason=self._reason,
        )
        return self._result

    def _enter(self, phase: ShutdownPhase, at_ns: int) -> None:
        self._phases.append((phase, at_ns))

"""The lifecycle: who may move it, what is kept of each move, and who is told.

Threads: every method may be called from any thread, from a signal handler, and from within a
listener. Moves are decided by compare-and-set on the gate's word: of two threads that saw the same
state one wins and the other gets :class:`InvalidTransition`.
"""

from __future__ import annotations

import operator
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import NoReturn

from tickpath._native import Gate
from tickpath.config.words import digits
from tickpath.core.fork import renew_in_forks
from tickpath.core.state.states import LEGAL_MOVES, State, Transition
from tickpath.core.time import now
from tickpath.core.unraisable import report_unraisable
from tickpath.errors import ArgumentTypeError, ArgumentValueError, InvalidTransition

__all__ = ["Lifecycle"]

_STATES = tuple(State)
_STATE_MASK = 0xFF
_EPOCH_SHIFT = 8

Listener = Callable[[Transition], object]


class Lifecycle:
    """INIT, WARMUP, READY or DEGRADED, and how it got there.

    ``clock`` gives the stamps of the history (nanoseconds, an ``int``); it is called outside any lock
    and before anything is changed, so that a clock that raises changes nothing. ``history_limit`` is
    the number of transitions kept; older ones are dropped and counted.

    >>> from tickpath.core.state import Lifecycle, State
    >>> lifecycle = Lifecycle()
    >>> lifecycle.transition_to(State.WARMUP, "start").epoch
    1
    >>> [(move.source.name, move.target.name, move.cause) for move in lifecycle.history]
    [('INIT', 'WARMUP', 'start')]

    Raises ``ArgumentTypeError`` if ``clock`` is not callable or ``history_limit`` is no int, and
    ``ArgumentValueError`` if it is below 1.
    """

    __slots__ = (
        "__weakref__",
        "_clock",
        "_committing",
        "_delivering",
        "_gate",
        "_history",
        "_listeners",
        "_lock",
        "_pending",
        "_refused",
    )

    def __init__(self, clock: Callable[[], int] = now, *, history_limit: int = 4096) -> None:
        if not callable(clock):
            raise ArgumentTypeError(
                f"clock must be callable and return integer nanoseconds, not {type(clock).__name__}"
            )
        self._clock = clock
        self._gate = Gate()
        self._history: deque[Transition] = deque(maxlen=_limit(history_limit))
        self._listeners: tuple[tuple[Listener], ...] = ()
        self._pending: deque[Transition] = deque()
        self._committing = 0
        #: The thread that tells the listeners, while one does.
        self._delivering: int | None = None
        self._refused = 0
        # Re-entrant: a signal handler that moves the lifecycle may interrupt a move of its own thread.
        self._lock = threading.RLock()
        renew_in_forks(self)

    def renew_in_fork(self) -> None:
        """Called in a fork, whose lifecycle is its own from then on: see :mod:`tickpath.core.fork`."""
        self._lock = threading.RLock()
        if self._delivering != threading.get_ident():
            # Whoever was at it is not here: the next move takes up what is pending.
            self._delivering = None
            self._committing = 0

    def __reduce__(self) -> NoReturn:
        raise ArgumentTypeError(
            "a Lifecycle can be neither copied nor pickled: there is one for those that it gates; make "
            "another for another process, and send it moves"
        )

    @property
    def state(self) -> State:
        """The state now."""
        return _STATES[self._gate.state_code]

    @property
    def epoch(self) -> int:
        """The number of transitions so far."""
        return self._gate.epoch

    @property
    def gate(self) -> Gate:
        """The word the hot path reads, ``epoch << 8 | state``; for executors and engines, to read only."""
        return self._gate

    @property
    def history(self) -> tuple[Transition, ...]:
        """The last transitions, oldest first: at most ``history_limit`` of them."""
        with self._lock:
            return tuple(self._history)

    @property
    def history_dropped(self) -> int:
        """How many transitions fell out of :attr:`history`, which is complete while this is 0."""
        with self._lock:
            return self._history[0].epoch - 1 if self._history else 0

    @property
    def refused_moves(self) -> int:
        """How many moves were attempted that the rules do not allow: somebody was wrong about the state.

        A race that was lost, and an ``expected_epoch`` that is over, are none.
        """
        return self._refused

    def can_transition_to(self, state: State) -> bool:
        """Whether the rules allow ``state`` as the next one. A race may still be lost afterwards.

        Raises ``ArgumentTypeError`` if ``state`` is not a :class:`State`.

        >>> lifecycle.can_transition_to(State.READY), lifecycle.can_transition_to(State.INIT)  # from WARMUP
        (True, False)
        """
        return _checked_state(state) in LEGAL_MOVES[self.state]

    def transition_to(
        self, state: State, cause: str = "", *, expected_epoch: int | None = None
    ) -> Transition:
        """Moves to ``state``, records it, tells the listeners, and returns the record.

        With ``expected_epoch`` the move is made only from the state that this transition led to: for
        whoever wants to undo a move of his own and nothing else.

        When it returns, the listeners have been called, unless a call of theirs is already under way
        (in another thread, or further up in this one): then that call tells them of this move next.

        Raises :class:`InvalidTransition` if the rules do not allow the move, if ``expected_epoch`` is
        over, or if the lifecycle was moved by someone else meanwhile, even where the new state would
        allow the move: it was decided on a state that is gone. ``ArgumentTypeError`` on wrong types
        and on a clock that returns no int. In all these cases nothing is changed.

        >>> made = lifecycle.transition_to(State.READY, "warm")
        >>> made.epoch, made.source.name, made.cause
        (2, 'WARMUP', 'warm')
        >>> lifecycle.transition_to(State.INIT)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        tickpath.errors.InvalidTransition: READY -> INIT is not allowed: from READY it may go to ...
        """
        target = _checked_state(state)
        if not isinstance(cause, str):
            raise ArgumentTypeError(f"cause must be a str, not {type(cause).__name__}")
        word = self._gate.load()
        source, epoch = _STATES[word & _STATE_MASK], word >> _EPOCH_SHIFT
        expected = epoch if expected_epoch is None else _index("expected_epoch", expected_epoch)
        if epoch != expected:
            raise _refusal(source, target, f"epoch {digits(expected)} was expected and it is {epoch}")
        if target not in LEGAL_MOVES[source]:
            with self._lock:
                self._refused += 1
            raise _refusal(source, target)
        made = Transition(epoch + 1, source, target, _index("clock()", self._clock()), cause)
        self._commit(word, made)
        self._tell_listeners()
        return made

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Calls ``listener(transition)`` after each change from now on; returns what ends that.

        Listeners are called in the order they subscribed, outside any lock, one at a time, with the
        transitions in the order of their epochs, in the thread of one of the moves. A listener that
        raises neither undoes the move nor keeps the others from being called: the error goes to
        ``sys.unraisablehook``. ``KeyboardInterrupt``, ``SystemExit`` and their like pass through when
        every listener has been called. The same listener may subscribe more than once. The returned
        function may be called again without harm.

        Raises ``ArgumentTypeError`` if ``listener`` is not callable.

        >>> unsubscribe = lifecycle.subscribe(lambda made: print(made.target.name, made.cause))
        >>> _ = lifecycle.transition_to(State.READY, "warm")
        READY warm
        >>> unsubscribe()
        >>> _ = lifecycle.transition_to(State.DEGRADED)
        """
        if not callable(listener):
            raise ArgumentTypeError(f"listener must be callable, not {type(listener).__name__}")
        # A tuple of its own, told apart by identity: the same function may be there twice.
        entry = (listener,)
        with self._lock:
            self._listeners = (*self._listeners, entry)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(other for other in self._listeners if other is not entry)

        return unsubscribe

    def __repr__(self) -> str:
        word = self._gate.load()
        return f"<Lifecycle {_STATES[word & _STATE_MASK].name} at epoch {word >> _EPOCH_SHIFT}>"

    def _commit(self, word: int, made: Transition) -> None:
        """Makes the move if the word is still ``word``; history and queue grow in epoch order."""
        with self._lock:
            self._committing += 1
            try:
                if self._gate.compare_exchange(word, made.target):
                    _append_in_order(self._history, made)
                    _append_in_order(self._pending, made)
                    return
                present = self._gate.load()
            finally:
                self._committing -= 1
        # What a signal handler moved meanwhile, and left to us to tell.
        self._tell_listeners()
        current = _STATES[present & _STATE_MASK]
        reason = (
            f"someone else moved it first: it was {made.source.name} at epoch {made.epoch - 1} when this "
            f"move was decided, and is {current.name} at epoch {present >> _EPOCH_SHIFT}"
        )
        raise _refusal(current, made.target, reason)

    def _tell_listeners(self) -> None:
        """Tells the listeners of every pending move, unless somebody is at it already.

        Nor in a signal handler that came between the compare-and-set of a move and its record: that move is
        to be told first, and whoever makes it tells of both.
        """
        passing: BaseException | None = None
        with self._lock:
            if self._delivering is not None or self._committing:
                return
            self._delivering = threading.get_ident()
        try:
            while True:
                with self._lock:
                    if not self._pending:
                        self._delivering = None
                        break
                    made, listeners = self._pending.popleft(), self._listeners
                for (listener,) in listeners:
                    try:
                        listener(made)
                    except Exception as error:  # noqa: BLE001  a listener's fault is its own
                        report_unraisable(error, listener)
                    except BaseException as error:  # noqa: BLE001  raised below, after the others
                        if passing is None:
                            passing = error
                        else:
                            report_unraisable(error, listener)
        except BaseException:
            # Interrupted between two listeners: the next move takes up what is pending.
            self._delivering = None
            raise
        if passing is not None:
            raise passing


def _append_in_order(transitions: deque[Transition], made: Transition) -> None:
    # A signal handler may have moved the lifecycle between the compare-and-set and this line.
    later: list[Transition] = []
    while transitions and transitions[-1].epoch > made.epoch:
        later.append(transitions.pop())
    transitions.append(made)
    transitions.extend(reversed(later))


def _checked_state(state: object) -> State:
    if not isinstance(state, State):
        raise ArgumentTypeError(f"state must be a State, such as State.READY, not {type(state).__name__}")
    return state


def _index(what: str, value: object) -> int:
    try:
        return operator.index(value)  # type: ignore[arg-type]  # what it refuses is refused below
    except TypeError:
        raise ArgumentTypeError(f"{what} must be an int, not {type(value).__name__}") from None


def _limit(history_limit: object) -> int:
    limit = _index("history_limit", history_limit)
    if limit < 1:
        raise ArgumentValueError(f"history_limit must be at least 1, not {digits(limit)}")
    # More than that no deque can be told to hold, nor does any memory.
    return min(limit, sys.maxsize)


def _refusal(source: State, target: State, reason: str = "") -> InvalidTransition:
    legal = tuple(state.name for state in LEGAL_MOVES[source])
    return InvalidTransition(source.name, target.name, legal, reason)

"""The kinds of injections: what each does when it starts, and undoes when it ends.

None moves a lifecycle. Each is made from its settings (``tickpath.config.scenario.injections``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from tickpath.control.failure.external_signal import ExternalSignal
from tickpath.core.state import State
from tickpath.errors import ArgumentTypeError, ArgumentValueError, InvalidTransition

if TYPE_CHECKING:
    from tickpath.config.scenario.injections import (
        ColdStartSettings,
        InjectionSettings,
        StateCorruptionSettings,
    )
    from tickpath.control.failure.engine_knobs import EngineKnobs
    from tickpath.control.failure.knobs import CountdownKnob, Knob
    from tickpath.control.health.look import Look
    from tickpath.core.state import Lifecycle

__all__ = ["KINDS", "ColdStart", "Injection", "NextEvents", "StateCorruption", "Turned", "injection_of"]

V = TypeVar("V")

_EXECUTOR = "executor"


class Injection(Protocol):
    """Something that is broken for a while."""

    def start(self, look: Look) -> None:
        """Breaks it."""

    def stop(self) -> None:
        """Mends it; harmless if it is whole."""

    def is_over(self, look: Look) -> bool:
        """Whether it has ended by itself, whatever its schedule says."""


class Turned(Generic[V]):
    """A knob that stands at ``value`` for as long as the injection lasts."""

    def __init__(self, knob: Knob[V], value: V) -> None:
        self._knob = knob
        self._value = value

    def start(self, look: Look) -> None:
        """Turns it."""
        self._knob.want(self, self._value)

    def stop(self) -> None:
        """Lets go of it."""
        self._knob.let_go(self)

    def is_over(self, look: Look) -> bool:
        """Never by itself."""
        return False


class NextEvents:
    """The feed is told of its next events, once: over as soon as it has begun.

    The knob goes back by itself when they have come; where a run ends sooner it is reset with the others.
    """

    def __init__(self, knob: CountdownKnob, events: int) -> None:
        self._knob = knob
        self._events = events

    def start(self, look: Look) -> None:
        """Tells it."""
        self._knob.turn(self._events)

    def stop(self) -> None:
        """Nothing: what was told is told."""

    def is_over(self, look: Look) -> bool:
        """At once."""
        return True


class ColdStart:
    """The executor's caches are cold: its next ``events`` events take ``factor`` times as long.

    Nothing that is counted tells a cold cache from a slow machine: whoever restarts a process knows of it,
    so a cause is held meanwhile, as an external signal.
    """

    def __init__(
        self, knob: Knob[tuple[float, int]], lifecycle: Lifecycle, settings: ColdStartSettings
    ) -> None:
        self._knob = knob
        self._signal = ExternalSignal(lifecycle, "cold start", owner=f"injection:{settings.name}")
        self._factor = settings.factor
        self._events = settings.events
        self._until = 0

    def start(self, look: Look) -> None:
        """Slows the executor down and signals it."""
        self._until = _processed(look) + self._events
        self._knob.want(self, (self._factor, 0))
        evidence = f"caches are cold for {self._events:,} events at {self._factor:g} times the service time"
        self._signal.hold(evidence, look.at_ns)

    def stop(self) -> None:
        """Warm again."""
        try:
            self._knob.let_go(self)
        finally:
            self._signal.clear()

    def is_over(self, look: Look) -> bool:
        """Once the executor has processed so many."""
        return _processed(look) >= self._until


class StateCorruption:
    """Somebody is wrong about the state and attempts a move that the lifecycle refuses, and counts."""

    def __init__(self, lifecycle: Lifecycle, settings: StateCorruptionSettings) -> None:
        self._lifecycle = lifecycle
        self._target = State[settings.target]
        self._cause = f"injection {settings.name}"

    def start(self, look: Look) -> None:
        """Attempts it. Raises ``ArgumentValueError`` where the move would be legal: it is not made then."""
        lifecycle = self._lifecycle
        # The epoch before the state: a move in between is one that expected_epoch refuses.
        epoch = lifecycle.epoch
        if lifecycle.can_transition_to(self._target):
            raise ArgumentValueError(
                f"{self._cause}: {lifecycle.state} -> {self._target} is a legal move; it was not attempted"
            )
        # Refused, as it should be, and counted: Lifecycle.refused_moves.
        with contextlib.suppress(InvalidTransition):
            lifecycle.transition_to(self._target, self._cause, expected_epoch=epoch)

    def stop(self) -> None:
        """Nothing was changed."""

    def is_over(self, look: Look) -> bool:
        """At once."""
        return True


def _processed(look: Look) -> int:
    executor = look.stages.get(_EXECUTOR)
    return 0 if executor is None else executor.processed


def _switch(settings: Any, knobs: EngineKnobs) -> Injection:
    return Turned(knobs.switch(settings.kind), True)


def _every(settings: Any, knobs: EngineKnobs) -> Injection:
    return Turned(knobs.every(settings.kind), settings.every)


def _next_events(settings: Any, knobs: EngineKnobs) -> Injection:
    return NextEvents(knobs.countdown(settings.kind), settings.events)


def _slow_consumer(settings: Any, knobs: EngineKnobs) -> Injection:
    knob = knobs.stage_slow(settings.kind, settings.stage)
    return Turned(knob, (settings.factor, settings.extra_ns))


def _stall(settings: Any, knobs: EngineKnobs) -> Injection:
    return Turned(knobs.stage_stall(settings.kind, settings.stage), True)


def _sink_stall(settings: Any, knobs: EngineKnobs) -> Injection:
    return Turned(knobs.sink_stall(settings.kind), True)


def _clock_step(settings: Any, knobs: EngineKnobs) -> Injection:
    return Turned(knobs.clock_step(settings.kind), settings.offset_ns)


def _cold_start(settings: Any, knobs: EngineKnobs) -> Injection:
    knob = knobs.stage_slow(settings.kind, _EXECUTOR)
    return ColdStart(knob, knobs.lifecycle(settings.kind), settings)


def _state_corruption(settings: Any, knobs: EngineKnobs) -> Injection:
    return StateCorruption(knobs.lifecycle(settings.kind), settings)


KINDS: Mapping[str, Callable[[Any, EngineKnobs], Injection]] = MappingProxyType(
    {
        "feed_outage": _switch,
        "feed_freeze": _switch,
        "feed_stale": _switch,
        "feed_gap": _next_events,
        "feed_burst": _next_events,
        "feed_duplicate": _every,
        "feed_reorder": _every,
        "slow_consumer": _slow_consumer,
        "stall": _stall,
        "sink_stall": _sink_stall,
        "clock_step": _clock_step,
        "cold_start": _cold_start,
        "state_corruption": _state_corruption,
    }
)
"""How each kind is made, by the word of scenario files."""


def injection_of(settings: InjectionSettings, knobs: EngineKnobs) -> Injection:
    """A new injection as ``settings`` say, on ``knobs``.

    Raises ``ArgumentTypeError`` for what is no settings of an injection, ``ArgumentValueError`` where there
    is nothing that it could break.
    """
    made = KINDS.get(getattr(settings, "kind", ""))
    if made is None:
        raise ArgumentTypeError(
            f"settings must be those of an injection ({', '.join(KINDS)}), got {type(settings).__name__}"
        )
    return made(settings, knobs)

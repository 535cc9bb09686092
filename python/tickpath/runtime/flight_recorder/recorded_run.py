"""A run that is recorded: where its parts are found, and the room for copies of them.

The room is taken once, at the beginning, and touched then: a copy allocates nothing large while something is
happening.

Threads: the control plane's only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tickpath.runtime.flight_recorder.dump import CauseMove, FlightDump
from tickpath.runtime.flight_recorder.watch import Fired, TriggerWatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickpath.config.flight import FlightSettings
    from tickpath.config.run import RunSettings
    from tickpath.control.health import Look
    from tickpath.core.engine import Engine, FlightReader, FlightTail, VirtualEngine
    from tickpath.core.state import Lifecycle
    from tickpath.runtime.control_plane import ControlPlane
    from tickpath.runtime.drivers import Mode

__all__ = ["RecordedRun", "Seen"]


class Seen(NamedTuple):
    """What the recorder saw at the control steps so far; of looks and triggers the last."""

    looks: tuple[Look, ...]
    causes: tuple[CauseMove, ...]
    fired: tuple[tuple[int, Fired], ...]


class RecordedRun:
    """A run that is recorded: where its parts are found, and the room for copies of them."""

    def __init__(
        self,
        engine: Engine | VirtualEngine,
        lifecycle: Lifecycle,
        settings: RunSettings,
        mode: Mode,
        reader: FlightReader,
        flight: FlightSettings,
    ) -> None:
        import numpy as np

        from tickpath.core.execution.stamped import STAMPED_ACK_DTYPE
        from tickpath.core.ingest.event import EVENT_DTYPE

        self._engine = engine
        self.lifecycle = lifecycle
        self._settings = settings
        self._flight = flight
        self._mode = mode
        self._reader = reader
        self._capacity_slots = engine.ring.capacity
        self._origin_ns = (engine.snapshot().begin_ns or 0) if mode == "live" else 0
        self._events = np.empty(min(flight.last, self._capacity_slots), dtype=EVENT_DTYPE)
        self._acks = np.empty(min(flight.last, settings.ack_capacity or 0), dtype=STAMPED_ACK_DTYPE)
        # Written once: no page is touched first while something is happening.
        self._events[...] = 0
        self._acks[...] = 0
        needs_window = any(trigger.kind == "latency" for trigger in flight.triggers)
        window = engine.ack_window() if needs_window else None
        self.watch = TriggerWatch(flight.triggers, lifecycle, window)

    def copy(
        self,
        fired: list[Fired],
        seen: Seen,
        plane: ControlPlane | None,
        provenance: Mapping[str, Any],
        number: int,
    ) -> FlightDump:
        """Everything as of now; the rings first, for they go on."""
        tail: FlightTail = self._reader.read_into(self._events, self._acks)
        transitions = self.lifecycle.history[-self._flight.last :]
        return FlightDump(
            number=number,
            # After the copy: nothing in it is later.
            at_ns=self._engine.now_ns(),
            fired=tuple(fired),
            earlier=seen.fired,
            mode=self._mode,
            settings=self._flight,
            origin_ns=self._origin_ns,
            capacity_slots=self._capacity_slots,
            ack_capacity_slots=self._settings.ack_capacity or 0,
            shared_stamps=self._settings.stamp_per == "batch",
            tail=tail,
            events=self._events[len(self._events) - tail.events :].copy(),
            acks=self._acks[len(self._acks) - tail.acks :].copy(),
            transitions=transitions,
            transitions_dropped=transitions[0].epoch - 1 if transitions else 0,
            looks=seen.looks,
            causes=seen.causes,
            injections=() if plane is None else plane.injector.log,
            audit=() if plane is None else plane.automation.audit.entries,
            provenance=provenance,
        )

"""What can be set about a live run, with its defaults."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from tickpath.errors import ArgumentValueError

__all__ = ["Pace", "RunSettings", "Wait", "warmup_default"]

Pace = Literal["recorded", "constant", "max"]
Wait = Literal["spin", "yield", "park"]

_RATE_HZ_MAX = 1e9
#: Signals wait no longer than the control side does.
_CONTROL_INTERVAL_MS_MAX = 50
#: Warm-up of a source that is long enough for it.
_WARMUP_EVENTS = 1_000
#: A short source gives this part of itself.
_WARMUP_SHARE = 10


def warmup_default(events: int) -> int:
    """How many of ``events`` are warm-up where nothing else is asked for: 1,000, at most a tenth."""
    return min(_WARMUP_EVENTS, events // _WARMUP_SHARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """A live run's settings. Raises ``ArgumentValueError`` for values that make no sense."""

    capacity: int = 65_536
    """Slots of the ring."""
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
    warmup_events: int | None = None
    """Events processed before READY; ``None`` for 1,000 or a tenth of a short source."""
    wait: Wait = "spin"
    """How both stages wait."""
    floor_window_ns: int = 100_000_000
    """How long the machine is watched before the run, and again after it."""
    control_interval_ms: int = 10
    """How often the control side looks at the run; at most 50."""

    def __post_init__(self) -> None:
        if not 1 <= self.capacity < 1 << 63:
            raise ArgumentValueError(f"capacity must be at least 1 slot and fit 63 bits, got {self.capacity}")
        if not (math.isfinite(self.speed) and self.speed > 0):
            raise ArgumentValueError(f"speed must be a positive number, got {self.speed}")
        if self.pace == "constant" and self.rate_hz is None:
            raise ArgumentValueError("the pace 'constant' needs rate_hz, the events per second")
        if self.rate_hz is not None and not 0 < self.rate_hz <= _RATE_HZ_MAX:
            raise ArgumentValueError(f"rate_hz must lie above 0 and at most 1e9, got {self.rate_hz}")
        for name in ("max_gap_ns", "floor_window_ns", "events_max", "warmup_events"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < 1 << 63:
                raise ArgumentValueError(f"{name} must lie between 0 and 2**63, got {value}")
        if not 1 <= self.control_interval_ms <= _CONTROL_INTERVAL_MS_MAX:
            raise ArgumentValueError(
                f"control_interval_ms must lie between 1 and 50, got {self.control_interval_ms}"
            )

"""What can be set about a run, with its defaults: an engine's settings, and those of who steers it."""

from __future__ import annotations

from dataclasses import dataclass

from tickpath.config.checks import whole
from tickpath.config.engine import EngineSettings

__all__ = ["RunSettings", "warmup_default"]

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
class RunSettings(EngineSettings):
    """A live run's settings. Raises ``ArgumentTypeError`` and ``ArgumentValueError``."""

    warmup_events: int | None = None
    """Events processed before READY; ``None`` for 1,000 or a tenth of a short source."""
    control_interval_ms: int = 10
    """How often the control side looks at the run; at most 50."""

    def __post_init__(self) -> None:
        EngineSettings.__post_init__(self)
        if self.warmup_events is not None:
            whole("warmup_events", self.warmup_events, 0, (1 << 63) - 1)
        whole("control_interval_ms", self.control_interval_ms, 1, _CONTROL_INTERVAL_MS_MAX)

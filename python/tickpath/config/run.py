"""What can be set about a run, with its defaults: an engine's settings, and those of who steers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from tickpath.config.engine import EngineSettings, Events
from tickpath.config.fields import Whole

__all__ = [
    "DEFAULTS",
    "SYNTHETIC_EVENTS",
    "SYNTHETIC_RATE_HZ",
    "ControlInterval",
    "RunSettings",
    "warmup_default",
]

#: From what a virtual clock may want up to where signals would wait too long.
ControlInterval = Annotated[int, Whole(1_000, 50_000_000)]
#: The synthetic feed where nothing else is asked for.
SYNTHETIC_RATE_HZ = 100_000.0
SYNTHETIC_EVENTS = 300_000
#: Warm-up of a source that is long enough for it.
_WARMUP_EVENTS = 1_000
#: A short source gives this part of itself.
_WARMUP_SHARE = 10


def warmup_default(events: int) -> int:
    """How many of ``events`` are warm-up where nothing else is asked for: 1,000, at most a tenth.

    >>> warmup_default(300_000), warmup_default(2_000)
    (1000, 200)
    """
    return min(_WARMUP_EVENTS, events // _WARMUP_SHARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings(EngineSettings):
    """A live run's settings. Raises ``ArgumentTypeError`` and ``ArgumentValueError``.

    >>> RunSettings(warmup_events=500).control_interval_ns
    10000000
    """

    warmup_events: Events | None = None
    """Events processed before READY; ``None`` for 1,000 or a tenth of a short source."""
    control_interval_ns: ControlInterval = 10_000_000
    """How often the control side looks at the run; at most 50 ms."""


DEFAULTS = RunSettings()
"""What a run has that says nothing."""

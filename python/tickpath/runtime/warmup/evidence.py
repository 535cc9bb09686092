"""Whether latency has become flat: a median for each round, and how far the last ones lie apart.

A median of fewer than twenty samples is unknown (fewer than ten lie beyond it), and unknown is never flat.
Whole nanoseconds and single divisions: the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tickpath.runtime.warmup.certificate import WarmupRound

__all__ = ["SAMPLES_MIN", "AckWindow", "WindowFigures", "evidence_words", "is_flat", "round_of", "spread_of"]

#: A percentile is known where ten samples lie beyond it; beyond a median lies half of them.
SAMPLES_MIN = 20


class WindowFigures(Protocol):
    """Latencies of the acks of one window.

    >>> from types import SimpleNamespace
    >>> figures = SimpleNamespace(count=500, p50_ns=410, service_p50_ns=90)
    >>> round_of(500, figures, []).p50_ns
    410
    """

    @property
    def count(self) -> int:
        """How many acks the figures are of."""

    @property
    def p50_ns(self) -> int | None:
        """Median from published to completed, in nanoseconds; ``None`` without a sample."""

    @property
    def service_p50_ns(self) -> int | None:
        """Median of the work alone, in nanoseconds; ``None`` without a sample."""


class AckWindow(Protocol):
    """Where the figures of a round come from.

    >>> class Nothing:
    ...     def take(self) -> None:
    ...         return None
    >>> round_of(500, Nothing().take(), []).samples
    0
    """

    def take(self) -> WindowFigures:
        """The figures of the acks since the last call; never waits.

        >>> from tickpath.config.engine import EngineSettings
        >>> from tickpath.core.engine import VirtualEngine
        >>> from tickpath.core.ingest import MarketDataSource
        >>> from tickpath.core.state import Lifecycle, State
        >>> lifecycle, source = Lifecycle(), MarketDataSource.synthetic(rate_hz=1e6, events=50)
        >>> engine = VirtualEngine(source, lifecycle, EngineSettings(ack_capacity=64))
        >>> _ = lifecycle.transition_to(State.WARMUP), engine.start()
        >>> window = engine.ack_window()
        >>> engine.advance(), window.take().count, window.take().count
        (True, 50, 0)
        """


def round_of(events: int, figures: WindowFigures | None, before: Sequence[WarmupRound]) -> WarmupRound:
    """The round of ``events`` events that has just ended, after those ``before``."""
    if figures is None or figures.count < SAMPLES_MIN:
        return WarmupRound(events, 0 if figures is None else figures.count, None, None, None)
    p50_ns = figures.p50_ns
    last_ns = before[-1].p50_ns if before else None
    spread = None
    if last_ns is not None and p50_ns is not None:
        spread = _share(abs(p50_ns - last_ns), last_ns)
    return WarmupRound(events, figures.count, p50_ns, figures.service_p50_ns, spread)


def spread_of(rounds: Sequence[WarmupRound], flat_rounds: int) -> float | None:
    """(largest - smallest) / smallest of the last ``flat_rounds`` medians; ``None`` where that is unknown."""
    medians = _last_medians(rounds, flat_rounds)
    return None if medians is None else _share(max(medians) - min(medians), min(medians))


def is_flat(
    rounds: Sequence[WarmupRound], *, flat_rounds: int, tolerance: float, resolution_ns: int = 0
) -> bool:
    """Whether the last ``flat_rounds`` medians differ by no more than ``tolerance`` of the smallest.

    Or by no more than ``resolution_ns``: what the clock cannot tell apart, or nobody minds.
    """
    medians = _last_medians(rounds, flat_rounds)
    if medians is None:
        return False
    return max(medians) - min(medians) <= max(tolerance * min(medians), resolution_ns)


def evidence_words(
    rounds: Sequence[WarmupRound], *, flat_rounds: int, tolerance: float, tolerance_ns: int = 0
) -> str:
    """The last ``flat_rounds`` medians and their spread, for people."""
    medians = ", ".join(
        "unknown" if each.p50_ns is None else f"{each.p50_ns:,}" for each in rounds[-flat_rounds:]
    )
    spread = spread_of(rounds, flat_rounds)
    least = f" or {tolerance_ns:,} ns" if tolerance_ns else ""
    apart = "by an unknown share" if spread is None else f"by {spread:.1%}"
    return f"the last medians, {medians} ns, differ {apart}, and may by {tolerance:.1%}{least}"


def _last_medians(rounds: Sequence[WarmupRound], flat_rounds: int) -> list[int] | None:
    medians = [each.p50_ns for each in rounds[-flat_rounds:] if each.p50_ns is not None]
    return medians if len(medians) == flat_rounds else None


def _share(part_ns: int, whole_ns: int) -> float | None:
    if whole_ns:
        return part_ns / whole_ns
    return None if part_ns else 0.0

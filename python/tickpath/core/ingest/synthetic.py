"""Synthetic streams of events: checks the request, and lets Rust generate it.

What the models promise and how the default was fitted stands in docs/concepts/ingest-synthetic.md.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tickpath import _native
from tickpath.config.suggest import suggestion
from tickpath.config.words import digits
from tickpath.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["MODELS", "generate"]

MODELS = ("hawkes", "poisson", "constant")

EVENT_BYTES = 56
EVENTS_MAX = 2**28
SYMBOLS_MAX = 2**16
SEED_MAX = 2**64 - 1


def generate(
    model: str,
    *,
    rate_hz: float,
    events: int,
    symbols: int = 1,
    seed: int = 0,
    progress: Callable[[int, int, int], object] | None = None,
) -> tuple[_native.Events, tuple[str, ...], list[Any], dict[str, Any]]:
    """Generate exactly ``events`` events at a mean rate of ``rate_hz`` per second.

    Returns the events, the names of the symbols (``SYM0``, …), the rows left out (none) and the account of
    the source. The same arguments give the same bytes on every machine. ``progress`` is called with bytes
    done, bytes in all, and events so far; what it raises ends the work.

    Raises ``ArgumentTypeError`` or ``ArgumentValueError``, naming the argument, for a model that does not
    exist, a rate that is not above 0 and at most 1e9, a number of events below 1 or more than 2**28 or than
    the free memory holds, a number of symbols outside 1 to 65,536, and a seed outside 64 bits.
    """
    _check_model(model)
    rate_hz = _rate(rate_hz)
    events = _whole("events", events, 1, EVENTS_MAX, " (56 bytes of memory each)")
    symbols = _whole("symbols", symbols, 1, SYMBOLS_MAX)
    seed = _whole("seed", seed, 0, SEED_MAX)
    _check_memory(events)
    generated = _native.synthetic_events(model, rate_hz, events, symbols, seed, progress)
    names = tuple(f"SYM{number}" for number in range(symbols))
    source = {"kind": "synthetic", "path": None, "events": events, "skipped": 0}
    meta = {
        "origin": "stream",
        "sources": (MappingProxyType(source),),
        "model": model,
        "rate_hz": rate_hz,
        "seed": seed,
    }
    return generated, names, [], meta


def _check_model(model: object) -> None:
    if not isinstance(model, str):
        raise ArgumentTypeError(f"model must be the name of a model, got {model!r}")
    if model not in MODELS:
        hint = suggestion(model, MODELS)
        raise ArgumentValueError(f'no model "{model}"{hint} (models: {", ".join(MODELS)})')


def _rate(rate_hz: object) -> float:
    if isinstance(rate_hz, bool | str) or not hasattr(rate_hz, "__float__"):
        raise ArgumentTypeError(f"rate_hz must be a number of events per second, got {rate_hz!r}")
    try:
        rate = float(rate_hz)
    except OverflowError:
        rate = math.inf
    if not 0 < rate <= 1e9:
        given = digits(rate_hz) if isinstance(rate_hz, int) else rate_hz
        raise ArgumentValueError(f"rate_hz={given} makes no stream: expected a number above 0, at most 1e9")
    return rate


def _whole(name: str, value: object, low: int, high: int, note: str = "") -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ArgumentTypeError(f"{name} must be a whole number, got {value!r}")
    number = operator.index(value)
    if not low <= number <= high:
        raise ArgumentValueError(f"{name}={digits(number)} is out of range: expected {low} to {high}{note}")
    return number


def _check_memory(events: int) -> None:
    """Refuse what would end in the kernel killing the process, where the kernel says what is free."""
    needed, free = events * EVENT_BYTES, _free_bytes()
    if free is not None and needed > free:
        raise ArgumentValueError(
            f"events={events} needs {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free: "
            f"lower events to {free // EVENT_BYTES} at most"
        )


def _free_bytes() -> int | None:
    """Memory that can be had without swapping, also within a container's limit; ``None`` if unknown."""
    found: list[int] = []
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        found.extend(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
        group = Path("/sys/fs/cgroup")
        limit = (group / "memory.max").read_text().strip()
        if limit != "max":
            found.append(max(0, int(limit) - int((group / "memory.current").read_text())))
    except (OSError, ValueError, IndexError):
        pass
    return min(found, default=None)

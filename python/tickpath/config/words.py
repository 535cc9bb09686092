"""Figures as people read and write them: the same words in tables, messages, terminals, notebooks."""

from __future__ import annotations

__all__ = ["ASCII", "NS_PER_UNIT", "UNKNOWN", "count", "digits", "duration"]

UNKNOWN = "unknown"

#: For outputs that have nothing else, a character for each.
ASCII = str.maketrans({"µ": "u", "█": "#", "░": ".", "→": ">", "…": "~", "·": "-"})

#: The units in which people write a time.
NS_PER_UNIT = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000}

#: Those in which one is shown, the smallest apart.
_NS_PER_UNIT = ((1_000, "µs"), (1_000_000, "ms"), (1_000_000_000, "s"))
_ROUNDS_UP = 0.9995
_BITS_WRITTEN_OUT = 256


def duration(ns: int | None) -> str:
    """Nanoseconds in the unit a reader would use: three significant digits, or ``unknown``."""
    if ns is None:
        return UNKNOWN
    if ns < _NS_PER_UNIT[0][0]:
        return f"{ns} ns"
    # Three digits: what would be shown as 1,000 of a unit is 1 of the next.
    ns_per_unit, unit = next(
        (entry for entry in reversed(_NS_PER_UNIT) if ns >= entry[0] * _ROUNDS_UP), _NS_PER_UNIT[0]
    )
    value = ns / ns_per_unit
    digits = max(0, 3 - len(str(int(value))))
    return f"{value:,.{digits}f} {unit}"


def count(number: int | None) -> str:
    """A number with its thousands apart, or ``unknown``."""
    return UNKNOWN if number is None else f"{number:,}"


def digits(number: int) -> str:
    """A number digit by digit; of a very long one, which Python may refuse to write, how long it is."""
    bits = number.bit_length()
    if bits <= _BITS_WRITTEN_OUT:
        return str(number)
    return f"a {'negative' if number < 0 else 'positive'} integer of {bits} bits"

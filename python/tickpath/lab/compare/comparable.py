"""Whether runs can be compared: the same settings, feed and seeds, on the same machine, run to their end.

Pure functions. What differs is named by its dotted key; a difference that is meant can be allowed by that
key, or by any key above it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tickpath.config.suggest import suggestion
from tickpath.errors import ArgumentValueError, ReportError
from tickpath.lab.compare.reading import RunReading, Side

__all__ = ["ALLOWED", "Difference", "check_comparable", "differences_of"]

ALLOWED = ("clock", "config", "feed", "interrupted", "machine", "mode", "seed")
"""What may differ where it is allowed; keys below them as well."""

#: Part of the report, and what of it says what was run and on what.
_FEED = ("events", "symbols")
#: What follows from the seed as well, where there is one.
_STAMPS = ("first_ts_ns", "last_ts_ns", "plan_length_ns", "gaps_capped", "left_out_ns")
_MACHINE = ("system", "release", "architecture", "cpu", "cores", "python", "memory_locked")
_PLACE = ("wait", "spin_pauses", "alone")
#: Settings that follow from the seed, which is compared by itself.
_SEEDS = frozenset({"config.executor.seed", "config.scenario.seed"})
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same."""

    key: str
    """What, by its dotted key."""
    a: Any
    """In the first run of A."""
    b: Any
    """In the other run."""
    where: str
    """Which run that is."""


def check_comparable(a: Side, b: Side, allowed: Sequence[str]) -> list[Difference]:
    """The differences that are there and allowed. Raises ``ReportError`` for any other."""
    for key in allowed:
        root = key.partition(".")[0]
        if root not in ALLOWED:
            expected = f"expected a key that begins with {', '.join(ALLOWED)}"
            raise ArgumentValueError(f"--allow {key}: {expected}{suggestion(root, ALLOWED)}")
    differences = differences_of(a, b)
    refused = [each for each in differences if not _is_allowed(each.key, allowed)]
    if refused:
        raise ReportError(_refusal(a.runs[0].where, refused))
    return differences


def differences_of(a: Side, b: Side) -> list[Difference]:
    """What is not the same in all runs of both sides, each thing once."""
    first = a.runs[0]
    found: dict[str, Difference] = {}
    for run in (*a.runs, *b.runs):
        if run.verdict == "interrupted":
            each = Difference("interrupted", first.verdict, run.verdict, run.where)
            found.setdefault(each.key, each)
        for each in _differences(first, run):
            found.setdefault(each.key, each)
    seeds = [sorted({run.seed for run in side.runs}, key=str) for side in (a, b)]
    if seeds[0] != seeds[1]:
        found["seed"] = Difference("seed", seeds[0], seeds[1], b.path)
    return list(found.values())


def _differences(first: RunReading, other: RunReading) -> Iterator[Difference]:
    if first.mode != other.mode:
        yield Difference("mode", first.mode, other.mode, other.where)
    modes = {first.mode, other.mode}
    feed = _FEED if first.seed != other.seed else _FEED + _STAMPS
    mine, theirs = (dict(_said(run, modes, feed)) for run in (first, other))
    for key in {**mine, **theirs}:
        a, b = mine.get(key), theirs.get(key)
        # 1 and 1.0 are one setting, True and 1 are two.
        if a != b or isinstance(a, bool) != isinstance(b, bool):
            yield Difference(key, a, b, other.where)


def _said(run: RunReading, modes: set[str], feed: Sequence[str]) -> Iterator[tuple[str, Any]]:
    report = run.report
    yield from ((key, value) for key, value in _leaves(report["config"], "config") if key not in _SEEDS)
    yield from ((f"feed.{name}", report["feed"].get(name)) for name in feed)
    if modes != {"live"}:
        # Of a run in virtual time the machine is no part.
        return
    yield "clock.source", report["clock"].get("source")
    machine = report["machine"]
    yield from ((f"machine.{name}", machine.get(name)) for name in _MACHINE)
    stages = machine.get("stages")
    places = {"feed": machine.get("feed"), **(stages if isinstance(stages, dict) else {})}
    for stage, place in places.items():
        if isinstance(place, dict):
            yield from ((f"machine.{stage}.{name}", place.get(name)) for name in _PLACE)


def _leaves(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, each in value.items():
            yield from _leaves(each, f"{key}.{name}")
    else:
        yield key, value


def _is_allowed(key: str, allowed: Sequence[str]) -> bool:
    return any(key == each or key.startswith(f"{each}.") for each in allowed)


def _refusal(first: str, refused: Sequence[Difference]) -> str:
    told = [
        f"{each.key} is {_short(each.a)} in {first} and {_short(each.b)} in {each.where}"
        for each in refused[:_SHOWN]
    ]
    more = f"; and {len(refused) - _SHOWN} more differences" if len(refused) > _SHOWN else ""
    # Of many differences the parts are named, of few each.
    roots = [each.key if len(refused) <= _SHOWN else each.key.partition(".")[0] for each in refused]
    keys = dict.fromkeys(roots)
    allow = " ".join(f"--allow {key}" for key in keys)
    return f"these runs cannot be compared: {'; '.join(told)}{more}. If that is meant: {allow}"


def _short(value: Any) -> str:
    text = "unknown" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

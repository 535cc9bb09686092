"""What the settings mean, in words: the docstrings of their fields, their units, and what they may be.

Read from the source of the dataclasses, so that it is said once. For people and editors; no run needs it.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import math
import sys
from collections.abc import Hashable
from typing import Any, Literal, get_args, get_origin

from tickpath.config.fields import NS_MAX, Number, Text, Whole, split, unannotated

__all__ = ["allowed", "meaning_of", "summary_of", "unit_of"]

#: Endings of names, and the unit that they say; the first that fits.
_UNITS = (
    (("_ns", "_ns_max"), "ns"),
    (("_hz",), "events per second"),
    (("_per_s_max",), "per second"),
    (("_share_max", "_share_min", "tolerance"), "share of 1"),
    (("_slots",), "slots"),
    (("events", "events_max", "at_event", "lost_max", "samples_min"), "events"),
    (("gaps_max", "repeats_max", "reordered_max", "every"), "events"),
    (("rounds_min", "rounds_max", "flat_rounds"), "rounds"),
    (("raise_after", "clear_after"), "looks"),
    (("factor", "speed"), "times"),
    (("refused_max",), "moves"),
    (("spin_pauses",), "instructions"),
    (("history_limit",), "transitions"),
)


def unit_of(name: str) -> str:
    """The unit that a field's name says; empty for what has none."""
    if name in ("ns", "samples_ns"):
        return "ns"
    return next((unit for ends, unit in _UNITS if any(name == e or name.endswith(e) for e in ends)), "")


def summary_of(kind: type) -> str:
    """The first paragraph of a class's docstring, on one line."""
    return " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split()).replace("``", "`")


def meaning_of(kind: Any, name: str) -> str:
    """The docstring of a field, on one line, marked as it is."""
    for owner in kind.__mro__:
        if name in (found := _docstrings(owner)):
            return found[name].replace("``", "`")
    return ""


@functools.cache
def _docstrings(owner: Hashable) -> dict[str, str]:
    module = getattr(owner, "__module__", "")
    if not dataclasses.is_dataclass(owner) or not module.startswith("tickpath."):
        return {}
    return _classes(module).get(getattr(owner, "__name__", ""), {})


@functools.cache
def _classes(module: str) -> dict[str, dict[str, str]]:
    """The fields of every class of a module, with the string after each."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {
        node.name: {
            field.target.id: " ".join(str(after.value.value).split())
            for field, after in zip(node.body, node.body[1:], strict=False)
            if isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        }
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }


def allowed(hint: Any) -> str:
    """What a field may be, in words."""
    parts, optional = split(hint)
    words = ["a table"] if dataclasses.is_dataclass(parts[0]) else [_allowed_one(part) for part in parts]
    return " or ".join([*words, "none"] if optional else words)


def _allowed_one(hint: Any) -> str:
    base, bounds = unannotated(hint)
    match get_origin(base) or bounds:
        case Whole(low, high):
            return f"integer from {low:,}" + (f" to {high:,}" if high < NS_MAX else "")
        case Number(low, high, above):
            most = f" to {high:,.15g}" if math.isfinite(high) else ""
            return f"number {'above' if above else 'from'} {low:,.15g}{most}"
        case Text(_, words):
            return words
        case origin if origin is Literal:
            return ", ".join(f'"{word}"' for word in get_args(base))
        case origin if origin is tuple:
            return f"array: {allowed(get_args(base)[0])}"
    named = {bool: "true or false", str: "text", dict: "table of text, numbers, true or false"}
    return named[get_origin(base) or base]

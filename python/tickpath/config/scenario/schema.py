"""The JSON Schema of scenario files, for editors: made from the same annotations that the loader obeys.

It knows keys, types, words and ranges; what fits together (names, triggers, stages) only the loader knows.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal, get_args, get_origin

from tickpath.config.fields import Number, Text, Whole, hints_of, split, unannotated
from tickpath.config.scenario.binding import key_of, kinds_of
from tickpath.config.scenario.explain import table_of
from tickpath.config.scenario.meaning import meaning_of, summary_of, unit_of
from tickpath.config.scenario.scenario import SCHEMA, Scenario

__all__ = ["json_schema"]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_PLAIN = {"type": ["string", "number", "boolean"]}


def json_schema() -> dict[str, Any]:
    """The schema, draft 2020-12; where a setting can be none it takes ``null`` too, for JSON."""
    definitions: dict[str, Any] = {}
    top = _object(Scenario, definitions)
    for key, default in table_of(Scenario()).items():
        if key in top["properties"] and not isinstance(default, dict | list | None):
            top["properties"][key]["default"] = default
    top["properties"] = {
        "schema": {"const": SCHEMA, "description": "What this file is.", "default": SCHEMA},
        "extends": {
            "type": "string",
            "minLength": 1,
            "description": "The file, relative to this one, or the shipped scenario that this is laid over: "
            "tables merge, everything else replaces.",
        },
        **top["properties"],
    }
    return {"$schema": _DRAFT, "title": "tickpath scenario", **top, "$defs": definitions}


def _object(owner: Any, definitions: dict[str, Any], kind: str = "") -> dict[str, Any]:
    hints = hints_of(owner)
    properties: dict[str, Any] = {}
    if kind:
        properties["kind"] = {"const": kind, "description": summary_of(owner)}
    for field in dataclasses.fields(owner):
        said = _of(hints[field.name], definitions, has_default=field.default is not None)
        unit = unit_of(field.name)
        meaning = meaning_of(owner, field.name)
        said = {**said, "description": f"{meaning} [{unit}]" if unit else meaning}
        if isinstance(field.default, bool | int | float | str):
            said["default"] = field.default
        properties[key_of(field.name)] = said
    found = {
        "type": "object",
        "description": summary_of(owner),
        "properties": properties,
        "additionalProperties": False,
    }
    # Beside the definition for a class alone: as a section it may leave out what its default has.
    return {**found, "required": ["kind", *_required(owner)]} if kind else found


def _required(owner: Any) -> list[str]:
    return [
        key_of(field.name) for field in dataclasses.fields(owner) if field.default is field.default_factory
    ]


def _of(hint: Any, definitions: dict[str, Any], *, has_default: bool = False) -> dict[str, Any]:
    parts, optional = split(hint)
    if dataclasses.is_dataclass(parts[0]):
        return _settings(hint, definitions)
    choices = [_one(part, definitions) for part in parts]
    if optional:
        # Where leaving it out means something else, a file says "none".
        choices.append({"enum": ["none", None]} if has_default else {"type": "null"})
    return choices[0] if len(choices) == 1 else {"anyOf": choices}


def _settings(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    references = []
    for kind, owner in kinds_of(hint).items():
        name = owner.__name__
        if name not in definitions:
            definitions[name] = {}  # its place, before what it holds
            definitions[name] = _object(owner, definitions, kind)
        references.append({"$ref": f"#/$defs/{name}"})
    if len(references) > 1:
        kinds = list(kinds_of(hint))
        word = {"type": "object", "properties": {"kind": {"enum": kinds}}, "required": ["kind"]}
        return {**word, "oneOf": references}
    return references[0]


def _one(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    base, bounds = unannotated(hint)
    match get_origin(base) or bounds:
        case Whole(low, high):
            return {"type": "integer", "minimum": low, "maximum": high}
        case Number(low, high, above):
            least = {"exclusiveMinimum" if above else "minimum": low}
            return {"type": "number", **least, **({} if high == float("inf") else {"maximum": high})}
        case Text(pattern, _):
            return {"type": "string", "pattern": f"^(?:{pattern})$"}
        case origin if origin is Literal:
            return {"enum": list(get_args(base))}
        case origin if origin is tuple:
            return {"type": "array", "items": _item(get_args(base)[0], definitions)}
    named = {bool: "boolean", str: "string"}
    return {"type": named[base]} if base in named else {"type": "object", "additionalProperties": _PLAIN}


def _item(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """One of an array has to say what a section has by default."""
    said = _of(hint, definitions)
    required = _required(hint) if dataclasses.is_dataclass(hint) else []
    return {**said, "required": required} if required else said

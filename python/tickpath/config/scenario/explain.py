"""A scenario told setting by setting: value, default, unit, meaning, and where the value came from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from tickpath.config.fields import hints_of, split
from tickpath.config.scenario.binding import key_of, kinds_of, path_of
from tickpath.config.scenario.loader import LoadedScenario
from tickpath.config.scenario.meaning import allowed, meaning_of, unit_of
from tickpath.config.scenario.scenario import SCHEMA, Scenario

__all__ = ["UNSET", "Setting", "every_setting", "explained", "table_of"]

UNSET = object()
"""The default of a setting that must be given."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting."""

    key: str
    """Its key path; ``injections[feed_gap].events`` for that of a kind, ``consumers[].name`` of any."""
    value: Any
    """Its value, as a file would say it; ``None`` for one that is not set."""
    default: Any
    """What it is unless given; ``UNSET`` if it must be."""
    unit: str
    """Its unit; empty for what has none."""
    allowed: str
    """What it may be."""
    meaning: str
    """What it does."""
    origin: str
    """The file that says it; ``default`` if none does."""


def table_of(scenario: Scenario) -> dict[str, Any]:
    """The scenario as a table that loads again to the same; ``None`` is what is not set."""
    return {"schema": SCHEMA, **_plain(scenario)}


def _plain(value: Any, hint: Any = None) -> Any:
    """``value`` as JSON has it; its kind is said where ``hint`` allows several."""
    if dataclasses.is_dataclass(value):
        owner: Any = type(value)
        hints = hints_of(owner)
        kind = {"kind": owner.kind} if hint is not None and "" not in kinds_of(hint) else {}
        fields = {
            key_of(field.name): _plain(getattr(value, field.name), hints[field.name])
            for field in dataclasses.fields(owner)
        }
        return {**kind, **fields}
    if isinstance(value, tuple):
        return [_plain(item, get_args(hint)[0] if get_origin(hint) is tuple else None) for item in value]
    return dict(value) if isinstance(value, dict) else value


def explained(loaded: LoadedScenario | None = None) -> tuple[Setting, ...]:
    """Every setting of a scenario, in the order of the sections; of the defaults without one."""
    scenario = loaded.scenario if loaded is not None else Scenario()
    return tuple(_settings(scenario, Scenario(), "", loaded))


def _settings(here: Any, plain: Any, path: str, loaded: LoadedScenario | None) -> Iterator[Setting]:
    """The settings of ``here``; ``plain`` is what they would be, ``None`` in an array."""
    owner: Any = type(here)
    hints = hints_of(owner)
    for field in dataclasses.fields(owner):
        place, value = path_of(path, key_of(field.name)), getattr(here, field.name)
        default = _default(field) if plain is None else getattr(plain, field.name)
        inner = value if isinstance(value, tuple) else (value,)
        if dataclasses.is_dataclass(value):
            yield from _settings(value, default, place, loaded)
        elif inner and all(dataclasses.is_dataclass(item) for item in inner):
            for index, item in enumerate(inner):
                yield from _settings(item, None, f"{place}[{index}]", loaded)
        else:
            yield Setting(
                key=place,
                value=_plain(value),
                default=_plain(default) if default is not UNSET else UNSET,
                unit=unit_of(field.name),
                allowed=allowed(hints[field.name]),
                meaning=meaning_of(owner, field.name),
                origin=_origin(place, loaded),
            )


def _default(field: Any) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not dataclasses.MISSING else UNSET


def _origin(path: str, loaded: LoadedScenario | None) -> str:
    if loaded is None:
        return "default"
    here: Any = loaded.table
    for part in path.replace("[", ".").replace("]", "").split("."):
        if isinstance(here, list):
            here = here[int(part)]
        elif part in here:
            here = here[part]
        else:
            return "default"
    return loaded.origins.of(path)


def every_setting() -> tuple[Setting, ...]:
    """Every setting there is, those of each kind of fault and probe included, with their defaults."""
    return tuple(_every(Scenario, "", Scenario()))


def _every(owner: Any, path: str, plain: Any) -> Iterator[Setting]:
    hints = hints_of(owner)
    for field in dataclasses.fields(owner):
        place, hint = path_of(path, key_of(field.name)), hints[field.name]
        default = _default(field) if plain is None else getattr(plain, field.name)
        is_array = get_origin(hint) is tuple
        element = get_args(hint)[0] if is_array else hint
        if dataclasses.is_dataclass(split(element)[0][0]):
            for kind, inner in kinds_of(element).items():
                yield from _every(inner, f"{place}[{kind}]" if is_array else place, _part(default, is_array))
            continue
        said = default if default is UNSET else _plain(default)
        yield Setting(
            key=place,
            value=None if said is UNSET else said,
            default=said,
            unit=unit_of(field.name),
            allowed=allowed(hint),
            meaning=meaning_of(owner, field.name),
            origin="default",
        )


def _part(default: Any, is_array: bool) -> Any:
    """What the settings below have; those of an array have their own."""
    return None if is_array or default is UNSET else default

"""Write what the versioning policy covers, a line a name: ``make public-api``.

The names of ``__all__`` of each public package with what they take, the members of their classes, commands
and options, keys of scenario files, schemas of JSON objects. ``tests/contract/test_public_api.py`` compares
the committed list with what there is, so that no change of it goes unnoticed.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_origin

import click

import tickpath
from tickpath.cli import app
from tickpath.config.scenario.explain import every_setting

LIST = Path(__file__).resolve().parents[1] / "tests" / "contract" / "public_api.txt"

#: Packages whose names are promised; what lies in a module of theirs is reached through the package, or
#: is not promised ...
PUBLIC = ("config", "control", "core", "runtime")
#: ... but for these.
PUBLIC_MODULES = (
    "tickpath.config.engine",
    "tickpath.config.run",
    "tickpath.core.execution.observability",
    "tickpath.errors",
    "tickpath.runtime.status",
)
#: What only a machinery of ours calls: `core/fork.py`.
MACHINERY = ("renew_in_fork",)
#: What an object prints of its address or its file is no promise.
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def lines() -> list[str]:
    """Everything, in the order in which it is committed."""
    return [*_modules(), *_commands(app._group, "tickpath"), *_settings(), *_schemas()]  # noqa: SLF001


def public_modules() -> list[str]:
    """The packages and modules whose ``__all__`` is promised, by name."""
    names = {"tickpath", *PUBLIC_MODULES}
    for part in PUBLIC:
        package = importlib.import_module(f"tickpath.{part}")
        found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        names |= {package.__name__, *(module.name for module in found if module.ispkg)}
    return sorted(names)


def _modules() -> Iterator[str]:
    for name in public_modules():
        module = importlib.import_module(name)
        yield f"module {name}"
        for entry in getattr(module, "__all__", []):
            yield from _entry(module, entry)


def _entry(module: ModuleType, entry: str) -> Iterator[str]:
    value = getattr(module, entry)
    path = f"{module.__name__}.{entry}"
    if inspect.isclass(value):
        bases = ", ".join(base.__qualname__ for base in value.__bases__ if base is not object)
        yield f"class {path}({bases})"
        if issubclass(value, enum.Enum):
            yield from (f"member {path}.{member.name} = {member.value!r}" for member in value)
        else:
            yield from (f"call {path}{text}" for text in [_signature(value)] if text)
        yield from _members(value, path)
    elif get_origin(value) is not None:
        yield f"type {path} = {value}"
    elif callable(value):
        yield f"def {path}{_signature(value)}"
    else:
        yield f"value {path}: {type(value).__name__}"


def _members(owner: type, path: str) -> Iterator[str]:
    """Those that ``owner`` or a base of ours defines: what Python gives every class is no promise of ours."""
    found: dict[str, Any] = {}
    for base in reversed(owner.__mro__):
        if base.__module__.partition(".")[0] == "tickpath":
            found.update(vars(base))
            found.update(dict.fromkeys(getattr(base, "__annotations__", {}), None))
    for name in sorted(name for name in found if not name.startswith("_") and name not in MACHINERY):
        value = getattr(owner, name, None)
        if callable(value) and not inspect.isclass(value):
            yield f"def {path}.{name}{_signature(value)}"
        else:
            yield f"attribute {path}.{name}"


def _signature(value: Any) -> str:
    """Nothing where there is none to be known: what Python itself takes."""
    if inspect.isclass(value) and issubclass(value, BaseException) and "__init__" not in vars(value):
        return ""
    try:
        text = str(inspect.signature(value))
    except (TypeError, ValueError):
        return ""
    return _ADDRESS.sub("", text)


def _commands(command: click.Command, path: str) -> Iterator[str]:
    yield f"command {path}"
    for parameter in command.params:
        names = [*parameter.opts, *parameter.secondary_opts]
        if isinstance(parameter, click.Argument):
            names = [parameter.make_metavar(click.Context(command))]
        yield f"option {path} {'/'.join(sorted(names))}"
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in sorted(command.list_commands(context)):
            found = command.get_command(context, name)
            if found is not None:
                yield from _commands(found, f"{path} {name}")
    if path == "tickpath":
        yield from (f"exit {name}" for name in _exit_codes())


def _exit_codes() -> list[str]:
    names = sorted(name for name in app.__all__ if name.startswith("EXIT_"))
    return [f"{name.removeprefix('EXIT_').lower()} = {getattr(app, name)}" for name in names]


def _settings() -> Iterator[str]:
    for setting in every_setting():
        yield f"setting {setting.key}: {setting.allowed}"


def _schemas() -> list[str]:
    found: set[str] = set()
    for file in Path(tickpath.__path__[0]).rglob("*.py"):
        found.update(re.findall(r'"(tickpath/[a-z-]+/\d+)"', file.read_text(encoding="utf-8")))
    return [f"schema {name}" for name in sorted(found)]


if __name__ == "__main__":
    LIST.write_text("\n".join(lines()) + "\n", encoding="utf-8")

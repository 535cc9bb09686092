"""Every public class, function and method shows an example, and all examples in docstrings are right.

A class's methods go on where its own example ended: what they all need is made there, once. Those of a base
that is not public go on after each public class that has them.
"""

from __future__ import annotations

import doctest
import importlib
import inspect
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.docs.blocks import ROOT
from tools.public_api import MACHINERY, public_modules

#: Python's own: their docstrings are not ours.
NOT_OURS = {"tickpath.core.time.now"}
PYTHON = ROOT / "python"
#: The files that show examples, by the name of their module.
FILES = {
    ".".join(path.relative_to(PYTHON).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((PYTHON / "tickpath").rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
}


def public() -> dict[str, Any]:
    """Each class and function once, under the first name that has it."""
    found: dict[int, tuple[str, Any]] = {}
    for module in public_modules():
        names = vars(importlib.import_module(module)).get("__all__", ())
        for name in names:
            value = getattr(importlib.import_module(module), name)
            if inspect.isclass(value) or inspect.isroutine(value):
                found.setdefault(id(value), (f"{module}.{name}", value))
    return {path: value for path, value in found.values() if path not in NOT_OURS}


PUBLIC = public()


def all_of_ours() -> dict[str, Any]:
    """The public ones, then what else the modules that show examples define."""
    found = {id(value): (path, value) for path, value in PUBLIC.items()}
    for module in FILES:
        for name, value in vars(importlib.import_module(module)).items():
            is_kept = inspect.isclass(value) or inspect.isroutine(inspect.unwrap(value))
            if is_kept and value.__module__ == module:
                found.setdefault(id(value), (f"{module}.{name}", value))
    return dict(found.values())


ALL = all_of_ours()


class Method(NamedTuple):
    """A method as its reader finds it: below a class that may only inherit it."""

    of: str
    text: str

    @property
    def is_public(self) -> bool:
        return self.of in PUBLIC


def methods() -> dict[str, Method]:
    """Each class's, with those of its bases that are not public: these are looked up nowhere else."""
    classes = {path: value for path, value in ALL.items() if inspect.isclass(value)}
    shown = [value for path, value in classes.items() if path in PUBLIC]
    found: dict[str, Method] = {}
    for path, value in classes.items():
        if value not in shown and any(value in one.__mro__ for one in shown):
            continue
        for owner in value.__mro__:
            # What Python gives every class is not ours.
            if owner.__module__.partition(".")[0] != "tickpath" or (owner in shown and owner is not value):
                continue
            for name, member in vars(owner).items():
                method = getattr(member, "__func__", member)
                if inspect.isroutine(method) and not name.startswith("_") and name not in MACHINERY:
                    found.setdefault(f"{path}.{name}", Method(path, method.__doc__ or ""))
    return found


METHODS = methods()


class Example(NamedTuple):
    """What is run, and the modules whose names it has: as after `from tickpath.core.bus import *`."""

    modules: tuple[str, ...]
    text: str


def examples() -> Iterator[tuple[str, Example]]:
    for module in FILES:
        yield f"{module}.__doc__", Example((module,), importlib.import_module(module).__doc__ or "")
    for path, value in ALL.items():
        yield path, Example((value.__module__, path.rpartition(".")[0]), value.__doc__ or "")
    for path, (owner, text) in METHODS.items():
        if ">>> " in text:
            modules = ALL[owner].__module__, owner.rpartition(".")[0]
            yield path, Example(modules, f"{ALL[owner].__doc__ or ''}\n\n{text}")


EXAMPLES = {path: example for path, example in examples() if ">>> " in example.text}


def docstrings(path: str, value: Any) -> Iterator[str]:
    """Where the example may stand: its own, or its package's, which then names it."""
    yield value.__doc__ or ""
    package, _, name = path.rpartition(".")
    yield "\n".join(
        line for line in (importlib.import_module(package).__doc__ or "").splitlines() if f"{name}(" in line
    )


@pytest.mark.parametrize("path", PUBLIC)
def test_it_has_an_example(path: str) -> None:
    assert any(">>> " in text for text in docstrings(path, PUBLIC[path])), "show how it is used, with >>>"


def test_every_method_has_an_example_of_its_own() -> None:
    """Who looks a method up sees nothing of its class; attributes and properties are shown by that."""
    without = [path for path, method in METHODS.items() if method.is_public and ">>> " not in method.text]
    assert without == [], "show a call, with >>>"


def test_methods_of_every_kind_are_asked() -> None:
    assert {
        "tickpath.config.engine.ServiceTime.constant",  # of a class
        "tickpath.control.failure.FailureScenario.activate",  # of a public base
        "tickpath.control.health.Probe.read",  # of a protocol
        "tickpath.control.metrics.LatencyHistogram.from_v2",  # native
        "tickpath.core.engine.Engine.release",  # of a base that is not public ...
        "tickpath.core.engine.VirtualEngine.release",  # ... and of another class with it
        "tickpath.core.state.Lifecycle.subscribe",
    } <= set(METHODS)


@pytest.mark.parametrize("path", EXAMPLES)
def test_the_example_is_right(path: str) -> None:
    modules, text = EXAMPLES[path]
    names: dict[str, Any] = {}
    for module in modules:
        names.update(vars(importlib.import_module(module)))
    runner = doctest.DocTestRunner()
    said: list[str] = []
    runner.run(doctest.DocTestParser().get_doctest(text, names, path, None, None), out=said.append)
    assert runner.tries > 0
    assert runner.failures == 0, "".join(said)


def test_no_example_is_left_out() -> None:
    """One in a nested class, of a property or below an attribute would be."""
    run = {line.strip() for example in EXAMPLES.values() for line in example.text.splitlines()}
    for file in FILES.values():
        lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
        assert [line for line in lines if line.startswith(">>> ") and line not in run] == [], file

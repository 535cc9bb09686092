"""Every public class, function and method shows an example, and the examples of native ones are right.

Those of Python modules are run by ``test_code_blocks.py``, module by module.
"""

from __future__ import annotations

import doctest
import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from tickpath import _native
from tools.public_api import MACHINERY, public_modules

#: Python's own: their docstrings are not ours.
NOT_OURS = {"tickpath.core.time.now"}


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


def _is_native(value: Any) -> bool:
    return inspect.isbuiltin(value) or (inspect.isclass(value) and value in _NATIVE)


_NATIVE = {value for value in vars(_native).values() if inspect.isclass(value)}
PUBLIC = public()
NATIVE = [path for path, value in PUBLIC.items() if _is_native(value)]


def methods() -> dict[str, tuple[type, str]]:
    """Class and docstring of each public method, once, under the first public class that has it."""
    found: dict[int, tuple[str, tuple[type, str]]] = {}
    for path, value in PUBLIC.items():
        for owner in value.__mro__ if inspect.isclass(value) else ():
            # What Python gives every class is not ours.
            if owner.__module__.partition(".")[0] != "tickpath":
                continue
            for name, member in vars(owner).items():
                method = getattr(member, "__func__", member)
                if inspect.isroutine(method) and not name.startswith("_") and name not in MACHINERY:
                    found.setdefault(id(method), (f"{path}.{name}", (owner, method.__doc__ or "")))
    return dict(found.values())


METHODS = methods()
NATIVE_METHODS = [path for path, (owner, _) in METHODS.items() if owner in _NATIVE]


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
    assert [path for path, (_, text) in METHODS.items() if ">>> " not in text] == [], "show a call, with >>>"


def test_methods_of_every_kind_are_asked() -> None:
    assert {
        "tickpath.config.engine.ServiceTime.constant",  # of a class
        "tickpath.control.health.Probe.read",  # of a protocol
        "tickpath.control.metrics.LatencyHistogram.from_v2",  # native
        "tickpath.core.engine.Engine.release",  # of a base that is not public
        "tickpath.core.state.Lifecycle.subscribe",
    } <= set(METHODS)


def run(path: str, text: str) -> None:
    """Run the examples with the names of the package, as after `from tickpath.core.bus import *`."""
    names = dict(vars(importlib.import_module(path.rpartition(".")[0])))
    runner = doctest.DocTestRunner()
    example = doctest.DocTestParser().get_doctest(text, names, path, None, None)
    said: list[str] = []
    runner.run(example, out=said.append)
    assert runner.failures == 0, "".join(said)


@pytest.mark.parametrize("path", NATIVE)
def test_the_example_of_a_native_class_is_right(path: str) -> None:
    run(path, PUBLIC[path].__doc__ or "")


@pytest.mark.parametrize("path", NATIVE_METHODS)
def test_the_example_of_a_native_method_is_right(path: str) -> None:
    """It goes on where its class's ended: what runs need is made there, once."""
    owner, text = METHODS[path]
    run(path.rpartition(".")[0], f"{owner.__doc__}\n\n{text}")

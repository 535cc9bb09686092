"""What the native module returns is what its stub says: stubtest compares names, not values."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tickpath
from tickpath import _native
from tickpath.core.state import Lifecycle, State

STUB = ast.parse(Path(tickpath.__file__).with_name("_native.pyi").read_text(encoding="utf-8"))
CLASSES = {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef)}


def executor() -> _native.Executor:
    """Return an executor with one event behind and more in front of it."""
    ring, lifecycle = _native.RingBuffer[str](4), Lifecycle()
    lifecycle.transition_to(State.WARMUP)
    ring.publish_many(["a", "b", "c"])
    found = _native.Executor(ring, lifecycle)
    found.process()
    return found


def consumer(items: int) -> _native.Consumer[str]:
    """Return a consumer of a ring that so many items were published into."""
    ring = _native.RingBuffer[str](4)
    ring.publish_many(["a"] * items)
    return _native.Consumer(ring)


def metrics(*latencies_ns: int) -> _native.Metrics:
    """Return metrics that have observed these."""
    found = _native.Metrics()
    for latency_ns in latencies_ns:
        found.observe(latency_ns)
    return found


# Samples of each class, so that both sides of every `X | None` are seen. Classes of the engine need a
# run to exist; tests/cli sees their values as JSON.
SAMPLES: dict[str, list[Callable[[], Any]]] = {
    "Ack": [lambda: executor().process()],
    "Consumer": [lambda: consumer(0), lambda: consumer(2)],
    "Executor": [executor],
    "Gate": [_native.Gate],
    "LatencySink": [lambda: _native.LatencySink(metrics())],
    "Metrics": [metrics],
    "NoOpSink": [_native.NoOpSink],
    "RingBuffer": [lambda: _native.RingBuffer(2)],
    "Snapshot": [lambda: metrics().snapshot(), lambda: metrics(5, 7).snapshot()],
}


def readable(node: ast.FunctionDef) -> bool:
    """Tell whether a member needs no argument to give a value."""
    arguments = node.args
    required = len(arguments.posonlyargs + arguments.args) - len(arguments.defaults)
    special = node.name.startswith("__") and node.name not in ("__repr__", "__hash__", "__len__")
    return required == 1 and not special and not any(d is None for d in arguments.kw_defaults)


def accepts(annotation: ast.expr, value: object) -> bool:
    """Tell whether ``value`` is of the type that ``annotation`` writes down; unknown names accept nothing."""
    if isinstance(annotation, ast.BinOp):
        return accepts(annotation.left, value) or accepts(annotation.right, value)
    if isinstance(annotation, ast.Constant):
        return annotation.value is value
    if isinstance(annotation, ast.Subscript):
        items = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        inside = value if isinstance(value, list | tuple) else ()
        return accepts(annotation.value, value) and all(accepts(items[0], item) for item in inside)
    return is_of(ast.unparse(annotation), value)


def is_of(name: str, value: object) -> bool:
    """Tell whether ``value`` is of the type with that name."""
    if name in ("Any", "typing.Any", "_T", "_T_co"):
        return value is not None
    builtin = {"int": int, "bool": bool, "float": float, "str": str, "bytes": bytes, "list": list}
    builtin |= {"tuple": tuple, "dict": dict}
    if name in builtin:
        return type(value) is builtin[name]  # a bool is not an int here, nor a NumPy scalar
    module, _, attribute = name.rpartition(".")
    found = getattr(importlib.import_module(module) if module else _native, attribute, None)
    return isinstance(found, type) and isinstance(value, found)


MEMBERS = [
    (name, member)
    for name in SAMPLES
    for member in CLASSES[name].body
    if isinstance(member, ast.FunctionDef) and readable(member)
]


@pytest.mark.parametrize(("name", "member"), MEMBERS, ids=lambda value: getattr(value, "name", value))
def test_a_member_returns_what_the_stub_says(name: str, member: ast.FunctionDef) -> None:
    assert member.returns is not None
    for sample in SAMPLES[name]:
        found = getattr(sample(), member.name)
        value = found() if callable(found) and not is_property(member) else found
        assert accepts(member.returns, value), f"{value!r} is no {ast.unparse(member.returns)}"


def is_property(node: ast.FunctionDef) -> bool:
    """Tell whether a member of the stub is a property."""
    return any(ast.unparse(decorator) == "property" for decorator in node.decorator_list)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_property_is_one_and_cannot_be_assigned(name: str) -> None:
    sample = SAMPLES[name][0]()
    for member in CLASSES[name].body:
        if isinstance(member, ast.FunctionDef) and is_property(member):
            assert inspect.isdatadescriptor(getattr(type(sample), member.name))
            with pytest.raises(AttributeError):
                setattr(sample, member.name, 0)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_a_class_is_final_where_the_stub_says_so(name: str) -> None:
    found = getattr(_native, name)
    final = "final" in {ast.unparse(decorator) for decorator in CLASSES[name].decorator_list}
    try:
        type("Derived", (found,), {})
    except TypeError:
        assert final
    else:
        assert not final


@pytest.mark.parametrize(("name", "item"), [("RingBuffer", int), ("Consumer", str)])
def test_a_generic_class_can_be_subscripted(name: str, item: type) -> None:
    alias = getattr(_native, name)[item]
    assert alias.__origin__ is getattr(_native, name)
    assert alias.__args__ == (item,)


def test_the_judge_can_refuse() -> None:
    def judged(annotation: str, value: object) -> bool:
        return accepts(ast.parse(annotation, mode="eval").body, value)

    assert judged("int", 1)
    assert not judged("int", True)
    assert not judged("int", None)
    assert judged("int | None", None)
    assert not judged("list[int]", ["a"])
    assert judged("Ack | None", executor().process())
    assert not judged("Ack", object())
    assert not judged("Nonsense", 1)

"""Makes the mutants of a module: mutmut's operators and a few more, at every place that runs.

mutmut itself mutates undecorated functions only; here its operators see properties, class bodies, defaults
and tables as well. What is left out, and why, is said in tests/MUTATION.md; ``_is_left_out`` and the
operators below are these rules.
"""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate
from typing import Any

import libcst as cst
from libcst import matchers as m
from libcst.metadata import MetadataWrapper, WhitespaceInclusivePositionProvider
from mutmut.mutation import mutators

Operator = Callable[[Any], Iterable[Any]]


@dataclass(frozen=True)
class Mutant:
    """One change of one module."""

    id: str
    """Eight hexadecimal digits, the same as long as the lines around the change are."""
    module: str
    """The path below ``python/tickpath``."""
    scope: str
    """The class and function it is in."""
    line: int
    before: str
    after: str
    source: str
    """The whole mutated module."""


def mutants_of(module: str, source: str) -> tuple[list[Mutant], int]:
    """Every mutant of ``source``, in its order, and how many mutations of pure prose were left out."""
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    tree, spans = wrapper.module, wrapper.resolve(WhitespaceInclusivePositionProvider)
    starts = [0, *accumulate(len(line) for line in source.splitlines(keepends=True))]
    found: list[Mutant] = []
    seen = {ast.dump(ast.parse(source))}
    twins: Counter[tuple[str, str, str]] = Counter()
    prose = 0
    for node, replacement, scope, is_prose in _changes(tree):
        if is_prose:
            prose += 1
            continue
        begin, end = spans[node].start, spans[node].end
        if begin.line == end.line:
            # The same as below and much faster; further lines would have to be indented anew.
            first, past = starts[begin.line - 1] + begin.column, starts[end.line - 1] + end.column
            mutated = source[:first] + tree.code_for_node(replacement) + source[past:]
        else:
            mutated = tree.deep_replace(node, replacement).code
        try:
            shape = ast.dump(ast.parse(mutated))
        except SyntaxError:
            continue
        if shape in seen:
            continue
        seen.add(shape)
        line, before, after = _difference(source, mutated)
        twins[scope, before, after] += 1
        key = "\0".join((module, scope, before, after, str(twins[scope, before, after])))
        name = hashlib.sha256(key.encode()).hexdigest()[:8]
        found.append(Mutant(name, module, scope, line, before, after, mutated))
    return found, prose


def _changes(tree: Any) -> Iterator[tuple[Any, Any, str, bool]]:
    """Each node, what to put in its place, where it stands, and whether that is prose."""
    stack: list[tuple[Any, tuple[str, ...], bool]] = [(tree, (), False)]
    while stack:
        node, scope, in_raise = stack.pop()
        if _is_left_out(node, scope):
            continue
        for kind, operator in OPERATORS:
            if isinstance(node, kind):
                for replacement in operator(node):
                    yield node, replacement, ".".join(scope), in_raise and operator is _string
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            scope = (*scope, node.name.value)
        in_raise = in_raise or isinstance(node, cst.Raise)
        stack.extend((child, scope, in_raise) for child in reversed(node.children))


def _is_left_out(node: Any, scope: tuple[str, ...]) -> bool:
    """What does not run, or only for the type checker."""
    if isinstance(node, cst.Annotation | cst.Import | cst.ImportFrom) or _is_slots(node):
        return True
    if isinstance(node, cst.If) and m.matches(node.test, m.Name("TYPE_CHECKING")):
        return True
    if isinstance(node, cst.Assign):
        if m.matches(node.targets[0].target, m.Name("__all__") | m.Name("__slots__")):
            return True
        # `Listener = Callable[[Transition], object]`, `V = TypeVar("V")`
        return not scope and m.matches(node.value, m.Subscript() | m.Call(func=m.Name("TypeVar")))
    return False


def _string(node: Any) -> Iterable[Any]:
    """Mutmut's first way with a string: the two ways that change its case are caught with it."""
    yield from list(mutators.operator_string(node))[:1]


def _is_bool(value: Any) -> bool:
    return bool(m.matches(value, m.Name("True") | m.Name("False")))


def _assignment(node: Any) -> Iterable[Any]:
    """Mutmut's ``None`` in the place of a value; a bool is turned round by another operator instead."""
    if not _is_bool(node.value):
        yield from mutators.operator_assignment(node)


def _arguments(node: Any) -> Iterable[Any]:
    """Mutmut's arguments left out or ``None``, likewise; ``slots`` of a dataclass is no behaviour."""
    for changed in mutators.operator_arg_removal(node):
        if len(changed.args) == len(node.args):
            touched = [
                old for old, new in zip(node.args, changed.args, strict=True) if old.value is not new.value
            ]
        else:
            touched = [old for old in node.args if not any(old is new for new in changed.args)]
        if any(_is_slots(old) for old in touched):
            continue
        if len(changed.args) < len(node.args) or not any(_is_bool(old.value) for old in touched):
            yield changed


def _is_slots(node: Any) -> bool:
    return bool(m.matches(node, m.Arg(keyword=m.Name("slots"))))


def _return(node: Any) -> Iterable[Any]:
    if node.value is not None and not m.matches(node.value, m.Name("None")):
        yield node.with_changes(value=cst.Name("None"), whitespace_after_return=cst.SimpleWhitespace(" "))


def _negated(test: Any) -> Any:
    bare = test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return cst.UnaryOperation(operator=cst.Not(whitespace_after=cst.SimpleWhitespace(" ")), expression=bare)


def _condition(node: Any) -> Iterable[Any]:
    yield node.with_changes(test=_negated(node.test))


def _statement(node: Any) -> Iterable[Any]:
    """A statement that is there for its effect is not done."""
    effect = m.Expr(value=m.Call()) | m.Raise() | m.Del() | m.Return(value=None)
    if m.matches(node, effect):
        yield cst.Pass()


def _handler(node: Any) -> Iterable[Any]:
    """An exception handler that catches nothing."""
    if node.type is not None:
        yield node.with_changes(type=cst.Tuple(elements=[]))


_NARROWED = {
    mutators.operator_string: _string,
    mutators.operator_assignment: _assignment,
    mutators.operator_arg_removal: _arguments,
}
OPERATORS: tuple[tuple[Any, Operator], ...] = (
    *((kind, _NARROWED.get(operator, operator)) for kind, operator in mutators.mutation_operators),
    (cst.Return, _return),
    (cst.If, _condition),
    (cst.While, _condition),
    (cst.CompIf, _condition),
    (cst.BaseSmallStatement, _statement),
    (cst.ExceptHandler, _handler),
)


def _difference(source: str, mutated: str) -> tuple[int, str, str]:
    old, new = source.splitlines(), mutated.splitlines()
    changed = [
        block
        for block in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if block[0] != "equal"
    ]
    first, last = changed[0], changed[-1]
    before = " ".join(line.strip() for line in old[first[1] : last[2]])
    after = " ".join(line.strip() for line in new[first[3] : last[4]])
    return first[1] + 1, before, after

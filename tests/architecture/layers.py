"""Who may import whom, and who may look at which clock: read from the syntax tree.

The rules are design section 2's and the seed's table. An import counts wherever it stands: at the top,
inside a function, under ``TYPE_CHECKING``, relative, as ``from tickpath.core import bus``, through
``importlib.import_module("…")`` or ``__import__("…")``, or as an attribute chain such as
``tickpath.core.bus.RingBuffer`` after ``import tickpath``. `import-linter` checks the same rules with its
own graph (pyproject.toml), so that neither is trusted alone.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGE = "tickpath"
DYNAMIC = "<computed at run time>"


@dataclass(frozen=True)
class Rule:
    """Modules at or below ``source``, but ``spared``, import nothing at or below any of ``forbidden``."""

    source: str
    forbidden: tuple[str, ...]
    spared: tuple[str, ...] = ()


#: The parts of the bench that have the reference for a peer.
_MEASURED_AGAINST_IT = ("tickpath.lab.bench.object_tier", "tickpath.lab.bench.virtual")

SEED_RULES = (
    Rule("tickpath.core", ("tickpath.control", "tickpath.runtime")),
    Rule("tickpath.control.metrics", ("tickpath.core.bus", "tickpath.core.execution")),
    Rule(
        "tickpath.control.failure", ("tickpath.core.bus", "tickpath.core.execution", "tickpath.core.ingest")
    ),
    Rule("tickpath.core.execution.observability", ("tickpath.control",)),
)
"""The seed's table "What Does NOT Talk to What", row by row."""

_ORDER = ("cli", "lab", "runtime", "control", "core", "config", "errors")
_ABOVE = tuple(
    Rule(f"tickpath.{layer}", tuple(f"tickpath.{above}" for above in _ORDER[:index]))
    for index, layer in enumerate(_ORDER)
    if index
)
RULES = (
    *SEED_RULES,
    *_ABOVE,
    # Only tests and the bench use the reference; it stands on the lifecycle, the clock and the errors.
    *(Rule(f"tickpath.{layer}", ("tickpath.reference",), spared=_MEASURED_AGAINST_IT) for layer in _ORDER),
    Rule(
        "tickpath.reference",
        (
            *(f"tickpath.{layer}" for layer in ("cli", "lab", "runtime", "control", "_native")),
            *(f"tickpath.core.{part}" for part in ("bus", "execution", "ingest")),
        ),
    ),
)

# The core has one clock, tickpath.core.time; these read another one, or the date.
_CLOCKS = {f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")} | {"datetime.date.today"}
_CLOCK_HOME = "tickpath.core.time"
_CLOCK_ALLOWED = "time.perf_counter_ns"


@dataclass(frozen=True)
class Violation:
    """One broken rule and where."""

    path: Path
    line: int
    source: str
    target: str
    why: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.source} -> {self.target}: {self.why}"


@dataclass(frozen=True)
class _Use:
    """A dotted name that a module reaches for."""

    name: str
    line: int


def _within(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(prefix + ".")


def _module_name(path: Path, root: Path) -> tuple[str, str]:
    """Return a file's module name and the package that relative imports start from."""
    parts = [PACKAGE, *path.relative_to(root).with_suffix("").parts]
    if parts[-1] == "__init__":
        name = ".".join(parts[:-1])
        return name, name
    return ".".join(parts), ".".join(parts[:-1])


def _absolute(name: str, level: int, package: str) -> str:
    if not level:
        return name
    base = package.split(".")
    base = base[: len(base) - (level - 1)]
    return ".".join([*base, name] if name else base)


class _Reader(ast.NodeVisitor):
    """Collects every dotted name a module imports or reaches through an imported name."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.names: dict[str, str] = {"__import__": "importlib.import_module"}
        self.uses: list[_Use] = []

    def _use(self, name: str, node: ast.expr | ast.stmt) -> None:
        self.uses.append(_Use(name, node.lineno))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._use(alias.name, node)
            self.names[alias.asname or alias.name.split(".")[0]] = (
                alias.name if alias.asname else alias.name.split(".")[0]
            )

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = _absolute(node.module or "", node.level, self.package)
        for alias in node.names:
            dotted = base if alias.name == "*" else f"{base}.{alias.name}"
            self._use(dotted, node)
            self.names[alias.asname or alias.name] = dotted

    def dotted(self, node: ast.expr) -> str | None:
        """Return the imported name behind ``a.b.c``, if ``a`` was imported."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute) and (base := self.dotted(node.value)):
            return f"{base}.{node.attr}"
        return None

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if name := self.dotted(node):
            self._use(name, node)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if self.dotted(node.func) == "importlib.import_module":
            self._use(self._imported_by(node), node)
        self.generic_visit(node)

    def _imported_by(self, node: ast.Call) -> str:
        argument = node.args[0] if node.args else None
        if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
            return DYNAMIC
        name = argument.value
        level = len(name) - len(name.lstrip("."))
        package = self.package
        anchor = node.args[1] if len(node.args) > 1 else None
        for keyword in node.keywords:
            anchor = keyword.value if keyword.arg == "package" else anchor
        if isinstance(anchor, ast.Constant) and isinstance(anchor.value, str):
            package = anchor.value
        return _absolute(name.lstrip("."), level, package)


def _judged(module: str, use: _Use) -> Iterator[str]:
    """Say what is wrong with ``module`` using a name."""
    if use.name == DYNAMIC:
        yield "an import whose target cannot be read"
    for rule in RULES:
        spared = any(_within(module, name) for name in rule.spared)
        if (
            not spared
            and _within(module, rule.source)
            and any(_within(use.name, target) for target in rule.forbidden)
        ):
            yield f"{rule.source} must not import {', '.join(rule.forbidden)}"
    if _within(module, "tickpath.core"):
        home = _within(module, _CLOCK_HOME)
        other = _within(use.name, "time") and use.name not in ("time", _CLOCK_ALLOWED)
        if use.name in _CLOCKS or other or (use.name == _CLOCK_ALLOWED and not home):
            yield "the core has one clock, tickpath.core.time, and no wall clock"


def violations(root: Path) -> list[Violation]:
    """Every broken rule below ``root``, the folder of the package, in the order of the files."""
    found: list[Violation] = []
    for path in sorted(root.rglob("*.py")):
        module, package = _module_name(path, root)
        reader = _Reader(package)
        reader.visit(ast.parse(path.read_text(encoding="utf-8"), str(path)))
        for use in sorted(set(reader.uses), key=lambda use: (use.line, use.name)):
            found += [Violation(path, use.line, module, use.name, why) for why in _judged(module, use)]
    return found

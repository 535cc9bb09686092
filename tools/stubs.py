"""Generate ``python/tickpath/_native.pyi``, or check the committed one.

PyO3's generator writes the types it knows. It prints an annotation given in a ``#[pyo3(signature)]``
verbatim in quotes, knows no type variables, and imports nothing for such names. Three steps here, each
a pure function of the generated text: take the quotes off (and give a bare ``list`` its items), make a
class generic in the variable that its methods name, import what the annotations name. Nothing is typed
by hand.

    python tools/stubs.py            write the stub
    python tools/stubs.py --check    compare with the committed one; exit code 1 and a diff if they differ
"""

from __future__ import annotations

import difflib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STUB = ROOT / "python" / "tickpath" / "_native.pyi"
VARIABLES = {"_T": '_T = TypeVar("_T")', "_T_co": '_T_co = TypeVar("_T_co", covariant=True)'}
SUBSCRIPT = "    @classmethod\n    def __class_getitem__(cls, key: Any) -> types.GenericAlias: ...\n"
QUOTED = re.compile(r'(: |-> )"((?:[^"\\]|\\.)*)"')
BARE = re.compile(r"\b(dict|list|tuple)(?=[,):\]]| \|| =)")
CLASS = re.compile(r"^(?=@final\nclass |class )", re.MULTILINE)
DOTTED = re.compile(r"\b([a-z_]\w*(?:\.[a-z_]\w*)*)\.[A-Z]\w*")


def generated() -> str:
    """Build the extension (debug) and return the stub PyO3 extracts from it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "maturin", "generate-stubs", "--quiet", "--out", folder]
        subprocess.run(command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL)  # noqa: S603 - a fixed command
        return next(Path(folder).rglob("_native.pyi")).read_text(encoding="utf-8")


def unquoted(text: str) -> tuple[str, set[str]]:
    """Take the quotes off annotations of ``def`` lines; return the text and the modules they name."""
    modules: set[str] = set()

    def unquote(match: re.Match[str]) -> str:
        modules.update(DOTTED.findall(match[2]))
        return match[1] + match[2]

    def with_items(match: re.Match[str]) -> str:
        return {"dict": "dict[str, Any]", "list": "list[Any]", "tuple": "tuple[Any, ...]"}[match[1]]

    lines = text.split("\n")
    for index, line in enumerate(lines):
        if line.lstrip().startswith("def "):
            lines[index] = BARE.sub(with_items, QUOTED.sub(unquote, line))
    return "\n".join(lines), modules


def generic(text: str) -> tuple[str, set[str]]:
    """Make classes generic in the variables their methods name, and ``__new__`` return ``Self``."""
    used: set[str] = set()
    parts = CLASS.split(text)
    for index, part in enumerate(parts):
        names = sorted(name for name in VARIABLES if re.search(rf"\b{name}\b", part))
        used.update(names)
        base = f"(Generic[{', '.join(names)}]):" if names else ":"
        renamed = re.sub(r"^(class \w+):", lambda match, base=base: match[1] + base, part, flags=re.MULTILINE)
        made = re.sub(r"(def __new__\(.*\)) -> \w+:", r"\1 -> Self:", renamed)
        parts[index] = made.replace("    def __new__(", f"{SUBSCRIPT}    def __new__(") if names else made
    return "".join(parts), used


def finished(text: str) -> str:
    """Turn PyO3's stub into ours."""
    text, modules = unquoted(text)
    text, used = generic(text)
    head, names, body = text.partition("\n__all__ = ")
    typing = {"Any", "Self", *(["Generic", "TypeVar"] if used else [])}
    found = re.search(r"from typing import (.*)", head)
    typing |= set(found[1].split(", ")) if found else set()
    head = re.sub(r"from typing import .*\n", "", head).rstrip("\n")
    modules |= {"types"} if used else set()
    imports = "".join(f"import {module}\n" for module in sorted(modules))
    imports += f"from typing import {', '.join(sorted(typing))}\n"
    exported, _, rest = body.partition("]\n")
    variables = "".join(f"{VARIABLES[name]}\n" for name in sorted(used))
    return f"{head}\n\n{imports}{names}{exported}]\n\n{variables}{rest}".replace("\n\n\n", "\n\n")


def main(arguments: list[str]) -> int:
    """Write or check the stub; return the exit code."""
    fresh = finished(generated())
    if arguments != ["--check"]:
        STUB.write_text(fresh, encoding="utf-8")
        return 0
    committed = STUB.read_text(encoding="utf-8") if STUB.exists() else ""
    diff = "".join(
        difflib.unified_diff(
            committed.splitlines(keepends=True), fresh.splitlines(keepends=True), "committed", "generated"
        )
    )
    if diff:
        sys.stderr.write(f"{diff}\n{STUB.relative_to(ROOT)} is out of date: run `make stubs` and commit it\n")
    return 1 if diff else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

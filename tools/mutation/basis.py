"""What an outcome depends on, as a digest: while it is the same, nothing needs to be judged again."""

from __future__ import annotations

import ast
import hashlib

from tools.mutation.rooms import ROOT, Judges


def basis_of(source: str, judges: Judges) -> str:
    """A digest of what the module does, of its tests, and of what they share."""
    digest = hashlib.sha256(_without_docstrings(source).encode())
    tests = set(judges.files)
    folders = {test.parent for test in tests} | {ROOT / "tests"}
    beside = {path for folder in folders for path in folder.glob("*.py") if not path.name.startswith("test_")}
    for path in sorted(tests | beside):
        digest.update(path.read_bytes())
    digest.update(repr(judges).encode())
    return digest.hexdigest()[:16]


def _without_docstrings(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and ast.get_docstring(node, clean=False):
            del node.body[0]
    return ast.dump(tree)

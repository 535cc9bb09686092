"""import-linter enforces the same rules: whole on our tree, broken where a violation is planted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.layers import SEED_RULES

pytest.importorskip("importlinter", reason="import-linter belongs to the dependency group `check`")

ROOT = Path(__file__).resolve().parents[2]
PLANTED = [
    *((rule.source, target) for rule in SEED_RULES for target in rule.forbidden),
    ("tickpath.config", "tickpath.core"),
    ("tickpath.lab", "tickpath.cli"),
    ("tickpath.control.health", "tickpath.reference"),
    ("tickpath.cli", "tickpath.reference"),
    ("tickpath.lab.bench", "tickpath.reference"),
    ("tickpath.reference", "tickpath.core.bus"),
]


def report(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter with the project's contracts on the package in ``tree``."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            *("--config", str(ROOT / "pyproject.toml"), "--no-cache"),
        ],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a folder with a copy of the package's Python files."""
    source = ROOT / "python" / "tickpath"
    shutil.copytree(source, tmp_path / "tickpath", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    return tmp_path


@pytest.mark.slow
def test_the_tree_keeps_every_contract(tree: Path) -> None:
    result = report(tree)
    assert result.returncode == 0, result.stdout + result.stderr
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert result.stdout.count("KEPT") == len(contracts) >= len(SEED_RULES)


@pytest.mark.slow
def test_every_planted_violation_is_reported(tree: Path) -> None:
    for index, (source, target) in enumerate(PLANTED):
        folder = tree.joinpath(*source.split("."))
        if folder.with_suffix(".py").exists():  # the rule is about a module, not a package
            with folder.with_suffix(".py").open("a") as file:
                file.write(f"\nimport {target}\n")
        else:
            (folder / f"planted_{index}.py").write_text(f"import {target}\n")
    result = report(tree)
    assert result.returncode == 1, result.stdout + result.stderr
    for index, (source, target) in enumerate(PLANTED):
        module = tree.joinpath(*source.split(".")).with_suffix(".py").exists()
        importer = source if module else f"{source}.planted_{index}"
        assert f"{importer} -> {target} " in result.stdout, result.stdout


@pytest.mark.slow
def test_a_package_that_belongs_to_no_layer_is_reported(tree: Path) -> None:
    (tree / "tickpath" / "helpers.py").write_text('"""A room that is on no plan."""\n')
    result = report(tree)
    assert result.returncode == 1
    assert "helpers" in result.stdout

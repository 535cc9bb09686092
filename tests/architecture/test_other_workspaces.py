"""The benchmark against other Rust rings: a workspace of its own, built and linted as the project is."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RIVALS = ROOT / "benches" / "rust"


def manifest(folder: Path) -> dict[str, Any]:
    """Return a folder's Cargo.toml."""
    return tomllib.loads((folder / "Cargo.toml").read_text(encoding="utf-8"))


def locked(folder: Path) -> set[str]:
    """Return the names of the packages in a folder's Cargo.lock."""
    lock = tomllib.loads((folder / "Cargo.lock").read_text(encoding="utf-8"))
    return {package["name"] for package in lock["package"]}


def test_it_is_built_as_the_wheel_is() -> None:
    assert manifest(RIVALS)["profile"]["release"] == manifest(ROOT)["profile"]["release"]


def test_it_is_linted_as_the_project_is() -> None:
    assert manifest(RIVALS)["lints"] == manifest(ROOT)["workspace"]["lints"]


def test_it_cannot_be_published() -> None:
    assert manifest(RIVALS)["package"]["publish"] is False


def test_no_rival_is_a_dependency_of_the_project() -> None:
    rivals = {"disruptor", "hft-channel", "photon-ring", "plotters", "rtrb", "tokio"}
    assert rivals <= locked(RIVALS)
    assert rivals & locked(ROOT) == set()

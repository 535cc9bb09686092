"""The benchmark against other Rust rings, and the fuzz targets: workspaces of their own, with our lints."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tools.fuzz import __main__ as fuzz

ROOT = Path(__file__).resolve().parents[2]
RIVALS = ROOT / "benches" / "rust"
FUZZ = ROOT / "rust" / "core" / "fuzz"
LOAD = ROOT / "rust" / "core" / "src" / "ingest" / "load.rs"


def manifest(folder: Path) -> dict[str, Any]:
    """Return a folder's Cargo.toml."""
    return tomllib.loads((folder / "Cargo.toml").read_text(encoding="utf-8"))


def locked(folder: Path) -> set[str]:
    """Return the names of the packages in a folder's Cargo.lock."""
    lock = tomllib.loads((folder / "Cargo.lock").read_text(encoding="utf-8"))
    return {package["name"] for package in lock["package"]}


def test_it_is_built_as_the_wheel_is() -> None:
    assert manifest(RIVALS)["profile"]["release"] == manifest(ROOT)["profile"]["release"]


@pytest.mark.parametrize("folder", [RIVALS, FUZZ], ids=["bench", "fuzz"])
def test_it_is_linted_as_the_project_is_and_cannot_be_published(folder: Path) -> None:
    assert manifest(folder)["lints"] == manifest(ROOT)["workspace"]["lints"]
    assert manifest(folder)["package"]["publish"] is False


def test_every_loader_has_a_fuzz_target_that_make_fuzz_runs() -> None:
    targets = {file.stem for file in (FUZZ / "fuzz_targets").glob("*.rs")}
    loaders = re.search(r"const ALL: \[Self; \d\] = \[(.*?)\];", LOAD.read_text(encoding="utf-8"), re.DOTALL)
    assert loaders is not None
    formats = {name.lower() for name in re.findall(r"Self::(\w+)", loaders[1])}
    assert targets == formats | {"csv", "hlog", "detect"} == set(fuzz.RUST)
    assert targets == {target["name"] for target in manifest(FUZZ)["bin"]}
    assert [name for name in fuzz.PYTHON if not (ROOT / "tools" / "fuzz" / f"{name}.py").exists()] == []


def test_no_fuzzer_is_a_dependency_of_the_project() -> None:
    assert "libfuzzer-sys" in locked(FUZZ) - locked(ROOT)


def test_no_rival_is_a_dependency_of_the_project() -> None:
    rivals = {"disruptor", "hft-channel", "photon-ring", "plotters", "rtrb", "tokio"}
    assert rivals <= locked(RIVALS)
    assert rivals & locked(ROOT) == set()

"""What users install: the wheel's and the sdist's contents, and both at work in empty environments.

``make test-wheel`` builds them and names their folder in ``TICKPATH_DIST``; without it these tests are
skipped, because building a release takes minutes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.pinned import DIGESTS

DIST = Path(os.environ.get("TICKPATH_DIST", "/nowhere"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        "TICKPATH_DIST" not in os.environ, reason="needs built distributions: make test-wheel"
    ),
]
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
BINARIES = "Scripts" if os.name == "nt" else "bin"


def only(pattern: str) -> Path:
    """Return the one file in the folder that matches."""
    [found] = DIST.glob(pattern)
    return found


def interpreter(version: str) -> str | None:
    """Find a CPython of that version: on the path, or where pyenv and others put them."""
    candidates = [
        shutil.which(f"python{version}"),
        f"/usr/bin/python{version}",
        f"/usr/local/bin/python{version}",
    ]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates += sorted(str(path) for path in pyenv.glob(f"{version}.*/bin/python"))
    # Those of setup-python, which on Windows are on no path.
    runners = Path(os.environ.get("RUNNER_TOOL_CACHE", "/nowhere")) / "Python"
    candidates += sorted(str(path) for path in runners.glob(f"{version}.*/*/python.exe"))
    probe = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    for candidate in filter(None, candidates):
        if not Path(candidate).exists():
            continue
        found = subprocess.run([candidate, "-c", probe], capture_output=True, text=True, check=False)
        if found.stdout.strip() == version:
            return candidate
    return None


def install(python: str, folder: Path, distribution: Path) -> Path:
    """Install a distribution into a new environment in ``folder``; return where its commands are."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / BINARIES / "python"), "-m", "pip", "install", "--quiet"]
    # An sdist is built with its dependencies' artefacts of this checkout: minutes less, and the same sources.
    built = str(Path(__file__).resolve().parents[2] / "target")
    environment = {**os.environ, "CARGO_TARGET_DIR": built, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run(
        [*pip, str(distribution)],
        check=True,
        env=environment,
    )
    return folder / BINARIES


def run(binaries: Path, folder: Path, *arguments: str) -> dict[str, Any]:
    """Run ``tickpath run`` outside the checkout, and return its object."""
    command = [str(binaries / "tickpath"), "run", *arguments, "--json"]
    clean = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        command, cwd=folder, env=clean, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["schema"] == "tickpath/run/1"
    assert result["ledger"]["balanced"] is True
    return result


def run_the_main_job(binaries: Path, folder: Path) -> None:
    """The main job, and what is the same under every Python: the digests of runs in virtual time."""
    assert run(binaries, folder, "--events", "2000", "--max")["feed"]["events"] == 2000
    for name, digest in DIGESTS.items():
        assert run(binaries, folder, name, "--mode", "virtual")["digest"] == digest


@pytest.mark.parametrize("version", VERSIONS)
def test_the_wheel_works_in_an_empty_environment(version: str, tmp_path: Path) -> None:
    python = interpreter(version)
    if python is None:
        assert "TICKPATH_EVERY_PYTHON" not in os.environ, f"no CPython {version}"
        pytest.skip(f"no CPython {version} on this machine")
    run_the_main_job(install(python, tmp_path / "venv", only("*.whl")), tmp_path)


def test_the_sdist_builds_in_an_empty_environment(tmp_path: Path) -> None:
    run_the_main_job(install(sys.executable, tmp_path / "venv", only("*.tar.gz")), tmp_path)


def test_the_wheel_holds_the_package_and_nothing_else() -> None:
    wheel = only("*.whl")
    assert re.fullmatch(r"tickpath-[\d.]+-cp311-abi3-\w+\.whl", wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {"tickpath/_native.pyi", "tickpath/py.typed"} <= set(names)
    assert len([name for name in names if re.fullmatch(r"tickpath/_native(\.abi3\.so|\.pyd)", name)]) == 1
    assert len([name for name in names if name.startswith("tickpath/lab/scenarios/")]) > 12
    assert "tickpath/lab/page/templates/page.html" in names
    assert any(re.fullmatch(r"tickpath-[\d.]+\.dist-info/licenses/LICENSE", name) for name in names)
    strangers = [
        name
        for name in names
        if not re.fullmatch(r"tickpath/([\w/]+\.pyi?|py\.typed|_native\.abi3\.so|_native\.pyd)", name)
        and not re.fullmatch(r"tickpath/lab/(scenarios|demo/acts)/[a-z-]+\.toml", name)
        and not re.fullmatch(r"tickpath/lab/page/templates/[a-z]+\.(css|html|js)", name)
        and not re.match(r"tickpath-[\d.]+\.dist-info/", name)
        and not re.fullmatch(r"tickpath\.libs/.*", name)
    ]
    assert strangers == []


def test_the_wheel_says_what_it_is() -> None:
    with zipfile.ZipFile(only("*.whl")) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = archive.read(name).decode()
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt")]
        scripts = archive.read(name).decode()
    head, _, body = metadata.partition("\n\n")
    assert "Requires-Python: >=3.11" in head
    assert "License-Expression: MIT" in head
    assert "Classifier: Typing :: Typed" in head
    assert body.lstrip().startswith("# tickpath")
    assert "tickpath=tickpath.cli:main" in scripts.replace(" ", "")


def test_the_binary_uses_nothing_but_the_stable_abi_of_3_11() -> None:
    command = [sys.executable, "-m", "abi3audit", "--strict", "--report", str(only("*.whl"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    [audited] = json.loads(done.stdout)["specs"].values()
    [binary] = audited["wheel"]
    assert binary["result"]["is_abi3"] is True
    assert binary["result"]["is_abi3_baseline_compatible"] is True
    assert binary["result"]["non_abi3_symbols"] == []


def test_the_sdist_holds_what_a_build_needs() -> None:
    with tarfile.open(only("*.tar.gz")) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers()}
    needed = {
        *("Cargo.toml", "Cargo.lock", "pyproject.toml", "README.md", "LICENSE", "PKG-INFO"),
        *("rust/core/Cargo.toml", "rust/core/src/lib.rs", "rust/python/Cargo.toml", "rust/python/src/lib.rs"),
        *("python/tickpath/__init__.py", "python/tickpath/_native.pyi", "python/tickpath/py.typed"),
    }
    assert needed <= names
    assert not [name for name in names if name.endswith((".so", ".pyc")) or "/target/" in name]

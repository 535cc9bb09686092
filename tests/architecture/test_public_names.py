"""The names people import: where the design puts them, listed, sorted, and light to load."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
import types
from pathlib import Path

import pytest

import tickpath

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python" / "tickpath"

# Design section 3's import block, then section 4's names.
NAMES = {
    "tickpath.core.time": ["now", "delta"],
    "tickpath.core.bus": ["RingBuffer", "Consumer", "Overrun", "NotPublished", "EventRing", "EventReader"],
    "tickpath.core.state": ["Lifecycle", "State", "Transition", "InvalidTransition"],
    "tickpath.core.execution": ["Executor", "Ack", "NotReady", "ACK_DTYPE"],
    "tickpath.core.execution.observability": ["ObservabilitySink", "NoOpSink"],
    "tickpath.core.ingest": ["MarketDataSource", "EVENT_DTYPE"],
    "tickpath.core.engine": ["Engine", "EngineRecord", "EngineSnapshot", "AckReader", "SinkAccount"],
    "tickpath.config.engine": ["EngineSettings", "ConsumerSettings", "ThreadSettings", "ServiceTime"],
    "tickpath.control.metrics": ["Metrics", "Snapshot", "LatencySink", "LatencyHistogram", "write_hlog"],
    "tickpath.control.failure": [
        *("FailureScenario", "MarketDataOutage", "ExecutionFailure", "Cause", "held", "held_causes"),
        *("ExternalSignal", "Injector", "InjectionEvent"),
    ],
    "tickpath.control.health": ["Look", "Probe", "Reading", "HealthMonitor", "Watch", "monitor_objects"],
    "tickpath.runtime.warmup": ["WarmUp", "WarmupCertificate", "WarmupStep", "FrozenGarbage"],
    "tickpath.runtime.readiness": ["Readiness", "UnmetCondition"],
    "tickpath.runtime.shutdown": ["Shutdown", "ShutdownResult"],
    "tickpath.runtime.status": ["RuntimeStatus", "StatusBoard"],
    "tickpath.runtime.endpoints": ["Endpoints", "parse_address"],
}
SEED_MODULES = [
    *("tickpath.core." + part for part in ("bus", "execution", "ingest", "state", "time")),
    *("tickpath.control." + part for part in ("automation", "failure", "health", "metrics")),
    *("tickpath.runtime." + part for part in ("readiness", "shutdown", "warmup")),
    "tickpath.config",
]
MODULES = sorted(
    ".".join(["tickpath", *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if path.name != "__main__.py"
)


@pytest.mark.parametrize(("module", "name"), [(m, name) for m, names in NAMES.items() for name in names])
def test_a_name_is_where_the_design_puts_it(module: str, name: str) -> None:
    found = importlib.import_module(module)
    assert hasattr(found, name)
    assert name in found.__all__


@pytest.mark.parametrize("module", SEED_MODULES)
def test_a_module_of_the_seed_exists_and_says_what_it_is_for(module: str) -> None:
    assert len((importlib.import_module(module).__doc__ or "").strip()) > 20


def public(module: types.ModuleType) -> list[str]:
    """Return what a module defines or re-exports on purpose, whatever ``__all__`` says."""
    names = []
    for name, value in vars(module).items():
        if name.startswith("_") or isinstance(value, types.ModuleType):
            continue
        home = getattr(value, "__module__", None)
        if isinstance(home, str) and home.startswith("tickpath"):
            names.append(name)
    return sorted(names)


def rank(name: str) -> tuple[int, str]:
    """Sort as ruff does: constants, classes, the rest."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("name", MODULES)
def test_all_is_complete_and_sorted(name: str) -> None:
    module = importlib.import_module(name)
    listed = getattr(module, "__all__", [])
    assert list(listed) == sorted(listed, key=rank), "sort __all__"
    assert all(hasattr(module, entry) for entry in listed), "__all__ names what is not there"
    if (PACKAGE.joinpath(*name.split(".")[1:]) / "__init__.py").exists() and name != "tickpath":
        missing = [entry for entry in public(module) if entry not in listed]
        assert missing == [], "a package's public names belong into its __all__"


def test_the_version_is_written_once() -> None:
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    version = cargo["workspace"]["package"]["version"]
    assert tickpath.__version__ == version
    assert cargo["workspace"]["dependencies"]["tickpath-core"]["version"] == version
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["dynamic"] == ["version"]
    assert "version" not in project
    for crate in ("core", "python"):
        manifest = tomllib.loads((ROOT / "rust" / crate / "Cargo.toml").read_text(encoding="utf-8"))
        assert manifest["package"]["version"] == {"workspace": True}


@pytest.mark.slow
@pytest.mark.parametrize(
    "module",
    [
        "tickpath",
        "tickpath.core.arrow",
        "tickpath.core.bus",
        "tickpath.core.engine",
        "tickpath.core.execution",
        "tickpath.core.state",
        "tickpath.core.time",
        "tickpath.control.metrics",
        "tickpath.control.failure",
        "tickpath.control.health",
        "tickpath.runtime.warmup",
        "tickpath.runtime.endpoints",
    ],
)
def test_an_import_loads_neither_numpy_nor_the_command_lines_libraries(module: str) -> None:
    heavy = ("numpy", "click", "rich", "pandas", "polars", "pyarrow", "asyncio")
    program = f"import sys, {module}; print(*(name for name in {heavy} if name in sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    assert found.stdout.split() == []


def test_importing_the_package_loads_none_of_its_parts() -> None:
    program = "import sys, tickpath; print(*(name for name in sys.modules if name.startswith('tickpath.')))"
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    assert found.stdout.split() == []

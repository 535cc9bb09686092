"""The dependency rules hold, and breaking any one of them is seen, in every spelling of an import."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.layers import DYNAMIC, SEED_RULES, violations

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python" / "tickpath"


def plant(folder: Path, module: str, source: str) -> Path:
    """Write ``module`` with ``source`` below ``folder``; return the package's folder."""
    path = folder.joinpath(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return folder / "tickpath"


def test_the_package_breaks_no_rule() -> None:
    assert [str(violation) for violation in violations(PACKAGE)] == []


def test_the_package_is_really_read() -> None:
    assert len(list(PACKAGE.rglob("*.py"))) > 20
    assert (PACKAGE / "core" / "bus" / "__init__.py").exists()


@pytest.mark.parametrize(
    ("source", "target"), [(rule.source, target) for rule in SEED_RULES for target in rule.forbidden]
)
def test_each_rule_of_the_seed_is_enforced(tmp_path: Path, source: str, target: str) -> None:
    root = plant(tmp_path, f"{source}.planted", f"import {target}\n")
    [found, *_] = violations(root)
    assert (found.source, found.target, found.line) == (f"{source}.planted", target, 1)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("tickpath.lab", "tickpath.cli"),
        ("tickpath.runtime", "tickpath.lab"),
        ("tickpath.control.health", "tickpath.runtime.session"),
        ("tickpath.config", "tickpath.core.bus"),
        ("tickpath.errors", "tickpath.config"),
        ("tickpath.core.bus", "tickpath.reference"),
        ("tickpath.cli", "tickpath.reference"),
        ("tickpath.lab.bench", "tickpath.reference"),
        ("tickpath.reference", "tickpath.core.bus"),
        ("tickpath.reference", "tickpath._native"),
    ],
)
def test_each_layer_imports_downwards_only(tmp_path: Path, source: str, target: str) -> None:
    assert violations(plant(tmp_path, f"{source}.planted", f"import {target}\n"))


@pytest.mark.parametrize(
    "source",
    [
        "import tickpath.core.bus",
        "import tickpath.core.bus as ring",
        "from tickpath.core import bus",
        "from tickpath.core import bus as ring",
        "from tickpath.core.bus import RingBuffer",
        "from tickpath.core.bus import *",
        "from ...core import bus",
        "from ...core.bus import RingBuffer",
        "def f():\n    from tickpath.core import bus",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from tickpath.core.bus import Consumer",
        "try:\n    import tickpath.core.bus\nexcept ImportError:\n    pass",
        "import importlib\nimportlib.import_module('tickpath.core.bus')",
        "from importlib import import_module as load\nload('tickpath.core.bus')",
        "import importlib\nimportlib.import_module('.bus', package='tickpath.core')",
        "import importlib\nimportlib.import_module('.bus', 'tickpath.core')",
        "__import__('tickpath.core.bus')",
        "import tickpath\nring = tickpath.core.bus.RingBuffer(1)",
        "import tickpath as t\nring = t.core.bus.RingBuffer(1)",
        "from tickpath import core\nring = core.bus.RingBuffer(1)",
    ],
)
def test_every_spelling_of_an_import_is_seen(tmp_path: Path, source: str) -> None:
    root = plant(tmp_path, "tickpath.control.metrics.planted", source + "\n")
    assert any(found.target.startswith("tickpath.core.bus") for found in violations(root))


def test_only_the_part_that_measures_the_object_tier_may_use_the_reference(tmp_path: Path) -> None:
    assert (
        violations(plant(tmp_path, "tickpath.lab.bench.object_tier", "from tickpath import reference\n"))
        == []
    )


def test_an_import_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    source = "import importlib\nimportlib.import_module(name)\n"
    [found] = violations(plant(tmp_path, "tickpath.core.planted", source))
    assert (found.target, found.line) == (DYNAMIC, 2)


@pytest.mark.parametrize(
    "source",
    [
        "import tickpath.core.time",
        "from tickpath.core import state",
        "from tickpath.core.business import x",  # begins like a forbidden name, and is another one
        "from . import bus",  # tickpath.control.metrics.bus
    ],
)
def test_an_allowed_import_passes(tmp_path: Path, source: str) -> None:
    assert violations(plant(tmp_path, "tickpath.control.metrics.planted", source + "\n")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.time()",
        "import time as t\nt.time_ns()",
        "from time import time",
        "from time import monotonic_ns as now",
        "import time\ntime.monotonic()",
        "import time\ntime.sleep(1)",
        "import time\ntime.perf_counter_ns()",
        "import datetime\ndatetime.datetime.now()",
        "from datetime import datetime\ndatetime.utcnow()",
        "from datetime import datetime as d\nstamp = d.now",
        "import datetime as d\nd.date.today()",
        "def f():\n    from datetime import date\n    return date.today()",
    ],
)
def test_the_core_has_one_clock(tmp_path: Path, source: str) -> None:
    assert violations(plant(tmp_path, "tickpath.core.bus.planted", source + "\n"))


def test_the_one_clock_may_be_read_in_its_home_and_any_clock_outside_the_core(tmp_path: Path) -> None:
    plant(tmp_path, "tickpath.core.time.planted", "from time import perf_counter_ns\n")
    root = plant(tmp_path, "tickpath.control.planted", "import time\ntime.time()\n")
    assert violations(root) == []


def test_the_clocks_home_has_no_wall_clock_either(tmp_path: Path) -> None:
    assert violations(plant(tmp_path, "tickpath.core.time.planted", "import time\ntime.time_ns()\n"))

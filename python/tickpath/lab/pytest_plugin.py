"""The pytest plugin: drills as tests. pytest finds it by itself where tickpath is installed.

Two ways, both in ``docs/guides/drills-in-pytest.md``:

- A file called ``NAME.drill.toml`` among the tests is collected: it has to pass, and if it names something
  under ``[break]``, it has to fail without that.
- The fixture ``drill`` runs a shipped drill or a scenario file, fails the test with story and grade unless
  every objective was met, and returns what happened.

pytest loads this module in every session of an environment that has tickpath, whoever's tests they are: so
at import it loads nothing of tickpath's parts. Runs block until they are over; in virtual time, the
default, a drill takes some ten milliseconds and is the same each time.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tickpath.lab.drill import DrillResult
    from tickpath.lab.facts import Mode

__all__ = ["drill", "pytest_addoption", "pytest_collect_file"]

_SUFFIX = ".drill.toml"
_COLUMNS = 120


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--drill-mode``: by virtual time, or on threads of this machine."""
    parser.getgroup("tickpath").addoption(
        "--drill-mode",
        choices=("virtual", "live"),
        default="virtual",
        help="run drills by an exact model of time (default), or on threads of this machine",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A scenario file that is called ``NAME.drill.toml`` is a file of tests."""
    if file_path.name.endswith(_SUFFIX):
        return _DrillFile.from_parent(parent, path=file_path)
    return None


@pytest.fixture
def drill(request: pytest.FixtureRequest) -> Callable[..., DrillResult]:
    """Runs a drill and holds the test to its grade: ``drill("market-data-outage")``.

    ``drill(name, *, mode=None, broken=False)`` takes the name of a shipped drill, or the path of a scenario
    file, relative to the test's file. It fails the test, with the story and the grade, unless every
    objective was met; with ``broken``, what ``[break]`` names is switched off, and the drill has to fail.
    ``mode`` is ``"virtual"`` or ``"live"``, by default that of ``--drill-mode``. It returns the
    :class:`~tickpath.lab.drill.DrillResult`, whose ``facts`` have every figure.

    Raises :class:`~tickpath.errors.ScenarioError` for a file that is wrong.
    """

    def run(name: str, *, mode: Mode | None = None, broken: bool = False) -> DrillResult:
        beside = request.path.parent / name
        return _held(str(beside) if beside.is_file() else name, mode or _mode(request.config), broken=broken)

    return run


class _DrillFile(pytest.File):
    """A scenario file among the tests."""

    def collect(self) -> Iterator[pytest.Item]:
        """It passes, and without what it names it does not."""
        from tickpath.errors import ScenarioError
        from tickpath.lab.drill import load_drill

        try:
            scenario = load_drill(str(self.path))
        except ScenarioError as error:
            raise self.CollectError(str(error)) from None
        yield _DrillItem.from_parent(self, name="passes", broken=False)
        if scenario.break_.disable:
            name = f"fails without {scenario.break_.disable}"
            yield _DrillItem.from_parent(self, name=name, broken=True)


class _DrillItem(pytest.Item):
    """One run of a scenario file."""

    def __init__(self, *, broken: bool, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._broken = broken

    def runtest(self) -> None:
        _held(str(self.path), _mode(self.config), broken=self._broken)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"{self.path.name}: {self.name}"


def _mode(config: pytest.Config) -> Mode:
    mode: Mode = config.getoption("--drill-mode")
    return mode


def _held(name: str, mode: Mode, *, broken: bool) -> DrillResult:
    """Runs the drill; fails the present test unless it came out as it has to."""
    from tickpath.lab.drill import load_drill, run_drill
    from tickpath.lab.scenario_run import run_scenario

    result = run_drill(load_drill(name), mode, run_scenario, broken=broken)
    if result.grade.passed == broken:
        pytest.fail(_account(result, mode), pytrace=False)
    return result


def _account(result: DrillResult, mode: Mode) -> str:
    """The story and the grade, as ``tickpath drill run`` prints them."""
    import io

    from rich.console import Console

    from tickpath.lab.drill_report import drill_report
    from tickpath.lab.drill_text import print_drills

    text = io.StringIO()
    report = drill_report([result], mode=mode, wall_ns=result.wall_ns)
    print_drills(report, Console(file=text, width=_COLUMNS, color_system=None), summary=False)
    lines = [line.rstrip() for line in text.getvalue().splitlines()]
    if result.disabled:
        lines.insert(0, f"it has to fail without {result.disabled}, and it passed: it would not notice")
    return "\n".join(lines)

"""A drill: a scenario that is run and graded, and the ones that are shipped.

A shipped drill is a scenario file in the package (``tickpath/lab/scenarios``); a file of one's own is run the same way.
With ``broken`` the part that the file names under ``[break]`` is switched off, a probe or a runbook: the
drill then has to fail, or it proves nothing.

Running blocks until the run is over; everything else reads files and returns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from tickpath.config.scenario import load_scenario
from tickpath.core.ingest.suggest import suggestion
from tickpath.core.time import now
from tickpath.errors import ArgumentValueError
from tickpath.lab.grading import Grade, grade

if TYPE_CHECKING:
    from tickpath.config.scenario import Scenario
    from tickpath.lab.facts import DrillFacts, Mode

__all__ = ["DrillResult", "Runner", "drill_names", "find_drill", "load_drill", "run_drill"]

#: What others extend, and no drill itself.
_BASE = "base"
_SUFFIX = ".toml"

Runner = Callable[["Scenario", "Mode"], "DrillFacts"]
"""Runs a scenario, in that mode, and says what happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillResult:
    """A drill that was run."""

    scenario: Scenario
    """What was run."""
    facts: DrillFacts
    """What happened."""
    grade: Grade
    """What that is worth."""
    disabled: str | None
    """What ``broken`` switched off; ``None`` if nothing was."""
    wall_ns: int
    """How long it took, on the machine's clock."""

    @property
    def verdict(self) -> str:
        """``pass``, ``fail`` or ``interrupted``."""
        if self.facts.verdict == "interrupted":
            return "interrupted"
        return "pass" if self.grade.passed else "fail"


def drill_names() -> tuple[str, ...]:
    """The shipped drills, in the order of the alphabet."""
    return tuple(sorted(path.stem for path in _folder().glob(f"*{_SUFFIX}") if path.stem != _BASE))


def find_drill(name: str) -> Path:
    """The file of the shipped drill ``name``, or the scenario file ``name`` itself.

    Raises ``ArgumentValueError`` if there is neither.
    """
    if name in drill_names():
        return _folder() / f"{name}{_SUFFIX}"
    if name.endswith(_SUFFIX) or Path(name).is_file():
        return Path(name)
    raise ArgumentValueError(
        f"{name!r} is no drill and no scenario file{suggestion(name, drill_names())}"
        " (tickpath drill list names them all)"
    )


def load_drill(name: str) -> Scenario:
    """The scenario of a shipped drill or of a file."""
    return load_scenario(find_drill(name))


def run_drill(scenario: Scenario, mode: Mode, run: Runner, *, broken: bool = False) -> DrillResult:
    """Runs ``scenario`` with ``run`` and grades it; with ``broken`` without what ``[break]`` names.

    Raises ``ArgumentValueError`` for ``broken`` if the scenario names nothing to switch off.
    """
    disabled = None
    if broken:
        disabled = scenario.break_.disable
        if disabled is None:
            raise ArgumentValueError(
                f"the scenario {scenario.name} names nothing to switch off: expected [break] with "
                'disable = "probe:NAME" or "runbook:NAME"'
            )
        scenario = scenario.broken()
    begin_ns = now()
    facts = run(scenario, mode)
    return DrillResult(
        scenario=scenario,
        facts=facts,
        grade=grade(facts, scenario.objectives),
        disabled=disabled,
        wall_ns=now() - begin_ns,
    )


def _folder() -> Path:
    # A wheel is unpacked where it is installed: its data are files.
    return Path(str(files("tickpath.lab"))) / "scenarios"

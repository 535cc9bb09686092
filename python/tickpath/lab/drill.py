"""A drill: a scenario that is run and graded, and the ones that are shipped.

A shipped drill is a scenario file in the package (``tickpath/lab/scenarios``); a file of one's own is run
the same way. With ``broken`` the part that the file names under ``[break]`` is switched off, a probe or a
runbook: the drill then has to fail, or it proves nothing.

Running blocks until the run is over; everything else reads files and returns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from tickpath.config.checks import instance
from tickpath.config.scenario import Scenario, ScenarioError, ScenarioProblem, read_scenario
from tickpath.config.suggest import suggestion
from tickpath.control.automation.runbooks import build
from tickpath.core.time import now
from tickpath.errors import ArgumentTypeError, ArgumentValueError
from tickpath.lab.grading import Grade, grade

if TYPE_CHECKING:
    from tickpath.config.scenario import RunbookSettings
    from tickpath.lab.facts import DrillFacts, Mode

__all__ = ["DrillResult", "Runner", "drill_names", "load_drill", "run_drill", "shipped_scenarios"]

#: What others extend, and no drill itself.
_BASE = "base"

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

    def _repr_html_(self) -> str:
        """What a notebook shows: the verdict, and the grade line by line."""
        from tickpath.lab.drill_text import html_of_grade

        return html_of_grade(self)


def shipped_scenarios() -> dict[str, Path]:
    """The scenario files in the package by name, in the order of the alphabet; ``base`` is no drill."""
    # A wheel is unpacked where it is installed: its data are files.
    folder = Path(str(files("tickpath.lab"))) / "scenarios"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def drill_names() -> tuple[str, ...]:
    """The shipped drills, in the order of the alphabet."""
    return tuple(name for name in shipped_scenarios() if name != _BASE)


def load_drill(name: str) -> Scenario:
    """The scenario of a shipped drill or of a file, its runbooks judged as well. Raises ``ScenarioError``."""
    read = read_scenario(name, builtin=shipped_scenarios())
    problems = []
    for index, book in enumerate(read.scenario.runbooks):
        key, reason = f"runbooks[{index}]", _wrong_with(book, read.scenario.stages)
        if reason is not None:
            problems.append(ScenarioProblem(read.origins.of(key), key, f"is wrong: {reason}"))
    if problems:
        raise ScenarioError(tuple(problems))
    return read.scenario


def _wrong_with(book: RunbookSettings, stages: tuple[str, ...]) -> str | None:
    """What only those know who know the runbooks; ``None`` if nothing."""
    try:
        build(book.name, timeout_ns=book.timeout_ns, params=book.params)
    except (ArgumentTypeError, ArgumentValueError) as error:
        return str(error)
    stage = book.params.get("stage")
    if stage is None or stage in stages:
        return None
    known = f"params.stage must be a stage ({', '.join(stages)}), got {stage!r}"
    return known + suggestion(str(stage), stages)


def run_drill(scenario: Scenario, mode: Mode, run: Runner, *, broken: bool = False) -> DrillResult:
    """Runs ``scenario`` with ``run`` and grades it; with ``broken`` without what ``[break]`` names.

    Raises ``ArgumentValueError`` for ``broken`` if the scenario names nothing to switch off, and
    ``ArgumentTypeError`` for what is no scenario, such as a name: :func:`load_drill` loads one.
    """
    instance("scenario", scenario, Scenario)
    disabled = None
    if broken:
        disabled, scenario = scenario.break_.disable, scenario.broken()
    begin_ns = now()
    facts = run(scenario, mode)
    return DrillResult(
        scenario=scenario,
        facts=facts,
        grade=grade(facts, scenario.objectives),
        disabled=disabled,
        wall_ns=now() - begin_ns,
    )

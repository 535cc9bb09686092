"""The four acts: scenarios of the shipped drills, shortened, run and graded by the drill's own rules.

The last one is ended by a signal: live a real SIGTERM, which this process sends to itself, in virtual
time the request that it would become. Each blocks until its run is over.
"""

from __future__ import annotations

import dataclasses
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tickpath.config.scenario import load_scenario
from tickpath.core.time import now
from tickpath.lab.drill import DrillResult, shipped_scenarios
from tickpath.lab.grading import Grade, GradeRow, grade
from tickpath.lab.scenario_run import run_source
from tickpath.lab.scenario_source import load_source
from tickpath.runtime.signals import StopSignals

if TYPE_CHECKING:
    from tickpath.config.scenario import Scenario
    from tickpath.control.health.look import Look
    from tickpath.core.ingest import MarketDataSource
    from tickpath.lab.facts import DrillFacts, Mode
    from tickpath.runtime.session import Session
    from tickpath.runtime.shutdown import ShutdownResult

__all__ = ["ACTS", "Act", "Stage", "act_scenario", "play"]


@dataclass(frozen=True, slots=True)
class Act:
    """One act."""

    name: str
    """Of its scenario."""
    title: str
    """For people."""
    counted_at_ns: int | None = None
    """When the events are counted that wait for the executor; ``None`` for never."""
    is_ended: bool = False
    """Whether a signal ends it then."""


ACTS = (
    Act("slow-logger", "a slow logger"),
    Act("freeze-in-burst", "the feed freezes in mid-burst", 300_000_000),
    Act("overlapping-causes", "overlapping causes"),
    Act("sigterm-under-load", "SIGTERM under load", 280_000_000, is_ended=True),
)
"""In their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What an act is played on."""

    mode: Mode
    seed: int
    should_stop: Callable[[], bool]
    """Whether somebody outside wants the end of it."""
    progress: Callable[[str, int, int], object]
    """Told what is played, how much of it, and of how much."""


@dataclass(slots=True)
class _Eye:
    """Sees every look of an act, and does what is due at one of them."""

    act: Act
    stage: Stage
    length_ns: int
    send: Callable[[], object]
    waiting: int | None = None
    """Events that waited for the executor at the moment they are counted at."""
    asked: list[str] = field(default_factory=list)

    def look(self, look: Look, *_others: Any) -> None:
        """After each turn of the control side."""
        self.stage.progress(self.act.title, min(look.at_ns, self.length_ns), self.length_ns)
        due_ns = self.act.counted_at_ns
        if due_ns is None or self.waiting is not None or look.at_ns < due_ns:
            return
        self.waiting = look.stages["executor"].backlog
        if self.act.is_ended:
            self.send()


def act_scenario(act: Act, seed: int) -> Scenario:
    """The scenario of ``act`` from ``seed`` on."""
    path = Path(str(files("tickpath.lab.demo"))) / "acts" / f"{act.name}.toml"
    return dataclasses.replace(load_scenario(path, builtin=shipped_scenarios()), seed=seed)


def play(act: Act, stage: Stage) -> tuple[DrillResult, int | None]:
    """The act, graded, and how many events waited at its point; ``None`` if they are not counted."""
    scenario, begin_ns = act_scenario(act, stage.seed), now()
    length_ns = round(scenario.feed.model_events / scenario.feed.model_rate_hz * 1e9)
    source = load_source(scenario)
    rows: tuple[GradeRow, ...] = ()
    if act.is_ended:
        facts, waiting, rows = _ended(act, stage, scenario, source, length_ns)
    else:
        eye = _Eye(act, stage, length_ns, send=lambda: None)
        facts, _ = run_source(scenario, source, stage.mode, should_stop=stage.should_stop, observe=eye.look)
        waiting = eye.waiting
    graded = Grade((*rows, *grade(facts, scenario.objectives).rows))
    return (
        DrillResult(scenario=scenario, facts=facts, grade=graded, disabled=None, wall_ns=now() - begin_ns),
        waiting,
    )


_SIGNAL = signal.SIGTERM.name


def _ended(
    act: Act, stage: Stage, scenario: Scenario, source: MarketDataSource, length_ns: int
) -> tuple[DrillFacts, int | None, tuple[GradeRow, ...]]:
    """A run that a signal of ours ends, and what is graded of its end; another one interrupts it."""
    with StopSignals() as signals:
        asked: list[Callable[[str], object]] = []

        def before(session: Session) -> None:
            asked.append(session.shutdown.request)
            signals.defer(session.shutdown.request)

        def send() -> None:
            # Signals are the main thread's: elsewhere ours would end the process.
            is_main = threading.current_thread() is threading.main_thread()
            if stage.mode == "live" and is_main:
                signal.raise_signal(signal.SIGTERM)
            else:
                asked[0](_SIGNAL)

        eye = _Eye(act, stage, length_ns, send)
        facts, result = run_source(
            scenario, source, stage.mode, should_stop=stage.should_stop, observe=eye.look, before=before
        )
    shutdown = None if result is None else result.shutdown
    is_ours = shutdown is not None and shutdown.by == (_SIGNAL,) and eye.waiting is not None
    if facts.verdict == "interrupted" and is_ours:
        # As it was meant to end.
        facts = dataclasses.replace(facts, verdict="pass")
    return facts, eye.waiting, _ending(shutdown)


def _ending(shutdown: ShutdownResult | None) -> tuple[GradeRow, ...]:
    """What is graded of the end."""
    if shutdown is None:
        note = "the run was over before the signal"
        return (
            GradeRow(
                name="ended by", unit="words", measured=None, limit=_SIGNAL, verdict="unknown", note=note
            ),
        )
    unread = sum(shutdown.unread.values())
    by = ", ".join(shutdown.by)
    return (
        _row("ended by", "words", by, _SIGNAL, passed=by == _SIGNAL),
        _row("drained", "words", shutdown.drained, True, passed=shutdown.drained, note=shutdown.reason),
        _row("events left unread", "events", unread, 0, passed=not unread),
        GradeRow(
            name="time to drain", unit="ns", measured=shutdown.duration_ns, limit=None, verdict="reported"
        ),
    )


def _row(name: str, unit: Any, measured: Any, limit: Any, *, passed: bool, note: str = "") -> GradeRow:
    verdict: Any = "pass" if passed else "fail"
    return GradeRow(name=name, unit=unit, measured=measured, limit=limit, verdict=verdict, note=note)

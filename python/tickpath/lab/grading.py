"""The grade of a drill: what was measured, what was allowed, and whether it passed.

A pure function of :class:`~tickpath.lab.facts.DrillFacts` and the scenario's objectives. What is demanded
and not known fails; what is not demanded is reported and cannot fail. Three demands are made of every
drill, whatever its objectives say: the run passes by itself, its books balance, and nothing was executed
outside READY.

Each time is measured from what caused it: detection and degradation from the beginning of a fault, recovery
from the end of the last one. Live, each limit on a time is wider by ``live_slack_ns``: what a machine that
stands still may add. In virtual time nothing stands still and the limits are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tickpath.core.state import State

if TYPE_CHECKING:
    from tickpath.config.scenario.responses import ObjectiveSettings
    from tickpath.lab.facts import DrillFacts

__all__ = ["Grade", "GradeRow", "RowVerdict", "Unit", "grade"]

RowVerdict = Literal["pass", "fail", "unknown", "reported"]
Unit = Literal["ns", "events", "share", "words"]
Value = int | float | str | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRow:
    """One line of the grade."""

    name: str
    """What was measured."""
    unit: Unit
    """Of the two values."""
    measured: Value | None
    """``None`` if it is not known."""
    limit: Value | None
    """What was demanded; ``None`` for nothing."""
    verdict: RowVerdict
    """``unknown`` is demanded and not known: it fails the drill. ``reported`` was not demanded."""
    note: str = ""
    """Why it is unknown, or what stands behind the number."""

    @property
    def failed(self) -> bool:
        """Whether this line fails the drill."""
        return self.verdict in ("fail", "unknown")


@dataclass(frozen=True, slots=True)
class Grade:
    """All lines of one drill."""

    rows: tuple[GradeRow, ...]
    """In the order of the table."""

    @property
    def passed(self) -> bool:
        """Whether no line failed."""
        return not any(row.failed for row in self.rows)

    @property
    def failures(self) -> tuple[GradeRow, ...]:
        """The lines that failed it."""
        return tuple(row for row in self.rows if row.failed)


def grade(facts: DrillFacts, objectives: ObjectiveSettings) -> Grade:
    """The grade of ``facts`` by ``objectives``."""
    slack_ns = objectives.live_slack_ns if facts.mode == "live" else 0
    return Grade(
        (
            _run(facts),
            _balanced(facts),
            _outside_ready(facts),
            *_detections(facts, objectives, slack_ns),
            *_answers(facts, objectives),
            _degraded(facts, objectives, slack_ns),
            _recovered(facts, objectives, slack_ns),
            _lost(facts, objectives),
            _share(facts, objectives),
            _p99(facts, objectives, slack_ns),
            *_reports(facts, objectives),
        )
    )


def _run(facts: DrillFacts) -> GradeRow:
    passed = facts.verdict == "pass"
    return GradeRow(
        name="the run itself",
        unit="words",
        measured=facts.verdict,
        limit="pass",
        verdict="pass" if passed else "fail",
        note="; ".join(facts.reasons),
    )


def _balanced(facts: DrillFacts) -> GradeRow:
    wrong = [name for name, books in facts.books.items() if not books.balanced]
    known = facts.balanced is not None and bool(facts.books)
    balanced = bool(facts.balanced) and not wrong
    return GradeRow(
        name="ledger balanced",
        unit="words",
        measured=balanced if known else None,
        limit=True,
        verdict=("pass" if balanced else "fail") if known else "unknown",
        note=f"not balanced: {', '.join(wrong)}" if wrong else "",
    )


def _outside_ready(facts: DrillFacts) -> GradeRow:
    outside = facts.executed_outside_ready
    note = "no proof: the epoch table and the history do not agree" if outside is None else ""
    return _at_most("executed while not READY", "events", outside, 0, note=note)


def _detections(facts: DrillFacts, objectives: ObjectiveSettings, slack_ns: int) -> list[GradeRow]:
    """A line for each cause that was to be seen: from the last fault that had begun by then to the cause."""
    limit_ns = _with_slack(objectives.detect_ns_max, slack_ns)
    rows = []
    for cause in objectives.expects_causes:
        raised_ns = _first_raised(facts, cause)
        note = f"the cause {cause!r} was never raised" if raised_ns is None else ""
        began_ns = None if raised_ns is None else _began_by(facts, raised_ns)
        measured = None if raised_ns is None or began_ns is None else raised_ns - began_ns
        row = _at_most(f"time to detect: {cause}", "ns", measured, limit_ns, note=note)
        if raised_ns is None and limit_ns is None:
            # It was expected, whatever the time it takes.
            row = GradeRow(name=row.name, unit="ns", measured=None, limit=None, verdict="unknown", note=note)
        rows.append(row)
    return rows


def _answers(facts: DrillFacts, objectives: ObjectiveSettings) -> list[GradeRow]:
    """A line for each runbook that was to answer: how it stood at the end."""
    rows = []
    for name in objectives.expects_runbooks:
        entries = [entry for entry in facts.audit if entry.runbook == name]
        ends = [entry for entry in entries if entry.event in ("finished", "escalated", "triggered")]
        measured = ends[-1].event if ends else "never triggered"
        passed = measured == "finished"
        rows.append(
            GradeRow(
                name=f"runbook {name}",
                unit="words",
                measured=measured,
                limit="finished",
                verdict="pass" if passed else "fail",
                note="" if passed or not ends else f"{ends[-1].step} {ends[-1].detail}".strip(),
            )
        )
    return rows


def _degraded(facts: DrillFacts, objectives: ObjectiveSettings, slack_ns: int) -> GradeRow:
    name = "time to degrade"
    first_ns = _fault_began(facts)
    moves = [move for move in facts.moves if move.target is State.DEGRADED and move.at_ns >= first_ns]
    measured = moves[0].at_ns - first_ns if moves else None
    if objectives.degrades is False:
        return GradeRow(
            name=name,
            unit="ns",
            measured=measured if moves else "never",
            limit="never",
            verdict="fail" if moves else "pass",
            note=moves[0].cause if moves else "",
        )
    limit_ns = _with_slack(objectives.degrade_ns_max, slack_ns)
    note = moves[0].cause if moves else "it was never DEGRADED"
    if not moves and objectives.degrades:
        return GradeRow(name=name, unit="ns", measured=None, limit=limit_ns, verdict="unknown", note=note)
    return _at_most(name, "ns", measured, limit_ns, note=note)


def _recovered(facts: DrillFacts, objectives: ObjectiveSettings, slack_ns: int) -> GradeRow:
    """From the end of the last fault to READY without a cause held; 0 if that was so before it ended."""
    measured, note = None, ""
    held = _held_at_end(facts)
    ready = [move.at_ns for move in facts.moves if move.target is State.READY]
    if facts.state is not State.READY:
        note = f"it ended in {facts.state.name}"
    elif held:
        note = f"held at the end: {', '.join(held)}"
    else:
        cleared = [event.at_ns for event in facts.health if not event.raised]
        measured = max(0, max([*ready, *cleared]) - _fault_ended(facts))
    limit_ns = _with_slack(objectives.recover_ns_max, slack_ns)
    return _at_most("time to recover", "ns", measured, limit_ns, note=note)


def _lost(facts: DrillFacts, objectives: ObjectiveSettings) -> GradeRow:
    books = facts.books.get("executor")
    return _at_most(
        "events lost by the executor",
        "events",
        None if books is None else books.lost + books.shed,
        objectives.lost_max,
        note="" if books is None or not books.shed else f"{books.shed:,} of them skipped on purpose",
    )


def _share(facts: DrillFacts, objectives: ObjectiveSettings) -> GradeRow:
    books, limit = facts.books.get("executor"), objectives.executed_share_min
    name, note = "executed share", ""
    if books is None or not books.published:
        measured, note = None, "nothing was published"
    else:
        measured = books.executed / books.published
        note = f"{books.executed:,} of {books.published:,}"
    if limit is None:
        verdict: RowVerdict = "reported"
    elif measured is None:
        verdict = "unknown"
    else:
        verdict = "pass" if measured >= limit else "fail"
    return GradeRow(name=name, unit="share", measured=measured, limit=limit, verdict=verdict, note=note)


def _p99(facts: DrillFacts, objectives: ObjectiveSettings, slack_ns: int) -> GradeRow:
    limit_ns = _with_slack(objectives.p99_ns_max, slack_ns)
    note = "too few events were processed in READY" if facts.p99_ns is None else ""
    return _at_most("p99 in READY", "ns", facts.p99_ns, limit_ns, note=note)


def _reports(facts: DrillFacts, objectives: ObjectiveSettings) -> list[GradeRow]:
    """What no objective speaks of, and a reader of the grade wants to see."""
    raised = dict.fromkeys(event.cause for event in facts.health if event.raised)
    others = [cause for cause in raised if cause not in objectives.expects_causes]
    missed = {name: books.lost + books.shed for name, books in facts.books.items() if name != "executor"}
    rows = [_reported("other causes", "words", ", ".join(others) or "none")]
    rows += [_reported(f"events lost by {name}", "events", number) for name, number in missed.items()]
    if facts.withheld:
        rows.append(_reported("events lost at the source", "events", facts.withheld))
    if facts.longest_pause_ns is not None:
        rows.append(_reported("longest pause of the machine", "ns", facts.longest_pause_ns))
    if facts.sink_dropped is not None:
        rows.append(_reported("acks the sink missed", "events", facts.sink_dropped))
    return rows


def _reported(name: str, unit: Unit, measured: Value | None) -> GradeRow:
    return GradeRow(name=name, unit=unit, measured=measured, limit=None, verdict="reported")


def _at_most(name: str, unit: Unit, measured: int | None, limit: int | None, *, note: str = "") -> GradeRow:
    if limit is None:
        verdict: RowVerdict = "reported"
    elif measured is None:
        verdict = "unknown"
    else:
        verdict = "pass" if measured <= limit else "fail"
    return GradeRow(name=name, unit=unit, measured=measured, limit=limit, verdict=verdict, note=note)


def _with_slack(limit_ns: int | None, slack_ns: int) -> int | None:
    return None if limit_ns is None else limit_ns + slack_ns


def _fault_began(facts: DrillFacts) -> int:
    """When the first fault began; the run's own beginning without one."""
    return min((span.begin_ns for span in facts.injections if span.begin_ns is not None), default=0)


def _fault_ended(facts: DrillFacts) -> int:
    """When the last fault was over; the run's own beginning without one."""
    return max((span.end_ns for span in facts.injections if span.end_ns is not None), default=0)


def _began_by(facts: DrillFacts, at_ns: int) -> int:
    """The beginning of the last fault that had begun by ``at_ns``."""
    begins = [span.begin_ns for span in facts.injections if span.begin_ns is not None]
    return max((begin_ns for begin_ns in begins if begin_ns <= at_ns), default=0)


def _first_raised(facts: DrillFacts, cause: str) -> int | None:
    """When ``cause`` was first raised after the first fault had begun."""
    began_ns = _fault_began(facts)
    return next(
        (e.at_ns for e in facts.health if e.raised and e.cause == cause and e.at_ns >= began_ns), None
    )


def _held_at_end(facts: DrillFacts) -> list[str]:
    """The causes that were raised and not cleared; of two owners of one cause both have to let go of it."""
    held: dict[tuple[str, str], None] = {}
    for event in facts.health:
        if event.raised:
            held[event.cause, event.owner] = None
        else:
            held.pop((event.cause, event.owner), None)
    return list(dict.fromkeys(cause for cause, _ in held))

"""The grade of a drill: each line measures what it says, and what is demanded and not known fails."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.drills import MS, OUTAGE, facts, objectives
from tickpath.control.automation.audit import AuditEntry, Event
from tickpath.core.state import State
from tickpath.lab.facts import Books, DrillFacts, HealthEvent, InjectionSpan, Move
from tickpath.lab.grading import Grade, GradeRow, grade


def row(graded: Grade, name: str) -> GradeRow:
    [found] = [row for row in graded.rows if row.name == name]
    return found


def failed(drill: DrillFacts, **demands: Any) -> list[tuple[str, str]]:
    """Names and verdicts of the lines that fail ``drill``."""
    return [(row.name, row.verdict) for row in grade(drill, objectives(**demands)).failures]


def test_a_drill_that_keeps_every_limit_exactly_passes() -> None:
    graded = grade(facts(), objectives())
    assert graded.passed
    measured = {row.name: row.measured for row in graded.rows}
    assert measured == {
        "the run itself": "pass",
        "ledger balanced": True,
        "executed while not READY": 0,
        f"time to detect: {OUTAGE}": 110 * MS,
        "time to degrade": 110 * MS,
        "time to recover": 10 * MS,
        "events lost by the executor": 0,
        "executed share": 0.7,
        "p99 in READY": 5_000,
        "other causes": "none",
        "events lost by log": 0,
        "events lost at the source": 20,
    }


@pytest.mark.parametrize(
    ("demand", "name"),
    [
        ({"p99_ns_max": 4_999}, "p99 in READY"),
        ({"executed_share_min": 0.71}, "executed share"),
        ({"detect_ns_max": 110 * MS - 1}, f"time to detect: {OUTAGE}"),
        ({"degrade_ns_max": 110 * MS - 1}, "time to degrade"),
        ({"recover_ns_max": 10 * MS - 1}, "time to recover"),
        ({"degrades": False}, "time to degrade"),
    ],
)
def test_a_limit_that_is_missed_by_one_fails_its_line_and_no_other(demand: dict[str, Any], name: str) -> None:
    assert failed(facts(), **demand) == [(name, "fail")]


@pytest.mark.parametrize(
    ("changes", "name", "verdict"),
    [
        ({"verdict": "fail", "reasons": ("why",)}, "the run itself", "fail"),
        ({"verdict": "interrupted"}, "the run itself", "fail"),
        ({"balanced": False}, "ledger balanced", "fail"),
        ({"balanced": None}, "ledger balanced", "unknown"),
        ({"executed_outside_ready": 1}, "executed while not READY", "fail"),
        ({"executed_outside_ready": None}, "executed while not READY", "unknown"),
    ],
)
def test_what_must_hold_in_every_drill_needs_no_objective(
    changes: dict[str, Any], name: str, verdict: str
) -> None:
    no_demands: dict[str, Any] = dict.fromkeys(
        (
            "p99_ns_max",
            "executed_share_min",
            "lost_max",
            "detect_ns_max",
            "degrade_ns_max",
            "recover_ns_max",
            "degrades",
        )
    )
    assert failed(facts(), **no_demands) == []
    assert failed(facts(**changes), **no_demands) == [(name, verdict)]


@pytest.mark.parametrize("term", ["executed", "gated", "lost", "shed", "unread"])
def test_one_event_too_many_in_a_term_fails_the_books_whatever_the_engine_says(term: str) -> None:
    terms = {"published": 100, "executed": 70, "gated": 30}
    terms[term] = terms.get(term, 0) + 1
    graded = grade(facts(books={"executor": Books(**terms)}, balanced=True), objectives(lost_max=None))
    assert row(graded, "ledger balanced").verdict == "fail"


def test_what_is_demanded_and_unknown_fails() -> None:
    nothing = facts(moves=facts().moves[:2], health=(), books={}, p99_ns=None, balanced=None)
    assert failed(nothing) == [
        (name, "unknown")
        for name in (
            "ledger balanced",
            f"time to detect: {OUTAGE}",
            "time to degrade",
            "events lost by the executor",
            "executed share",
            "p99 in READY",
        )
    ]


def test_a_cause_that_was_expected_must_be_raised_though_nobody_limits_the_time() -> None:
    assert failed(facts(health=()), detect_ns_max=None) == [(f"time to detect: {OUTAGE}", "unknown")]


@pytest.mark.parametrize(
    ("events", "measured"),
    [
        ((), "never triggered"),
        (("triggered",), "triggered"),
        (("triggered", "acted", "escalated"), "escalated"),
        (("triggered", "escalated", "triggered", "finished"), "finished"),
        (("triggered", "finished", "triggered"), "triggered"),
    ],
)
def test_a_runbook_that_was_to_answer_must_have_come_to_its_end(
    events: tuple[Event, ...], measured: str
) -> None:
    audit = tuple(AuditEntry(at_ns, "slow-consumer", "", "", event) for at_ns, event in enumerate(events))
    other = AuditEntry(9, "sink-loss", "", "", "finished")
    graded = grade(facts(audit=(*audit, other)), objectives(expects_runbooks=("slow-consumer",)))
    assert row(graded, "runbook slow-consumer").measured == measured
    assert graded.passed == (measured == "finished")


def test_a_drill_that_is_to_degrade_must_though_nobody_limits_the_time() -> None:
    ready = facts().moves[:2]
    assert failed(facts(moves=ready), degrade_ns_max=None) == [("time to degrade", "unknown")]


def test_one_that_must_not_degrade_passes_if_it_does_not() -> None:
    graded = grade(facts(moves=facts().moves[:2]), objectives(degrades=False, degrade_ns_max=None))
    assert graded.passed
    assert row(graded, "time to degrade").measured == "never"


def test_recovery_is_not_to_be_had_while_a_cause_is_held_or_the_state_is_another() -> None:
    still = (HealthEvent(410 * MS, OUTAGE, raised=True),)
    assert failed(facts(health=still)) == [("time to recover", "unknown")]
    assert failed(facts(moves=facts().moves[:3])) == [("time to recover", "unknown")]


def test_a_cause_that_two_probes_hold_takes_both_to_clear() -> None:
    two = (
        HealthEvent(410 * MS, OUTAGE, raised=True, owner="one"),
        HealthEvent(410 * MS, OUTAGE, raised=True, owner="other"),
        HealthEvent(505 * MS, OUTAGE, raised=False, owner="one"),
    )
    assert failed(facts(health=two)) == [("time to recover", "unknown")]
    both = (*two, HealthEvent(505 * MS, OUTAGE, raised=False, owner="other"))
    assert failed(facts(health=both)) == []


def test_recovery_is_the_last_time_it_came_back_and_never_below_zero() -> None:
    twice = (
        *facts().moves,
        Move(600 * MS, State.READY, State.DEGRADED, OUTAGE),
        Move(650 * MS, State.DEGRADED, State.READY, "recovered"),
    )
    assert row(grade(facts(moves=twice), objectives()), "time to recover").measured == 150 * MS
    long = (InjectionSpan("outage", "feed_outage", 300 * MS, 900 * MS),)
    assert row(grade(facts(injections=long), objectives()), "time to recover").measured == 0


def test_each_cause_is_timed_from_the_last_fault_that_had_begun_by_then() -> None:
    stall = InjectionSpan("stall", "stage_stall", 450 * MS, 480 * MS)
    never = InjectionSpan("late", "stage_stall", None, None)
    backlog = HealthEvent(470 * MS, "backlog", raised=True)
    drill = facts(
        injections=(*facts().injections, stall, never),
        health=(*facts().health, backlog, HealthEvent(480 * MS, "backlog", raised=False)),
    )
    graded = grade(drill, objectives(expects_causes=(OUTAGE, "backlog")))
    assert row(graded, f"time to detect: {OUTAGE}").measured == 110 * MS
    assert row(graded, "time to detect: backlog").measured == 20 * MS


def test_a_cause_from_before_the_fault_detects_nothing() -> None:
    early = tuple(HealthEvent(event.at_ns - 400 * MS, event.cause, event.raised) for event in facts().health)
    assert failed(facts(health=early)) == [(f"time to detect: {OUTAGE}", "unknown")]


def test_live_each_time_may_be_longer_by_the_slack_and_not_by_more() -> None:
    late = 100 * MS
    moves = facts().moves
    slow = facts(
        mode="live",
        moves=(*moves[:2], Move(510 * MS, State.READY, State.DEGRADED, OUTAGE), moves[3]),
        health=(HealthEvent(510 * MS, OUTAGE, raised=True), HealthEvent(610 * MS, OUTAGE, raised=False)),
        p99_ns=5_000 + late,
    )
    assert failed(slow) == []
    assert sorted(name for name, _ in failed(slow, live_slack_ns=late - 1)) == sorted(
        [f"time to detect: {OUTAGE}", "time to degrade", "time to recover", "p99 in READY"]
    )


def test_losses_are_what_was_overwritten_and_what_was_skipped() -> None:
    books = {"executor": Books(published=100, executed=90, lost=6, shed=4)}
    assert failed(facts(books=books), lost_max=10) == []
    assert failed(facts(books=books), lost_max=9) == [("events lost by the executor", "fail")]


def test_a_cause_nobody_expected_is_reported() -> None:
    other = (
        *facts().health,
        HealthEvent(600 * MS, "backlog", raised=True),
        HealthEvent(610 * MS, "backlog", raised=False),
    )
    graded = grade(facts(health=other), objectives(recover_ns_max=None))
    assert row(graded, "other causes").measured == "backlog"
    assert graded.passed


def test_without_injections_the_run_itself_is_the_fault() -> None:
    cold = facts(injections=(), moves=facts().moves[:2], health=())
    graded = grade(
        cold, objectives(expects_causes=(), degrades=None, degrade_ns_max=None, recover_ns_max=50 * MS)
    )
    assert graded.passed
    assert row(graded, "time to recover").measured == 50 * MS

"""Sessions in virtual time, whatever goes wrong in them: what must hold in every run.

The books balance, nothing is executed outside READY, no sequence comes twice or is missing uncounted, READY
is never entered while a cause is held or without a warm-up that passed (but by hand), every fault is rolled
back, steps are on the grid, and the same seed gives the same run. An example that fails is printed as the
scenario file that replays it.
"""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import event, given, note

from tests.properties.depth import examples
from tests.properties.replays import replay_of
from tests.properties.sessions import scenarios
from tickpath.config.scenario import Scenario
from tickpath.control.failure import held, held_causes
from tickpath.core.state import State, Transition
from tickpath.lab.digest import run_digest
from tickpath.lab.scenario_source import load_source
from tickpath.runtime.session import RunResult, Session

#: More than any of these scenarios takes: one that goes on has no end.
STEPS_MAX = 20_000


class Tape:
    """A sink that writes down which acks it was shown."""

    def __init__(self) -> None:
        self.acks: list[Any] = []

    def observe(self, _event: Any, ack: Any) -> None:
        self.acks.append(ack)


class Watched:
    """A run, with what was held whenever READY was entered, and when the steps were."""

    def __init__(self, scenario: Scenario) -> None:
        self.tape = Tape()
        session = Session(load_source(scenario), scenario=scenario, mode="virtual", sink=self.tape)
        self.lifecycle = session.lifecycle
        self.by_hand = {action.name for action in scenario.operator if action.moves_to is not None}
        self.held_at_ready: list[tuple[str, ...]] = []
        self.passed_at_ready: list[str | None] = []
        self.moves: list[Transition] = []
        self.steps: list[int] = []
        self._session, self._steps = session, 0
        self.lifecycle.subscribe(self._moved)
        self.result: RunResult = session.run(trace=self._turn)

    def _moved(self, made: Transition) -> None:
        self.moves.append(made)
        if made.target is State.READY and made.cause not in self.by_hand:
            self.held_at_ready.append(held_causes(self.lifecycle))
            certificate = self._session.board.read().certificate
            self.passed_at_ready.append(None if certificate is None else certificate.verdict)

    def _turn(self, look: Any, plane: Any, _digest: str) -> None:
        if plane.steps == self._steps:
            return
        self._steps = plane.steps
        self.steps.append(look.at_ns)
        assert plane.steps < STEPS_MAX, "a run without an end"
        # What a probe says and what is held is the same thing after each step.
        raised = {(probe.cause, f"probe:{probe.name}") for probe in plane.monitor.readings if probe.raised}
        owned = {(one.words, one.owner) for one in held(self.lifecycle) if one.owner.startswith("probe:")}
        assert owned == raised
        # Whatever was published is behind a stage's cursor, or before it.
        for stage in look.stages.values():
            ledger = stage.ledger
            behind = ledger.executed + sum(ledger.gated) + ledger.read + ledger.lost + ledger.shed
            if stage.epoch_seen is not None:
                assert (behind, stage.cursor + stage.backlog) == (stage.cursor, look.feed.published)


def check_books(scenario: Scenario, run: Watched) -> None:
    """Every event once, and each ack decided under the epoch that it names."""
    result, record = run.result, run.result.record
    assert record is not None
    assert record.balanced
    for stage in record.stages:
        ledger = stage.ledger
        processed = ledger.executed + sum(ledger.gated) + ledger.read
        assert ledger.published == processed + ledger.lost + ledger.shed + ledger.unread
        assert {figures.count for figures in stage.latency} == {processed}
        assert ledger.published == record.feed.published
    assert sum(
        figures.count for figures in record.latency_by_state if figures.stage == "published_to_completed"
    ) == (record.stages[0].ledger.executed + sum(record.stages[0].ledger.gated))
    executor, acks = record.stages[0].ledger, run.tape.acks
    assert result.sink is not None
    assert result.sink.shown == len(acks)
    assert result.sink.shown + result.sink.dropped == executor.executed + sum(executor.gated)
    assert all(one.seq < other.seq and one.epoch <= other.epoch for one, other in pairwise(acks))
    targets = {made.epoch: made.target for made in run.moves}
    assert all(ack.executed == (targets[ack.epoch] is State.READY) for ack in acks)
    if result.sink.dropped == 0 and acks:
        missing = acks[-1].seq + 1 - len(acks)
        assert missing <= executor.lost + executor.shed
        assert len(acks) + executor.lost + executor.shed + executor.unread == executor.published
    complete = scenario.lifecycle.history_limit >= len(run.moves)
    assert result.executed_outside_ready == (0 if complete else None)
    assert executor.gated[State.INIT] == 0


def check_verdict(scenario: Scenario, run: Watched) -> None:
    result, record = run.result, run.result.record
    assert record is not None
    overrun = any(stage.overrun == "raise" and stage.ended_by for stage in record.stages)
    no_proof = result.executed_outside_ready is None
    stopped = result.shutdown is not None and (record.stopped or record.intake_stopped)
    expected = "fail" if overrun or no_proof else "interrupted" if stopped else "pass"
    assert (result.verdict, bool(result.reasons)) == (expected, expected == "fail")
    event(f"verdict: {expected}")


def check(scenario: Scenario, run: Watched) -> None:
    check_books(scenario, run)
    check_verdict(scenario, run)
    result = run.result
    assert set(run.held_at_ready) <= {()}
    assert set(run.passed_at_ready) <= {"passed"}
    off_grid = [at_ns for at_ns in run.steps if at_ns % scenario.control.interval_ns]
    assert set(off_grid) <= {scenario.lifecycle.start_after_ns}
    # Every fault that began has ended, by its plan or with the run, and holds nothing any more.
    account = result.control
    for fault in scenario.injections:
        events = [line.event for line in account.injections if line.name == fault.name]
        assert events in ([], ["start", "end"], ["start", "rollback"])
    assert not [cause for cause in held(run.lifecycle) if cause.owner.startswith("injection:")]
    assert (account.errors.probes, account.errors.audit_lines) == (0, 0)
    # A cause is raised before it is cleared, and cleared before it is raised again.
    for probe in scenario.probes:
        changes = [change.raised for change in account.health if change.probe == probe.name]
        assert changes == [index % 2 == 0 for index in range(len(changes))]
    # Without anybody who answers nothing but a warm-up degrades, or somebody by hand.
    if not scenario.runbooks:
        failed = any(certificate.verdict == "failed" for certificate in account.certificates)
        degraded = [move for move in run.moves if move.target is State.DEGRADED]
        assert failed or all(move.cause in run.by_hand for move in degraded)
    assert [certificate.attempt for certificate in account.certificates] == [
        *range(1, len(account.certificates) + 1)
    ]


@pytest.mark.slow
@pytest.mark.timeout(7_200)
@examples(60)
@given(scenarios())
def test_whatever_goes_wrong_the_promises_hold_and_the_same_seed_is_the_same_run(scenario: Scenario) -> None:
    note(replay_of(scenario))
    first = Watched(scenario)
    check(scenario, first)
    again = Watched(dataclasses.replace(scenario))
    assert run_digest(first.result) == run_digest(again.result) is not None
    assert first.result.control == again.result.control
    assert (first.steps, first.tape.acks) == (again.steps, again.tape.acks)

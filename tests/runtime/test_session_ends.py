"""How a session ends: asked once, twice, too late, at a deadline, and by standing still; in virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.runtime.test_session_account import books, session
from tests.runtime.test_session_virtual import MS, STEP_NS, Traced, scenario
from tickpath.config.engine import ConsumerSettings, ServiceTime
from tickpath.config.scenario import ControlSettings, WarmupSettings
from tickpath.config.scenario.injections import FeedFreezeSettings, StallSettings
from tickpath.config.scenario.operator import OperatorSettings
from tickpath.runtime.shutdown import ShutdownResult


def shutdown_of(run: Traced) -> ShutdownResult:
    assert run.result.shutdown is not None
    return run.result.shutdown


def test_whoever_wants_the_end_is_asked_until_he_has_said_so() -> None:
    answers = iter([False, False, True])
    run = Traced(scenario(), should_stop=lambda: next(answers))
    assert (shutdown_of(run).by, shutdown_of(run).requested_at_ns) == (("caller",), 3 * STEP_NS)
    assert (run.result.verdict, shutdown_of(run).hurried) == ("interrupted", False)
    assert run.result.record is not None
    assert (run.result.record.intake_stopped, books(run).published < 500) == (True, True)


def test_the_scenario_s_operator_may_end_it() -> None:
    run = Traced(scenario(operator=(OperatorSettings(at_ns=100 * MS, name="bob", stops=True),)))
    assert (shutdown_of(run).by, shutdown_of(run).requested_at_ns) == (("bob",), 100 * MS)
    assert (run.result.verdict, books(run).published < 500) == ("interrupted", True)


def test_a_second_request_ends_what_is_not_read() -> None:
    slow = ConsumerSettings(name="executor", service=ServiceTime.constant(100 * MS))
    asked: list[int] = []

    def on_look(seen: Any) -> None:
        asked.append(seen.published)
        if len(asked) in (5, 6):
            run_of.shutdown.request(f"no. {len(asked)}")

    run_of = session(scenario(executor=slow, warmup=WarmupSettings(kind="count", events=0)))
    result = run_of.run(on_look=on_look)
    assert result.shutdown is not None
    assert (result.shutdown.by, result.shutdown.hurried) == (("no. 5", "no. 6"), True)
    assert result.record is not None
    unread = result.record.stages[0].ledger.unread
    assert (result.record.stopped, dict(result.shutdown.unread)) == (True, {"executor": unread})
    assert (result.verdict, result.record.balanced, unread > 0) == ("interrupted", True, True)


def test_an_end_that_was_asked_for_after_the_last_event_interrupted_nothing() -> None:
    given = session(scenario())

    def trace(look: Any, _plane: Any, _digest: str) -> None:
        if look.feed.done:
            given.shutdown.request("me")

    result = given.run(trace=trace)
    assert result.shutdown is not None
    assert (result.verdict, result.shutdown.by[0], result.shutdown.drained) == ("pass", "me", True)


@pytest.mark.parametrize("drain_ns", [0, 60 * MS])
def test_a_drain_has_the_scenario_s_deadline(drain_ns: int) -> None:
    slow = ConsumerSettings(name="executor", service=ServiceTime.constant(1_000 * MS))
    given = scenario(
        executor=slow,
        warmup=WarmupSettings(kind="count", events=0),
        control=ControlSettings(drain_ns=drain_ns),
    )
    run = Traced(given, should_stop=lambda: True)
    assert f"the deadline of {drain_ns:,} ns passed" in shutdown_of(run).reason
    assert dict(shutdown_of(run).phases)["accounting"] == STEP_NS + drain_ns


@pytest.mark.parametrize("fault", [StallSettings(at_ns=100 * MS), FeedFreezeSettings(at_ns=100 * MS)])
def test_what_stands_still_is_waited_for_until_the_plan_is_over_and_a_drain_longer(fault: Any) -> None:
    still = scenario(injections=(fault,), control=ControlSettings(drain_ns=80 * MS))
    [_, rollback] = Traced(still).result.control.injections
    assert rollback.event == "rollback"
    # The feed's last event is moved on by what the warm-up held, at most a step.
    assert 499 * MS + 80 * MS <= rollback.at_ns <= 499 * MS + 80 * MS + 3 * STEP_NS

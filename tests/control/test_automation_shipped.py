"""Each shipped runbook against a scripted system: what it does, how it ends, and when it asks a person."""

from __future__ import annotations

import pytest

from tests.control.fake_world import SHORT_NS, Stage, World
from tickpath.config.scenario.probes import standard_probes
from tickpath.config.scenario.responses import STANDARD_RUNBOOKS
from tickpath.control.automation import AuditEntry
from tickpath.control.automation.runbooks import FAILURE_TABLE, SHIPPED, build, build_all
from tickpath.core.state import State

UNTIL_CLEAR = {
    "market-data-outage": "market data outage",
    "stale-feed": "stale feed",
    "feed-integrity": "feed integrity",
    "execution-failure": "execution failure",
    "latency-breach": "latency over its limit",
}


def test_each_row_of_the_failure_table_has_a_runbook() -> None:
    rows = [book.row for book in build_all() if book.row is not None]
    assert sorted(rows) == sorted(FAILURE_TABLE)
    assert {build(name).row for name in STANDARD_RUNBOOKS} - {None} == set(FAILURE_TABLE)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_runbook_is_found_under_its_own_name(name: str) -> None:
    assert build(name).name == name


def test_each_cause_of_a_standard_probe_has_a_runbook() -> None:
    for probe in standard_probes():
        assert any(book.answers(probe.cause) for book in build_all()), probe.cause


@pytest.mark.parametrize(("name", "cause"), UNTIL_CLEAR.items())
def test_degraded_until_it_has_been_clear_for_long_enough(name: str, cause: str) -> None:
    world = World([build(name)])
    world.hold(cause)
    world.step()
    assert world.now is State.DEGRADED
    world.step(3)
    world.clear(cause)
    world.step(2)
    world.hold(cause)  # not for long enough: counted from new
    world.step()
    world.clear(cause)
    world.step(2)
    assert world.now is State.DEGRADED
    world.step()
    assert world.moves == ["DEGRADED", "READY"]
    assert (world.events()[-1], world.automation.escalations) == ("finished", 0)


@pytest.mark.parametrize(("name", "cause"), UNTIL_CLEAR.items())
def test_one_that_does_not_end_stays_degraded_and_a_person_is_asked(name: str, cause: str) -> None:
    told: list[AuditEntry] = []
    world = World([build(name, timeout_ns=SHORT_NS)], on_escalation=told.append)
    world.hold(cause)
    world.step(20)
    assert world.moves == ["DEGRADED"]
    assert [(entry.runbook, entry.step) for entry in told] == [(name, "wait until clear")]
    world.clear(cause)
    world.step(20)
    assert world.now is State.DEGRADED  # nobody but an operator
    world.automation.acknowledge(cause)
    world.step(3)
    assert world.now.name == "READY"


@pytest.mark.parametrize("how", ["again", "by hand", "acknowledged"])
def test_an_escalation_is_resolved_by_a_response_that_finishes_or_by_an_operator(how: str) -> None:
    world = World([build("stale-feed", timeout_ns=SHORT_NS)])
    world.hold("stale feed")
    world.step(10)
    world.clear("stale feed")
    world.step()
    assert world.automation.unresolved == ("stale-feed",)
    if how == "again":
        world.hold("stale feed")
        world.step()
        world.clear("stale feed")
        world.step(3)
        assert world.now is State.READY
    else:
        world.lifecycle.transition_to(State.READY, "an operator")
        if how == "acknowledged":
            world.lifecycle.transition_to(State.DEGRADED, "something else")
            world.automation.acknowledge("stale feed")
        world.step()
    assert not world.automation.unresolved


def test_each_degradation_goes_back_to_where_it_came_from() -> None:
    world = World([build("market-data-outage")], state=State.WARMUP)
    for _ in range(2):
        world.hold("market data outage")
        world.step()
        world.clear("market data outage")
        world.step(3)
        if world.now is State.WARMUP:
            world.lifecycle.transition_to(State.READY, "set-up")
    assert world.moves == ["DEGRADED", "WARMUP", "DEGRADED", "READY"]


def test_a_warm_up_is_not_skipped_on_the_way_back() -> None:
    world = World([build("market-data-outage")], state=State.WARMUP)
    world.hold("market data outage")
    world.step()
    world.clear("market data outage")
    world.step(3)
    assert world.moves == ["DEGRADED", "WARMUP"]
    assert world.ready_asked_under == []


def test_a_cause_that_is_gone_before_the_start_needs_nothing() -> None:
    world = World([build("market-data-outage")], state=State.INIT)
    world.hold("market data outage")
    world.step(3)
    world.clear("market data outage")
    world.step()
    world.lifecycle.transition_to(State.WARMUP, "set-up")
    world.step(3)
    assert (world.calls, world.events()[-1]) == ([], "finished")


def test_a_move_to_ready_that_raises_is_undone_and_escalated() -> None:
    world = World([build("market-data-outage")])
    world.broken["recover"] = RuntimeError("lost the race")
    world.hold("market data outage")
    world.step()
    world.clear("market data outage")
    world.step(3)
    assert world.now is State.DEGRADED
    assert world.events()[-4:] == [
        *("recover raised", "recover failed", "recover undone", "recover escalated")
    ]


def test_a_slow_consumer_skips_to_the_head_and_the_lifecycle_stays() -> None:
    world = World([build("slow-consumer")])
    world.stages |= {"log": Stage(cursor=10, backlog=900), "risk": Stage(cursor=900, backlog=10)}
    world.hold("slow consumer")
    world.step()
    assert world.calls == ["skip_to_head log"]
    world.step()
    assert world.events()[-2:] == ["skip to head done", "wait until clear began"]
    world.clear("slow consumer")
    world.step(3)
    assert (world.events()[-1], world.moves) == ("finished", [])
    assert world.stages["log"].shed == 900


@pytest.mark.parametrize(
    ("cause", "params", "stage"),
    [
        ("slow consumer: risk", {}, "risk"),
        ("slow consumer", {"stage": "risk"}, "risk"),
        ("slow consumer: who", {}, "log"),
    ],
)
def test_which_consumer_is_slow_is_said_by_setting_or_cause_or_backlog(
    cause: str, params: dict[str, str], stage: str
) -> None:
    world = World([build("slow-consumer", params=params)])
    world.stages |= {
        "executor": Stage(backlog=1_000),
        "log": Stage(backlog=900),
        "risk": Stage(backlog=900),
    }
    world.hold(cause)
    world.step()
    assert world.calls == [f"skip_to_head {stage}"]


def test_a_consumer_that_never_skips_is_escalated_and_the_lifecycle_stays() -> None:
    world = World([build("slow-consumer", timeout_ns=SHORT_NS)])
    world.stages["log"] = Stage(backlog=900)
    world.skips_work = False
    world.hold("slow consumer")
    world.step(10)
    assert (world.events()[-1], world.moves) == ("skip to head escalated", [])


def test_a_backlog_of_the_executor_is_shed_under_degraded() -> None:
    world = World([build("execution-backlog")])
    world.stages = {"executor": Stage(cursor=100, backlog=700), "log": Stage(backlog=900)}
    world.hold("execution backlog")
    world.step()
    assert (world.calls, world.now) == (["degrade", "skip_to_head executor"], State.DEGRADED)
    world.step()
    world.clear("execution backlog")
    world.step(3)
    assert world.moves == ["DEGRADED", "READY"]
    assert world.stages["executor"].shed == 700


def test_new_events_after_the_skip_do_not_count_against_it() -> None:
    world = World([build("execution-backlog")])
    world.stages = {"executor": Stage(cursor=100, backlog=700)}
    world.skips_work = False
    world.hold("execution backlog")
    world.step()
    world.stages = {"executor": Stage(cursor=799, backlog=5_000)}
    world.step()
    assert "skip to head done" not in world.events()
    world.stages = {"executor": Stage(cursor=800, backlog=5_000)}
    world.step()
    assert "skip to head done" in world.events()


def test_a_sink_that_loses_is_noted_and_verified_and_moves_nothing() -> None:
    world = World([build("sink-loss", timeout_ns=SHORT_NS)])
    world.hold("sink loss")
    world.step(2)
    world.clear("sink loss")
    world.step(3)
    assert world.events()[-1] == "finished"
    world.hold("sink loss")
    world.step(10)
    assert (world.automation.escalations, world.calls, world.moves) == (1, [], [])


def test_overlapping_causes_are_ready_only_when_all_are_clear_and_confirmed() -> None:
    world = World([build("market-data-outage"), build("feed-integrity")])
    world.hold("market data outage")
    world.step()
    world.hold("feed integrity")
    world.step()
    world.clear("market data outage")
    world.step(10)
    assert world.now is State.DEGRADED
    world.clear("feed integrity")
    world.step(2)
    assert world.now is State.DEGRADED  # clear, and not yet confirmed
    world.step(2)
    assert world.moves == ["DEGRADED", "READY"]
    assert world.ready_asked_under == [()]
    assert world.automation.under_way == ()

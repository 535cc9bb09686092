"""Each shipped runbook against a scripted system: what it does, how it ends, and when it asks a person."""

from __future__ import annotations

import dataclasses

import pytest

from tests.control.fake_world import STEP_NS, Stage, Untouchable, World
from tickpath.config.scenario.probes import RefusedMovesSettings, standard_probes
from tickpath.config.scenario.responses import STANDARD_RUNBOOKS, RunbookSettings
from tickpath.control.automation import AuditEntry, Automation, Runbook, Step, dry_run, look_at
from tickpath.control.automation.conditions import ALL_CLEAR
from tickpath.control.automation.runbooks import FAILURE_TABLE, SHIPPED, build, build_all
from tickpath.control.health import HealthMonitor
from tickpath.core.state import State
from tickpath.errors import ArgumentTypeError, ArgumentValueError

SHORT = 50_000_000
"""Five control intervals."""
UNTIL_CLEAR = {
    "market-data-outage": "market data outage",
    "stale-feed": "stale feed",
    "feed-integrity": "feed integrity",
    "execution-failure": "execution failure",
    "latency-breach": "latency over its limit",
}


def moves(world: World) -> list[str]:
    return [move.target.name for move in world.lifecycle.history if move.cause != "set-up"]


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
    assert moves(world) == ["DEGRADED", "READY"]
    assert (world.events()[-1], world.automation.escalations) == ("finished", 0)


@pytest.mark.parametrize(("name", "cause"), UNTIL_CLEAR.items())
def test_one_that_does_not_end_stays_degraded_and_a_person_is_asked(name: str, cause: str) -> None:
    told: list[AuditEntry] = []
    world = World([build(name, timeout_ns=SHORT)], on_escalation=told.append)
    world.hold(cause)
    world.step(20)
    assert moves(world) == ["DEGRADED"]
    assert [(entry.runbook, entry.step) for entry in told] == [(name, "wait until clear")]
    world.clear(cause)
    world.step(20)
    assert world.now is State.DEGRADED  # nobody but an operator
    world.automation.acknowledge(cause)
    world.step(3)
    assert world.now.name == "READY"


@pytest.mark.parametrize("how", ["again", "by hand", "acknowledged"])
def test_an_escalation_is_resolved_by_a_response_that_finishes_or_by_an_operator(how: str) -> None:
    world = World([build("stale-feed", timeout_ns=SHORT)])
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
    assert moves(world) == ["DEGRADED", "WARMUP", "DEGRADED", "READY"]


def test_a_warm_up_is_not_skipped_on_the_way_back() -> None:
    world = World([build("market-data-outage")], state=State.WARMUP)
    world.hold("market data outage")
    world.step()
    world.clear("market data outage")
    world.step(3)
    assert moves(world) == ["DEGRADED", "WARMUP"]
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
    assert (world.events()[-1], moves(world)) == ("finished", [])
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
    world = World([build("slow-consumer", timeout_ns=SHORT)])
    world.stages["log"] = Stage(backlog=900)
    world.skips_work = False
    world.hold("slow consumer")
    world.step(10)
    assert (world.events()[-1], moves(world)) == ("skip to head escalated", [])


def test_a_backlog_of_the_executor_is_shed_under_degraded() -> None:
    world = World([build("execution-backlog")])
    world.stages = {"executor": Stage(cursor=100, backlog=700), "log": Stage(backlog=900)}
    world.hold("execution backlog")
    world.step()
    assert (world.calls, world.now) == (["degrade", "skip_to_head executor"], State.DEGRADED)
    world.step()
    world.clear("execution backlog")
    world.step(3)
    assert moves(world) == ["DEGRADED", "READY"]
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


def test_a_cold_start_in_mid_session_goes_the_whole_way_through_warmup() -> None:
    world = World([build("cold-start")])
    world.hold("cold start")
    world.step()
    assert moves(world) == ["DEGRADED", "WARMUP"]
    world.step(2)
    assert "acknowledge cold start" in world.calls
    assert world.events()[-1] == "wait for READY began"
    world.lifecycle.transition_to(State.READY, "warm-up complete")
    world.step()
    assert world.events()[-1] == "finished"


def test_a_cold_start_from_init_waits_for_the_session_s_own_plan() -> None:
    world = World([build("cold-start")], state=State.INIT)
    world.step(5)
    assert world.automation.under_way == (("cold-start", "state INIT", "begin the warm-up"),)
    world.lifecycle.transition_to(State.WARMUP, "set-up")
    world.step()
    world.lifecycle.transition_to(State.READY, "set-up")
    world.step()
    assert (world.calls, world.events()[-1]) == ([], "finished")


def test_a_cold_start_waits_for_the_outage_of_somebody_else() -> None:
    world = World([build("cold-start"), build("market-data-outage")])
    world.hold("market data outage")
    world.hold("cold start")
    world.step(3)
    assert moves(world) == ["DEGRADED"]
    world.clear("market data outage")
    world.step(8)
    assert moves(world) == ["DEGRADED", "WARMUP"]
    assert "finished" in world.events("market-data-outage")
    world.lifecycle.transition_to(State.READY, "warm-up complete")
    world.step()
    assert world.automation.under_way == ()
    assert world.automation.escalations == 0


@pytest.mark.parametrize("how", ["cap", "timeout"])
def test_a_warm_up_that_does_not_end_is_degraded_and_a_person_is_asked(how: str) -> None:
    world = World([build("warm-up-incomplete", timeout_ns=SHORT)], state=State.WARMUP)
    world.step(3)
    assert world.now is State.WARMUP
    if how == "cap":
        world.hold("warm-up incomplete")
        world.step()
    else:
        world.step(3)
    assert world.now.name == "DEGRADED"
    assert world.events()[-4:] == [
        *("wait for READY failed", "wait for READY undoing", "wait for READY undone"),
        "wait for READY escalated",
    ]
    world.step(20)
    assert (world.automation.escalations, moves(world)) == (1, ["DEGRADED"])


def test_a_warm_up_that_failed_goes_its_whole_way_again_once_an_operator_says_so() -> None:
    world = World([build("warm-up-incomplete")], state=State.WARMUP)
    world.step()
    world.hold("warm-up incomplete")
    world.step(20)
    assert (moves(world), world.automation.escalations) == (["DEGRADED"], 1)
    world.automation.acknowledge("warm-up incomplete")
    world.step(3)
    assert moves(world) == ["DEGRADED", "WARMUP"]
    # Held until a warm-up has passed.
    world.clear("warm-up incomplete")
    world.lifecycle.transition_to(State.READY, "over")
    world.step()
    assert (world.automation.under_way, world.automation.escalations) == ((), 1)
    assert world.automation.unresolved == ()


def test_a_warm_up_that_failed_unseen_does_not_begin_again_by_itself() -> None:
    world = World([build("warm-up-incomplete")], state=State.WARMUP)
    world.lifecycle.transition_to(State.DEGRADED, "not flat at the cap")
    world.hold("warm-up incomplete")
    world.step(5)
    assert (moves(world), world.automation.escalations) == (["DEGRADED"], 1)
    world.hold("market data outage")
    world.automation.acknowledge("warm-up incomplete")
    world.step(5)
    assert moves(world) == ["DEGRADED"]  # somebody has looked, and something else is wrong
    world.clear("market data outage")
    world.step()
    assert moves(world) == ["DEGRADED", "WARMUP"]


def test_a_warm_up_goes_on_beside_a_cause_that_does_not_concern_it() -> None:
    world = World([build("warm-up-incomplete", timeout_ns=SHORT)], state=State.WARMUP)
    world.hold("slow consumer")
    world.step(3)
    world.lifecycle.transition_to(State.READY, "over")
    world.step()
    assert (world.events()[-1], world.automation.escalations) == ("finished", 0)


def test_a_warm_up_that_fails_again_asks_again() -> None:
    world = World([build("warm-up-incomplete")], state=State.WARMUP)
    world.step()
    world.hold("warm-up incomplete")
    world.step()
    world.automation.acknowledge("warm-up incomplete")
    world.step(2)
    world.lifecycle.transition_to(State.DEGRADED, "not flat at the cap")
    world.step(2)
    assert (moves(world), world.automation.escalations) == (["DEGRADED", "WARMUP", "DEGRADED"], 2)


def test_a_warm_up_that_ends_or_is_broken_off_by_something_else_is_no_escalation() -> None:
    world = World([build("warm-up-incomplete")], state=State.WARMUP)
    world.step()
    world.lifecycle.transition_to(State.DEGRADED, "something else")
    world.step()
    world.lifecycle.transition_to(State.WARMUP, "again")
    world.step()
    world.lifecycle.transition_to(State.READY, "over")
    world.step()
    assert world.events().count("finished") == 2
    assert (world.calls, world.automation.escalations) == ([], 0)


def test_state_corruption_is_held_until_an_operator_says_so() -> None:
    world = World([build("state-corruption")])
    world.hold("state corruption")
    world.step(20)
    assert world.automation.under_way == (("state-corruption", "state corruption", "hold for the operator"),)
    world.automation.acknowledge("state corruption")
    world.step()
    assert world.calls == ["degrade", "acknowledge state corruption"]
    world.step(3)
    assert moves(world) == ["DEGRADED", "READY"]


def test_what_a_probe_finds_is_answered_on_the_same_look_and_acknowledged_to_it() -> None:
    world = World([build("state-corruption")])
    monitor = HealthMonitor.of([RefusedMovesSettings()], world.lifecycle)

    def step() -> None:
        look = dataclasses.replace(world.look(), refused_moves=1)
        monitor.step(look)
        world.automation.step(look)
        world.at_ns += STEP_NS

    step()
    assert moves(world) == ["DEGRADED"]
    assert world.lifecycle.history[-1].at_ns == 0
    assert world.audit.entries[0].detail == "1 refused moves, at most 0 is ok"
    world.automation.acknowledge("state corruption")
    world.acknowledge = monitor.acknowledge  # type: ignore[method-assign]
    for _ in range(4):
        step()
    assert moves(world) == ["DEGRADED", "READY"]


@pytest.mark.parametrize("escalated", [False, True])
def test_nobody_else_recovers_while_state_corruption_waits_for_its_operator(escalated: bool) -> None:
    timeout_ns = SHORT if escalated else None
    world = World([build("state-corruption", timeout_ns=timeout_ns), build("market-data-outage")])
    world.hold("state corruption")
    world.hold("market data outage")
    world.step(10)
    # The probe may forget, the operator has not spoken.
    world.clear("state corruption")
    world.clear("market data outage")
    world.step(20)
    assert moves(world) == ["DEGRADED"]
    assert world.automation.unresolved == (("state-corruption",) if escalated else ())
    world.automation.acknowledge("state corruption")
    world.step(8)
    assert moves(world) == ["DEGRADED", "READY"]
    assert world.automation.unresolved == ()
    assert world.automation.under_way == ()


def test_a_skewed_clock_is_set_back_and_must_agree() -> None:
    world = World([build("clock-skew")])
    world.hold("clock skew")
    world.step()
    assert world.calls == ["degrade", "reset_clock"]
    world.step(3)
    assert moves(world) == ["DEGRADED", "READY"]


def test_a_sink_that_loses_is_noted_and_verified_and_moves_nothing() -> None:
    world = World([build("sink-loss", timeout_ns=SHORT)])
    world.hold("sink loss")
    world.step(2)
    world.clear("sink loss")
    world.step(3)
    assert world.events()[-1] == "finished"
    world.hold("sink loss")
    world.step(10)
    assert (world.automation.escalations, world.calls, moves(world)) == (1, [], [])


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
    assert moves(world) == ["DEGRADED", "READY"]
    assert world.ready_asked_under == [()]
    assert world.automation.under_way == ()


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("state", State)
def test_a_dry_run_calls_nothing(name: str, state: State) -> None:
    world = World([])
    stages = {"executor": Stage(backlog=4), "log": Stage(backlog=9)}
    look = dataclasses.replace(world.look(), state=state, stages=stages)
    automation = Automation([build(name)], Untouchable(), world.lifecycle)
    (book,) = automation.runbooks
    rehearsed = dry_run(book, look)
    assert [step.name for step in rehearsed] == [step.name for step in book.steps]
    assert all(step.would in ("act", "wait", "nothing") for step in rehearsed)


def test_the_guard_of_the_dry_run_would_notice_a_call() -> None:
    world = World([])
    automation = Automation([build("market-data-outage")], Untouchable(), world.lifecycle)
    world.hold("market data outage")
    events = [entry.event for entry in automation.step(world.look())]
    assert events == ["triggered", "began", "raised", "failed", "escalated"]


def test_a_dry_run_says_what_would_be_done_now() -> None:
    world = World([])
    assert [(step.name, step.would) for step in dry_run(build("market-data-outage"), world.look())] == [
        *(("degrade", "act"), ("wait until clear", "wait"), ("recover", "wait"))
    ]
    world.stages = {}
    assert dry_run(build("execution-backlog"), world.look())[1].would == "act"
    clear = dry_run(build("market-data-outage", params={"confirm_looks": 1}), world.look(), causes=())
    assert [step.would for step in clear] == ["nothing", "nothing", "nothing"]
    by_state = dry_run(build("cold-start"), look_at(State.INIT))
    assert [step.would for step in by_state] == ["nothing", "wait", "nothing", "wait"]
    sees_causes = Step(name="look", does="", timeout_ns=0, pre=ALL_CLEAR)
    warm = Runbook(
        name="warm",
        title="",
        row=None,
        triggers=(),
        states=(State.WARMUP,),
        steps=(sees_causes,),
        description="",
    )
    # What begins it is a state, which is no cause that is held.
    assert dry_run(warm, look_at(State.WARMUP))[0].pre_holds is True


def test_a_scenario_sets_them_and_what_it_misspells_is_named() -> None:
    settings = [
        RunbookSettings(name="sink-loss", timeout_ns=7, params={"confirm_looks": 2}),
        RunbookSettings(name="stale-feed", enabled=False),
        RunbookSettings(name="slow-consumer", params={"stage": "log"}),
    ]
    books = build_all(settings)
    assert [book.name for book in books] == ["sink-loss", "slow-consumer"]
    assert books[0].steps[0].timeout_ns == 7
    assert books[0].steps[0].post is not None
    assert books[0].steps[0].post.words == "the cause has been gone for 2 looks in a row"
    with pytest.raises(ArgumentValueError, match='no runbook "stale-fed"; did you mean "stale-feed"'):
        build("stale-fed")
    with pytest.raises(ArgumentValueError, match='no parameter "confirm_look"; did you mean "confirm_looks"'):
        build("stale-feed", params={"confirm_look": 1})
    with pytest.raises(ArgumentValueError, match='no parameter "stage": it takes confirm_looks'):
        build("stale-feed", params={"stage": "log"})
    with pytest.raises(
        ArgumentValueError, match="confirm_looks of runbook stale-feed must be at least 1, got 0"
    ):
        build("stale-feed", params={"confirm_looks": 0})
    with pytest.raises(ArgumentTypeError, match="must be an integer, got '3'"):
        build("stale-feed", params={"confirm_looks": "3"})
    with pytest.raises(ArgumentTypeError, match="must be the name of a stage, got 3"):
        build("slow-consumer", params={"stage": 3})

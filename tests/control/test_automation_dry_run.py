"""A dry run calls nothing and says what would be done; what a scenario sets, and what it misspells."""

from __future__ import annotations

import pytest

from tests.control.fake_world import Stage, Untouchable, World
from tickpath.config.scenario.responses import RunbookSettings
from tickpath.control.automation import Automation, Runbook, Step, dry_run, look_at
from tickpath.control.automation.conditions import ALL_CLEAR
from tickpath.control.automation.runbooks import SHIPPED, build, build_all
from tickpath.core.state import State
from tickpath.errors import ArgumentTypeError, ArgumentValueError


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("state", State)
def test_a_dry_run_calls_nothing(name: str, state: State) -> None:
    world = World([])
    stages = {"executor": Stage(backlog=4), "log": Stage(backlog=9)}
    look = world.look()._replace(state=state, stages=stages)
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

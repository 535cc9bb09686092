"""Runbooks of start, state and clock: a whole warm-up, an operator who has looked, a clock set back."""

from __future__ import annotations

import pytest

from tests.control.fake_world import SHORT_NS, STEP_NS, World
from tickpath.config.scenario.probes import RefusedMovesSettings
from tickpath.control.automation.runbooks import build
from tickpath.control.health import HealthMonitor
from tickpath.core.state import State


def test_a_cold_start_in_mid_session_goes_the_whole_way_through_warmup() -> None:
    world = World([build("cold-start")])
    world.hold("cold start")
    world.step()
    assert world.moves == ["DEGRADED", "WARMUP"]
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
    assert world.moves == ["DEGRADED"]
    world.clear("market data outage")
    world.step(8)
    assert world.moves == ["DEGRADED", "WARMUP"]
    assert "finished" in world.events("market-data-outage")
    world.lifecycle.transition_to(State.READY, "warm-up complete")
    world.step()
    assert world.automation.under_way == ()
    assert world.automation.escalations == 0


@pytest.mark.parametrize("how", ["cap", "timeout"])
def test_a_warm_up_that_does_not_end_is_degraded_and_a_person_is_asked(how: str) -> None:
    world = World([build("warm-up-incomplete", timeout_ns=SHORT_NS)], state=State.WARMUP)
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
    assert (world.automation.escalations, world.moves) == (1, ["DEGRADED"])


def test_a_warm_up_that_failed_goes_its_whole_way_again_once_an_operator_says_so() -> None:
    world = World([build("warm-up-incomplete")], state=State.WARMUP)
    world.step()
    world.hold("warm-up incomplete")
    world.step(20)
    assert (world.moves, world.automation.escalations) == (["DEGRADED"], 1)
    world.automation.acknowledge("warm-up incomplete")
    world.step(3)
    assert world.moves == ["DEGRADED", "WARMUP"]
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
    assert (world.moves, world.automation.escalations) == (["DEGRADED"], 1)
    world.hold("market data outage")
    world.automation.acknowledge("warm-up incomplete")
    world.step(5)
    assert world.moves == ["DEGRADED"]  # somebody has looked, and something else is wrong
    world.clear("market data outage")
    world.step()
    assert world.moves == ["DEGRADED", "WARMUP"]


def test_a_warm_up_goes_on_beside_a_cause_that_does_not_concern_it() -> None:
    world = World([build("warm-up-incomplete", timeout_ns=SHORT_NS)], state=State.WARMUP)
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
    assert (world.moves, world.automation.escalations) == (["DEGRADED", "WARMUP", "DEGRADED"], 2)


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
    assert world.moves == ["DEGRADED", "READY"]


def test_what_a_probe_finds_is_answered_on_the_same_look_and_acknowledged_to_it() -> None:
    world = World([build("state-corruption")])
    monitor = HealthMonitor.of([RefusedMovesSettings()], world.lifecycle)

    def step() -> None:
        look = world.look()._replace(refused_moves=1)
        monitor.step(look)
        world.automation.step(look)
        world.at_ns += STEP_NS

    step()
    assert world.moves == ["DEGRADED"]
    assert world.lifecycle.history[-1].at_ns == 0
    assert world.audit.entries[0].detail == "1 refused moves, at most 0 is ok"
    world.automation.acknowledge("state corruption")
    world.acknowledge = monitor.acknowledge  # type: ignore[method-assign]
    for _ in range(4):
        step()
    assert world.moves == ["DEGRADED", "READY"]


@pytest.mark.parametrize("escalated", [False, True])
def test_nobody_else_recovers_while_state_corruption_waits_for_its_operator(escalated: bool) -> None:
    timeout_ns = SHORT_NS if escalated else None
    world = World([build("state-corruption", timeout_ns=timeout_ns), build("market-data-outage")])
    world.hold("state corruption")
    world.hold("market data outage")
    world.step(10)
    # The probe may forget, the operator has not spoken.
    world.clear("state corruption")
    world.clear("market data outage")
    world.step(20)
    assert world.moves == ["DEGRADED"]
    assert world.automation.unresolved == (("state-corruption",) if escalated else ())
    world.automation.acknowledge("state corruption")
    world.step(8)
    assert world.moves == ["DEGRADED", "READY"]
    assert world.automation.unresolved == ()
    assert world.automation.under_way == ()


def test_a_skewed_clock_is_set_back_and_must_agree() -> None:
    world = World([build("clock-skew")])
    world.hold("clock skew")
    world.step()
    assert world.calls == ["degrade", "reset_clock"]
    world.step(3)
    assert world.moves == ["DEGRADED", "READY"]

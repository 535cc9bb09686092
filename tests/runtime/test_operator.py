"""The operator of a scenario: acts by hand, once, when it is due."""

from __future__ import annotations

from typing import Any

import pytest

from tests.control.fake_world import World
from tickpath.config.scenario.operator import OperatorSettings
from tickpath.control.automation.runbooks import build
from tickpath.core.state import State
from tickpath.errors import ArgumentValueError
from tickpath.runtime.operator import Operator
from tickpath.runtime.shutdown import Shutdown


def operator(world: World, *actions: OperatorSettings, shutdown: Shutdown | None = None) -> Operator:
    return Operator(actions, world.automation.acknowledge, world.lifecycle, shutdown or Shutdown(0))


def test_it_acknowledges_once_at_the_first_step_that_finds_it_due() -> None:
    world = World([build("state-corruption")])
    world.hold("state corruption")
    action = OperatorSettings(cause="state corruption", in_state="DEGRADED", after_ns=50_000_000)
    person = operator(world, action)
    degraded_steps = 0
    for _ in range(20):
        person.step(world.look())
        world.step()
        degraded_steps += world.now is State.DEGRADED
    # Found at the second step, 50 ms later acknowledged, and clear for three looks by then.
    assert [event for event in world.events() if event == "acknowledged"] == ["acknowledged"]
    assert world.now is State.READY
    assert degraded_steps >= 5


def test_without_actions_it_does_nothing() -> None:
    world = World([build("state-corruption")])
    operator(world).step(world.look())
    assert world.events() == []


def test_it_moves_the_lifecycle_by_hand_and_what_is_not_legal_is_refused_and_counted() -> None:
    world = World([])
    moves: list[Any] = ["DEGRADED", "INIT", "WARMUP", "WARMUP", "READY"]
    person = operator(world, *[OperatorSettings(at_ns=0, name="bob", moves_to=state) for state in moves])
    person.step(world.look())
    person.step(world.look())
    made = [(move.target.name, move.cause) for move in world.lifecycle.history[2:]]
    assert made == [("DEGRADED", "bob"), ("WARMUP", "bob"), ("READY", "bob")]
    assert world.lifecycle.refused_moves == 2


def test_it_ends_the_run_and_a_second_word_means_now() -> None:
    world, shutdown = World([]), Shutdown(1_000)
    stops = [
        OperatorSettings(at_ns=at_ns, name=name, stops=True)
        for at_ns, name in ((0, "bob"), (world.at_ns + 1, "eve"))
    ]
    person = operator(world, *stops, shutdown=shutdown)
    person.step(world.look())
    assert shutdown.step(world.look()) == "stop_intake"
    world.at_ns += 1
    person.step(world.look())
    assert shutdown.step(world.look()) == "stop"
    result = shutdown.account(world.at_ns, {})
    assert result is not None
    assert result.by == ("bob", "eve")


@pytest.mark.parametrize("what", [{}, {"cause": "x", "stops": True}, {"moves_to": "READY", "cause": "x"}])
def test_an_action_is_exactly_one(what: dict[str, Any]) -> None:
    with pytest.raises(ArgumentValueError, match="expected exactly one of cause, moves_to and stops, got"):
        OperatorSettings(at_ns=0, **what)

"""The operator of a scenario: acknowledges once, when it is due, and is audited like a person."""

from __future__ import annotations

from tests.control.fake_world import World
from tickpath.config.scenario.operator import AcknowledgeSettings
from tickpath.control.automation.runbooks import build
from tickpath.core.state import State
from tickpath.runtime.operator import Operator


def test_it_acknowledges_once_at_the_first_step_that_finds_it_due() -> None:
    world = World([build("state-corruption")])
    world.hold("state corruption")
    action = AcknowledgeSettings(cause="state corruption", in_state="DEGRADED", after_ns=50_000_000)
    operator = Operator((action,), world.automation.acknowledge)
    degraded_steps = 0
    for _ in range(20):
        operator.step(world.look())
        world.step()
        degraded_steps += world.now is State.DEGRADED
    # Found at the second step, 50 ms later acknowledged, and clear for three looks by then.
    assert [event for event in world.events() if event == "acknowledged"] == ["acknowledged"]
    assert world.now is State.READY
    assert degraded_steps >= 5


def test_without_actions_it_does_nothing() -> None:
    world = World([build("state-corruption")])
    Operator((), world.automation.acknowledge).step(world.look())
    assert world.events() == []

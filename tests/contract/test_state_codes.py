"""The codes of the states are written twice, in Python and in Rust: they must be the same."""

from __future__ import annotations

import pytest

from tickpath._native import Gate
from tickpath.core.state import Lifecycle, State
from tickpath.errors import ArgumentValueError


def test_the_gate_begins_in_init_at_epoch_0() -> None:
    gate = Gate()
    assert (gate.load(), gate.state_code, gate.epoch) == (int(State.INIT), int(State.INIT), 0)


@pytest.mark.parametrize("state", State)
def test_rust_stores_each_state_under_its_python_code(state: State) -> None:
    gate = Gate()
    assert gate.compare_exchange(gate.load(), state)
    assert gate.state_code == state.value
    assert gate.load() == 1 << 8 | state.value


@pytest.mark.parametrize("code", [4, 5, 255])
def test_rust_knows_no_other_code(code: int) -> None:
    with pytest.raises(ArgumentValueError, match="not a state code"):
        Gate().compare_exchange(0, code)


def test_the_codes_are_those_of_the_contract() -> None:
    assert {state.name: state.value for state in State} == {
        "INIT": 0,
        "WARMUP": 1,
        "READY": 2,
        "DEGRADED": 3,
    }


def test_a_lifecycle_and_its_gate_say_the_same_after_each_move() -> None:
    lifecycle = Lifecycle()
    for state in (State.WARMUP, State.READY, State.DEGRADED, State.WARMUP, State.DEGRADED, State.READY):
        lifecycle.transition_to(state)
        gate = lifecycle.gate
        assert (gate.state_code, gate.epoch) == (lifecycle.state.value, lifecycle.epoch)
        assert gate.load() == lifecycle.epoch << 8 | state.value

"""Health against its definition, and causes against what is known: for every run of verdicts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.control.looks import Told, lifecycle_in, look
from tickpath.control.failure import held, held_causes
from tickpath.control.health import HealthMonitor, Hysteresis, Verdict, Watch
from tickpath.core.state import State

VERDICTS: st.SearchStrategy[list[Verdict]] = st.lists(
    st.sampled_from(["ok", "failing", "unknown"]), max_size=40
)
PATIENCE = st.integers(1, 4)


def defined(verdicts: list[Verdict], raise_after: int, clear_after: int) -> list[bool]:
    """Say for each step whether it is raised, by the words of the promise.

    Not raised, it is raised where the last ``raise_after`` verdicts that are known all fail; raised, it is
    cleared where the last ``clear_after`` of them are all ok. A step that is not known is as the one before.
    """
    answers: list[bool] = []
    known: list[Verdict] = []
    raised = False
    for verdict in verdicts:
        if verdict != "unknown":
            known.append(verdict)
            patience, against = (clear_after, "ok") if raised else (raise_after, "failing")
            if known[-patience:] == [against] * patience:
                raised = not raised
        answers.append(raised)
    return answers


@pytest.mark.slow
@given(VERDICTS, PATIENCE, PATIENCE)
def test_hysteresis_is_what_it_is_defined_to_be(
    verdicts: list[Verdict], raise_after: int, clear_after: int
) -> None:
    hysteresis = Hysteresis(raise_after, clear_after)
    answers, changed = [], []
    for verdict in verdicts:
        changed.append(hysteresis.step(verdict))
        answers.append(hysteresis.raised)
    assert answers == defined(verdicts, raise_after, clear_after)
    assert changed == [now != then for then, now in zip([False, *answers], answers, strict=False)]


@pytest.mark.slow
@given(st.data(), st.lists(st.tuples(PATIENCE, PATIENCE), min_size=1, max_size=4), st.integers(1, 20))
def test_causes_are_those_of_the_probes_that_are_raised(
    data: st.DataObject, patience: list[tuple[int, int]], steps: int
) -> None:
    verdict: st.SearchStrategy[Verdict] = st.sampled_from(["ok", "failing", "unknown"])
    runs: list[list[Verdict]] = [
        data.draw(st.lists(verdict, min_size=steps, max_size=steps)) for _ in patience
    ]
    lifecycle = lifecycle_in(State.READY)
    watches = [
        Watch(Told([*run], f"probe {number}", f"cause {number % 2}"), *patience[number])
        for number, run in enumerate(runs)
    ]
    monitor = HealthMonitor(watches, lifecycle)
    expected = [defined(run, *patience[number]) for number, run in enumerate(runs)]
    for step in range(steps):
        before = held(lifecycle)
        changes = monitor.step(look(step * 10))
        raised = [number for number in range(len(runs)) if expected[number][step]]
        assert sorted(cause.owner for cause in held(lifecycle)) == [f"probe:probe {n}" for n in raised]
        # Ready may be said exactly where no cause is held.
        assert (held_causes(lifecycle) == ()) == (raised == [])
        # Nothing changes but by a verdict that is known, and every change is told once.
        if all(run[step] == "unknown" for run in runs):
            assert (changes, held(lifecycle)) == ((), before)
        told = {change.cause.owner for change in changes}
        owners = {cause.owner for cause in before} ^ {cause.owner for cause in held(lifecycle)}
        assert (told, len(changes)) == (owners, len(owners))
        assert all(change.at_ns == step * 10 for change in changes)
        known = [status.name for status in monitor.readings if status.verdict != "unknown"]
        assert known == [f"probe {n}" for n, run in enumerate(runs) if run[step] != "unknown"]
    assert (lifecycle.state, lifecycle.epoch) == (State.READY, 2)

"""Virtual runs at the ends of everything, against the model: no events, no time, all the time there is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.properties.depth import examples
from tests.properties.virtual.cases import scripts
from tests.properties.virtual.machine import books_of
from tests.properties.virtual.model import RunModel
from tests.properties.virtual.script import Script
from tickpath.config.fields import NS_MAX
from tickpath.core.engine import VirtualEngine
from tickpath.core.state import Lifecycle, State
from tickpath.lab.scenario_source import load_source

ROUTES = [[], [State.WARMUP], [State.WARMUP, State.READY], [State.WARMUP, State.DEGRADED]]
#: Where the run is when it is told to end: not begun, at its first moment, somewhere, at the last there is.
MOMENTS = st.lists(st.sampled_from([0, 1, 5_000, NS_MAX - 1, NS_MAX]), max_size=3)


@pytest.mark.slow
@examples(40)
@given(
    script=scripts(),
    events_max=st.sampled_from([None, None, 0, 1]),
    route=st.sampled_from(ROUTES),
    moments=MOMENTS,
    more=st.sampled_from(State),
    order=st.sampled_from(["stop", "stop_intake", "both", "nothing"]),
    faults=st.booleans(),
)
def test_a_run_that_is_ended_at_any_end_is_its_model(
    script: Script,
    events_max: int | None,
    route: list[State],
    moments: list[int],
    more: State,
    order: str,
    faults: bool,
) -> None:
    settings = replace(script.scenario().run_settings(), events_max=events_max, faults=faults)
    source, lifecycle = load_source(script.scenario()), Lifecycle(lambda: 0)
    engine = VirtualEngine(source, lifecycle, settings)
    stamps = [int(ns) for ns in source.events["ts_ns"]][:events_max]
    model = RunModel(settings, script.planned_ns(stamps))
    for state in route:
        lifecycle.transition_to(state)
        model.move(state)
    engine.start()
    for moment_ns in moments:
        assert engine.advance(moment_ns) is model.is_over_after(moment_ns)
        assert engine.now_ns() == model.now_ns
    if lifecycle.can_transition_to(more):
        lifecycle.transition_to(more)
        model.move(more)
    for name in ("stop_intake", "stop"):
        # In INIT nothing ends by itself.
        if order in (name, "both") or (name == "stop" and lifecycle.state is State.INIT):
            getattr(engine, name)()
            getattr(model, name)()
    model.advance(None)
    record = engine.finish()
    assert books_of(record) == model.books()
    assert record.digest(b"") == model.digest()
    assert record.balanced
    assert record.feed.published + record.feed.unpublished == len(stamps)
    assert (record.feed.published, engine.now_ns()) == (model.feed.head, model.now_ns)

"""Whatever consumers, capacities, policies and service times, and whenever the gate flips or a stop comes.

Every ledger balances, nothing is executed outside READY, and nothing hangs.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, get_args

from hypothesis import HealthCheck, event, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.core.engine.depth import RANDOM_RUNS
from tests.core.engine.runs import PARKED, finished, source
from tickpath.config.engine import (
    ConsumerSettings,
    EngineSettings,
    OverrunPolicy,
    ServiceTime,
    StampPer,
    ThreadSettings,
)
from tickpath.core.engine import Engine, EngineRecord
from tickpath.core.state import InvalidTransition, Lifecycle, State
from tickpath.runtime.verdict import executed_outside_ready

SERVICES = st.one_of(
    st.just(ServiceTime()),
    st.just(ServiceTime()),
    st.integers(0, 50_000).map(ServiceTime.constant),
    st.floats(0, 20_000).map(ServiceTime.exponential),
    st.builds(ServiceTime.lognormal, st.floats(0, 10_000), st.floats(0, 1)),
    st.lists(st.integers(0, 50_000), min_size=1, max_size=4).map(lambda ns: ServiceTime.empirical(tuple(ns))),
)
THREADS = st.sampled_from([PARKED, ThreadSettings(wait="yield"), ThreadSettings(wait="park", core=None)])


@dataclass(frozen=True)
class Case:
    """A run: what is set, which states the gate is sent to, and after how many looks it is stopped."""

    settings: EngineSettings
    events: int
    is_ready: bool
    flips: tuple[State, ...]
    stop_after_looks: int | None
    has_sink: bool


def stage(draw: Any, name: str, after: tuple[str, ...], **given: Any) -> ConsumerSettings:
    return ConsumerSettings(
        name=name,
        after=after,
        overrun=draw(st.sampled_from(get_args(OverrunPolicy))),
        thread=draw(THREADS),
        service=given.get("service") or draw(SERVICES),
        seed=draw(st.integers(0, 2**64 - 1)),
    )


@st.composite
def cases(draw: Any) -> Case:
    names = [f"c{n}" for n in range(draw(st.integers(0, 3)))]
    # Those before the executor in this order may be its upstreams, those behind it its downstreams.
    order = draw(st.permutations([*names, "executor"]))
    after = {
        name: tuple(draw(st.lists(st.sampled_from(order[:n]), unique=True, max_size=2))) if n else ()
        for n, name in enumerate(order)
    }
    stamp_per = draw(st.sampled_from(get_args(StampPer)))
    service = ServiceTime() if stamp_per == "batch" else draw(SERVICES)
    settings = EngineSettings(
        capacity=draw(st.sampled_from([1, 2, 3, 7, 64, 1_000])),
        pace=draw(st.sampled_from(["max", "recorded"])),
        feed=draw(THREADS),
        executor=stage(draw, "executor", after["executor"], service=service),
        consumers=tuple(stage(draw, name, after[name]) for name in names),
        stamp_per=stamp_per,
        ack_capacity=draw(st.sampled_from([None, 1, 16])),
        hold_back=draw(st.booleans()),
        touch_memory=draw(st.booleans()),
        clock=draw(st.sampled_from(["auto", "monotonic"])),
        floor_window_ns=0,
    )
    is_ready = draw(st.integers(0, 5)) > 0
    looks = draw(st.one_of(st.none(), st.integers(0, 20)))
    return Case(
        settings,
        events=draw(st.sampled_from([1, 2, 100, 1_500])),
        is_ready=is_ready,
        flips=tuple(
            draw(st.lists(st.sampled_from([State.WARMUP, State.READY, State.DEGRADED]), max_size=40))
        ),
        # In INIT nothing is read: only a stop ends the run.
        stop_after_looks=looks if is_ready or looks is not None else 5,
        has_sink=draw(st.booleans()),
    )


class Tape:
    """A sink that does next to nothing."""

    def observe(self, _event: Any, _ack: Any) -> None:
        """Take one ack."""


def flip(lifecycle: Lifecycle, states: tuple[State, ...], over: threading.Event) -> None:
    """Another thread's moves; those that are not allowed are none."""
    for state in states:
        if over.is_set():
            return
        try:
            lifecycle.transition_to(state)
        except InvalidTransition:
            continue


def perform(case: Case, lifecycle: Lifecycle) -> tuple[Engine, EngineRecord]:
    """Run it to its end."""
    made = source(case.events, rate_hz=200_000.0)
    engine = Engine(made, lifecycle, case.settings, sink=Tape() if case.has_sink else None)
    over = threading.Event()
    flips = threading.Thread(target=flip, args=(lifecycle, case.flips, over))
    engine.start()
    flips.start()
    looks = 0
    while not engine.wait(1):
        snapshot = engine.snapshot()
        assert all(stage.ledger.published <= case.events for stage in snapshot.stages)
        if looks == case.stop_after_looks:
            engine.stop()
        looks += 1
    over.set()
    flips.join()
    return engine, finished(engine)


@examples(
    max_examples=RANDOM_RUNS,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(cases())
def test_every_ledger_balances_whatever_happens(case: Case) -> None:
    lifecycle = Lifecycle()
    if case.is_ready:
        lifecycle.transition_to(State.WARMUP)
        lifecycle.transition_to(State.READY)
    engine, record = perform(case, lifecycle)
    executor = record.stages[0].ledger
    outside = executed_outside_ready(
        # Epoch 0 is INIT, in which nothing is read.
        record.epochs,
        lifecycle.history,
        complete=record.epochs_overflow == 0 and lifecycle.history_dropped == 0,
        executed=executor.executed,
        gated=sum(executor.gated),
    )
    assert outside == 0
    assert executor.gated[State.INIT] == 0
    assert all(stage.ledger.published == executor.published for stage in record.stages)
    if case.has_sink:
        account = engine.sink_account
        assert account is not None
        assert account.shown + account.dropped == executor.executed + sum(executor.gated)
        assert (account.errors, account.abandoned) == (0, False)
    event(f"stopped: {record.stopped}")
    event(f"consumers: {len(record.stages) - 1}")

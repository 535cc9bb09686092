"""The plan of a feed and what comes of it: against arithmetic, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.engine.runs import lifecycle, source
from tickpath.config.engine import ConsumerSettings, EngineSettings, OverrunPolicy, ServiceTime
from tickpath.core.engine import FeedPlan, VirtualEngine
from tickpath.core.ingest import MarketDataSource
from tickpath.errors import ArgumentTypeError, ArgumentValueError


def executor(service_ns: int = 0, **given: Any) -> ConsumerSettings:
    return ConsumerSettings(name="executor", service=ServiceTime.constant(service_ns), **given)


def plan_of(stamps_ns: list[int], **settings: Any) -> FeedPlan:
    table = {"ts_ns": np.array(stamps_ns, np.int64)}
    made = MarketDataSource.from_table(table, columns={"ts_ns": "ts_ns"})
    return FeedPlan(made.native, EngineSettings(**settings))


@given(
    gaps_ns=st.lists(st.integers(0, 40), min_size=1, max_size=50),
    service_ns=st.integers(0, 60),
)
def test_one_pass_says_what_the_recursion_says(gaps_ns: list[int], service_ns: int) -> None:
    # A recording begins with its first event.
    due_ns = np.cumsum([0, *gaps_ns])
    sized = plan_of([1_000 + int(at) for at in due_ns]).size(executor(service_ns))
    number = np.arange(len(due_ns))
    done_ns = np.maximum.accumulate(due_ns - service_ns * number) + service_ns * (number + 1)
    read_ns = done_ns - service_ns
    unread = np.searchsorted(due_ns, read_ns, side="right") - number
    assert sized.backlog == unread.max()
    assert sized.latency.max_ns == (done_ns - due_ns).max()
    assert sized.latency.min_ns == (done_ns - due_ns).min()
    assert (sized.begin_ns, sized.end_ns, sized.busy_ns) == (0, done_ns[-1], service_ns * len(due_ns))
    # The event that made it so many is the newest of those that were in the ring then.
    first = int(unread.argmax())
    assert sized.backlog_event == first + unread.max() - 1
    assert sized.backlog_at_ns == due_ns[sized.backlog_event]


def test_a_ring_that_is_too_small_is_overrun_where_it_is_said() -> None:
    plan = plan_of([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    sized = plan.size(executor(100), capacity=4)
    assert (sized.read, sized.lost, sized.shed, sized.overruns, sized.first_missed) == (3, 5, 2, 1, 1)
    assert (sized.latency.count, sized.latency.dropped) == (3, 7)
    assert plan.size(executor(100, overrun="head"), capacity=4).read == 1
    assert plan.size(executor(100), capacity=9).lost == 0


def test_speed_limit_and_gaps_are_those_of_a_run() -> None:
    plan = plan_of([0, 1_000, 9_000_000_000], speed=10.0, max_gap_ns=1_000, events_max=3)
    assert (plan.events, plan.length_ns, plan.gaps_capped) == (3, 1_100, 1)
    assert plan.left_out_ns == 900_000_000 - 100 - 1_000
    assert plan_of([0, 1_000, 9_000], events_max=2).events == 2


def test_drawn_service_times_are_those_of_their_seed() -> None:
    plan = FeedPlan(source(2_000, 1e6).native, EngineSettings())

    def sized(seed: int) -> int:
        service = ServiceTime.lognormal(500, 1.0)
        return plan.size(ConsumerSettings(name="executor", service=service, seed=seed)).busy_ns

    assert sized(1) == sized(1) != sized(2)


@pytest.mark.parametrize("overrun", ["oldest", "head"])
def test_a_run_in_virtual_time_has_the_same_losses_and_latencies(overrun: OverrunPolicy) -> None:
    feed = MarketDataSource.synthetic(model="hawkes", rate_hz=100_000, events=5_000, seed=7)
    drawn = ConsumerSettings(
        name="executor", service=ServiceTime.lognormal(7_000, 0.5), seed=3, overrun=overrun
    )
    for stage in (executor(8_000, overrun=overrun), drawn):
        plan = FeedPlan(feed.native, EngineSettings())
        needed = plan.size(stage)
        for slots in (needed.backlog, needed.backlog - 1, 16, 1):
            sized = plan.size(stage, capacity=slots)
            engine = VirtualEngine(feed, lifecycle(), EngineSettings(capacity=slots, executor=stage))
            engine.start()
            record = engine.finish()
            assert record.balanced
            ledger = record.stages[0].ledger
            assert (ledger.executed, ledger.lost, ledger.shed) == (sized.read, sized.lost, sized.shed)
            assert (ledger.lost > 0) == (slots < needed.backlog)
            [latency] = [
                figures for figures in record.stages[0].latency if figures.stage == "published_to_completed"
            ]
            for name in ("count", "min_ns", "p50_ns", "p99_ns", "p99_9_ns", "max_ns"):
                assert getattr(latency, name) == getattr(sized.latency, name), (slots, name)


def test_what_makes_no_sense_is_refused() -> None:
    events = source(3).native
    with pytest.raises(ArgumentValueError, match='pace "max" has no plan'):
        FeedPlan(events, EngineSettings(pace="max"))
    with pytest.raises(ArgumentTypeError, match="settings"):
        FeedPlan(events, None)  # type: ignore[arg-type]
    plan = FeedPlan(events, EngineSettings())
    with pytest.raises(ArgumentTypeError, match="executor"):
        plan.size(5)  # type: ignore[arg-type]
    with pytest.raises(ArgumentValueError, match="at least 1 slot"):
        plan.size(executor(), capacity=0)
    with pytest.raises(ArgumentValueError, match="load_factor must be 0"):
        plan.size(executor(load_factor=0.5))
    for policy in ("raise", "detach"):
        with pytest.raises(ArgumentValueError, match=f"oldest or head .* got {policy}"):
            plan.size(executor(overrun=policy), capacity=1)
        # Nothing is overrun without a limit.
        assert plan.size(executor(overrun=policy)).read == 3


def test_what_a_callback_raises_ends_the_work() -> None:
    plan = FeedPlan(source(100_000).native, EngineSettings())

    def stop(done: int, in_all: int, _events: int) -> None:
        assert 0 < done < in_all == 100_000
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plan.size(executor(), progress=stop)


def test_an_empty_feed_has_no_largest_backlog() -> None:
    sized = FeedPlan(source(3).native, EngineSettings(events_max=0)).size(executor())
    assert (sized.published, sized.backlog, sized.backlog_event, sized.backlog_at_ns) == (0, 0, None, None)

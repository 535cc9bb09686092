"""Which virtual runs are tried: feeds, rings, stages and graphs, policies, service times, faults."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from tests.properties.virtual.script import Script
from tickpath.config.engine import ConsumerSettings, OverrunPolicy, ServiceTime
from tickpath.config.fields import NS_MAX, SEED_MAX
from tickpath.config.scenario import FeedSettings
from tickpath.config.scenario.injections import (
    COUNT_MAX,
    ClockStepSettings,
    FeedBurstSettings,
    FeedDuplicateSettings,
    FeedFreezeSettings,
    FeedGapSettings,
    FeedOutageSettings,
    FeedReorderSettings,
    FeedStaleSettings,
    SlowConsumerSettings,
    StallSettings,
)

INTERVALS_NS = [1_000, 10_000, 50_000_000]
#: Only where the control side looks seldom: each look of a replay costs some time.
MINUTE_NS = 60_000_000_000
SMALL = st.integers(1, 9)
MANY = st.one_of(SMALL, st.sampled_from([100, NS_MAX]))
OFFSETS = st.one_of(
    st.integers(-5_000, 5_000).filter(bool), st.sampled_from([1, -1, NS_MAX, -NS_MAX, NS_MAX // 2])
)


def longest(interval_ns: int) -> int:
    """The longest service time that is tried."""
    return min(MINUTE_NS, 1_200 * interval_ns if interval_ns > 1_000_000 else 30 * interval_ns)


def services(interval_ns: int) -> st.SearchStrategy[ServiceTime]:
    """What the model knows: the same for each event."""
    longest_ns = longest(interval_ns)
    times = st.one_of(st.integers(0, 3 * interval_ns), st.sampled_from([0, 1, interval_ns, longest_ns]))
    return st.one_of(
        st.just(ServiceTime()),
        times.map(ServiceTime.constant),
        times.map(lambda ns: ServiceTime.empirical((ns,))),
    )


def draws(interval_ns: int) -> st.SearchStrategy[ServiceTime]:
    """And what it does not know."""
    return st.one_of(
        st.floats(0, interval_ns).map(ServiceTime.exponential),
        st.builds(ServiceTime.lognormal, st.floats(0, interval_ns), st.floats(0, 3)),
        st.lists(st.integers(0, 2 * interval_ns), min_size=2, max_size=4).map(
            lambda samples: ServiceTime.empirical(tuple(samples))
        ),
    )


@st.composite
def stages(
    draw: st.DrawFn, name: str, after: tuple[str, ...], service: st.SearchStrategy[ServiceTime]
) -> ConsumerSettings:
    drawn = draw(service)
    load = 0.0 if drawn.kind == "none" else draw(st.sampled_from([0.0, 0.0, 1.0, 2.5, 10.0]))
    return ConsumerSettings(
        name=name,
        after=after,
        overrun=draw(st.sampled_from(get_args(OverrunPolicy))),
        service=drawn,
        seed=draw(st.sampled_from([0, 1, SEED_MAX])),
        latency_limit_ns=draw(st.sampled_from([None, 1, 1_000, NS_MAX])),
        load_factor=load,
    )


@st.composite
def feeds(draw: st.DrawFn, interval_ns: int) -> FeedSettings:
    """From many events an interval to many intervals an event, with ties and with gaps that are cut."""
    per_interval = draw(st.sampled_from([0.3, 1.0, 1.7, 5.0, 40.0, 1e9]))
    pace: Any = draw(st.sampled_from(["recorded", "constant"]))
    return FeedSettings(
        model=draw(st.sampled_from(["constant", "poisson", "hawkes"])),
        rate_hz=min(1e9, per_interval * 1e9 / interval_ns),
        events=draw(st.one_of(st.integers(1, 60), st.sampled_from([1, 2, 60, 100, 200]))),
        pace=pace,
        speed=draw(st.sampled_from([1.0, 1.0, 0.5, 3.0, 1e6])) if pace == "recorded" else 1.0,
        max_gap_ns=draw(st.sampled_from([NS_MAX // 2**20, interval_ns, 0])),
    )


@st.composite
def scripts(draw: st.DrawFn, *, known: bool = True) -> Script:
    interval_ns = draw(st.sampled_from(INTERVALS_NS))
    service = services(interval_ns) if known else st.one_of(services(interval_ns), draws(interval_ns))
    names = [f"c{number}" for number in range(draw(st.integers(0, 3)))]
    # Those before the executor in this order may be its upstreams, those behind it its downstreams.
    order = draw(st.permutations([*names, "executor"]))
    made = {}
    for number, name in enumerate(order):
        before = st.lists(st.sampled_from(order[:number]), unique=True, max_size=2) if number else st.just([])
        made[name] = draw(stages(name, tuple(draw(before)), service))
    return Script(
        feed=draw(feeds(interval_ns)),
        capacity=draw(st.sampled_from([1, 2, 3, 4, 7, 8, 64, 1_000])),
        executor=made["executor"],
        consumers=tuple(made[name] for name in names),
        interval_ns=interval_ns,
        drain_ns=draw(st.sampled_from([0, interval_ns, 7 * interval_ns, NS_MAX])),
        sink=draw(st.booleans()),
        ack_capacity=draw(st.sampled_from([None, 1, 2, 16])),
        seed=draw(st.sampled_from([0, 5, SEED_MAX])),
    )


@st.composite
def faults(draw: st.DrawFn, names: tuple[str, ...], interval_ns: int) -> Any:
    """An injection of a kind that acts on the engine alone; its moment is whoever orders it."""
    kind = draw(
        st.sampled_from(
            [
                FeedOutageSettings,
                FeedFreezeSettings,
                FeedStaleSettings,
                FeedDuplicateSettings,
                FeedReorderSettings,
                FeedGapSettings,
                FeedBurstSettings,
                SlowConsumerSettings,
                StallSettings,
                ClockStepSettings,
            ]
        )
    )
    given: dict[str, Any] = {"at_ns": 0}
    if kind in (FeedDuplicateSettings, FeedReorderSettings):
        given["every"] = draw(MANY.filter(lambda every: every > 1 or kind is FeedDuplicateSettings))
    elif kind in (FeedGapSettings, FeedBurstSettings):
        given["events"] = draw(st.one_of(SMALL, st.sampled_from([100, COUNT_MAX])))
    elif kind in (SlowConsumerSettings, StallSettings):
        given["stage"] = draw(st.sampled_from(names))
    if kind is SlowConsumerSettings:
        given["factor"] = draw(st.sampled_from([1.0, 1.5, 2.0, 4.0]))
        given["extra_ns"] = draw(st.sampled_from([1, 777, longest(interval_ns)]))
    if kind is ClockStepSettings:
        given["offset_ns"] = draw(OFFSETS)
    return kind(**given)

"""Which sessions are tried: whole scenarios in virtual time, everything in them drawn.

Capacity 1, ack rings of one slot, faults that begin together, after the feed's end, or never, moves by hand
at every step, stops at any moment: what must hold in all of them is said in ``test_sessions.py``.
"""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from tests.properties.virtual.cases import draws, services
from tickpath.config.engine import ConsumerSettings, OverrunPolicy
from tickpath.config.fields import NS_MAX
from tickpath.config.scenario import (
    ControlSettings,
    EngineRest,
    FeedSettings,
    LifecycleSettings,
    OperatorSettings,
    RingSettings,
    RunbookSettings,
    Scenario,
    WarmupSettings,
)
from tickpath.config.scenario.injections import (
    ClockStepSettings,
    ColdStartSettings,
    FeedBurstSettings,
    FeedDuplicateSettings,
    FeedFreezeSettings,
    FeedGapSettings,
    FeedOutageSettings,
    FeedReorderSettings,
    FeedStaleSettings,
    SinkStallSettings,
    SlowConsumerSettings,
    StallSettings,
    StateCorruptionSettings,
)
from tickpath.config.scenario.probes import (
    BacklogSettings,
    ClockSkewSettings,
    CursorProgressSettings,
    FeedIntegritySettings,
    FeedStalenessSettings,
    LatencySettings,
    OverrunRateSettings,
    RefusedMovesSettings,
    SinkLossSettings,
)
from tickpath.config.scenario.responses import STANDARD_RUNBOOKS

MS = 1_000_000
STEP_NS = MS
#: 400 events in 40 ms, and as long again until everything has been answered.
EVENTS, RATE_HZ = 400, 10_000.0
STAGES = st.sampled_from(["executor", "log"])
#: 40 ms is the end of the feed.
TIMES = st.one_of(st.integers(0, 45 * MS), st.sampled_from([0, 0, 10 * MS, 40 * MS, 60 * MS, NS_MAX]))
LENGTHS = st.integers(1, 30 * MS)
COUNTS = st.integers(1, 200)

LASTING: list[tuple[Any, dict[str, Any]]] = [
    (FeedOutageSettings, {}),
    (FeedFreezeSettings, {}),
    (FeedStaleSettings, {}),
    (FeedDuplicateSettings, {"every": st.integers(1, 9)}),
    (FeedReorderSettings, {"every": st.integers(2, 9)}),
    (SlowConsumerSettings, {"stage": STAGES, "factor": st.sampled_from([2.0, 50.0])}),
    (StallSettings, {"stage": STAGES}),
    (SinkStallSettings, {}),
    (ClockStepSettings, {"offset_ns": st.sampled_from([-5 * MS, 3, 5 * MS])}),
]
MOMENTARY: list[tuple[Any, dict[str, Any]]] = [
    (FeedGapSettings, {"events": COUNTS}),
    (FeedBurstSettings, {"events": COUNTS}),
    (ColdStartSettings, {"events": COUNTS}),
    (StateCorruptionSettings, {}),
]
PROBES: list[tuple[Any, dict[str, Any]]] = [
    (FeedStalenessSettings, {"staleness_ns_max": st.sampled_from([MS, 3 * MS])}),
    (CursorProgressSettings, {"stage": STAGES, "standstill_ns_max": st.just(2 * MS)}),
    (BacklogSettings, {"stage": STAGES, "backlog_share_max": st.sampled_from([0.0, 0.5])}),
    (OverrunRateSettings, {"stage": STAGES, "window_ns": st.just(5 * MS)}),
    (LatencySettings, {"samples_min": st.just(10), "window_ns": st.just(5 * MS)}),
    (SinkLossSettings, {"window_ns": st.just(5 * MS)}),
    (FeedIntegritySettings, {"window_ns": st.just(5 * MS)}),
    (ClockSkewSettings, {}),
    (RefusedMovesSettings, {}),
]


@st.composite
def triggers(draw: st.DrawFn) -> dict[str, Any]:
    """When something happens."""
    kind = draw(st.sampled_from(["at_ns", "at_event", "in_state"]))
    if kind == "at_ns":
        return {"at_ns": draw(TIMES)}
    if kind == "at_event":
        return {"at_event": draw(st.integers(0, EVENTS))}
    state = draw(st.sampled_from(["INIT", "WARMUP", "READY", "DEGRADED"]))
    return {"in_state": state, "after_ns": draw(st.none() | LENGTHS)}


def drawn(draw: st.DrawFn, params: dict[str, Any]) -> dict[str, Any]:
    return {name: draw(value) for name, value in params.items()}


@st.composite
def injections(draw: st.DrawFn, number: int) -> Any:
    settings, params = draw(st.sampled_from(LASTING + MOMENTARY))
    fields = {**drawn(draw, params), **draw(triggers())}
    if (settings, params) in LASTING:
        ends = ["duration_ns"] if settings is FeedFreezeSettings else ["duration_ns", "duration_events"]
        end = draw(st.sampled_from(["", *ends]))
        if end:
            fields[end] = draw(LENGTHS if end == "duration_ns" else COUNTS)
    return settings(name=f"fault-{number}", **fields)


@st.composite
def probes(draw: st.DrawFn, number: int) -> Any:
    settings, params = draw(st.sampled_from(PROBES))
    patience = {name: draw(st.integers(1, 3)) for name in ("raise_after", "clear_after")}
    return settings(name=f"probe-{number}", **patience, **drawn(draw, params))


@st.composite
def operators(draw: st.DrawFn) -> OperatorSettings:
    what = draw(st.sampled_from(["cause", "moves_to", "moves_to", "stops"]))
    done: dict[str, Any] = {
        "cause": st.sampled_from(["state corruption", "cold start", "market data outage", "nobody's"]),
        "moves_to": st.sampled_from(["INIT", "WARMUP", "READY", "DEGRADED"]),
        "stops": st.just(True),
    }
    return OperatorSettings(**{what: draw(done[what])}, **draw(triggers()))


@st.composite
def stages(draw: st.DrawFn, name: str, after: tuple[str, ...]) -> ConsumerSettings:
    service = draw(st.one_of(services(50_000), draws(50_000)))
    return ConsumerSettings(
        name=name,
        after=after,
        service=service,
        overrun=draw(st.sampled_from(get_args(OverrunPolicy))),
        latency_limit_ns=draw(st.sampled_from([100_000, 100_000, None, 1, NS_MAX])),
        load_factor=0.0 if service.kind == "none" else draw(st.sampled_from([0.0, 0.0, 3.0])),
    )


@st.composite
def graphs(draw: st.DrawFn) -> tuple[ConsumerSettings, tuple[ConsumerSettings, ...]]:
    """The executor and its consumers, each after some of those that stand before it."""
    names = ["log", *(f"c{number}" for number in range(draw(st.integers(0, 2))))]
    order = draw(st.permutations([*names, "executor"]))
    made = {}
    for number, name in enumerate(order):
        before = st.lists(st.sampled_from(order[:number]), unique=True, max_size=2) if number else st.just([])
        made[name] = draw(stages(name, tuple(draw(before))))
    return made["executor"], tuple(made[name] for name in names)


WARMUPS = [
    WarmupSettings(kind="count", events=0),
    WarmupSettings(kind="count", events=50),
    WarmupSettings(kind="count", events=50, hold_feed=False),
    WarmupSettings(kind="count", events=NS_MAX),
    WarmupSettings(round_events=30, rounds_min=2, flat_rounds=2, rounds_max=3),
    WarmupSettings(round_events=30, rounds_min=2, flat_rounds=2, tolerance=1.0),
    WarmupSettings(round_events=1, rounds_min=2, flat_rounds=2, tolerance=1.0, hold_feed=False),
]


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    executor, consumers = draw(graphs())
    books = draw(st.lists(st.sampled_from(STANDARD_RUNBOOKS), unique=True, max_size=12))
    return Scenario(
        name="found",
        seed=draw(st.integers(0, 3)),
        feed=FeedSettings(
            model=draw(st.sampled_from(["constant", "poisson", "hawkes"])),
            rate_hz=RATE_HZ,
            events=draw(st.sampled_from([EVENTS, EVENTS, EVENTS, 100, 2, 1])),
        ),
        ring=RingSettings(capacity_slots=draw(st.sampled_from([1, 2, 16, 64, 1_024])), touch_memory=False),
        engine=EngineRest(sink=True, ack_capacity_slots=draw(st.sampled_from([1, 16, 1_024]))),
        executor=executor,
        consumers=consumers,
        lifecycle=LifecycleSettings(
            start_after_ns=draw(st.sampled_from([0, 0, 0, 1, 2_500_000, 20 * MS, 60 * MS])),
            history_limit=draw(st.sampled_from([4096, 4096, 4096, 1])),
        ),
        warmup=draw(st.sampled_from(WARMUPS)),
        control=ControlSettings(
            interval_ns=draw(st.sampled_from([STEP_NS, STEP_NS, 7 * STEP_NS, STEP_NS // 5])),
            drain_ns=draw(st.sampled_from([10 * MS, 0, 1])),
            fence_timeout_ns=draw(st.sampled_from([5 * MS, 1])),
        ),
        injections=tuple(draw(injections(n)) for n in range(draw(st.integers(0, 5)))),
        probes=tuple(draw(probes(n)) for n in range(draw(st.integers(0, 5)))),
        runbooks=tuple(RunbookSettings(name=name, timeout_ns=5 * MS) for name in books),
        operator=tuple(draw(operators()) for _ in range(draw(st.sampled_from([0, 0, 1, 2, 5])))),
    )

"""Scenarios as settings: defaults, what does not fit together, the engine's settings made of them."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from tickpath.config.engine import ConsumerSettings, EngineSettings, ServiceTime
from tickpath.config.run import RunSettings
from tickpath.config.scenario import (
    BreakSettings,
    ControlSettings,
    FeedFile,
    FeedSettings,
    ObjectiveSettings,
    RingSettings,
    RunbookSettings,
    Scenario,
    WarmupSettings,
)
from tickpath.config.scenario.injections import (
    ClockStepSettings,
    FeedFreezeSettings,
    FeedGapSettings,
    FeedOutageSettings,
    FeedReorderSettings,
    SlowConsumerSettings,
    StallSettings,
    StateCorruptionSettings,
)
from tickpath.config.scenario.probes import (
    BacklogSettings,
    CursorProgressSettings,
    FeedStalenessSettings,
    LatencySettings,
)
from tickpath.errors import ArgumentTypeError, ArgumentValueError


def of(kind: Any, **given: Any) -> Callable[[], object]:
    """Make ``kind`` with what no type checker would let pass."""
    return lambda: kind(**given)


def test_a_scenario_that_says_nothing_is_a_run_that_says_nothing() -> None:
    assert Scenario(runbooks=()).run_settings() == RunSettings()


def test_every_setting_of_an_engine_comes_from_a_scenario() -> None:
    scenario = Scenario(
        feed=FeedSettings(rate_hz=5.0, events=7, pace="constant", speed=2.0, max_gap_ns=3),
        ring=RingSettings(
            capacity_slots=9, touch_memory=False, huge_pages=True, lock_memory=True, hold_back=True
        ),
        consumers=(ConsumerSettings(name="logger"),),
        injections=(FeedOutageSettings(at_ns=0),),
        control=ControlSettings(interval_ns=5_000),
        warmup=WarmupSettings(kind="count", events=4),
    )
    made, plain = scenario.run_settings(), RunSettings()
    same = {f.name for f in dataclasses.fields(plain) if getattr(made, f.name) == getattr(plain, f.name)}
    assert same == {"feed", "executor", "stamp_per", "ack_capacity", "clock", "floor_window_ns"}
    assert (made.capacity, made.rate_hz, made.events_max, made.faults) == (9, 5.0, 7, True)
    assert (made.control_interval_ns, made.warmup_events) == (5_000, 4)


def test_every_stage_draws_from_a_seed_of_its_own() -> None:
    stages = (ConsumerSettings(name="a"), ConsumerSettings(name="b", seed=40))
    made = Scenario(seed=7, consumers=stages).run_settings()
    assert [stage.seed for stage in (made.executor, *made.consumers)] == [7, 8, 49]
    last = Scenario(seed=2**64 - 1, consumers=stages).run_settings()
    assert [stage.seed for stage in (last.executor, *last.consumers)] == [2**64 - 1, 0, 41]


def test_the_rate_of_a_synthetic_stream_is_no_pace() -> None:
    assert Scenario(feed=FeedSettings(rate_hz=5.0)).run_settings().rate_hz is None
    assert Scenario(feed=FeedSettings(pace="constant")).run_settings().rate_hz == 100_000.0


def test_the_executor_of_a_scenario_passes_everything_on() -> None:
    service = ServiceTime.constant(7)
    executor = ConsumerSettings(
        name="executor", latency_limit_ns=5, load_factor=2.0, overrun="head", service=service
    )
    made = Scenario(executor=executor).run_settings().executor
    assert made == executor


def test_a_fault_and_a_probe_are_called_after_their_kind() -> None:
    assert FeedOutageSettings(at_ns=0).name == "feed-outage"
    assert FeedOutageSettings(at_ns=0, name="morning").name == "morning"
    assert (BacklogSettings().name, BacklogSettings(stage="logger").name) == ("backlog", "backlog-logger")


def test_a_name_that_is_made_up_is_not_too_long() -> None:
    assert len(CursorProgressSettings(stage="x" * 64).name) == 64


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (FeedOutageSettings, "exactly one of at_ns, at_event and in_state, got none"),
        (lambda: FeedOutageSettings(at_ns=1, at_event=1), "got at_ns and at_event"),
        (lambda: FeedOutageSettings(at_ns=1, after_ns=1), "after_ns goes with in_state, got it with at_ns"),
        (lambda: FeedOutageSettings(at_ns=1, duration_ns=1, duration_events=1), "exclude each other"),
        (of(FeedFreezeSettings, name="still", at_ns=1, duration_events=5), "still: a frozen feed"),
        (lambda: FeedOutageSettings(at_ns=-1), "at_ns must be an integer from 0"),
        (lambda: FeedGapSettings(at_ns=1, events=0), "events must be an integer from 1"),
        (lambda: FeedReorderSettings(at_ns=1, every=1), "every must be an integer from 2"),
        (lambda: SlowConsumerSettings(at_ns=1), "got neither"),
        (lambda: SlowConsumerSettings(at_ns=1, factor=0.5), "factor must be a number from 1"),
        (lambda: ClockStepSettings(at_ns=1, offset_ns=0), "other than 0"),
        (of(StateCorruptionSettings, at_ns=1, target="UP"), "INIT, WARMUP, READY, DEGRADED, got 'UP'"),
        (lambda: StallSettings(at_ns=1, name="a b"), "name must be a name of letters"),
        (lambda: FeedStalenessSettings(staleness_ns_max=0), "staleness_ns_max must be an integer from 1"),
        (lambda: LatencySettings(over_limit_share_max=1.1), "from 0 to 1, got 1.1"),
        (lambda: BacklogSettings(raise_after=0), "raise_after"),
        (lambda: BacklogSettings(cause=" "), "the words of a cause"),
        (lambda: WarmupSettings(rounds_max=2), "rounds_max must be at least"),
        (lambda: WarmupSettings(events=5), 'the kind "count"'),
        (
            lambda: FeedSettings(files=(FeedFile(path="a"),), model="hawkes"),
            "model belongs to a synthetic feed, and this feed has files",
        ),
        (lambda: FeedSettings(symbol="A"), "symbol belongs to files, and this feed has none"),
        (
            lambda: FeedSettings(files=(FeedFile(path="a", kind="dbn"), FeedFile(path="b", kind="itch"))),
            "got dbn, itch",
        ),
        (lambda: FeedSettings(files=(FeedFile(path="a", kind="table"),)), "columns belong to"),
        (lambda: FeedFile(path=""), "path must be the name of a file, got ''"),
        (lambda: ObjectiveSettings(expects_causes=("a", "a")), "'a' twice"),
        (lambda: BreakSettings(disable="stage:a"), '"probe:NAME" or "runbook:NAME"'),
        (lambda: ControlSettings(interval_ns=50_000_001), "interval_ns"),
        (lambda: Scenario(seed=-1), "seed"),
        (lambda: Scenario(name=""), "name must be a name"),
        (
            lambda: Scenario(injections=(FeedOutageSettings(at_ns=0), FeedOutageSettings(at_ns=9))),
            "injections[1].name must differ from the name of injections[0], got 'feed-outage' twice",
        ),
        (lambda: Scenario(probes=(BacklogSettings(), BacklogSettings())), "probes[1].name must differ"),
        (lambda: Scenario(runbooks=(RunbookSettings(name="a"),) * 2), "runbooks[1].name must differ"),
        (
            lambda: Scenario(injections=(StallSettings(at_ns=0, stage="executer"),)),
            "injections[0].stage must be a stage (executor), got 'executer'; did you mean \"executor\"?",
        ),
        (lambda: Scenario(probes=(BacklogSettings(stage="b"),)), "probes[0].stage must be a stage"),
        (lambda: Scenario(break_=BreakSettings(disable="probe:backlg")), 'did you mean "backlog"?'),
        (lambda: Scenario(runbooks=(), break_=BreakSettings(disable="runbook:a")), "there are none"),
        (lambda: Scenario(consumers=(ConsumerSettings(name="a", after=("b",)),)), "b"),
        (lambda: Scenario(executor=ConsumerSettings(name="other")), "'executor'"),
        (lambda: Scenario(feed=FeedSettings(files=(FeedFile(path="a"),), pace="constant")), "needs rate_hz"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, words: str) -> None:
    with pytest.raises(ArgumentValueError) as refused:
        make()
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "make",
    [
        of(Scenario, seed=1.0),
        of(Scenario, description=1),
        of(Scenario, feed=None),
        of(Scenario, injections=[FeedOutageSettings(at_ns=0)]),
        of(Scenario, injections=(BacklogSettings(),)),
        of(Scenario, probes=(FeedOutageSettings(at_ns=0),)),
        of(FeedOutageSettings, at_ns=True),
        of(FeedOutageSettings, at_ns=0, name=None),
        of(RunbookSettings, name="a", params={"x": [1]}),
        of(RunbookSettings, name="a", params={1: 1}),
        of(RunbookSettings, name="a", params=None),
        of(ObjectiveSettings, degrades=1),
        of(ObjectiveSettings, expects_causes="a"),
    ],
)
def test_a_wrong_type_is_refused(make: Any) -> None:
    with pytest.raises(ArgumentTypeError, match=", got "):
        make()


def test_a_broken_scenario_lacks_what_it_names_and_nothing_else() -> None:
    whole = Scenario(break_=BreakSettings(disable="probe:backlog"))
    broken = whole.broken()
    assert [probe.name for probe in broken.probes if not probe.enabled] == ["backlog"]
    assert dataclasses.replace(broken, probes=whole.probes) == whole
    other = Scenario(break_=BreakSettings(disable="runbook:cold-start")).broken()
    assert [book.name for book in other.runbooks if not book.enabled] == ["cold-start"]
    with pytest.raises(ArgumentValueError, match="names nothing to switch off"):
        Scenario().broken()


def test_a_scenario_is_frozen_and_travels_to_other_processes() -> None:
    scenario = Scenario(injections=(FeedOutageSettings(at_ns=0),))
    assert pickle.loads(pickle.dumps(scenario)) == scenario
    with pytest.raises(dataclasses.FrozenInstanceError):
        scenario.seed = 1  # type: ignore[misc]


def test_the_settings_of_an_engine_have_the_knobs_of_faults_only_when_asked() -> None:
    assert EngineSettings().faults is False
    assert Scenario(runbooks=()).run_settings().faults is False
    # A response skips a stage to the head, or sets a clock back.
    assert Scenario().run_settings().faults is True

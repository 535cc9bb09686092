"""Settings of engine and run: what makes no sense is refused where it is said, and says what was expected."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from tickpath.config.engine import ConsumerSettings, EngineSettings, ServiceTime, ThreadSettings
from tickpath.config.run import RunSettings
from tickpath.errors import ArgumentTypeError, ArgumentValueError

NAN, INF = float("nan"), float("inf")


def executor(**given: Any) -> ConsumerSettings:
    return ConsumerSettings(name="executor", **given)


def consumers(**after: tuple[str, ...]) -> tuple[ConsumerSettings, ...]:
    return tuple(ConsumerSettings(name=name, after=upstreams) for name, upstreams in after.items())


@pytest.mark.parametrize(
    ("settings", "wrong", "words"),
    [
        (EngineSettings, {"capacity": 0}, "capacity must be an integer from 1"),
        (EngineSettings, {"capacity": 1 << 63}, "capacity"),
        (EngineSettings, {"ack_capacity": 0}, "ack_capacity"),
        (EngineSettings, {"speed": 0.0}, "speed must be a number above 0, and finite, got 0"),
        (EngineSettings, {"speed": NAN}, "got nan"),
        (EngineSettings, {"speed": INF}, "got inf"),
        (EngineSettings, {"pace": "slow"}, "pace must be one of recorded, constant, max, got 'slow'"),
        (EngineSettings, {"pace": "constant"}, "needs rate_hz"),
        (EngineSettings, {"pace": "constant", "rate_hz": 0.0}, "rate_hz"),
        (EngineSettings, {"rate_hz": 2e9}, "rate_hz must be a number above 0 to 1,000,000,000"),
        (EngineSettings, {"max_gap_ns": -1}, "max_gap_ns"),
        (EngineSettings, {"events_max": -1}, "events_max"),
        (EngineSettings, {"floor_window_ns": 1 << 64}, "floor_window_ns"),
        (EngineSettings, {"stamp_per": "minute"}, "event, batch"),
        (EngineSettings, {"clock": "wall"}, "auto, monotonic"),
        (EngineSettings, {"executor": ConsumerSettings(name="other")}, "'other'"),
        (RunSettings, {"capacity": 0}, "capacity"),
        (RunSettings, {"warmup_events": -1}, "warmup_events"),
        (RunSettings, {"control_interval_ns": 999}, "control_interval_ns"),
        (RunSettings, {"control_interval_ns": 50_000_001}, "from 1,000 to 50,000,000, got 50000001"),
        (ThreadSettings, {"wait": "sleep"}, "auto, spin, yield, park"),
        (ThreadSettings, {"core": -1}, "core"),
        (ThreadSettings, {"core": "all"}, '"auto", a number or None'),
        (ThreadSettings, {"spin_pauses": -1}, "spin_pauses"),
        (ThreadSettings, {"park_ns": 0}, "park_ns"),
        (ThreadSettings, {"realtime_priority": 0}, "realtime_priority"),
        (ThreadSettings, {"realtime_priority": 100}, "from 1 to 99"),
        (ThreadSettings, {"nice": 20}, "from -20 to 19"),
        (ThreadSettings, {"nice": 1, "realtime_priority": 1}, "exclude each other"),
        (ServiceTime, {"kind": "gamma"}, "gamma"),
        (ServiceTime, {"kind": "constant", "ns": -1}, "ns of a service time"),
        (ServiceTime, {"kind": "exponential", "ns": NAN}, "ns of a service time"),
        (ServiceTime, {"kind": "exponential", "ns": 6.1e10}, "60,000,000,000"),
        (ServiceTime, {"kind": "lognormal", "ns": 1.0, "sigma": 11.0}, "sigma"),
        (ServiceTime, {"kind": "empirical"}, "at least one"),
        (ServiceTime, {"kind": "empirical", "samples_ns": (-1,)}, "item 0 of samples_ns of a service time"),
        (ServiceTime, {"samples_ns": (1,)}, "empirical"),
        (ServiceTime, {"ns": 5}, "kind none has no ns"),
        (ServiceTime, {"kind": "constant", "ns": 1, "sigma": 1.0}, "no sigma"),
        (ConsumerSettings, {"name": "a", "overrun": "ignore"}, "a: overrun must be one of raise"),
        (ConsumerSettings, {"name": "a", "seed": -1}, "a: seed"),
        (ConsumerSettings, {"name": "a", "latency_limit_ns": -1}, "a: latency_limit_ns"),
        (ConsumerSettings, {"name": "a", "load_factor": NAN}, "a: load_factor"),
        (ConsumerSettings, {"name": "a", "load_factor": 1_001}, "from 0 to 1,000"),
        (ConsumerSettings, {"name": "a", "load_factor": 2.0}, "a service of the kind none"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_value_that_makes_no_sense_is_refused(settings: Any, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentValueError) as refused:
        settings(**wrong)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        (EngineSettings, {"capacity": "8"}),
        (EngineSettings, {"capacity": 8.0}),
        (EngineSettings, {"capacity": True}),
        (EngineSettings, {"ack_capacity": "8"}),
        (EngineSettings, {"speed": "1"}),
        (EngineSettings, {"rate_hz": True}),
        (EngineSettings, {"events_max": 1.5}),
        (EngineSettings, {"pace": None}),
        (EngineSettings, {"pace": ["max"]}),
        (EngineSettings, {"hold_back": 1}),
        (EngineSettings, {"faults": 1}),
        (ConsumerSettings, {"name": "a", "latency_limit_ns": 1.0}),
        (ConsumerSettings, {"name": "a", "load_factor": "2"}),
        (EngineSettings, {"touch_memory": None}),
        (EngineSettings, {"feed": "spin"}),
        (EngineSettings, {"executor": ThreadSettings()}),
        (EngineSettings, {"consumers": [ConsumerSettings(name="a")]}),
        (EngineSettings, {"consumers": ("a",)}),
        (EngineSettings, {"consumers": ConsumerSettings(name="a")}),
        (RunSettings, {"warmup_events": "many"}),
        (RunSettings, {"control_interval_ns": 1e6}),
        (ThreadSettings, {"wait": 1}),
        (ThreadSettings, {"core": 1.0}),
        (ThreadSettings, {"nice": "low"}),
        (ServiceTime, {"kind": "constant", "ns": 1.5}),
        (ServiceTime, {"kind": "constant", "ns": "1"}),
        (ServiceTime, {"kind": "empirical", "samples_ns": [1]}),
        (ServiceTime, {"kind": "empirical", "samples_ns": (1.5,)}),
        (ServiceTime, {"kind": "empirical", "samples_ns": (True,)}),
        (ConsumerSettings, {"name": 1}),
        (ConsumerSettings, {"name": "a", "after": "executor"}),
        (ConsumerSettings, {"name": "a", "after": ("executor", 1)}),
        (ConsumerSettings, {"name": "a", "thread": None}),
        (ConsumerSettings, {"name": "a", "service": 500}),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_wrong_type_is_refused_and_named(settings: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(ArgumentTypeError) as refused:
        settings(**wrong)
    assert ", got " in str(refused.value)


def test_a_constant_service_time_has_no_default() -> None:
    with pytest.raises(ArgumentTypeError, match="needs ns, an integer of nanoseconds, got none or"):
        ServiceTime(kind="constant")


@pytest.mark.parametrize("name", ["", "a b", "a\0", "a,b", "ä", "x" * 65])
def test_a_name_that_a_stage_cannot_have_is_refused(name: str) -> None:
    with pytest.raises(ArgumentValueError, match="1 to 64 letters, digits"):
        ConsumerSettings(name=name)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"consumers": consumers(a=("b",))}, 'a comes after "b", and there is no such stage'),
        ({"consumers": consumers(a=("a",))}, "circle"),
        ({"consumers": consumers(a=("b",), b=("a",))}, "circle"),
        ({"consumers": consumers(a=("executor",)), "executor": executor(after=("a",))}, "circle"),
        ({"consumers": consumers(a=("feed",))}, "no such stage"),
        ({"consumers": consumers(a=()) * 2}, "two stages"),
        ({"consumers": consumers(executor=())}, "two stages"),
        (
            {"stamp_per": "batch", "executor": executor(service=ServiceTime.constant(1))},
            "exclude each other",
        ),
    ],
)
def test_stages_that_make_no_sense_together_are_refused(given: dict[str, Any], words: str) -> None:
    for settings in (EngineSettings, RunSettings):
        with pytest.raises(ArgumentValueError, match=words):
            settings(**given)


def test_a_graph_without_a_circle_is_accepted() -> None:
    graph = consumers(risk=(), log=("executor", "risk"), tape=("log", "log"))
    settings = EngineSettings(consumers=graph, executor=executor(after=("risk",)))
    assert (settings.consumers, settings.executor.after) == (graph, ("risk",))


def test_service_times_of_each_kind() -> None:
    times = [
        ServiceTime.constant(5),
        ServiceTime.exponential(2.5),
        ServiceTime.lognormal(2_000, 0.5),
        ServiceTime.empirical((1, 2)),
    ]
    assert [time.kind for time in times] == ["constant", "exponential", "lognormal", "empirical"]
    assert ServiceTime().kind == "none"


def test_settings_are_frozen_and_print_as_json() -> None:
    settings = RunSettings(consumers=consumers(log=("executor",)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.capacity = 1  # type: ignore[misc]  # that is the point
    again = json.loads(json.dumps(dataclasses.asdict(settings), allow_nan=False))
    assert again["consumers"][0]["after"] == ["executor"]
    assert again["executor"]["thread"]["wait"] == "auto"
    assert dataclasses.replace(settings, capacity=8).capacity == 8

"""When a flight recorder fires: on looks made by hand, step by step."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.runtime.looks import Stage, look
from tickpath.config.flight import parse_trigger
from tickpath.core.state import Lifecycle, State
from tickpath.runtime.flight_recorder.watch import TriggerWatch


class Latencies:
    """Windows whose figures a test sets."""

    def __init__(self, *p99s_ns: int | None) -> None:
        self._left = list(p99s_ns)

    def take(self) -> Any:
        p99_ns = self._left.pop(0)
        return SimpleNamespace(count=1_000, p50_ns=10, p99_ns=p99_ns, max_ns=p99_ns, dropped=2)


def watch_of(*triggers: str, window: Any = None) -> TriggerWatch:
    return TriggerWatch([parse_trigger(text) for text in triggers], Lifecycle(), window)


def test_a_latency_fires_when_it_begins_to_be_above_and_again_after_a_window_within() -> None:
    window = Latencies(50_000, 50_001, 60_000, None, 70_000, 50_000, 80_000, None)
    watch = watch_of("p99>50us", window=window)
    fired = [
        [one.evidence.split(" ")[5] for one in watch.step(look(executor=Stage(processed=1_000 * step)))]
        for step in range(1, 8)
    ]
    # What is unknown says nothing: neither that it is above nor that it is within.
    assert fired == [[], ["50,001"], [], [], [], [], ["80,000"]]
    assert (watch.windows_unknown, watch.acks_unseen) == (1, 14)
    # The rest at the end may be too little, and is no window that was not known.
    assert watch.step(look(executor=Stage(processed=7_001)), is_last=True) == []
    assert watch.windows_unknown == 1


def test_a_window_has_acks_enough_for_the_figure_that_needs_most() -> None:
    for triggers, needed in ((["max>1ns"], 1), (["p50>1ns", "max>1ns"], 20), (["p99>1ns", "max>1ns"], 1_000)):
        watch = watch_of(*triggers, window=Latencies(5))
        assert watch.step(look(executor=Stage(processed=needed - 1))) == []
        fired = watch.step(look(executor=Stage(processed=needed)))
        assert [one.trigger for one in fired] == triggers


def test_an_overrun_fires_once_for_as_long_as_it_lasts() -> None:
    watch = watch_of("overrun")

    def said(executor: Stage, log: Stage) -> list[str]:
        return [one.evidence for one in watch.step(look(executor=executor, log=log))]

    assert said(Stage(), Stage(lost=0, backlog=64)) == []
    # It has lost events before it notices, which is when it counts them.
    assert said(Stage(), Stage(lost=0, backlog=65)) == ["log is 65 events behind, of 64 slots"]
    assert said(Stage(), Stage(lost=9, backlog=32)) == []
    assert said(Stage(lost=1_000), Stage(lost=9)) == ["executor lost 1,000 events, of 64 slots"]
    assert said(Stage(lost=1_001), Stage(lost=10)) == ["log lost 1 events, of 64 slots"]
    assert said(Stage(lost=1_001), Stage(lost=10)) == []
    # Two in one step are one trigger.
    assert said(Stage(lost=1_002), Stage(lost=12)) == [
        "executor lost 1 events, of 64 slots; log lost 2 events, of 64 slots"
    ]
    assert said(Stage(lost=1_002), Stage(lost=12)) == []
    # One that reads no further is behind for ever.
    assert said(Stage(lost=1_002), Stage(lost=12, backlog=10_000, epoch_seen=None)) == []


def test_each_move_fires_once_whoever_made_it_and_however_many_there_were() -> None:
    lifecycle = Lifecycle()
    triggers = [parse_trigger(text) for text in ("transition", "transition:READY")]
    watch = TriggerWatch(triggers, lifecycle, None)
    assert watch.step(look()) == []
    lifecycle.transition_to(State.WARMUP, "begun")
    lifecycle.transition_to(State.READY, "warm")
    assert [(one.trigger, one.evidence) for one in watch.step(look())] == [
        ("transition", "INIT -> WARMUP: begun"),
        ("transition", "WARMUP -> READY: warm"),
        ("transition:READY", "WARMUP -> READY: warm"),
    ]
    assert watch.step(look()) == []
    assert [one.trigger for one in watch_of("end", "overrun").step(look(), is_last=True)] == ["end"]


def test_what_fires_in_one_step_is_said_together_in_one_order() -> None:
    lifecycle = Lifecycle()
    texts = ["end", "transition", "overrun", "max>1us"]
    watch = TriggerWatch([parse_trigger(text) for text in texts], lifecycle, Latencies(2_000))  # type: ignore[arg-type]  # as far as it is read
    lifecycle.transition_to(State.WARMUP, "begun")
    fired = watch.step(look(executor=Stage(processed=5, lost=1)), is_last=True)
    assert [one.trigger for one in fired] == ["max>1us", "overrun", "transition", "end"]
    assert [one.may_repeat for one in fired] == [True, True, False, False]

"""When a flight recorder fires: on looks made by hand, step by step."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.runtime.looks import Stage, look
from tickpath.config.flight import parse_trigger
from tickpath.core.state import Lifecycle, State, Transition
from tickpath.runtime.flight_recorder.watch import Fired, TriggerWatch


class Latencies:
    """Windows whose figures a test sets."""

    def __init__(self, *p99s_ns: int | None) -> None:
        self._left = list(p99s_ns)

    def take(self) -> Any:
        p99_ns = self._left.pop(0)
        return SimpleNamespace(count=1_000, p50_ns=10, p99_ns=p99_ns, max_ns=p99_ns, dropped=2)


class Windows:
    """Windows of p50, p99 and max, of 1,234 acks each."""

    def __init__(self, *figures_ns: tuple[int | None, int | None, int | None]) -> None:
        self._left = list(figures_ns)

    def take(self) -> Any:
        p50_ns, p99_ns, max_ns = self._left.pop(0)
        return SimpleNamespace(count=1_234, p50_ns=p50_ns, p99_ns=p99_ns, max_ns=max_ns, dropped=0)


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


def test_each_latency_is_judged_by_its_own_figure_and_says_it() -> None:
    watch = watch_of("p50>10us", "p99>20us", "max>30us", window=Windows((10_001, 20_002, 30_003)))
    assert watch.step(look(executor=Stage(processed=1_000))) == [
        Fired(
            f"{figure}>{limit}us", figure, f"{figure} from publication to completion {said}", may_repeat=True
        )
        for figure, limit, said in (
            ("p50", 10, "10,001 ns of 1,234 acks, limit 10,000 ns"),
            ("p99", 20, "20,002 ns of 1,234 acks, limit 20,000 ns"),
            ("max", 30, "30,003 ns of 1,234 acks, limit 30,000 ns"),
        )
    ]
    # Nothing is too much where nothing is allowed.
    none = watch_of("max>0ns", window=Windows((0, 0, 0), (0, 0, 1)))
    assert none.step(look(executor=Stage(processed=1))) == []
    assert [one.trigger for one in none.step(look(executor=Stage(processed=2)))] == ["max>0ns"]


def test_a_window_lasts_until_it_has_acks_enough_of_its_own() -> None:
    watch = watch_of("p99>1ns", window=Windows((0, 0, 0), (0, 2, 2)))
    fired = [watch.step(look(executor=Stage(processed=processed))) for processed in (1_200, 2_199, 2_200)]
    assert [len(each) for each in fired] == [0, 0, 1]
    # One that no trigger needs is not asked, and would have none.
    assert watch_of("overrun", window=Windows()).step(look(executor=Stage(processed=9_999))) == []


def test_the_rest_at_the_end_is_judged_as_far_as_it_is_known() -> None:
    watch = watch_of("p99>1ns", "max>1ns", window=Windows((5, None, 9)))
    (fired,) = watch.step(look(executor=Stage(processed=3)), is_last=True)
    assert (fired.trigger, watch.windows_unknown) == ("max>1ns", 0)


def test_a_watch_has_seen_nothing_before_its_first_window() -> None:
    watch = watch_of("max>1ns", window=Windows())
    assert (watch.windows_unknown, watch.acks_unseen) == (0, 0)


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
    lifecycle.transition_to(State.DEGRADED, "outage")
    assert watch.step(look()) == [Fired("transition", "transition", "READY -> DEGRADED: outage")]
    assert [one.trigger for one in watch_of("end", "overrun").step(look(), is_last=True)] == ["end"]


def test_moves_that_left_the_history_before_they_were_looked_for_are_counted() -> None:
    lifecycle = Lifecycle(history_limit=2)
    watch = TriggerWatch([parse_trigger("transition")], lifecycle, None)
    assert watch.transitions_unseen == 0
    for target in (State.WARMUP, State.READY, State.DEGRADED, State.WARMUP, State.READY):
        lifecycle.transition_to(target, "asked for")
    assert [one.evidence for one in watch.step(look())] == [
        "DEGRADED -> WARMUP: asked for",
        "WARMUP -> READY: asked for",
    ]
    assert watch.transitions_unseen == 3
    lifecycle.transition_to(State.DEGRADED, "asked for")
    assert len(watch.step(look())) == 1
    assert watch.transitions_unseen == 3


def test_a_move_whose_record_is_not_there_yet_fires_with_its_record() -> None:
    lifecycle: Any = SimpleNamespace(epoch=1, history=())
    watch = TriggerWatch([parse_trigger("transition:WARMUP")], lifecycle, None)
    assert watch.step(look()) == []
    lifecycle.history = (Transition(1, State.INIT, State.WARMUP, 0, "begun"),)
    assert watch.step(look()) == [Fired("transition:WARMUP", "transition-warmup", "INIT -> WARMUP: begun")]
    assert watch.step(look()) == []


def test_what_fires_in_one_step_is_said_together_in_one_order() -> None:
    lifecycle = Lifecycle()
    texts = ["end", "transition", "overrun", "max>1us"]
    watch = TriggerWatch([parse_trigger(text) for text in texts], lifecycle, Latencies(2_000))  # type: ignore[arg-type]  # as far as it is read
    lifecycle.transition_to(State.WARMUP, "begun")
    fired = watch.step(look(executor=Stage(processed=5, lost=1)), is_last=True)
    latency = "max from publication to completion 2,000 ns of 1,000 acks, limit 1,000 ns"
    assert fired == [
        Fired("max>1us", "max", latency, may_repeat=True),
        Fired("overrun", "overrun", "executor lost 1 events, of 64 slots", may_repeat=True),
        Fired("transition", "transition", "INIT -> WARMUP: begun", may_repeat=False),
        Fired("end", "end", "the run is over"),
    ]

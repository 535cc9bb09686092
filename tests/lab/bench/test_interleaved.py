"""Taking turns: the order rotates, everything is built anew, a round cut short counts for nothing."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

from tests.lab.bench.scripted import budget
from tickpath.lab.bench.figures import Spread
from tickpath.lab.bench.interleaved import Samples, Workload, measure


def timed(name: str, took_ns: int, log: list[str]) -> Workload:
    """A workload of ten events that says itself how long it took."""

    def run() -> int:
        log.append(name)
        return took_ns

    return Workload(run, 10)


def test_every_contender_takes_its_turn_in_an_order_that_rotates() -> None:
    log: list[str] = []
    measure(lambda: {name: timed(name, 1, log) for name in "abc"}, budget(1))
    # The warm-up, then two turns.
    assert log == [*"abc", *"abc", *"bca"]


def test_each_round_builds_its_contenders_anew() -> None:
    built: list[int] = []

    def build() -> dict[str, Workload]:
        built.append(1)
        return {"a": timed("a", 1, [])}

    samples = measure(build, budget(3))
    assert len(built) == len(samples.rounds) == 3
    assert [len(turns["a"]) for turns in samples.rounds] == [2, 2, 2]


def test_what_a_workload_reckons_itself_is_what_counts_per_event() -> None:
    samples = measure(lambda: {"a": timed("a", 70, [])}, budget(1))
    assert samples.ns("a") == Spread(7.0, 7.0, 7.0, 1)


def test_what_has_to_be_prepared_is_prepared_before_every_turn() -> None:
    log: list[str] = []
    workload = Workload(lambda: log.append("run"), 1, lambda: log.append("prepare"))
    measure(lambda: {"a": workload}, budget(1))
    assert log == ["prepare", "run"] * 3


def test_a_round_that_was_cut_short_counts_for_nothing() -> None:
    # Asked before each round and before each of its two turns: the second round is cut in its second turn.
    answers = iter([False, False, False, False, False, True, True])
    samples = measure(lambda: {"a": timed("a", 1, [])}, budget(9, should_stop=lambda: next(answers)))
    assert len(samples.rounds) == 1


def test_the_garbage_collector_rests_while_it_is_measured_and_works_again_after_an_error() -> None:
    seen: list[bool] = []
    measure(lambda: {"a": Workload(lambda: seen.append(gc.isenabled()), 1)}, budget(1))
    assert seen == [True, False, False]

    def fails(calls: list[int]) -> Callable[[], int]:
        def run() -> int:
            calls.append(1)
            if len(calls) > 1:
                raise RuntimeError("broken")
            return 1

        return run

    with pytest.raises(RuntimeError, match="broken"):
        measure(lambda: {"a": Workload(fails([]), 1)}, budget(1))
    assert gc.isenabled()


def test_figures_are_medians_of_turns_and_then_of_rounds() -> None:
    samples = Samples(
        (
            {"slow": [10.0, 10.0, 900.0], "fast": [5.0, 5.0, 5.0]},
            {"slow": [30.0, 30.0, 30.0], "fast": [10.0, 10.0, 10.0]},
        )
    )
    assert samples.ns("slow") == Spread(20.0, 10.0, 30.0, 2)
    # Turn by turn within a round: the pause of one turn is not seen.
    assert samples.ratio("slow", "fast") == Spread(2.5, 2.0, 3.0, 2)


def test_nothing_measured_is_unknown() -> None:
    assert (Samples(()).ns("a"), Samples(()).ratio("a", "b")) == (None, None)

"""The parts in one process: their contenders work, and every row and every promise is there."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from tests.lab.bench.scripted import ScriptedExchange, budget
from tickpath.lab.bench.arrow import Arrow
from tickpath.lab.bench.batches import BATCHES, Batches, Feed
from tickpath.lab.bench.figures import Spread
from tickpath.lab.bench.interleaved import Samples, Workload
from tickpath.lab.bench.object_tier import TARGETS, ObjectTier, build, figures_of, promises_of
from tickpath.lab.bench.part import QUICK, Budget
from tickpath.lab.bench.parts import PARTS
from tickpath.lab.bench.threads import EVENT_RING, Threads
from tickpath.lab.bench.virtual import VirtualBench


def scripted(ns: dict[str, int]) -> dict[str, Workload]:
    """Every workload of the object tier, of one event each, that takes as long as it is told."""
    return {name: Workload(partial(int, ns.get(name, 100)), 1) for name in build()}


def test_every_workload_of_the_object_tier_runs() -> None:
    for name, workload in build().items():
        assert workload.run() is None, name


def test_ratios_stand_beside_the_contender_they_are_formed_with() -> None:
    result = ObjectTier(lambda: scripted({"reference pair": 320, "deque pair": 80})).run(budget(2))
    rows = {f.contender: f for f in result.figures if f.what == "publish + poll"}
    assert list(rows) == ["tickpath", "reference", "deque", "SimpleQueue", "queue.Queue"]
    assert rows["reference"].ns == Spread(320.0, 320.0, 320.0, 2)
    assert rows["reference"].times_base == Spread(3.2, 3.2, 3.2, 2)
    assert {figure.base for figure in rows.values()} == {"tickpath"}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.what)
def test_every_promise_is_missed_when_its_ratio_is_just_beyond(target: object) -> None:
    [target] = [one for one in TARGETS if one is target]
    bound = target.at_least if target.at_least is not None else target.at_most
    assert bound is not None
    within, beyond = (1.01, 0.99) if target.at_least is not None else (0.99, 1.01)
    for factor, kept in ((within, True), (beyond, False)):
        samples = Samples(({target.slower: [bound * factor], target.faster: [1.0]},))
        [promise] = promises_of(samples, (target,))
        assert promise.kept is kept


def test_nothing_measured_is_unknown_in_every_row() -> None:
    assert {figure.ns for figure in figures_of(Samples(()))} == {None}
    assert {promise.kept for promise in promises_of(Samples(()))} == {None}


@pytest.mark.slow
def test_the_batches_are_measured_in_every_size_and_the_feed_is_accounted_for() -> None:
    result = Batches().run(budget(1))
    for what, single in (("publish_many", "publish, one record"), ("read_into", "poll, one record")):
        names = [f.contender for f in result.figures if f.what == what]
        assert {single, *(f"batches of {size:,}" for size in BATCHES)} <= set(names)
    assert all(figure.ns is not None and figure.times_base is not None for figure in result.figures)
    [fed] = [figure for figure in result.figures if figure.lost is not None]
    assert fed.read is not None
    assert [promise.unit for promise in result.promises] == ["events/s", "events/s"]


@pytest.mark.slow
def test_both_ways_to_an_arrow_table_are_measured() -> None:
    pytest.importorskip("pyarrow", reason="the part needs the extra `arrow`")
    result = Arrow().run(budget(1))
    assert len(result.figures) == 8
    assert all(figure.ns is not None and figure.times_base is not None for figure in result.figures)


def test_without_pyarrow_its_rows_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    result = Arrow().run(budget(1))
    assert (result.rounds, {figure.ns for figure in result.figures}) == (0, {None})
    assert "pip install 'tickpath[arrow]'" in (result.figures[0].missing or "")


def test_what_is_fed_is_read_or_lost_to_the_last_event() -> None:
    # Three times around the ring, so that a slow reader is overrun.
    feed = Feed(batches=48)
    assert feed.run() > 0
    assert feed.read + feed.lost == feed.events == 48 * 4_096


@pytest.mark.slow
def test_every_contender_between_threads_delivers() -> None:
    result = Threads().run(budget(1))
    assert len(result.figures) == 10
    assert [f.contender for f in result.figures if f.ns is None or f.missing is not None] == []
    assert {figure.base for figure in result.figures} == {EVENT_RING}


def test_a_part_takes_other_contenders() -> None:
    ours = ScriptedExchange(EVENT_RING, 1_000, 10.0)
    assert Threads({EVENT_RING: lambda: ours}).run(budget(2)).rounds == 2


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_called_what_the_list_calls_it(name: str) -> None:
    part = PARTS[name].load()
    assert part.name == name
    assert part.title


def test_the_parts_together_last_less_than_two_minutes() -> None:
    assert sum(entry.seconds_max for entry in PARTS.values()) < 120


def test_virtual_time_is_set_beside_plain_python() -> None:
    result = VirtualBench().run(Budget(rounds=2, sizes=replace(QUICK, turns=1)))
    assert result.rounds == 2
    assert [(figure.contender, figure.base) for figure in result.figures[:2]] == [
        ("tickpath", "tickpath"),
        ("plain Python", "tickpath"),
    ]
    assert all(figure.ns is not None and figure.ns.median > 0 for figure in result.figures)
    rates = [promise.value for promise in result.promises]
    assert all(rate is not None and rate.rounds == 2 for rate in rates)

"""The two drivers, stepped by hand: how far each goes on, when it is over, and what a look holds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.runtime.boards import Clock
from tests.runtime.looks import Feed, Stage
from tickpath.core.state import InvalidTransition, Lifecycle, State
from tickpath.runtime.drivers import LiveDriver, VirtualDriver

MS = 1_000_000
NAMES = ("executor", "log")


class FakeEngine:
    """An engine whose waits move a clock, and that is over at ``over_at_ns`` by it."""

    def __init__(self, clock: Clock, *, over_at_ns: int = 1 << 62, begins_at_ns: int = 0) -> None:
        self.clock, self.over_at_ns, self.begins_at_ns = clock, over_at_ns, begins_at_ns
        self.ring = SimpleNamespace(capacity=64)
        self.waits_ms: list[int] = []
        self.calls: list[Any] = []

    def start(self) -> None:
        self.calls.append("start")

    def wait(self, timeout_ms: int) -> bool:
        self.waits_ms.append(timeout_ms)
        self.clock.at_ns += timeout_ms * MS
        return self.clock.at_ns >= self.over_at_ns

    def snapshot(self) -> Any:
        begun = self.clock.at_ns >= self.begins_at_ns
        return SimpleNamespace(
            begin_ns=self.begins_at_ns if begun else None,
            # One each millisecond, and as many that are withheld.
            published=(self.clock.at_ns - self.begins_at_ns) // MS,
            feed=Feed(published=7, repeats=2, withheld=(self.clock.at_ns - self.begins_at_ns) // MS),
            stages=[Stage(processed=5), Stage(processed=3)],
            clock_skew_ns=-40,
        )

    def sink_counters(self) -> str:
        return "what the sink was shown"

    def finish(self, **how: int) -> Any:
        self.calls.append(how)
        return "the record"

    def now_ns(self) -> int:
        return self.clock.at_ns

    def acks_digest(self) -> str:
        return "a digest"

    def advance(self, until_ns: int, **counts: int | None) -> bool:
        self.calls.append((until_ns, counts))
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The machine's clock, as the drivers read it."""
    made = Clock(1_000 * MS)
    monkeypatch.setattr("tickpath.runtime.drivers.now", made)
    return made


def live(engine: FakeEngine, lifecycle: Lifecycle | None = None) -> LiveDriver:
    given: Any = engine
    return LiveDriver(given, lifecycle or Lifecycle(), NAMES, 123)


def begun(clock: Clock, **given: int) -> tuple[LiveDriver, FakeEngine]:
    """A live run whose feed has just begun."""
    engine = FakeEngine(clock, begins_at_ns=clock.at_ns + MS, **given)
    driver = live(engine)
    driver.begin(lambda: None)
    assert driver.now_ns() == 0
    engine.waits_ms.clear()
    return driver, engine


def test_it_waits_for_the_feed_and_asks_meanwhile_whether_anybody_wants_the_end(clock: Clock) -> None:
    engine, asked = FakeEngine(clock, begins_at_ns=clock.at_ns + 3 * MS), []
    driver = live(engine)
    assert driver.now_ns() == 0
    driver.begin(lambda: asked.append(driver.now_ns()))
    # Before the feed began the run time is 0, and nobody is asked once it has.
    assert (engine.calls, engine.waits_ms, asked) == (["start"], [1, 1, 1], [0, 0])
    assert driver.now_ns() == 0
    clock.at_ns += 5
    assert driver.now_ns() == 5


def test_a_run_that_is_over_before_its_feed_began_is_not_waited_for(clock: Clock) -> None:
    engine = FakeEngine(clock, begins_at_ns=1 << 62, over_at_ns=clock.at_ns + 2 * MS)
    driver = live(engine)
    driver.begin(lambda: None)
    assert (engine.waits_ms, driver.now_ns()) == ([1, 1], 0)


@pytest.mark.parametrize(
    ("until_ns", "waits_ms"),
    [(0, [0]), (-5, [0]), (1, [1, 0]), (MS, [1, 0]), (MS + 1, [2, 0]), (1_000 * MS, [1_000, 0])],
)
def test_live_it_goes_on_for_whole_milliseconds_and_never_less_than_asked(
    clock: Clock, until_ns: int, waits_ms: list[int]
) -> None:
    driver, engine = begun(clock)
    assert driver.advance(until_ns) is False
    assert engine.waits_ms == waits_ms
    assert driver.now_ns() >= until_ns


def test_live_what_is_left_is_counted_from_now(clock: Clock) -> None:
    driver, engine = begun(clock)
    clock.at_ns += 7 * MS
    assert not driver.advance(10 * MS)
    assert (engine.waits_ms, driver.now_ns()) == ([3, 0], 10 * MS)


def test_live_a_run_that_ends_meanwhile_says_so_at_once(clock: Clock) -> None:
    driver, engine = begun(clock, over_at_ns=clock.at_ns + 6 * MS)
    assert driver.advance(10 * MS) is True
    # And so it does to whoever comes late.
    assert driver.advance(0) is True
    assert driver.advance(20 * MS, 1) is True
    assert 0 in engine.waits_ms


def test_live_a_count_of_events_is_looked_at_every_millisecond(clock: Clock) -> None:
    driver, engine = begun(clock)
    assert driver.advance(10 * MS, 4) is False
    assert engine.waits_ms == [1, 1, 1, 1, 0]
    engine.waits_ms.clear()
    # The clock comes first.
    assert driver.advance(6 * MS, 100) is False
    assert (engine.waits_ms, driver.now_ns()) == ([1, 1, 0], 6 * MS)


def test_live_so_is_a_count_of_what_was_due(clock: Clock) -> None:
    driver, engine = begun(clock)
    # Five came, each once, and four were withheld by then.
    assert driver.advance(10 * MS, 100, 9) is False
    assert engine.waits_ms == [1, 1, 1, 1, 0]


def test_a_look_holds_the_counters_of_the_moment(clock: Clock) -> None:
    lifecycle = Lifecycle()
    lifecycle.transition_to(State.WARMUP)
    with pytest.raises(InvalidTransition):
        lifecycle.transition_to(State.INIT)
    engine = FakeEngine(clock)
    driver = live(engine, lifecycle)
    assert driver.seen is None
    driver.begin(lambda: None)
    clock.at_ns = 12
    look: Any = driver.look()
    assert (look.at_ns, look.state, look.epoch, look.capacity_slots) == (12, State.WARMUP, 1, 64)
    assert (look.feed.published, look.clock_skew_ns, look.refused_moves) == (7, -40, 1)
    assert look.sink == "what the sink was shown"
    assert {name: stage.processed for name, stage in look.stages.items()} == {"executor": 5, "log": 3}
    assert driver.seen is not None
    assert driver.seen.clock_skew_ns == -40


def test_a_name_for_each_stage_or_none_at_all(clock: Clock) -> None:
    engine: Any = FakeEngine(clock)
    driver = LiveDriver(engine, Lifecycle(), ("executor",), 1)
    with pytest.raises(ValueError, match="zip"):
        driver.look()


def test_the_end_of_a_live_run_waits_for_the_sink_as_long_as_it_was_told(clock: Clock) -> None:
    engine = FakeEngine(clock)
    driver = live(engine)
    record: Any = driver.finish()
    assert record == "the record"
    assert engine.calls == [{"sink_patience_ms": 123}]
    # Its acks are never the same twice.
    assert (driver.mode, driver.acks_digest()) == ("live", "")


def test_in_virtual_time_the_engine_says_how_far_it_is(clock: Clock) -> None:
    engine: Any = FakeEngine(clock)
    driver = VirtualDriver(engine, Lifecycle(), NAMES)
    driver.begin(lambda: None)
    assert (driver.mode, driver.acks_digest(), driver.now_ns()) == ("virtual", "a digest", clock.at_ns)
    assert driver.advance(5) is True
    assert driver.advance(6, 7, 9) is True
    record: Any = driver.finish()
    assert record == "the record"
    nothing, counts = {"until_published": None, "until_due": None}, {"until_published": 7, "until_due": 9}
    assert engine.calls == ["start", (5, nothing), (6, counts), {}]
    look: Any = driver.look()
    assert (look.at_ns, look.state, look.capacity_slots) == (clock.at_ns, State.INIT, 64)
    assert list(look.stages) == ["executor", "log"]

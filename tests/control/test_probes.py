"""Each probe by itself: what is ok, what fails, what cannot be known, exactly at its threshold."""

from __future__ import annotations

from typing import Any

import pytest

from tests.control.looks import MS, Feed, Sink, Stage, look
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
from tickpath.control.health import Acknowledged, Look, Probe, Reading, probe_of
from tickpath.control.health.probes.kinds import KINDS
from tickpath.core.state import State
from tickpath.errors import ArgumentTypeError


def said(settings: Any, *looks: Look) -> list[tuple[str, float | None]]:
    """Verdict and value of a new probe on each of ``looks``."""
    probe = probe_of(settings)
    return [answer(probe, each) for each in looks]


def answer(probe: Probe, given: Look) -> tuple[str, float | None]:
    """Verdict and value."""
    reading = probe.read(given)
    return reading.verdict, reading.value


def counting(fault: str, count: int | None) -> Feed:
    """A feed with ``count`` faults of one sort."""
    feed = Feed()
    setattr(feed, fault, count)
    return feed


class TestFeedStaleness:
    SETTINGS = FeedStalenessSettings(staleness_ns_max=50)

    def test_it_fails_above_the_threshold_and_not_at_it(self) -> None:
        feed = Feed(published=7, newest_ns=100)
        looks = [look(at_ns, feed=feed) for at_ns in (100, 150, 151)]
        assert said(self.SETTINGS, *looks) == [("ok", 0), ("ok", 50), ("failing", 51)]

    def test_a_heartbeat_is_no_health(self) -> None:
        beats = [look(at_ns, feed=Feed(published=at_ns, repeats=at_ns, newest_ns=0)) for at_ns in (40, 80)]
        assert said(self.SETTINGS, *beats) == [("ok", 40), ("failing", 80)]

    @pytest.mark.parametrize(
        "feed",
        [
            Feed(newest_ns=None),
            Feed(newest_ns=1, held=True),
            Feed(newest_ns=1, done=True),
        ],
        ids=["nothing came yet", "held", "ended"],
    )
    def test_it_is_unknown_while_nothing_is_due(self, feed: Feed) -> None:
        assert said(self.SETTINGS, look(1000, feed=feed)) == [("unknown", None)]

    def test_a_hold_does_not_count(self) -> None:
        feeds = [Feed(newest_ns=10, held=True), Feed(newest_ns=10), Feed(newest_ns=10)]
        looks = [look(at_ns, feed=feed) for at_ns, feed in zip((1000, 1050, 1051), feeds, strict=True)]
        assert said(self.SETTINGS, *looks) == [("unknown", None), ("ok", 50), ("failing", 51)]

    def test_an_event_of_the_very_moment_is_not_younger_than_that(self) -> None:
        assert said(self.SETTINGS, look(10, feed=Feed(newest_ns=12))) == [("ok", 0)]


class TestCursorProgress:
    SETTINGS = CursorProgressSettings(standstill_ns_max=20)

    def test_a_cursor_that_moves_is_progress_however_long_the_backlog(self) -> None:
        looks = [look(n * 10, executor=Stage(cursor=n, backlog=500)) for n in range(6)]
        assert [verdict for verdict, _ in said(self.SETTINGS, *looks)] == ["unknown", *["ok"] * 5]

    def test_it_counts_from_the_first_look_that_found_work_and_cursor(self) -> None:
        looks = [look(n * 10, executor=Stage(cursor=5, backlog=1 + n)) for n in range(5)]
        expected = [("unknown", None), ("ok", 10), ("ok", 20), ("failing", 30), ("failing", 40)]
        assert said(self.SETTINGS, *looks) == expected

    def test_nothing_to_do_is_no_standstill(self) -> None:
        looks = [look(n * 10, executor=Stage(cursor=5, backlog=0)) for n in range(9)]
        assert said(self.SETTINGS, *looks)[1:] == [("ok", 0)] * 8

    def test_work_that_has_just_come_was_not_left_lying(self) -> None:
        stages = [Stage(cursor=5), Stage(cursor=5), Stage(cursor=5, backlog=1), Stage(cursor=5, backlog=1)]
        looks = [look(n * 100, executor=stage) for n, stage in enumerate(stages)]
        assert said(self.SETTINGS, *looks)[1:] == [("ok", 0), ("ok", 0), ("failing", 100)]

    def test_one_step_forward_begins_anew(self) -> None:
        looks = [look(n * 30, executor=Stage(cursor=n // 2, backlog=9)) for n in range(5)]
        expected = [("unknown", None), ("failing", 30), ("ok", 0), ("failing", 30), ("ok", 0)]
        assert said(self.SETTINGS, *looks) == expected

    def test_a_loop_that_turns_is_no_proof(self) -> None:
        """The epoch it has seen is a heartbeat."""
        looks = [look(n * 30, executor=Stage(cursor=1, backlog=9, epoch_seen=n)) for n in range(2)]
        assert said(self.SETTINGS, *looks)[1] == ("failing", 30)

    def test_in_init_nothing_is_read(self) -> None:
        stage = Stage(cursor=0, backlog=500)
        looks = [look(n * 100, state=State.INIT, executor=stage) for n in range(3)]
        after = [look(300 + n * 10, executor=stage) for n in range(2)]
        assert said(self.SETTINGS, *looks, *after) == [*[("unknown", None)] * 4, ("ok", 10)]


class TestBacklog:
    SETTINGS = BacklogSettings(backlog_share_max=0.5)

    def test_it_is_a_share_of_the_capacity(self) -> None:
        looks = [look(n, executor=Stage(backlog=count)) for n, count in enumerate((0, 500, 501, 2000))]
        assert said(self.SETTINGS, *looks) == [("ok", 0), ("ok", 0.5), ("failing", 0.501), ("failing", 2)]

    def test_in_init_nothing_is_read(self) -> None:
        unread = look(0, state=State.INIT, executor=Stage(backlog=900))
        assert said(self.SETTINGS, unread) == [("unknown", None)]


class TestOverrunRate:
    def test_any_loss_fails_by_default_until_it_has_left_the_window(self) -> None:
        lost = [0, 0, 5, 5, 5, 5]
        looks = [look(n * 10 * MS, executor=Stage(lost=count)) for n, count in enumerate(lost)]
        expected = [("unknown", None), ("ok", 0), ("failing", 250), ("failing", 250), ("ok", 0), ("ok", 0)]
        assert said(OverrunRateSettings(window_ns=20 * MS), *looks) == expected

    def test_it_is_per_second_and_fails_above_the_threshold(self) -> None:
        looks = [look(0, executor=Stage(lost=7)), look(500 * MS, executor=Stage(lost=57))]
        assert said(OverrunRateSettings(lost_per_s_max=100), *looks)[1] == ("ok", 100)
        assert said(OverrunRateSettings(lost_per_s_max=99.9), *looks)[1] == ("failing", 100)

    def test_what_is_shed_on_purpose_is_no_loss(self) -> None:
        looks = [look(n * MS, executor=Stage(shed=n * 100)) for n in range(2)]
        assert said(OverrunRateSettings(), *looks)[1] == ("ok", 0)

    def test_a_stage_that_was_away_begins_anew(self) -> None:
        stages = [{"executor": Stage(lost=5)}, {}, {"executor": Stage()}, {"executor": Stage()}]
        looks = [look(n * MS, stages=each) for n, each in enumerate(stages)]
        assert said(OverrunRateSettings(), *looks) == [*[("unknown", None)] * 3, ("ok", 0)]


class TestLatency:
    SETTINGS = LatencySettings(window_ns=20 * MS)

    @staticmethod
    def looks(*counts: tuple[int, int | None], state: State = State.READY) -> list[Look]:
        return [
            look(n * 10 * MS, state=state, executor=Stage(processed=processed, over_limit=over))
            for n, (processed, over) in enumerate(counts)
        ]

    def test_p99_is_within_the_limit_while_at_most_one_percent_is_over(self) -> None:
        assert said(self.SETTINGS, *self.looks((0, 0), (1000, 10)))[1] == ("ok", 0.01)
        assert said(self.SETTINGS, *self.looks((0, 0), (1000, 11)))[1] == ("failing", 0.011)

    def test_with_fewer_than_ten_beyond_it_is_unknown(self) -> None:
        assert said(self.SETTINGS, *self.looks((0, 0), (999, 0)))[1] == ("unknown", 0)
        assert said(self.SETTINGS, *self.looks((0, 0), (500, 10)))[1] == ("unknown", 0.02)

    def test_unless_the_rest_cannot_change_it(self) -> None:
        """Eleven over the limit are too many whatever else comes: a slow stage has few events."""
        assert said(self.SETTINGS, *self.looks((0, 0), (20, 11)))[1] == ("failing", 0.55)

    def test_only_the_window_counts(self) -> None:
        looks = self.looks((0, 0), (1000, 500), (2000, 500), (3000, 500), (4000, 500))
        verdicts = [verdict for verdict, _ in said(self.SETTINGS, *looks)]
        assert verdicts == ["unknown", "failing", "failing", "ok", "ok"]

    def test_without_a_limit_nobody_counts(self) -> None:
        assert said(self.SETTINGS, *self.looks((0, None), (5000, None))) == [("unknown", None)] * 2

    def test_no_events_prove_nothing(self) -> None:
        assert said(self.SETTINGS, *self.looks((0, 0), (0, 0)))[1] == ("unknown", None)

    @pytest.mark.parametrize(
        ("state", "verdict"),
        [(State.INIT, "unknown"), (State.WARMUP, "unknown"), (State.DEGRADED, "failing")],
    )
    def test_a_cold_start_is_slow_and_proves_nothing(self, state: State, verdict: str) -> None:
        assert said(self.SETTINGS, *self.looks((0, 0), (1000, 900), state=state))[1] == (verdict, 0.9)

    def test_but_a_warm_up_within_the_limit_is_ok(self) -> None:
        assert said(self.SETTINGS, *self.looks((0, 0), (1000, 1), state=State.WARMUP))[1] == ("ok", 0.001)

    def test_a_rarer_percentile_needs_more_events(self) -> None:
        settings = LatencySettings(over_limit_share_max=0.001, samples_min=1000)
        assert said(settings, *self.looks((0, 0), (9_999, 0)))[1] == ("unknown", 0)
        assert said(settings, *self.looks((0, 0), (10_000, 10)))[1] == ("ok", 0.001)

    def test_a_limit_that_nothing_may_exceed_needs_no_percentile(self) -> None:
        settings = LatencySettings(over_limit_share_max=0, samples_min=5)
        assert said(settings, *self.looks((0, 0), (5, 0)))[1] == ("ok", 0)
        assert said(settings, *self.looks((0, 0), (5, 1)))[1] == ("failing", 0.2)


class TestSinkLoss:
    def test_it_is_per_second(self) -> None:
        looks = [look(n * 100 * MS, sink=Sink(dropped=n * 5)) for n in range(2)]
        assert said(SinkLossSettings(dropped_per_s_max=50), *looks) == [("unknown", None), ("ok", 50)]
        assert said(SinkLossSettings(), *looks)[1] == ("failing", 50)

    def test_without_a_sink_there_is_nothing_to_know(self) -> None:
        assert said(SinkLossSettings(), look(0), look(1)) == [("unknown", None)] * 2


class TestFeedIntegrity:
    @pytest.mark.parametrize("fault", ["gaps", "repeats", "reordered"])
    def test_each_of_the_three_has_its_threshold(self, fault: str) -> None:
        limits: dict[str, Any] = dict.fromkeys(("gaps_max", "repeats_max", "reordered_max"), 9)
        settings = FeedIntegritySettings(**{**limits, f"{fault}_max": 3})
        looks = [look(n * MS, feed=counting(fault, count)) for n, count in enumerate((10, 13, 14))]
        assert said(settings, *looks) == [("unknown", None), ("ok", 3), ("failing", 4)]

    def test_it_shows_the_worst(self) -> None:
        probe = probe_of(FeedIntegritySettings(repeats_max=100))
        probe.read(look(0))
        reading = probe.read(look(1, feed=Feed(gaps=1, repeats=90, reordered=2)))
        assert reading == Reading("failing", 2, 0, "events late in the window")

    def test_only_the_window_counts(self) -> None:
        settings = FeedIntegritySettings(window_ns=2 * MS)
        looks = [look(n * MS, feed=Feed(gaps=count)) for n, count in enumerate((0, 4, 4, 4))]
        verdicts = [verdict for verdict, _ in said(settings, *looks)]
        assert verdicts == ["unknown", "failing", "failing", "ok"]

    @pytest.mark.parametrize("fault", ["gaps", "repeats", "reordered"])
    def test_it_is_unknown_where_nobody_counts(self, fault: str) -> None:
        looks = [look(n, feed=counting(fault, None)) for n in range(2)]
        assert said(FeedIntegritySettings(), *looks) == [("unknown", None)] * 2


class TestClockSkew:
    @pytest.mark.parametrize("sign", [1, -1])
    def test_it_fails_either_way(self, sign: int) -> None:
        looks = [look(n, clock_skew_ns=sign * skew) for n, skew in enumerate((0, 100, 101))]
        assert said(ClockSkewSettings(skew_ns_max=100), *looks) == [("ok", 0), ("ok", 100), ("failing", 101)]

    def test_it_is_unknown_if_nobody_compares(self) -> None:
        assert said(ClockSkewSettings(), look(0)) == [("unknown", None)]


class TestRefusedMoves:
    def test_it_fails_until_somebody_has_seen_to_it(self) -> None:
        probe = probe_of(RefusedMovesSettings())
        assert isinstance(probe, Acknowledged)
        assert answer(probe, look(0)) == ("ok", 0)
        assert answer(probe, look(1, refused_moves=2)) == ("failing", 2)
        assert answer(probe, look(2, refused_moves=2)) == ("failing", 2)
        probe.acknowledge()
        assert answer(probe, look(3, refused_moves=2)) == ("ok", 0)
        assert answer(probe, look(4, refused_moves=3)) == ("failing", 1)

    def test_one_that_came_after_the_last_look_is_not_acknowledged(self) -> None:
        probe = probe_of(RefusedMovesSettings())
        assert isinstance(probe, Acknowledged)
        probe.read(look(0, refused_moves=1))
        probe.acknowledge()
        assert answer(probe, look(1, refused_moves=2)) == ("failing", 1)


STAGED: list[Any] = [BacklogSettings, CursorProgressSettings, LatencySettings, OverrunRateSettings]


@pytest.mark.parametrize("settings", STAGED)
def test_a_probe_reads_its_own_stage(settings: Any) -> None:
    bad = Stage(cursor=1, backlog=999)
    probe = probe_of(settings(stage="logger"))
    for at_ns in (0, 100 * MS):
        bad.processed, bad.lost, bad.over_limit = at_ns, at_ns, at_ns
        reading = probe.read(look(at_ns, stages={"executor": Stage(), "logger": bad}))
    assert reading.verdict == "failing"


def test_a_stage_that_is_not_there_is_unknown() -> None:
    for settings in STAGED:
        probe = probe_of(settings(stage="logger"))
        assert [probe.read(look(at_ns)).verdict for at_ns in (0, 1)] == ["unknown"] * 2


def test_a_probe_has_the_names_of_its_settings_and_says_what_it_counts() -> None:
    assert sorted(settings.kind for settings in ALL) == sorted(KINDS)
    for settings in ALL:
        probe: Probe = probe_of(settings(name="mine", cause="words of mine"))
        assert (probe.name, probe.cause) == ("mine", "words of mine")
        assert probe.read(look(0)).what


ALL: tuple[Any, ...] = (
    *(BacklogSettings, ClockSkewSettings, CursorProgressSettings, FeedIntegritySettings),
    *(FeedStalenessSettings, LatencySettings, OverrunRateSettings, RefusedMovesSettings, SinkLossSettings),
)


OLD = Feed(newest_ns=0)
FIGURES: list[tuple[Any, list[Look], float, str]] = [
    (
        BacklogSettings(backlog_share_max=0.5),
        [look(0, stages={}), look(0), look(1, executor=Stage(backlog=501))],
        *(0.5, "of the ring unread"),
    ),
    (
        ClockSkewSettings(skew_ns_max=7),
        [look(0), look(1, clock_skew_ns=7), look(2, clock_skew_ns=8)],
        *(7, "ns between the clocks"),
    ),
    (
        CursorProgressSettings(standstill_ns_max=7),
        [
            look(at_ns, stages=stages)
            for at_ns, stages in ((0, {}), *((n, {"executor": Stage(backlog=1)}) for n in (1, 8, 9)))
        ],
        *(7, "ns without progress"),
    ),
    (
        FeedIntegritySettings(gaps_max=1),
        [look(0, feed=counting("gaps", None)), *(look(n, feed=counting("gaps", n - 1)) for n in (1, 2, 3))],
        *(1, "events missed in the window"),
    ),
    (
        FeedIntegritySettings(repeats_max=1, gaps_max=0),
        [look(0), look(1, feed=counting("repeats", 2))],
        *(1, "events repeated in the window"),
    ),
    (
        FeedStalenessSettings(staleness_ns_max=7),
        [look(0), look(0, feed=Feed(newest_ns=0, held=True)), look(7, feed=OLD), look(8, feed=OLD)],
        *(7, "ns without a new event"),
    ),
    (
        LatencySettings(over_limit_share_max=0.01),
        [
            look(0, stages={}),
            *(
                look(n, state=state, executor=Stage(processed=done, over_limit=over))
                for n, (done, over, state) in enumerate(
                    (
                        (0, 0, State.READY),
                        (1000, 0, State.READY),
                        (1100, 90, State.INIT),
                        (1200, 190, State.READY),
                    ),
                    1,
                )
            ),
        ],
        *(0.01, "of the events over the latency limit"),
    ),
    (
        OverrunRateSettings(lost_per_s_max=3),
        [look(0, stages={}), *(look(n, executor=Stage(lost=lost)) for n, lost in ((1, 0), (2, 0), (3, 9)))],
        *(3, "events lost per second"),
    ),
    (RefusedMovesSettings(refused_max=1), [look(0), look(1, refused_moves=2)], 1, "refused moves"),
    (
        SinkLossSettings(dropped_per_s_max=3),
        [look(0), *(look(n, sink=Sink(dropped=dropped)) for n, dropped in ((1, 0), (2, 0), (3, 9)))],
        *(3, "acks missed per second"),
    ),
]


@pytest.mark.parametrize(("settings", "looks", "threshold", "what"), FIGURES)
def test_every_reading_says_what_it_counts_and_how_much_is_ok(
    settings: Any, looks: list[Look], threshold: float, what: str
) -> None:
    probe = probe_of(settings)
    readings = [probe.read(each) for each in looks]
    assert readings[-1] == Reading("failing", readings[-1].value, threshold, what)
    if not (what.startswith("events repeated") or isinstance(settings, RefusedMovesSettings)):
        assert readings[0] == Reading("unknown", None, threshold, what)
    if not what.startswith("events repeated"):
        assert {(reading.threshold, reading.what) for reading in readings} == {(threshold, what)}


def test_what_is_no_settings_is_refused() -> None:
    nothing: Any
    for nothing in (Feed(), Reading("ok", 0, 0)):
        with pytest.raises(
            ArgumentTypeError, match=rf"feed_staleness.*refused_moves\), got {type(nothing).__name__}$"
        ):
            probe_of(nothing)

"""The picture of ``tickpath run --watch``: what is on it, and that every screen has one."""

from __future__ import annotations

import itertools

import pytest
from rich.cells import cell_len

from tests.cli.moments import Acks, Board, degraded_board, moment, screen
from tests.runtime.looks import Feed, Stage, look
from tickpath.cli.watch.cost import WatchCost
from tickpath.cli.watch.moment import Plan, Rates
from tickpath.core.state import State
from tickpath.runtime.lag import Lag

MS = 1_000_000


def words(lines: list[str]) -> str:
    """The whole screen on one line, blanks run together."""
    return " ".join(" ".join(lines).split())


def test_everything_that_is_known_is_on_a_screen_of_the_usual_size() -> None:
    text = words(screen(moment()))
    for said in (
        "DEGRADED 0.8 s of 3.0 s epoch 3 feed-freeze",
        "feed 100,012 events/s 70,005 of 300,000 (23 %) repeats 3",
        "99,998",
        "51.0 µs",
        "19,876",
        "overrun",
        "cause market data outage [probe:feed_staleness], since 550 ms",
        "230.5 ms, at most 150",
        "published → completed 125 ns 9.93 µs 130 µs",
        "intended → published 14 ns 523 µs",
        "machine's floor: 4.03 ms the longest pause, before the run",
        "READY → DEGRADED",
        "feed_staleness failing 230.5, at most 150 (ms)",
        "1 of 2 probes ok",
        "q or Ctrl-C ends the run in order",
    ):
        assert said in text


@pytest.mark.parametrize("columns", [1, 2, 9, 20, 33, 47, 80, 131, 132, 300])
def test_every_screen_is_filled_to_its_edges_and_no_further(columns: int) -> None:
    for lines in (1, 2, 3, 5, 24, 60):
        picture = screen(moment(), columns, lines)
        assert len(picture) == lines
        assert {cell_len(line) for line in picture} == {columns}


def test_a_screen_that_is_too_small_keeps_what_matters_most() -> None:
    one, two, seven = (screen(moment(), 80, lines) for lines in (1, 2, 7))
    assert one[0].startswith(" DEGRADED ")
    assert "Ctrl-C" in two[1]
    # Consumers, then why it is degraded; the latencies have to go.
    assert [name in words(seven) for name in ("executor", "slow", "market data outage", "p99")] == [
        True,
        True,
        True,
        False,
    ]
    assert "DEGR" in screen(moment(), 6, 3)[0]


def test_a_wide_screen_has_two_columns() -> None:
    wide = screen(moment(), 200, 20)
    assert any("consumer" in line and "lifecycle" in line for line in wide) or any(
        "feed " in line and "cause " in line for line in wide
    )


def test_what_is_not_known_yet_is_no_zero() -> None:
    fresh = Board(State.WARMUP)
    shown = moment(fresh, feed_per_s=None, stages_per_s={}, lags={}, acks=None, moves=(), pause_ns_max=None)
    text = words(screen(shown))
    assert "starting of 3.0 s" in text
    assert "waiting for the first control step" in text
    assert "not ready: state is WARMUP, expected READY" in text
    unknown = Acks(count=3, p50_ns=None, p99_ns=None, in_ring_p50_ns=None, late_p50_ns=None, dropped=7)
    text = words(screen(moment(acks=unknown, feed_per_s=None, pause_ns_max=None)))
    assert "? events/s" in text
    assert "published → completed ? ? 130 µs" in text
    assert "machine's floor: not watched; 7 of 10 acks missed" in text


def test_a_stage_that_reads_no_more_says_so() -> None:
    board = Board(State.WARMUP, State.READY)
    ended = Stage(processed=10, epoch_seen=None)
    board.step(look(MS, feed=Feed(published=10, done=True), executor=ended, state=State.READY, epoch=2))
    text = words(screen(moment(board, lags={"executor": Lag(0, 0, True)})))
    assert "ended" in text
    assert "done" in text


@pytest.mark.parametrize(("events", "full"), [(0, 0), (1, 1), (32, 11), (60, 21), (64, 22), (1_000, 22)])
def test_the_bar_is_the_share_of_the_ring(events: int, full: int) -> None:
    # 64 slots; whoever is behind at all has a mark, and no more than the bar.
    lags = {"executor": Lag(events, 1, False), "slow": Lag(0, 0, False)}
    line = next(line for line in screen(moment(lags=lags)) if line.startswith("executor"))
    assert (line.count("█"), line.count("█") + line.count("░")) == (full, 22)


def test_an_output_that_knows_only_ascii_gets_nothing_else() -> None:
    text = "\n".join(screen(moment(), encoding="ascii"))
    assert text.isascii()
    assert "51.0 us" in text
    assert "published > completed" in text


def test_names_and_causes_of_any_length_break_nothing() -> None:
    board = degraded_board()
    plan = Plan("x" * 500, 0, None)
    for columns, lines in itertools.product((10, 60, 140), (4, 30)):
        picture = screen(moment(board, plan=plan), columns, lines)
        assert {cell_len(line) for line in picture} == {columns}


def test_a_rate_is_the_difference_of_two_looks() -> None:
    rates = Rates()
    first = look(100 * MS, feed=Feed(published=1_000), executor=Stage(processed=900))
    rates.see(first)
    assert (rates.feed_per_s, rates.stages_per_s) == (None, {"executor": None})
    rates.see(look(350 * MS, feed=Feed(published=26_000), executor=Stage(processed=900)))
    assert (rates.feed_per_s, rates.stages_per_s) == (100_000, {"executor": 0})
    # A control plane that has not stepped since changes nothing.
    rates.see(look(350 * MS, feed=Feed(published=26_000), executor=Stage(processed=900)))
    assert rates.feed_per_s == 100_000


def test_the_cost_compares_what_was_under_way_while_it_drew_with_what_was_not() -> None:
    cost = WatchCost()
    assert cost.as_json()["p50_ratio"] is None
    assert cost.share is None
    for drawing_ns in range(100, 120):
        cost.drew(2_000_000 + drawing_ns)
        cost.compare(Acks(p50_ns=100, max_ns=5_000), Acks(p50_ns=drawing_ns, max_ns=9_000))
    # Too few events while it drew: no pair, but the longest counts.
    cost.compare(Acks(p50_ns=100, max_ns=6_000), Acks(p50_ns=None, max_ns=9_500))
    cost.compare(Acks(p50_ns=None, max_ns=None), Acks(p50_ns=None, max_ns=None))
    cost.processor_ns, cost.watched_ns = 40_000_000, 5_000_000_000
    said = cost.as_json()
    assert (said["frames"], said["pairs"], said["frame_ns_max"]) == (20, 20, 2_000_119)
    assert (said["p50_ratio_low"], said["p50_ratio"], said["p50_ratio_high"]) == (
        1.02,
        pytest.approx(1.095),
        1.17,
    )
    assert (said["drawing_ns_max"], said["between_ns_max"]) == (9_500, 6_000)
    assert cost.share == 0.008

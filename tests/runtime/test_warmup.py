"""The warm-up: READY on evidence and not before, and an end to it whatever happens."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.runtime.looks import Feed, Stage, Window, look, seen
from tickpath.config.scenario.surroundings import WarmupSettings
from tickpath.errors import ArgumentValueError
from tickpath.runtime.warmup import WarmUp, WarmupCertificate
from tickpath.runtime.warmup.certificate import WarmupRound
from tickpath.runtime.warmup.evidence import evidence_words, is_flat

ROUND = 100


def evidence(**given: Any) -> WarmupSettings:
    return WarmupSettings(**{"round_events": ROUND, "tolerance": 0.1} | given)


def certificate_of(warmup: WarmUp) -> WarmupCertificate:
    assert warmup.certificate is not None
    assert not warmup.is_running
    return warmup.certificate


def drive(warmup: WarmUp, *medians_ns: int | None) -> list[str]:
    """A round for each median, the feed held after each; what the warm-up said."""
    window = Window(*medians_ns)
    warmup.begin()
    actions: list[str] = []
    for number in range(1, len(medians_ns) + 1):
        step = warmup.step(seen(number * ROUND, at_ns=number * 1_000, held=True), window)
        actions.append(step.action)
        if step.action not in ("continue", "next_round"):
            break
    return actions


def test_medians_that_lie_close_enough_together_are_flat_whatever_their_share() -> None:
    rounds = [WarmupRound(500, 500, p50_ns, None, None) for p50_ns in (100, 900, 500)]
    assert not is_flat(rounds, flat_rounds=3, tolerance=0.1)
    assert not is_flat(rounds, flat_rounds=3, tolerance=0.1, resolution_ns=799)
    assert is_flat(rounds, flat_rounds=3, tolerance=0.1, resolution_ns=800)
    words = evidence_words(rounds, flat_rounds=3, tolerance=0.1, tolerance_ns=800)
    assert words.endswith("and may by 10.0% or 800 ns")


def test_it_ends_as_soon_as_the_last_rounds_are_flat() -> None:
    warmup = WarmUp(evidence(rounds_min=2, rounds_max=9, flat_rounds=2))
    assert drive(warmup, 400, 300, 205, 200) == ["next_round", "next_round", "next_round", "ready"]
    certificate = certificate_of(warmup)
    assert (certificate.verdict, certificate.events, certificate.ended_ns) == ("passed", 400, 4_000)
    assert [each.p50_ns for each in certificate.rounds] == [400, 300, 205, 200]
    assert [each.spread for each in certificate.rounds] == [None, 0.25, 95 / 300, 5 / 205]
    assert certificate.spread == 5 / 200
    assert "205, 200 ns" in certificate.reason


def test_a_slow_drift_is_not_flat_however_close_the_neighbours_are() -> None:
    warmup = WarmUp(evidence(rounds_min=3, rounds_max=4, flat_rounds=3))
    assert drive(warmup, 121, 115, 109, 103)[-1] == "failed"
    assert drive(warmup, 115, 109, 105)[-1] == "ready"


@pytest.mark.parametrize(("rounds_min", "expected"), [(2, 2), (5, 5)])
def test_the_floor_is_kept(rounds_min: int, expected: int) -> None:
    warmup = WarmUp(evidence(rounds_min=rounds_min, rounds_max=9, flat_rounds=2))
    assert len(drive(warmup, *[200] * 9)) == expected


def test_it_fails_at_the_cap_and_says_the_numbers() -> None:
    warmup = WarmUp(evidence(rounds_min=2, rounds_max=3, flat_rounds=2))
    assert drive(warmup, 100, 200, 400, 400) == ["next_round", "next_round", "failed"]
    certificate = certificate_of(warmup)
    assert certificate.verdict == "failed"
    assert certificate.spread == 1.0
    for number in ("after 3 rounds", "200, 400 ns", "100.0%", "10.0%"):
        assert number in certificate.reason


def test_a_round_with_too_few_samples_is_unknown_and_counts_towards_the_cap() -> None:
    warmup = WarmUp(evidence(rounds_min=2, rounds_max=2, flat_rounds=2))
    warmup.begin()
    window = Window(200, 200, count=19)
    warmup.step(seen(ROUND), window)
    assert warmup.step(seen(2 * ROUND), window).action == "failed"
    assert [(each.samples, each.p50_ns) for each in certificate_of(warmup).rounds] == [(19, None)] * 2
    assert "unknown" in certificate_of(warmup).reason


def test_an_unknown_round_between_two_that_agree_is_not_flat() -> None:
    warmup = WarmUp(evidence(rounds_min=2, rounds_max=5, flat_rounds=2))
    assert drive(warmup, 200, None, 200, 200) == ["next_round"] * 3 + ["ready"]


def test_without_a_window_every_round_is_unknown() -> None:
    warmup = WarmUp(evidence(rounds_min=2, rounds_max=2, flat_rounds=2))
    warmup.begin()
    warmup.step(seen(ROUND))
    assert warmup.step(seen(2 * ROUND)).action == "failed"


@pytest.mark.parametrize(("resolution_ns", "end"), [(0, "failed"), (20, "ready")])
def test_what_the_clock_cannot_tell_apart_is_the_same(resolution_ns: int, end: str) -> None:
    settings = evidence(rounds_min=2, rounds_max=2, flat_rounds=2)
    assert drive(WarmUp(settings, resolution_ns=resolution_ns), 40, 60)[-1] == end


def test_medians_of_zero_are_flat() -> None:
    warmup = WarmUp(evidence(rounds_min=2, rounds_max=3, flat_rounds=2))
    assert drive(warmup, 0, 0)[-1] == "ready"
    assert certificate_of(warmup).spread == 0.0


def test_the_feed_is_let_go_on_by_one_round_at_a_time() -> None:
    warmup = WarmUp(evidence(rounds_min=3, rounds_max=9, flat_rounds=2))
    assert warmup.hold_at == ROUND
    window = Window(200, 200, 200)
    assert warmup.begin().hold_at == ROUND
    assert warmup.step(seen(ROUND - 1), window).action == "continue"
    assert window.takes == 0
    assert warmup.step(seen(ROUND, held=True), window).hold_at == 2 * ROUND
    # The feed has not noticed yet that it was let go.
    assert warmup.step(seen(ROUND, held=True), window).action == "continue"
    assert warmup.step(seen(2 * ROUND, held=True), window).hold_at == 3 * ROUND
    ready = warmup.step(seen(3 * ROUND, held=True), window)
    assert (ready.action, ready.hold_at) == ("ready", None)
    assert certificate_of(warmup).held_feed


def test_events_that_were_withheld_do_not_keep_a_round_open() -> None:
    warmup = WarmUp(evidence(rounds_min=2, rounds_max=9, flat_rounds=2))
    warmup.begin()
    held = Feed(published=40, withheld=60, held=True)
    behind = look(feed=held, executor=Stage(processed=39, cursor=39, backlog=1))
    assert warmup.step(behind, Window(200)).action == "continue"
    caught_up = look(feed=held, executor=Stage(processed=40, cursor=40))
    assert warmup.step(caught_up, Window(200)).action == "next_round"
    # Nothing but withheld events in the next one: it ends as well.
    assert warmup.step(caught_up, Window(200)).action == "continue"
    nothing = look(feed=Feed(published=40, withheld=160, held=True), executor=Stage(processed=40, cursor=40))
    assert warmup.step(nothing, Window(200)).action == "ready"


def test_lost_events_end_a_round_and_are_not_counted_as_processed() -> None:
    warmup = WarmUp(evidence(rounds_min=1, rounds_max=2, flat_rounds=2))
    warmup.begin()
    warmup.step(look(executor=Stage(processed=30, lost=70, cursor=ROUND)), Window(200))
    warmup.step(look(executor=Stage(processed=130, lost=70, cursor=2 * ROUND)), Window(200))
    assert [each.events for each in certificate_of(warmup).rounds] == [30, 100]


@pytest.mark.parametrize(
    ("last", "why"),
    [
        (seen(30, done=True), "the feed is over"),
        (look(executor=Stage(processed=30, cursor=30, epoch_seen=None)), "its overrun policy"),
    ],
)
def test_it_fails_at_once_where_no_further_round_can_come(last: Any, why: str) -> None:
    warmup = WarmUp(evidence())
    warmup.begin()
    warmup.step(seen(30))
    step = warmup.step(last)
    assert step.action == "failed"
    assert why in step.reason
    assert "30 of 100 events into warm-up round 1" in step.reason


def test_a_feed_that_is_over_is_read_to_its_end_first() -> None:
    warmup = WarmUp(evidence(rounds_min=1, rounds_max=2, flat_rounds=2))
    warmup.begin()
    assert warmup.step(seen(60, done=True, backlog=40)).action == "continue"
    assert warmup.step(seen(100, done=True)).action == "next_round"


def test_a_count_is_kept_as_it_was() -> None:
    warmup = WarmUp(WarmupSettings(kind="count"), events=10)
    assert warmup.hold_at == 10
    warmup.begin(5)
    assert warmup.step(seen(9)).action == "continue"
    step = warmup.step(seen(10, at_ns=70))
    assert (step.action, step.reason) == ("ready", "10 warm-up events processed")
    certificate = certificate_of(warmup)
    assert (certificate.began_ns, certificate.ended_ns, certificate.rounds) == (5, 70, ())
    assert (certificate.tolerance, certificate.flat_rounds, certificate.spread) == (None, None, None)


def test_a_count_says_what_was_lost_on_the_way() -> None:
    warmup = WarmUp(WarmupSettings(kind="count"), events=10)
    warmup.begin()
    step = warmup.step(look(executor=Stage(processed=4, lost=6, cursor=10)))
    assert step.action == "ready"
    assert step.reason == "4 of 10 warm-up events processed, the others were lost or never came"


def test_a_count_of_nothing_is_ready_at_once() -> None:
    warmup = WarmUp(WarmupSettings(kind="count"), events=0)
    assert warmup.hold_at is None
    assert warmup.begin().action == "ready"
    assert certificate_of(warmup).reason == "no warm-up asked for"


def test_a_count_needs_its_number() -> None:
    with pytest.raises(ArgumentValueError, match="number of events"):
        WarmUp(WarmupSettings(kind="count"))


def test_a_restart_counts_from_where_it_began_and_does_not_hold_the_feed() -> None:
    warmup = WarmUp(evidence(rounds_min=2, rounds_max=3, flat_rounds=2))
    drive(warmup, 200, 200)
    stale = Window(999, 200, 200)
    assert warmup.begin(50_000, look=seen(1_000), window=stale).hold_at is None
    # The acks of before the restart belong to no round.
    assert stale.takes == 1
    assert warmup.step(seen(1_099), stale).action == "continue"
    # Nobody holds the feed: a round is as long as it took until somebody looked.
    step = warmup.step(seen(1_150, backlog=7), stale)
    assert (step.action, step.hold_at) == ("next_round", None)
    assert warmup.step(seen(1_249), stale).action == "continue"
    assert warmup.step(seen(1_250), stale).action == "ready"
    certificate = certificate_of(warmup)
    assert (certificate.attempt, certificate.began_ns, certificate.held_feed) == (2, 50_000, False)
    assert (certificate.events, [each.events for each in certificate.rounds]) == (250, [150, 100])


def test_a_restart_lets_a_feed_go_that_the_one_before_has_held() -> None:
    warmup = WarmUp(evidence(rounds_min=2, rounds_max=3, flat_rounds=2))
    warmup.begin()
    assert warmup.begin(5, look=seen(60)).hold_at is None
    # The feed comes to the hold of the first one only now.
    step = warmup.step(seen(ROUND, held=True))
    assert (step.action, step.hold_at) == ("next_round", None)
    assert warmup.step(seen(ROUND + 60), Window(200)).action == "next_round"
    assert warmup.step(seen(2 * ROUND + 60), Window(200)).action == "ready"


def test_a_first_warm_up_that_begins_late_holds_the_feed_all_the_same() -> None:
    warmup = WarmUp(evidence(rounds_min=2, rounds_max=3, flat_rounds=2))
    in_init = look(5, feed=Feed(published=40, withheld=60, held=True), executor=Stage(backlog=40))
    assert warmup.begin(5, look=in_init).hold_at == ROUND
    assert warmup.step(in_init).action == "continue"
    read = look(9, feed=Feed(published=40, withheld=60, held=True), executor=Stage(processed=40, cursor=40))
    step = warmup.step(read, Window(200))
    assert (step.action, step.hold_at) == ("next_round", 2 * ROUND)


def test_a_restart_or_a_failure_meanwhile_interrupts() -> None:
    warmup = WarmUp(evidence())
    assert warmup.interrupt(3, "stopped") is None
    warmup.begin()
    warmup.step(seen(30))
    interrupted = warmup.interrupt(9, "market data outage", look=seen(40))
    assert interrupted is not None
    assert (interrupted.verdict, interrupted.ended_ns, interrupted.events) == ("interrupted", 9, 40)
    assert interrupted.reason.startswith("market data outage, 30 of 100 events")
    warmup.begin(10)
    warmup.begin(11)
    assert warmup.certificate is not None
    assert (warmup.certificate.attempt, warmup.certificate.verdict) == (2, "interrupted")
    assert warmup.is_running


def test_nothing_is_done_while_none_is_under_way() -> None:
    warmup = WarmUp(evidence())
    assert warmup.step(seen(10_000)).action == "continue"
    assert (warmup.progress, warmup.certificate) == (None, None)


def test_its_progress_can_be_read() -> None:
    warmup = WarmUp(evidence(rounds_min=3, rounds_max=9, flat_rounds=2))
    warmup.begin()
    window = Window(200, 210)
    warmup.step(seen(ROUND), window)
    warmup.step(seen(2 * ROUND), window)
    warmup.step(seen(2 * ROUND + 7), window)
    progress = warmup.progress
    assert progress is not None
    assert (progress.round, progress.rounds_max, progress.events, progress.round_events) == (3, 9, 7, ROUND)
    assert (progress.spread, progress.tolerance) == (10 / 200, 0.1)


def test_the_certificate_as_json_is_stable() -> None:
    def text() -> str:
        warmup = WarmUp(evidence(rounds_min=2, rounds_max=9, flat_rounds=2))
        drive(warmup, 400, None, 205, 200)
        return json.dumps(certificate_of(warmup).as_json())

    assert text() == text()
    read = json.loads(text())
    assert list(read)[:4] == ["attempt", "kind", "began_ns", "ended_ns"]
    assert read["rounds"][1] == {
        "events": 100,
        "samples": 500,
        "p50_ns": None,
        "service_p50_ns": None,
        "spread": None,
    }
    assert read["gc_frozen_objects"] is None

"""What a warm-up says: its certificate, its progress, its reasons, each to the number."""

from __future__ import annotations

from typing import Any

import pytest

from tests.runtime.looks import Feed, Figures, Stage, Window, look, seen
from tests.runtime.test_warmup import ROUND, certificate_of, drive, evidence
from tickpath.config.scenario.surroundings import WarmupSettings
from tickpath.runtime.warmup import WarmUp, WarmupCertificate, WarmupProgress, WarmupStep
from tickpath.runtime.warmup.certificate import WarmupRound
from tickpath.runtime.warmup.evidence import evidence_words, is_flat, round_of, spread_of

COUNT = WarmupSettings(kind="count", events=10)


def medians(*p50_ns: int | None) -> list[WarmupRound]:
    return [WarmupRound(500, 500, each, None, None) for each in p50_ns]


def test_the_certificate_has_all_of_it() -> None:
    warmup = WarmUp(evidence(rounds_min=2, rounds_max=9, flat_rounds=2))
    drive(warmup, 400, 400)
    first, second = certificate_of(warmup).rounds
    assert (first, second) == (WarmupRound(100, 500, 400, 400, None), WarmupRound(100, 500, 400, 400, 0.0))
    assert certificate_of(warmup) == WarmupCertificate(
        attempt=1,
        kind="evidence",
        began_ns=0,
        ended_ns=2_000,
        events=200,
        rounds=(first, second),
        tolerance=0.1,
        flat_rounds=2,
        spread=0.0,
        verdict="passed",
        reason="latency flat after 2 rounds: the last medians, 400, 400 ns, differ by 0.0%, and may by 10.0%",
        held_feed=True,
        gc_frozen_objects=None,
    )
    assert certificate_of(warmup).as_json()["rounds"] == [
        {"events": 100, "samples": 500, "p50_ns": 400, "service_p50_ns": 400, "spread": None},
        {"events": 100, "samples": 500, "p50_ns": 400, "service_p50_ns": 400, "spread": 0.0},
    ]
    assert list(certificate_of(warmup).as_json()) == list(WarmupCertificate.__dataclass_fields__)


def test_one_that_is_not_flat_says_how_far_from_it_it_was() -> None:
    warmup = WarmUp(evidence(rounds_min=2, rounds_max=2, flat_rounds=2, tolerance_ns=7))
    assert drive(warmup, 1_000, 1_500) == ["next_round", "failed"]
    assert certificate_of(warmup).reason == (
        "latency not flat after 2 rounds, the most there may be: the last medians, 1,000, 1,500 ns, "
        "differ by 50.0%, and may by 10.0% or 7 ns"
    )


@pytest.mark.parametrize(("apart_ns", "end"), [(7, "ready"), (8, "failed")])
def test_medians_that_nobody_minds_are_the_same(apart_ns: int, end: str) -> None:
    settings = evidence(rounds_min=2, rounds_max=2, flat_rounds=2, tolerance=0.0, tolerance_ns=7)
    assert drive(WarmUp(settings), 40, 40 + apart_ns)[-1] == end
    # What the clock cannot tell apart is not less for that, nor the other way round.
    assert drive(WarmUp(settings, resolution_ns=3), 40, 40 + apart_ns)[-1] == end


def test_without_a_resolution_a_nanosecond_is_one() -> None:
    settings = evidence(rounds_min=2, rounds_max=2, flat_rounds=2, tolerance=0.0)
    assert drive(WarmUp(settings), 40, 41)[-1] == "failed"
    assert drive(WarmUp(settings, resolution_ns=1), 40, 41)[-1] == "ready"


def test_the_settings_own_count_is_taken_unless_another_is_given() -> None:
    assert WarmUp(COUNT).hold_at == 10
    assert WarmUp(COUNT, events=4).hold_at == 4
    assert WarmUp(COUNT, events=0).hold_at is None
    assert WarmUp(evidence()).hold_at == ROUND


def test_a_feed_that_is_not_to_be_held_is_held_nowhere() -> None:
    warmup = WarmUp(evidence(hold_feed=False, rounds_min=2, rounds_max=3, flat_rounds=2))
    assert warmup.hold_at is None
    assert warmup.begin() == WarmupStep("continue")
    assert warmup.step(seen(ROUND), Window(200)) == WarmupStep("next_round")
    assert warmup.step(seen(2 * ROUND), Window(200)).action == "ready"
    assert not certificate_of(warmup).held_feed


def test_a_begin_says_where_the_feed_is_held_and_how_far_it_is() -> None:
    warmup = WarmUp(evidence(rounds_max=9))
    assert not warmup.is_running
    assert warmup.begin() == WarmupStep("continue", hold_at=ROUND)
    assert warmup.is_running
    assert warmup.progress == WarmupProgress(
        round=1, rounds_max=9, events=0, round_events=ROUND, spread=None, tolerance=0.1
    )
    count = WarmUp(COUNT)
    count.begin()
    assert count.progress == WarmupProgress(
        round=1, rounds_max=1, events=0, round_events=10, spread=None, tolerance=None
    )
    # A round that has just begun is at its begin.
    warmup.step(seen(ROUND + 30, held=True), Window(200))
    assert warmup.progress is not None
    assert (warmup.progress.round, warmup.progress.events) == (2, 0)
    warmup.step(seen(ROUND + 40), Window(200))
    assert (warmup.progress.round, warmup.progress.events) == (2, 10)


def test_one_that_is_begun_again_ends_then_and_says_why() -> None:
    warmup = WarmUp(evidence())
    warmup.begin()
    warmup.step(seen(30))
    warmup.begin(77, look=seen(40))
    interrupted = warmup.certificate
    assert interrupted is not None
    assert (interrupted.began_ns, interrupted.ended_ns, interrupted.verdict) == (0, 77, "interrupted")
    assert interrupted.reason == "begun again, 30 of 100 events into warm-up round 1 of at most 50"
    # Nobody looked: what was processed is what was known at its begin.
    assert interrupted.events == 0


def test_a_count_that_is_interrupted_says_how_many_it_had() -> None:
    warmup = WarmUp(COUNT)
    warmup.begin(5)
    warmup.step(seen(4))
    ended = warmup.interrupt(9, "stopped", look=seen(4))
    assert ended is not None
    assert (ended.reason, ended.events) == ("stopped, 4 of 10 warm-up events processed", 4)
    assert (ended.kind, ended.rounds, ended.tolerance, ended.flat_rounds, ended.spread) == (
        *("count", (), None, None),
        None,
    )
    assert warmup.interrupt(10, "stopped") is None
    assert (warmup.is_running, warmup.progress, warmup.certificate) == (False, None, ended)


@pytest.mark.parametrize("at_ns", [0, 7])
def test_a_count_of_nothing_is_over_when_it_begins(at_ns: int) -> None:
    warmup = WarmUp(COUNT, events=0)
    step = warmup.begin(at_ns, look=seen(3), window=Window())
    assert step == WarmupStep("ready", "no warm-up asked for")
    ended = certificate_of(warmup)
    assert (ended.began_ns, ended.ended_ns, ended.events, ended.verdict) == (at_ns, at_ns, 0, "passed")


def test_what_ends_one_for_good_says_so_and_when() -> None:
    over = WarmUp(evidence(rounds_max=9))
    over.begin()
    step = over.step(seen(30, at_ns=70, done=True))
    where = "30 of 100 events into warm-up round 1 of at most 9"
    assert step == WarmupStep("failed", f"the feed is over, {where}")
    ended = certificate_of(over)
    assert (ended.verdict, ended.ended_ns, ended.events, ended.reason) == ("failed", 70, 30, step.reason)
    ended_executor = WarmUp(evidence(rounds_max=9))
    ended_executor.begin()
    step = ended_executor.step(look(executor=Stage(processed=30, cursor=30, epoch_seen=None)))
    assert step.reason == f"its overrun policy has ended the executor, {where}"


def test_a_count_counts_from_its_begin_and_says_what_it_missed() -> None:
    warmup = WarmUp(COUNT)
    warmup.begin(5, look=seen(100))
    assert warmup.step(seen(109)).action == "continue"
    step = warmup.step(look(9, executor=Stage(processed=106, lost=4, cursor=110)))
    assert step.reason == "6 of 10 warm-up events processed, the others were lost or never came"
    assert (certificate_of(warmup).events, certificate_of(warmup).ended_ns) == (6, 9)
    warmup.begin(10, look=seen(200))
    assert warmup.step(seen(212)).reason == "10 warm-up events processed"


def test_a_round_of_one_event_that_was_withheld_ends_as_well() -> None:
    warmup = WarmUp(evidence(round_events=1))
    warmup.begin()
    withheld = look(feed=Feed(withheld=1, held=True))
    assert warmup.step(withheld).action == "next_round"


def test_a_restart_does_not_end_its_round_where_another_holds_the_feed() -> None:
    warmup = WarmUp(evidence(rounds_min=2, rounds_max=3, flat_rounds=2))
    warmup.begin()
    warmup.begin(1, look=seen(10))
    assert warmup.step(seen(20, held=True)) == WarmupStep("next_round")
    assert warmup.progress is not None
    assert (warmup.progress.round, warmup.progress.events) == (1, 10)


def test_how_many_objects_are_frozen_is_in_the_certificate() -> None:
    warmup = WarmUp(COUNT, events=0)
    frozen = warmup.prepare()
    warmup.begin()
    assert certificate_of(warmup).gc_frozen_objects is None
    frozen._objects = 7
    warmup.begin()
    assert certificate_of(warmup).gc_frozen_objects == 7


def test_a_round_is_known_from_twenty_samples_on() -> None:
    before = medians(100)
    assert round_of(30, None, before) == WarmupRound(30, 0, None, None, None)
    assert round_of(30, Figures(19, 7, 5), before) == WarmupRound(30, 19, None, None, None)
    assert round_of(30, Figures(20, 150, 5), before) == WarmupRound(30, 20, 150, 5, 0.5)
    # How far, whichever of the two is the larger; and unknown where one of them is.
    assert round_of(30, Figures(20, 50, 5), before).spread == 0.5
    assert round_of(30, Figures(20, 50, 5), []).spread is None
    assert round_of(30, Figures(20, 50, 5), medians(None)).spread is None
    assert round_of(30, Figures(20, None, 5), before) == WarmupRound(30, 20, None, 5, None)
    assert round_of(30, Figures(20, 50, 5), medians(100, 40)).spread == 0.25


def test_the_spread_is_of_the_last_ones() -> None:
    assert spread_of(medians(900, 100, 150), 2) == 0.5
    assert spread_of(medians(900, 100, 150), 3) == 8.0
    assert spread_of(medians(100, 150), 3) is None
    assert spread_of(medians(100, None, 150), 2) is None
    assert spread_of(medians(0, 0), 2) == 0.0
    # A share of nothing is no number.
    assert spread_of(medians(0, 5), 2) is None


@pytest.mark.parametrize(("last_ns", "flat"), [(110, True), (111, False), (91, True), (90, False)])
def test_flat_is_within_the_tolerance_of_the_smallest(last_ns: int, flat: bool) -> None:
    assert is_flat(medians(5, 100, last_ns), flat_rounds=2, tolerance=0.1) is flat
    assert not is_flat(medians(100), flat_rounds=2, tolerance=0.1)
    assert not is_flat(medians(100, 101), flat_rounds=2, tolerance=0.0)


def test_the_evidence_in_words() -> None:
    known: dict[str, Any] = {"flat_rounds": 2, "tolerance": 0.25}
    assert evidence_words(medians(9, 1_000, 1_500), **known) == (
        "the last medians, 1,000, 1,500 ns, differ by 50.0%, and may by 25.0%"
    )
    assert evidence_words(medians(1_000, None), **known, tolerance_ns=1_200) == (
        "the last medians, 1,000, unknown ns, differ by an unknown share, and may by 25.0% or 1,200 ns"
    )

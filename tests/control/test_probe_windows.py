"""What probes compare with: counters of the window alone, and none from before they were unknown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.control.looks import Feed, Sink, Stage, look
from tickpath.config.scenario.probes import (
    FeedIntegritySettings,
    LatencySettings,
    OverrunRateSettings,
    RefusedMovesSettings,
    SinkLossSettings,
)
from tickpath.control.health import Acknowledged, Look, probe_of
from tickpath.control.health.rate import Rate
from tickpath.control.health.reading import Reading


def latency_look(at_ns: int, processed: int, over_limit: int | None) -> Look:
    return look(at_ns, executor=Stage(processed=processed, over_limit=over_limit))


@pytest.mark.parametrize(
    ("settings", "known", "unknown"),
    [
        (FeedIntegritySettings(), {"feed": Feed()}, {"feed": Feed(gaps=None)}),
        (
            LatencySettings(),
            {"executor": Stage(processed=5, over_limit=0)},
            {"executor": Stage(processed=5)},
        ),
        (OverrunRateSettings(), {"executor": Stage()}, {"stages": {}}),
        (SinkLossSettings(), {"sink": Sink()}, {}),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_one_that_did_not_know_begins_anew(settings: Any, known: Any, unknown: Any) -> None:
    probe = probe_of(settings)
    for at_ns, counters in enumerate((known, unknown, known)):
        reading = probe.read(look(at_ns, **counters))
        assert (reading.verdict, reading.value) == ("unknown", None)


class TestLatency:
    def test_events_of_before_it_had_no_limit_are_no_samples(self) -> None:
        probe = probe_of(LatencySettings())
        looks = [latency_look(0, 5, 0), latency_look(1, 5, None), latency_look(2, 2005, 0)]
        assert [probe.read(each).value for each in looks] == [None, None, None]

    def test_with_more_samples_than_it_needs_the_share_decides(self) -> None:
        probe = probe_of(LatencySettings())
        probe.read(latency_look(0, 0, 0))
        assert probe.read(latency_look(1, 2000, 20)).verdict == "ok"
        assert probe.read(latency_look(2, 2000, 21)).verdict == "failing"

    def test_events_of_before_the_window_are_no_samples(self) -> None:
        probe = probe_of(LatencySettings())
        probe.read(latency_look(0, 1000, 0))
        assert probe.read(latency_look(1, 1999, 0)).verdict == "unknown"
        assert probe.read(latency_look(2, 2000, 10)) == Reading(
            "ok", 0.01, 0.01, "of the events over the latency limit"
        )

    def test_no_event_in_the_window_is_no_sample_however_many_came_before(self) -> None:
        probe = probe_of(LatencySettings())
        probe.read(latency_look(0, 1000, 10))
        reading = probe.read(latency_look(1, 1000, 10))
        assert (reading.verdict, reading.value) == ("unknown", None)


def test_a_rate_is_per_second_of_the_window() -> None:
    rate = Rate(3.0, 2_000_000_000, "things")
    counts = [(500, 7), (1_000_000_500, 9), (2_000_000_500, 13), (3_000_000_500, 16), (4_000_000_500, 16)]
    assert [rate.read(at_ns, count) for at_ns, count in counts] == [
        Reading("unknown", None, 3.0, "things"),
        Reading("ok", 2.0, 3.0, "things"),
        Reading("ok", 3.0, 3.0, "things"),
        Reading("failing", 3.5, 3.0, "things"),
        Reading("ok", 1.5, 3.0, "things"),
    ]
    assert rate.read(5_000_000_500, None) == Reading("unknown", None, 3.0, "things")


def test_a_reading_says_nothing_that_it_was_not_told() -> None:
    assert Reading("ok", 1, 2).what == ""


def test_what_is_acknowledged_before_the_first_look_is_nothing() -> None:
    probe = probe_of(RefusedMovesSettings())
    assert isinstance(probe, Acknowledged)
    probe.acknowledge()
    assert probe.read(look(0, refused_moves=1)) == Reading("failing", 1, 0, "refused moves")

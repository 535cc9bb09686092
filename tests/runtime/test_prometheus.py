"""The metrics, as an independent parser reads them: every number of the status, and no other."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.runtime.boards import Board, ready_board
from tests.runtime.exposition import EXPOSITION
from tests.runtime.looks import Books, Feed, Sink, Stage, StageWithBooks, look
from tests.runtime.test_latency_buckets import Acks
from tests.runtime.test_readiness import Monitor
from tickpath.control.failure.causes import Cause, hold
from tickpath.control.health.monitor import ProbeStatus
from tickpath.core.state import State
from tickpath.errors import EndpointsUnavailable
from tickpath.runtime.endpoints import Endpoints, HttpAddress
from tickpath.runtime.endpoints.metrics import exposition, require_client
from tickpath.runtime.latency_buckets import AckLatency

Sample = tuple[str, tuple[tuple[str, str], ...]]


def samples(board: Board) -> dict[Sample, float]:
    """Every sample, by name and labels; none twice."""
    _, text = exposition(board.read())
    found: dict[Sample, float] = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found
            found[key] = sample.value
    return found


def value(board: Board, name: str, **labels: str) -> float | None:
    return samples(board).get((name, tuple(sorted(labels.items()))))


def test_the_state_and_what_led_to_it() -> None:
    board = ready_board()
    assert [value(board, f"tickpath_{name}") for name in ("ready", "alive", "started", "epoch")] == [
        1,
        1,
        1,
        2,
    ]
    assert [value(board, "tickpath_state", state=state.name) for state in State] == [0, 0, 1, 0]
    assert value(board, "tickpath_transitions_total", source="WARMUP", target="READY") == 1
    assert value(board, "tickpath_transitions_total", source="READY", target="DEGRADED") == 0
    assert value(board, "tickpath_run_seconds") == 2.0


def test_every_term_of_the_ledger() -> None:
    board = ready_board()
    executor = StageWithBooks(
        processed=70, executed=60, lost=2, shed=1, backlog=5, epoch_seen=2, ledger=Books([0, 7, 0, 3])
    )
    log = Stage(processed=78, executed=None, epoch_seen=2)
    board.see(
        look(feed=Feed(published=78, gaps=None, repeats=4), executor=executor, log=log, sink=Sink(9, 1))
    )
    terms = {
        name: value(board, f"tickpath_events_{name}", stage="executor")
        for name in ("processed_total", "executed_total", "lost_total", "shed_total", "unread")
    }
    assert terms == {
        "processed_total": 70,
        "executed_total": 60,
        "lost_total": 2,
        "shed_total": 1,
        "unread": 5,
    }
    gated = [value(board, "tickpath_events_gated_total", stage="executor", state=s.name) for s in State]
    assert gated == [0, 7, 0, 3]
    assert value(board, "tickpath_events_published_total") == 78
    # Unknown is no sample, never 0.
    assert value(board, "tickpath_events_executed_total", stage="log") is None
    assert value(board, "tickpath_feed_gaps_total") is None
    assert value(board, "tickpath_feed_repeats_total") == 4
    assert (value(board, "tickpath_sink_shown_total"), value(board, "tickpath_sink_dropped_total")) == (9, 1)


def test_before_the_first_step_there_are_no_counters() -> None:
    board = Board()
    names = {name for name, _ in samples(board)}
    assert "tickpath_events_published_total" not in names
    assert value(board, "tickpath_ready") == 0
    assert value(board, "tickpath_control_step_max_seconds") is None


def test_causes_of_the_same_words_are_one_sample() -> None:
    board = ready_board()
    for _ in range(2):
        hold(board.lifecycle, Cause('say "outage"\\\n'))
    assert value(board, "tickpath_cause_held", cause='say "outage"\\\n', owner="") == 2
    assert value(board, "tickpath_ready") == 0


def test_probes_are_told_with_value_and_threshold() -> None:
    known = ProbeStatus("feed", "outage", "failing", 12.5, 5.0, "ms", 300, raised=True)
    unknown = ProbeStatus("latency", "slow", "unknown", None, 0.01, "share", None, raised=False)
    board = ready_board(monitor=Monitor(known, unknown))
    verdicts = {
        verdict: value(board, "tickpath_probe_verdict", probe="feed", verdict=verdict)
        for verdict in ("ok", "failing", "unknown")
    }
    assert verdicts == {"ok": 0, "failing": 1, "unknown": 0}
    assert value(board, "tickpath_probe_value", probe="feed") == 12.5
    assert value(board, "tickpath_probe_value", probe="latency") is None
    assert value(board, "tickpath_probe_threshold", probe="latency") == 0.01


def test_control_steps_are_a_summary_in_seconds() -> None:
    board = ready_board()
    for step_ns in (1_000, 3_000):
        board.step(look())
        board.took(step_ns)
    assert value(board, "tickpath_control_step_seconds_count") == 2
    assert value(board, "tickpath_control_step_seconds_sum") == pytest.approx(4e-6)
    assert value(board, "tickpath_control_step_max_seconds") == pytest.approx(3e-6)


def test_the_histogram_is_in_seconds() -> None:
    board = ready_board()
    board.count_latency(AckLatency(Acks(60, 10**10)))
    board.see()
    assert value(board, "tickpath_ack_latency_seconds_bucket", le="5e-08") == 0
    assert value(board, "tickpath_ack_latency_seconds_bucket", le="1e-07") == 1
    assert value(board, "tickpath_ack_latency_seconds_bucket", le="1.0") == 1
    assert value(board, "tickpath_ack_latency_seconds_bucket", le="+Inf") == 2
    assert value(board, "tickpath_ack_latency_seconds_count") == 2
    assert value(board, "tickpath_ack_latency_seconds_sum") == pytest.approx(10 + 6e-8)
    assert value(board, "tickpath_ack_latency_dropped_total") == 3


def test_a_scraper_is_told_what_it_gets() -> None:
    from tests.runtime.test_endpoints import get

    with Endpoints(ready_board(), HttpAddress("127.0.0.1", 0)) as server:
        status, headers, body = get(server, "/metrics")
    assert (status, headers["Content-Type"].split(";")[0]) == (200, "text/plain")
    assert b"# TYPE tickpath_events_published_total counter" in body


def everything() -> Board:
    """A board on which every metric has a sample of its own."""
    probe = ProbeStatus("feed", "outage", "failing", 12.5, 5.0, "ms", 300, raised=True)
    board = ready_board(monitor=Monitor(probe))
    hold(board.lifecycle, Cause("outage", "probe:feed"))
    board.count_latency(AckLatency(Acks(60, 300, 300, 7_000, 10**9, 10**10)))
    executor = StageWithBooks(
        processed=70, executed=60, lost=2, shed=1, backlog=5, epoch_seen=2, ledger=Books([2, 7, 4, 3])
    )
    feed = Feed(published=78, gaps=1, repeats=4, reordered=6)
    seen = look(1_500_000_000, feed=feed, executor=executor, sink=Sink(9, 8))
    board.see(seen._replace(refused_moves=5))
    board.took(3_000)
    board.took(1_000)
    return board


def test_the_whole_of_it_is_what_is_written_down() -> None:
    # Names, types, labels and help are what dashboards are made of.
    content_type, text = exposition(everything().read())
    assert content_type.startswith("text/plain; version=")
    found = list(text_string_to_metric_families(text.decode()))
    assert found == list(text_string_to_metric_families(EXPOSITION))
    assert [family.documentation for family in found if not family.documentation] == []


def test_the_client_library_is_needed_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    require_client()
    asked: list[str] = []
    monkeypatch.setattr("importlib.util.find_spec", asked.append)
    words = "^the HTTP endpoints need prometheus-client, which is not installed: pip install 'tickpath"
    with pytest.raises(EndpointsUnavailable, match=words + r"\[http\]'$"):
        require_client()
    assert asked == ["prometheus_client"]

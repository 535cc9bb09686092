"""The shutdown: it stops the intake, drains to a deadline, accounts for the rest, and always ends."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.looks import Feed, Stage, look
from tickpath.control.health.look import Look
from tickpath.errors import ArgumentTypeError, ArgumentValueError
from tickpath.runtime.shutdown import Shutdown

DRAIN_NS = 1_000


def at(at_ns: int, *, backlog: int = 0, done: bool = False, log_backlog: int = 0) -> Look:
    feed = Feed(done=done)
    return look(at_ns, feed=feed, executor=Stage(backlog=backlog), log=Stage(backlog=log_backlog))


def test_nothing_happens_until_somebody_asks() -> None:
    shutdown = Shutdown(DRAIN_NS)
    assert shutdown.step(at(5)) == "continue"
    assert (shutdown.phase, shutdown.is_requested, shutdown.result) == ("running", False, None)
    assert shutdown.account(9, {"executor": 0}) is None


def phase_of(shutdown: Shutdown) -> str:
    return shutdown.phase


def test_it_stops_the_intake_drains_and_accounts() -> None:
    shutdown = Shutdown(DRAIN_NS)
    shutdown.request("SIGTERM")
    assert (shutdown.is_requested, shutdown.phase) == (True, "running")
    assert shutdown.step(at(100, backlog=9)) == "stop_intake"
    assert shutdown.step(at(110, backlog=9)) == "continue"
    assert shutdown.step(at(120, backlog=5, done=True)) == "continue"
    assert phase_of(shutdown) == "draining"
    assert shutdown.step(at(130, log_backlog=1, done=True)) == "continue"
    assert shutdown.step(at(140, done=True)) == "stop"
    assert phase_of(shutdown) == "accounting"
    assert shutdown.step(at(150, done=True)) == "continue"
    result = shutdown.account(160, {"executor": 0, "log": 0})
    assert result is not None
    assert (result.requested_at_ns, result.by) == (100, ("SIGTERM",))
    assert (result.drained, result.hurried) == (True, False)
    assert result.reason == "everything published was read"
    assert (result.duration_ns, result.unread) == (60, {"executor": 0, "log": 0})
    assert result.phases == (
        ("stopping_intake", 100),
        ("draining", 120),
        ("accounting", 140),
        ("done", 160),
    )
    assert phase_of(shutdown) == "done"
    assert shutdown.account(170, {}) is result


def test_the_deadline_ends_a_drain_and_the_rest_is_accounted_for() -> None:
    shutdown = Shutdown(DRAIN_NS)
    shutdown.request("api")
    shutdown.step(at(0, backlog=9))
    assert shutdown.step(at(DRAIN_NS - 1, backlog=2, log_backlog=7, done=True)) == "continue"
    assert shutdown.step(at(DRAIN_NS, backlog=2, log_backlog=7, done=True)) == "stop"
    result = shutdown.account(DRAIN_NS, {"executor": 2, "log": 7})
    assert result is not None
    assert not result.drained
    assert result.unread == {"executor": 2, "log": 7}
    assert "behind: executor by 2, log by 7" in result.reason


def test_a_feed_that_does_not_end_does_not_hold_it_up() -> None:
    shutdown = Shutdown(DRAIN_NS)
    shutdown.request("api")
    shutdown.step(at(0))
    assert shutdown.step(at(DRAIN_NS)) == "stop"
    assert shutdown.phase == "accounting"
    result = shutdown.account(DRAIN_NS, {})
    assert result is not None
    assert "the feed had not ended" in result.reason
    assert not result.drained


def test_without_time_to_drain_the_first_step_stops() -> None:
    shutdown = Shutdown(0)
    shutdown.request("api")
    assert shutdown.step(at(7, backlog=3)) == "stop"


def test_a_run_that_is_drained_already_stops_at_once() -> None:
    shutdown = Shutdown(DRAIN_NS)
    shutdown.request("api")
    assert shutdown.step(at(7, done=True)) == "stop"


def test_asking_again_means_now() -> None:
    shutdown = Shutdown(DRAIN_NS)
    shutdown.request("SIGINT")
    shutdown.step(at(0, backlog=9))
    shutdown.request("SIGTERM")
    assert shutdown.step(at(1, backlog=9)) == "stop"
    result = shutdown.account(2, {"executor": 9})
    assert result is not None
    assert (result.hurried, result.drained, result.by) == (True, False, ("SIGINT", "SIGTERM"))
    assert "SIGTERM asked again" in result.reason


def test_nobody_waits_for_a_stage_that_has_ended() -> None:
    shutdown = Shutdown(DRAIN_NS)
    shutdown.request("api")
    dropped, read = Stage(backlog=5, epoch_seen=None), Stage(epoch_seen=None)
    ended = look(0, feed=Feed(done=True), dropped=dropped, other=dropped, read=read)
    assert shutdown.step(ended) == "stop"
    result = shutdown.account(1, {"dropped": 5})
    assert result is not None
    assert (result.drained, result.unread) == (True, {"dropped": 5})
    assert result.reason == "everything published was read, but by what had ended before: dropped, other"


@pytest.mark.parametrize(("unread", "drained"), [(0, True), (4, False)])
def test_a_run_that_ends_by_itself_meanwhile_is_accounted_for(unread: int, drained: bool) -> None:
    shutdown = Shutdown(DRAIN_NS)
    shutdown.request("SIGTERM")
    shutdown.step(at(10, backlog=9))
    result = shutdown.account(20, {"executor": unread})
    assert result is not None
    assert (result.drained, result.duration_ns) == (drained, 10)
    assert result.reason == "the run ended by itself"
    unseen = Shutdown(DRAIN_NS)
    unseen.request("SIGTERM")
    late = unseen.account(20, {"executor": unread})
    assert late is not None
    assert (late.requested_at_ns, late.duration_ns) == (20, 0)


def test_the_result_as_json_is_stable() -> None:
    shutdown = Shutdown(0)
    shutdown.request("api")
    shutdown.step(at(7))
    result = shutdown.account(9, {"executor": 3})
    assert result is not None
    assert json.loads(json.dumps(result.as_json())) == {
        "requested_at_ns": 7,
        "by": ["api"],
        "drained": False,
        "hurried": False,
        "unread": {"executor": 3},
        "duration_ns": 2,
        "phases": [["stopping_intake", 7], ["accounting", 7], ["done", 9]],
        "reason": "the deadline of 0 ns passed, the feed had not ended",
    }


@pytest.mark.parametrize(("drain_ns", "error"), [(-1, ArgumentValueError), (1.5, ArgumentTypeError)])
def test_a_deadline_is_a_whole_number(drain_ns: int, error: type[Exception]) -> None:
    with pytest.raises(error, match="drain_ns"):
        Shutdown(drain_ns)


def test_a_deadline_has_limits_and_counts_from_the_step_that_saw_the_request() -> None:
    for good in (0, 2**63 - 1):
        Shutdown(good)
    for bad in (-1, 2**63):
        words = f"^drain_ns must be an integer from 0 to 9,223,372,036,854,775,807, got {bad}$"
        with pytest.raises(ArgumentValueError, match=words):
            Shutdown(bad)
    shutdown = Shutdown(DRAIN_NS)
    shutdown.request("api")
    shutdown.step(at(100, backlog=9))
    assert shutdown.step(at(99 + DRAIN_NS, backlog=9)) == "continue"
    assert shutdown.step(at(100 + DRAIN_NS, backlog=9)) == "stop"


def test_what_is_over_stays_so_and_can_be_read() -> None:
    shutdown = Shutdown(DRAIN_NS)
    shutdown.request("api")
    result = shutdown.account(7, {"executor": 0})
    assert result is not None
    assert shutdown.result is result
    assert (result.phases, result.by) == ((("accounting", 7), ("done", 7)), ("api",))
    assert (result.requested_at_ns, result.duration_ns, result.drained, result.hurried) == (7, 0, True, False)
    for later in (at(8, backlog=9), at(9, done=True)):
        assert shutdown.step(later) == "continue"
    assert shutdown.phase == "done"


STEPS = st.lists(
    st.tuples(st.integers(1, 400), st.integers(0, 3), st.booleans(), st.booleans()), min_size=1, max_size=30
)


@given(STEPS, st.integers(0, 3_000))
def test_it_always_ends_by_the_deadline_or_in_the_step_that_sees_a_second_request(
    steps: list[tuple[int, int, bool, bool]], drain_ns: int
) -> None:
    shutdown, actions = Shutdown(drain_ns), []
    now_ns = requests = began_ns = 0
    for waited_ns, backlog, done, asks in steps:
        now_ns += waited_ns
        if asks:
            requests += 1
            shutdown.request("somebody")
        action = shutdown.step(at(now_ns, backlog=backlog, done=done))
        if requests and not began_ns:
            began_ns = now_ns
        actions.append(action)
        has_to_be_over = requests > 1 or (requests and now_ns - began_ns >= drain_ns)
        if has_to_be_over or (requests and done and not backlog):
            assert shutdown.phase == "accounting"
        if not requests:
            assert action == "continue"
    # Each at most once, and in this order.
    said = [action for action in actions if action != "continue"]
    assert said in ([], ["stop"], ["stop_intake"], ["stop_intake", "stop"])

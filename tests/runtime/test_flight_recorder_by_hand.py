"""What a recorder dumps, and what it counts instead, step by step on a run made by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.runtime.flight_dumps import ORIGIN_NS, Done, Published, Tail, acks_of, events_of
from tests.runtime.flight_worlds import MS, World, recorder_of
from tests.runtime.looks import look
from tickpath.config.flight import FlightSettings
from tickpath.config.run import RunSettings
from tickpath.control.failure import Cause
from tickpath.control.failure.causes import hold, release
from tickpath.core.state import State
from tickpath.errors import ArgumentTypeError, EngineFailed
from tickpath.runtime.flight_recorder.account import DumpNote, FlightAccount
from tickpath.runtime.flight_recorder.dump import CauseMove
from tickpath.runtime.flight_recorder.recorder import FlightRecorder, Unrecorded
from tickpath.runtime.flight_recorder.watch import Fired

PLANE: Any = SimpleNamespace(
    injector=SimpleNamespace(log=("an injection",)),
    automation=SimpleNamespace(audit=SimpleNamespace(entries=("an entry",))),
)


def asked(evidence: str = "now") -> Fired:
    return Fired("request", "request", evidence)


def test_a_dump_has_everything_as_of_its_moment() -> None:
    provenance = {"scenario": "golden"}
    settings = FlightSettings(last=3, dump_on=("transition", "signal"))
    recorder = FlightRecorder(settings=settings, provenance=provenance)
    provenance["scenario"] = "another"
    world = World(recorder)
    for target, cause in ((State.WARMUP, "begun"), (State.READY, "warm"), (State.DEGRADED, "outage")):
        world.lifecycle.transition_to(target, cause)
    looks = [world.step(10 * MS), world.step(20 * MS, "now", plane=PLANE)]
    world.lifecycle.transition_to(State.READY, "back")
    looks.append(world.step(30 * MS, plane=PLANE))

    moved = [
        Fired("transition", "transition", f"{move.source.name} -> {move.target.name}: {move.cause}")
        for move in world.lifecycle.history
    ]
    dumps: Any = recorder.dumps
    first, second, third = dumps
    assert [(dump.number, dump.at_ns, dump.fired) for dump in dumps] == [
        (1, 10 * MS + 7, tuple(moved[:3])),
        (2, 20 * MS + 7, (asked(),)),
        (3, 30 * MS + 7, (moved[3],)),
    ]
    began = [(10 * MS, one) for one in moved[:3]]
    assert [dump.earlier for dump in dumps] == [(), (*began,), (*began, (20 * MS, asked()))]
    assert [dump.looks for dump in dumps] == [tuple(looks[:1]), tuple(looks[:2]), tuple(looks)]
    assert [(dump.injections, dump.audit) for dump in (first, second)] == [
        ((), ()),
        (("an injection",), ("an entry",)),
    ]
    history = world.lifecycle.history
    assert [(dump.transitions, dump.transitions_dropped) for dump in (first, third)] == [
        (history[:3], 0),
        (history[1:], 1),
    ]
    assert (third.mode, third.settings, third.origin_ns) == ("live", settings, ORIGIN_NS)
    assert (third.capacity_slots, third.ack_capacity_slots, third.shared_stamps) == (64, 4, False)
    assert third.provenance == {"scenario": "golden"}
    # Its arrays are its own: what is copied later is not in them.
    assert (first.tail, third.tail) == (Tail(2, 41, 5, 3, 31, 6), Tail(2, 43, 5, 3, 33, 6))
    assert first.events.tolist() == events_of(Published(1), Published(2)).tolist()
    assert third.events.tolist() == events_of(Published(3), Published(4)).tolist()
    assert first.acks.tolist() == acks_of(*(Done(at, at, at + 1, at) for at in (1, 2, 3))).tolist()
    # Room for as many as are asked for and there can be, and nothing in it before the first copy.
    assert world.rings.room == [(3, 3, True), (3, 3, False), (3, 3, False)]


def test_a_dump_of_a_run_that_has_done_nothing_is_empty() -> None:
    world = World(recorder_of(last=100), mode="virtual", stamp_per="batch", ack_capacity=None, consumers=())
    world.rings.events = world.rings.acks = 0
    world.step(10 * MS, "now")
    (dump,) = world.recorder.dumps
    # In virtual time stamps are run time.
    assert (dump.mode, dump.origin_ns, dump.shared_stamps, dump.provenance) == ("virtual", 0, True, {})
    assert (dump.transitions, dump.transitions_dropped) == ((), 0)
    assert (dump.ack_capacity_slots, len(dump.events), len(dump.acks)) == (0, 0, 0)
    assert world.rings.room == [(64, 0, True)]
    unbegun = World(recorder_of(), begin_ns=None)
    unbegun.step(10 * MS, "now")
    assert unbegun.recorder.dumps[0].origin_ns == 0


def test_the_last_steps_and_triggers_are_kept_and_no_step_twice() -> None:
    world = World(recorder_of("end", dumps_max=300))
    looks = [world.step(step * MS, "now") for step in range(260)]
    world.recorder.end(looks[-1])
    *_, before, last = world.recorder.dumps
    assert before.looks == last.looks == tuple(looks[4:])
    assert [at_ns for at_ns, _ in before.earlier] == [step * MS for step in range(3, 259)]
    assert [at_ns for at_ns, _ in last.earlier] == [step * MS for step in range(4, 260)]


def test_causes_come_and_go_whoever_holds_them() -> None:
    world = World(recorder_of())
    stale, halt = Cause("no data", "probe:feed"), Cause("halt", "operator")
    hold(world.lifecycle, stale)
    world.step(10 * MS)
    world.step(20 * MS)
    release(world.lifecycle, stale)
    hold(world.lifecycle, halt)
    # The same cause once more, on other evidence, is no other.
    world.step(30 * MS)
    release(world.lifecycle, halt)
    hold(world.lifecycle, Cause("halt", "operator", "again"))
    world.step(40 * MS, "now")
    assert world.recorder.dumps[0].causes == (
        CauseMove(10 * MS, stale, raised=True),
        CauseMove(30 * MS, stale, raised=False),
        CauseMove(30 * MS, halt, raised=True),
    )


def test_several_who_ask_before_a_step_get_one_dump_that_says_how_many() -> None:
    world = World(recorder_of())
    world.recorder.request("SIGUSR1", by_signal=True)
    world.recorder.request()
    world.step(10 * MS, "the pager", "the pager")
    world.step(20 * MS)
    (dump,) = world.recorder.dumps
    assert dump.fired == (Fired("signal", "signal", "SIGUSR1"), asked("asked for, 3 times"))
    assert world.suppressed == []


def test_a_trouble_that_comes_back_is_dumped_after_its_gap_and_counted_before() -> None:
    world = World(recorder_of("overrun", gap_ns=100))
    # Where a step loses no more events, the overrun is over, and the next one begins another.
    for at_ns, lost in (
        (50, 1),
        (100, 1),
        (149, 2),
        (149, 2),
        (150, 3),
        (200, 3),
        (249, 4),
        (249, 4),
        (251, 5),
    ):
        world.step(at_ns, lost=lost)
    # Since the last dump, not since the last time that it was too soon.
    assert world.dumped == [(50, "overrun"), (150, "overrun"), (251, "overrun")]
    assert world.suppressed == [("overrun", "gap", 2)]


def test_who_asks_waits_for_no_gap() -> None:
    world = World(recorder_of("overrun", gap_ns=100))
    world.step(50, "now", lost=1)
    world.step(51, "now", lost=1)
    world.step(52, "now", lost=2)
    assert world.dumped == [(50, "overrun request"), (51, "request"), (52, "request")]
    assert world.suppressed == [("overrun", "gap", 1)]


def test_there_are_as_many_dumps_as_are_allowed_and_the_rest_is_counted() -> None:
    world = World(recorder_of("overrun", dumps_max=2, gap_ns=100))
    for at_ns in (50, 60, 70, 80):
        world.step(at_ns, "now", lost=1)
    world.step(90, lost=2)
    assert world.dumped == [(50, "overrun request"), (60, "request")]
    # What is beyond the number is not said to be too soon.
    assert world.suppressed == [("request", "dumps_max", 2), ("overrun", "dumps_max", 1)]


def test_without_memory_for_the_copy_the_run_goes_on_and_it_is_counted() -> None:
    world = World(recorder_of("overrun"))
    world.rings.failure = MemoryError()
    world.step(50, "now", lost=1)
    world.step(60, "now", lost=1)
    world.rings.failure = None
    # It is not too soon after a dump that was never made.
    world.step(70, "now", lost=2)
    assert world.dumped == [(70, "overrun request")]
    assert world.suppressed == [("overrun", "memory", 1), ("request", "memory", 2)]
    assert world.recorder.dumps[0].number == 1


def test_a_request_that_nobody_will_answer_is_over() -> None:
    recorder = recorder_of("end")
    assert recorder.account == FlightAccount(settings=recorder.settings, folder=None)
    recorder.request()
    recorder.request()
    recorder.request("SIGUSR1", by_signal=True)
    over = [(each.trigger, each.why, each.count) for each in recorder.account.suppressed]
    assert over == [("request", "over", 2), ("signal", "over", 1)]
    # Once the run has begun they are about to be answered, and until it is over so is what comes then.
    world = World(recorder)
    assert world.suppressed == []
    recorder.end(look(5))
    assert world.suppressed == []
    recorder.request()
    recorder.end(look(6))
    assert world.suppressed == [("request", "over", 1)]
    assert [note.fired[0].trigger for note in recorder.account.dumps] == ["end"]


def test_a_step_is_not_the_last_one_and_the_last_has_the_plane() -> None:
    world = World(recorder_of("end"))
    world.step(10 * MS)
    assert world.dumped == []
    world.recorder.end(look(20 * MS), PLANE)
    (dump,) = world.recorder.dumps
    assert dump.injections is PLANE.injector.log


def test_before_a_run_there_is_nothing_to_step() -> None:
    recorder = recorder_of("end")
    recorder.step(look(5))
    recorder.end(look(6))
    assert recorder.account.dumps == ()


@pytest.mark.parametrize(("trigger", "windows"), [("max>5ns", 1), ("overrun", 0)])
def test_a_window_of_acks_is_made_for_a_latency_alone(trigger: str, windows: int) -> None:
    unknown = SimpleNamespace(count=0, p50_ns=None, p99_ns=None, max_ns=None, dropped=9)
    world = World(recorder_of(trigger), window=SimpleNamespace(take=lambda: unknown))
    world.step(10 * MS, processed=5)
    assert world.windows == windows
    account = world.recorder.account
    assert (account.windows_unknown, account.acks_unseen) == (windows, 9 * windows)


@pytest.mark.parametrize(("trigger", "unseen"), [("transition", 1), ("overrun", 0)])
def test_moves_that_nobody_saw_are_in_the_account(trigger: str, unseen: int) -> None:
    world = World(recorder_of(trigger), history_limit=1)
    world.lifecycle.transition_to(State.WARMUP, "begun")
    world.lifecycle.transition_to(State.READY, "warm")
    world.step(10 * MS)
    assert world.recorder.account.transitions_unseen == unseen


def test_a_note_of_each_dump_has_its_counts() -> None:
    world = World(recorder_of(last=50))
    world.step(10 * MS, "now")
    assert world.recorder.account.dumps == (
        DumpNote(
            number=1,
            at_ns=10 * MS + 7,
            fired=(asked(),),
            events=2,
            events_overwritten=5,
            events_not_kept=0,
            acks=3,
            acks_overwritten=6,
            acks_not_kept=27,
            files=(),
            failure=None,
        ),
    )


def test_a_recorder_records_one_run_that_has_a_ring_of_acks() -> None:
    world = World(recorder_of())
    with pytest.raises(EngineFailed, match="make another"):
        World(world.recorder)
    engine: Any = SimpleNamespace(flight_reader=lambda: None)
    with pytest.raises(EngineFailed, match="ack_capacity"):
        recorder_of().begin(engine, world.lifecycle, RunSettings(), "live")


def test_a_run_gets_a_ring_for_what_is_kept_and_keeps_its_own() -> None:
    assert recorder_of(last=65_536).fit(RunSettings()) == RunSettings(ack_capacity=65_536)
    assert recorder_of(last=65_537).fit(RunSettings()) == RunSettings(ack_capacity=65_537)
    assert recorder_of(last=65_537).fit(RunSettings(ack_capacity=8)) == RunSettings(ack_capacity=8)


def test_a_recorder_refuses_what_is_no_setting() -> None:
    wrong: Any = "end"
    with pytest.raises(ArgumentTypeError, match="settings must be of the type FlightSettings"):
        FlightRecorder(settings=wrong)
    with pytest.raises(ArgumentTypeError, match="arrow must be True or False"):
        FlightRecorder(arrow=wrong)
    with pytest.raises(ArgumentTypeError, match="neither copied nor pickled"):
        FlightRecorder().__reduce__()
    assert FlightRecorder().settings == FlightSettings()


def test_where_nobody_wants_a_recorder_nothing_is_recorded() -> None:
    nobody, settings, nothing = Unrecorded(), RunSettings(), SimpleNamespace()
    anything: Any = nothing
    assert (nobody.fit(settings) is settings, nobody.account) == (True, None)
    nobody.begin(anything, anything, settings, "live")
    nobody.step(look(), anything)
    nobody.end(look(), anything)

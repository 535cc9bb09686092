"""The state machine of a response at each edge: waits, timeouts, undo, refusals, interrupts, retriggers."""

from __future__ import annotations

import pytest

from tests.control.fake_world import LIMIT_NS, World, answer, does, runbook
from tickpath.control.automation import Condition, Situation, Step


def raises(_situation: Situation) -> bool:
    raise KeyError("no such stage")


def test_nothing_held_does_nothing() -> None:
    world = World([runbook(Step(name="act", does="", action=does("act"), timeout_ns=0))])
    assert world.step(3) == ()
    assert (world.calls, world.events()) == ([], [])


def test_a_cause_is_answered_on_the_look_that_finds_it_and_as_far_as_the_look_allows() -> None:
    world = World(
        [
            runbook(
                Step(name="one", does="1", action=does("one"), timeout_ns=LIMIT_NS),
                Step(name="two", does="2", action=does("two"), timeout_ns=LIMIT_NS),
            )
        ]
    )
    world.hold("trouble")
    assert [entry.event for entry in world.step()] == [
        *("triggered", "began", "acted", "done", "began", "acted", "done", "finished")
    ]
    assert world.calls == ["one", "two"]
    assert world.audit.entries[0].detail == "as the test says"


@pytest.mark.parametrize("unknown", [False, None])
@pytest.mark.parametrize("which", ["pre", "post"])
def test_what_comes_true_exactly_at_the_limit_is_in_time(which: str, unknown: bool | None) -> None:
    condition, change = answer("it holds", unknown)
    before = condition if which == "pre" else None
    after = condition if which == "post" else None
    step = Step(name="act", does="", action=does("act"), timeout_ns=LIMIT_NS, pre=before, post=after)
    world = World([runbook(step)])
    world.hold("trouble")
    world.step(3)  # at 0, 1 and 2 intervals
    assert not {"act done", "act failed"} & set(world.events())
    change(True)
    world.step()  # at 3 intervals: the limit
    assert "finished" in world.events()
    assert world.automation.escalations == 0


@pytest.mark.parametrize("which", ["pre", "post"])
def test_what_does_not_hold_at_the_limit_fails_there_and_not_before(which: str) -> None:
    never, _ = answer("it holds", False)
    before = never if which == "pre" else None
    after = never if which == "post" else None
    step = Step(name="act", does="", action=does("act"), timeout_ns=LIMIT_NS, pre=before, post=after)
    told: list[str] = []
    world = World([runbook(step)], on_escalation=lambda entry: told.append(entry.detail))
    world.hold("trouble")
    world.step(3)
    assert "act failed" not in world.events()
    world.step()
    assert world.events()[-2:] == ["act failed", "act escalated"]
    assert world.calls == ([] if which == "pre" else ["act"])
    assert told == [f"not within {LIMIT_NS} ns: it holds"]
    assert (world.automation.escalations, world.automation.under_way) == (1, ())


def test_the_two_waits_of_a_step_have_a_limit_each() -> None:
    ready, begin = answer("ready", False)
    over, end = answer("over", False)
    step = Step(name="act", does="", action=does("act"), timeout_ns=LIMIT_NS, pre=ready, post=over)
    world = World([runbook(step)])
    world.hold("trouble")
    world.step(3)
    begin(True)
    world.step(3)  # acted at 3 intervals
    end(True)
    world.step()
    assert world.events()[-2:] == ["act done", "finished"]


def test_a_step_that_only_waits_has_two_limits_as_well() -> None:
    ready, begin = answer("ready", False)
    over, end = answer("over", False)
    world = World([runbook(Step(name="wait", does="", timeout_ns=LIMIT_NS, pre=ready, post=over))])
    world.hold("trouble")
    world.step(3)
    begin(True)
    world.step(3)
    end(True)
    world.step()
    assert world.events()[-2:] == ["wait done", "finished"]


def test_a_step_whose_postcondition_holds_already_calls_nothing_and_is_not_undone() -> None:
    true, _ = answer("done")
    never, _ = answer("never", False)
    world = World(
        [
            runbook(
                Step(
                    name="one",
                    does="",
                    action=does("one"),
                    post=true,
                    undo=does("undo one"),
                    timeout_ns=LIMIT_NS,
                ),
                Step(name="two", does="", post=never, timeout_ns=0),
            )
        ]
    )
    world.hold("trouble")
    world.step()
    assert world.events()[1:4] == ["one began", "one already", "one done"]
    assert world.events()[-1] == "two escalated"
    assert world.calls == []


def test_a_failure_undoes_what_was_acted_newest_first_the_failed_step_included() -> None:
    never, _ = answer("never", False)
    acted = [
        Step(name=name, does="", action=does(name), undo=does(f"undo {name}"), timeout_ns=LIMIT_NS)
        for name in ("one", "two")
    ]
    kept = Step(name="kept", does="", action=does("kept"), timeout_ns=LIMIT_NS)
    last = Step(
        name="three", does="", action=does("three"), post=never, undo=does("undo three"), timeout_ns=0
    )
    world = World([runbook(acted[0], kept, acted[1], last)])
    world.hold("trouble")
    world.step()
    assert world.calls == ["one", "kept", "two", "three", "undo three", "undo two", "undo one"]
    assert world.events()[-8:] == [
        *("three failed", "three undoing", "three undone", "two undoing", "two undone"),
        *("one undoing", "one undone", "three escalated"),
    ]


def test_an_undo_is_verified_and_one_that_is_not_keeps_nobody_from_the_next() -> None:
    never, _ = answer("never", False)
    back, come_back = answer("it is back", False)
    one = Step(name="one", does="", action=does("one"), undo=does("undo one"), timeout_ns=LIMIT_NS)
    two = Step(
        name="two", does="", action=does("two"), undo=does("undo two"), undo_post=back, timeout_ns=LIMIT_NS
    )
    three = Step(name="three", does="", post=never, timeout_ns=0)
    world = World([runbook(one, two, three)])
    world.hold("trouble")
    world.step(3)
    assert world.events()[-1] == "two undoing"
    world.step()
    assert world.events()[-4:] == ["two not_undone", "one undoing", "one undone", "three escalated"]

    again = World([runbook(one, two, three)])
    again.hold("trouble")
    again.step(3)
    come_back(True)
    again.step()
    assert again.events()[-4:] == ["two undone", "one undoing", "one undone", "three escalated"]


def test_an_undo_that_raises_is_audited_and_the_others_are_undone() -> None:
    never, _ = answer("never", False)
    one = Step(name="one", does="", action=does("one"), undo=does("undo one"), timeout_ns=LIMIT_NS)
    two = Step(name="two", does="", action=does("two"), undo=does("undo two"), post=never, timeout_ns=0)
    world = World([runbook(one, two)])
    world.broken["undo two"] = OSError("gone")
    world.hold("trouble")
    world.step()
    assert world.events()[-6:] == [
        *("two undoing", "two raised", "two not_undone", "one undoing", "one undone", "two escalated")
    ]


def test_an_action_that_raises_is_audited_and_fails_its_step() -> None:
    world = World(
        [runbook(Step(name="act", does="", action=does("act"), undo=does("undo"), timeout_ns=LIMIT_NS))]
    )
    world.broken["act"] = RuntimeError("no route")
    world.hold("trouble")
    world.step()
    assert world.events()[2:] == ["act raised", "act failed", "act undoing", "act undone", "act escalated"]
    assert world.audit.entries[2].detail == "RuntimeError: no route"


def test_a_refused_action_is_asked_again_until_the_limit() -> None:
    step = Step(name="act", does="it", action=does("act"), undo=does("undo"), timeout_ns=LIMIT_NS)
    world = World([runbook(step)])
    world.broken["act"] = False
    world.hold("trouble")
    world.step(3)
    assert world.events()[2:] == ["act refused"]
    del world.broken["act"]
    world.step()
    assert world.events()[-3:] == ["act acted", "act done", "finished"]
    assert world.calls == ["act"] * 4

    refused = World([runbook(step)])
    refused.broken["act"] = False
    refused.hold("trouble")
    refused.step(4)
    assert refused.events()[2:] == ["act refused", "act failed", "act escalated"]
    assert "undo" not in refused.calls


def test_a_condition_that_raises_is_not_known_and_audited_once() -> None:
    step = Step(name="act", does="", pre=Condition("the stage is there", raises), timeout_ns=LIMIT_NS)
    world = World([runbook(step)])
    world.hold("trouble")
    world.step(4)
    assert world.events()[2:] == ["act unclear", "act failed", "act escalated"]
    assert world.audit.entries[2].detail == "the stage is there: KeyError: 'no such stage'"


def test_giving_up_does_not_wait_for_the_limit_but_what_is_awaited_goes_first() -> None:
    over, end = answer("over", False)
    hopeless, give_up = answer("hopeless", False)
    step = Step(name="wait", does="", post=over, gives_up=hopeless, timeout_ns=LIMIT_NS)
    world = World([runbook(step)])
    world.hold("trouble")
    world.step()
    give_up(True)
    world.step()
    assert world.audit.entries[-1].detail == "gave up waiting for: over: hopeless"
    end(True)
    both = World([runbook(step)])
    both.hold("trouble")
    both.step()
    assert both.events()[-1] == "finished"


def test_an_interrupt_passes_through_and_the_response_goes_on_from_there() -> None:
    interrupts = [False, True]

    def act(_actions: object, _situation: object) -> None:
        if interrupts.pop():
            raise KeyboardInterrupt

    world = World([runbook(Step(name="act", does="", action=act, timeout_ns=LIMIT_NS))])
    world.hold("trouble")
    with pytest.raises(KeyboardInterrupt):
        world.step()
    world.step()
    assert world.events()[-3:] == ["act acted", "act done", "finished"]

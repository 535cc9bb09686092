"""The state machine of a response at each edge: waits, timeouts, undo, refusals, interrupts, retriggers."""

from __future__ import annotations

import pytest

from tests.control.fake_world import STEP_NS, World, answer, does, runbook
from tickpath.control.automation import Automation, Condition, Situation, Step
from tickpath.core.state import State
from tickpath.errors import ArgumentTypeError, ArgumentValueError

LIMIT_NS = 3 * STEP_NS


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


def test_a_cause_that_stays_is_answered_once_and_again_when_it_comes_again() -> None:
    world = World([runbook(Step(name="act", does="", action=does("act"), timeout_ns=0))])
    world.hold("trouble")
    world.step(5)
    assert world.calls == ["act"]
    world.clear("trouble")
    world.step()
    world.hold("trouble")
    world.step()
    assert world.calls == ["act", "act"]


def test_a_cause_that_comes_again_meanwhile_begins_no_second_response() -> None:
    over, end = answer("over", False)
    world = World([runbook(Step(name="wait", does="", post=over, timeout_ns=100 * STEP_NS))])
    world.hold("trouble")
    world.step()
    world.clear("trouble")
    world.step()
    world.hold("trouble")
    world.step()
    assert world.automation.under_way == (("book", "trouble", "wait"),)
    assert world.events().count("triggered") == 1
    end(True)
    world.step()
    assert world.events()[-1] == "finished"
    # It came anew while the first was under way, and is still there: it wants an answer of its own.
    world.step()
    assert world.events().count("triggered") == 2


def test_a_cause_that_escalated_begins_nothing_until_it_comes_anew() -> None:
    never, _ = answer("never", False)
    world = World([runbook(Step(name="wait", does="", post=never, timeout_ns=0))])
    world.hold("trouble")
    world.step(5)
    assert world.automation.escalations == 1
    world.clear("trouble")
    world.step()
    world.hold("trouble")
    world.step()
    assert world.automation.escalations == 2


def test_causes_with_subjects_are_answered_one_by_one_and_those_without_together() -> None:
    over, _ = answer("over", False)
    world = World(
        [runbook(Step(name="wait", does="", post=over, timeout_ns=LIMIT_NS), triggers=("trouble", "worry"))]
    )
    for cause in ("trouble: log", "worry: log", "trouble: risk", "trouble", "troublesome"):
        world.hold(cause)
    world.step()
    assert [trigger for _, trigger, _ in world.automation.under_way] == [
        *("trouble: log", "trouble: risk", "trouble")
    ]


def test_responses_advance_in_the_declared_order_whatever_the_order_of_the_causes() -> None:
    books = [
        runbook(Step(name="act", does="", action=does(name), timeout_ns=0), name=name, triggers=(name,))
        for name in ("first", "second")
    ]
    world = World(books)
    world.hold("second")
    world.hold("first")
    world.step()
    assert world.calls == ["first", "second"]


def test_the_declared_order_also_holds_for_responses_that_began_in_another() -> None:
    over, end = answer("over", False)
    books = [
        runbook(
            Step(name="wait", does="", post=over, timeout_ns=LIMIT_NS),
            Step(name="act", does="", action=does(name), timeout_ns=0),
            name=name,
            triggers=(name,),
        )
        for name in ("first", "second")
    ]
    world = World(books)
    world.hold("second")
    world.step()
    world.hold("first")
    world.step()
    end(True)
    world.step()
    assert world.calls == ["first", "second"]


def test_a_runbook_that_holds_does_so_while_it_is_undone() -> None:
    never, _ = answer("never", False)
    back, come_back = answer("back", False)
    holding = runbook(
        Step(name="one", does="", action=does("one"), undo=does("undo"), undo_post=back, timeout_ns=LIMIT_NS),
        Step(name="two", does="", post=never, timeout_ns=0, holds=True),
        name="holding",
    )
    seen: list[tuple[str, ...]] = []

    def sees(situation: Situation) -> bool:
        seen.append(situation.holding)
        return False

    see = Step(name="see", does="", post=Condition("it sees", sees), timeout_ns=LIMIT_NS)
    other = runbook(see, name="other", triggers=("worry",))
    world = World([holding, other])
    world.hold("trouble")
    world.hold("worry")
    world.step(2)
    assert seen == [("holding",)] * 2
    come_back(True)
    world.step()
    assert world.automation.unresolved == ("holding",)
    assert seen == [("holding",)] * 3


def test_a_runbook_of_a_state_begins_once_for_each_time_it_is_entered() -> None:
    step = Step(name="act", does="", action=does("act"), timeout_ns=0)
    book = runbook(step)
    of_state = type(book)(
        name="warm", title="", row=None, triggers=(), states=(State.WARMUP,), steps=(step,), description=""
    )
    world = World([of_state], state=State.WARMUP)
    world.step(3)
    assert world.calls == ["act"]
    world.lifecycle.transition_to(State.DEGRADED)
    world.step(2)
    world.lifecycle.transition_to(State.WARMUP)
    world.step(2)
    assert world.calls == ["act", "act"]
    assert world.audit.entries[0].trigger == "state WARMUP"


def test_an_escalation_listener_that_raises_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[str] = []
    monkeypatch.setattr("sys.unraisablehook", lambda found: reported.append(str(found.exc_value)))
    never, _ = answer("never", False)
    heard: list[str] = []

    def listener(entry: object) -> None:
        heard.append("heard")
        raise ValueError("pager is off")

    world = World([runbook(Step(name="wait", does="", post=never, timeout_ns=0))], on_escalation=listener)
    world.hold("trouble")
    world.step()
    assert (heard, reported, world.automation.escalations) == (["heard"], ["pager is off"], 1)


def test_an_operator_begins_what_has_escalated_again() -> None:
    over, end = answer("over", False)
    world = World([runbook(Step(name="wait", does="", post=over, timeout_ns=0))])
    world.hold("trouble")
    world.step()
    end(True)
    world.automation.acknowledge("trouble")
    world.step()
    assert world.events()[-5:] == ["triggered", "acknowledged", "wait began", "wait done", "finished"]


def test_a_cause_that_no_runbook_answers_is_acknowledged_as_it_is() -> None:
    world = World([])
    world.hold("strange")
    world.automation.acknowledge("strange")
    world.step(2)
    assert world.calls == ["acknowledge strange"]
    world.broken["acknowledge"] = RuntimeError("no")
    world.automation.acknowledge("strange")
    world.step()
    assert world.events() == ["acknowledged", "acknowledged", "raised"]
    with pytest.raises(ArgumentTypeError, match="words of a cause"):
        world.automation.acknowledge(3)  # type: ignore[arg-type]


def test_runbooks_that_make_no_sense_are_refused() -> None:
    step = Step(name="act", does="", timeout_ns=0)
    with pytest.raises(ArgumentValueError, match="no steps"):
        runbook()
    with pytest.raises(ArgumentValueError, match="no trigger"):
        runbook(step, triggers=())
    with pytest.raises(ArgumentValueError, match="two steps named act"):
        runbook(step, step)
    with pytest.raises(ArgumentValueError, match="0 or more, got -1"):
        Step(name="act", does="", timeout_ns=-1)
    with pytest.raises(ArgumentTypeError, match="must be an integer, not float"):
        Step(name="act", does="", timeout_ns=0.5)  # type: ignore[arg-type]
    with pytest.raises(ArgumentValueError, match="no undo that it could verify"):
        Step(name="act", does="", timeout_ns=0, undo_post=answer("x")[0])
    with pytest.raises(ArgumentValueError, match="a step needs a name"):
        Step(name="", does="", timeout_ns=0)
    world = World([])
    with pytest.raises(ArgumentValueError, match="two runbooks are named book"):
        Automation([runbook(step), runbook(step)], world, world.lifecycle)

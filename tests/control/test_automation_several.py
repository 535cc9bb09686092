"""Which causes begin which responses, when again, in which order; listeners, operators, nonsense."""

from __future__ import annotations

import pytest

from tests.control.fake_world import LIMIT_NS, STEP_NS, World, answer, does, runbook
from tickpath.control.automation import Automation, Condition, Situation, Step
from tickpath.core.state import State
from tickpath.errors import ArgumentTypeError, ArgumentValueError


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

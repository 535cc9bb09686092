"""Whatever conditions answer and actions do: each step ends in one way, READY is never asked for amiss."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.control.fake_world import STEP_NS, World, does, runbook
from tickpath.control.automation import AuditEntry, Condition, Situation, Step
from tickpath.control.automation.runbooks import SHIPPED, build, build_all
from tickpath.core.state import State

ANSWERS = st.sampled_from([True, True, False, None, "raises"])
ACTION = st.sampled_from([None, None, False, "raises"])


class _Scripted:
    """A condition's answers, one after the other, the last for ever."""

    def __init__(self, answers: list[bool | str | None]) -> None:
        self.answers = answers
        self.asked = 0

    def __call__(self, _situation: Situation) -> bool | None:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if answer == "raises":
            raise ValueError
        assert not isinstance(answer, str)
        return answer


@st.composite
def conditions(draw: st.DrawFn) -> Condition | None:
    if draw(st.booleans()):
        return None
    return Condition("scripted", _Scripted(draw(st.lists(ANSWERS, min_size=1, max_size=5))))


@st.composite
def steps(draw: st.DrawFn, number: int) -> Step:
    undoes = draw(st.booleans())
    return Step(
        name=f"step {number}",
        does="",
        action=does(f"do {number}") if draw(st.booleans()) else None,
        pre=draw(conditions()),
        post=draw(conditions()),
        gives_up=draw(conditions()) if draw(st.booleans()) else None,
        undo=does(f"undo {number}") if undoes else None,
        undo_post=draw(conditions()) if undoes else None,
        timeout_ns=draw(st.integers(0, 4)) * STEP_NS,
    )


def endings(entries: tuple[AuditEntry, ...]) -> dict[str, str]:
    """How each begun step ended, from the audit trail alone; a step that ended twice fails."""
    ended: dict[str, str] = {}
    for entry in entries:
        if entry.event == "began":
            assert entry.step not in ended, "begun twice"
            ended[entry.step] = ""
        elif entry.event == "done":
            assert ended[entry.step] == ""
            ended[entry.step] = "done"
        elif entry.event in ("undone", "not_undone"):
            assert ended[entry.step] in ("", "done")
            ended[entry.step] = "undone" if entry.event == "undone" else "escalated"
        elif entry.event == "escalated" and ended[entry.step] == "":
            ended[entry.step] = "escalated"
    return ended


@given(st.data(), st.integers(1, 4))
@settings(deadline=None, max_examples=60)
def test_every_begun_step_ends_as_done_undone_or_escalated(data: st.DataObject, count: int) -> None:
    book = runbook(*[data.draw(steps(number)) for number in range(count)])
    world = World([book])
    for number in range(count):
        for call in (f"do {number}", f"undo {number}"):
            outcome = data.draw(ACTION)
            if outcome is not None:
                world.broken[call] = ValueError("no") if outcome == "raises" else False
    world.hold("trouble")
    # A wait before and one after each step, an undo for each, at most four intervals each; then it is over.
    world.step(3 * 5 * count + 2)
    assert world.automation.under_way == ()
    ended = endings(world.audit.entries)
    assert set(ended.values()) <= {"done", "undone", "escalated"}
    over = Counter(entry.event for entry in world.audit if entry.event in ("finished", "escalated"))
    assert sum(over.values()) == 1
    assert world.automation.escalations == over["escalated"]
    if over["finished"]:
        assert set(ended.values()) == {"done"}
        assert len(ended) == count


CAUSES = sorted({trigger for name in SHIPPED for trigger in build(name).triggers})
DOINGS = st.one_of(
    st.tuples(st.sampled_from(["hold", "clear", "acknowledge"]), st.sampled_from(CAUSES)),
    st.tuples(st.sampled_from(["break", "mend"]), st.sampled_from(["degrade", "recover", "restart_warmup"])),
    st.tuples(st.just("step"), st.integers(1, 6)),
    st.tuples(st.just("ready"), st.just(0)),
)


@given(st.lists(DOINGS, max_size=40), st.sampled_from([State.INIT, State.WARMUP, State.READY]))
@settings(deadline=None)
def test_ready_is_never_asked_for_while_a_cause_is_held_or_a_runbook_holds(
    doings: list[tuple[str, object]], state: State
) -> None:
    world = World([build(name, timeout_ns=5 * STEP_NS) for name in SHIPPED], state=state)
    held: set[str] = set()
    for doing, what in doings:
        if doing == "step":
            assert isinstance(what, int)
            world.step(what)
        elif doing == "ready":
            if world.now is State.WARMUP and not held:
                world.lifecycle.transition_to(State.READY, "warm-up complete")
            elif world.now is State.INIT:
                world.lifecycle.transition_to(State.WARMUP, "start")
        else:
            _do(world, held, doing, str(what))
    assert all(causes == () for causes in world.ready_asked_under)
    # Left alone with nothing held, it comes to an end: no two wait for each other for ever.
    world.broken.clear()
    for cause in sorted(held):
        _do(world, held, "clear", cause)
    for _ in range(40):
        if world.now is State.INIT:
            world.lifecycle.transition_to(State.WARMUP, "start")
        elif world.now is State.WARMUP:
            world.lifecycle.transition_to(State.READY, "warm-up complete")
        world.step()
    assert world.automation.under_way == ()
    times = [entry.at_ns for entry in world.audit]
    assert times == sorted(times)


def _do(world: World, held: set[str], doing: str, what: str) -> None:
    if doing == "hold":
        world.hold(what)
        held.add(what)
    elif doing == "clear":
        world.clear(what)
        held.discard(what)
    elif doing == "acknowledge":
        world.automation.acknowledge(what)
    elif doing == "break":
        world.broken[what] = RuntimeError("no")
    else:
        world.broken.pop(what, None)


def test_all_shipped_runbooks_run_side_by_side() -> None:
    world = World(build_all())
    for cause in CAUSES:
        world.hold(cause)
    world.step()
    triggered = {entry.runbook for entry in world.audit if entry.event == "triggered"}
    assert triggered == set(SHIPPED)

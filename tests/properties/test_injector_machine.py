"""The injector over scripted looks against a model in words: what is on when, what overlapping makes of it.

Two at one nanosecond, one that begins after the feed has ended, counts that jump over an end, states that
come and go: after each look every knob stands where the table says, the log tells it in order, and whatever
ends the run everything is mended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.control.looks import Feed, Knobs, Stage, lifecycle_in, look
from tests.properties.depth import machine
from tests.properties.test_injector import LASTING, MOMENTARY
from tickpath.config.fields import NS_MAX
from tickpath.config.scenario.injections import COUNT_MAX
from tickpath.control.failure import Injector, held
from tickpath.core.state import State

MOMENTS = st.one_of(st.integers(0, 40), st.sampled_from([0, NS_MAX]))
LENGTHS = st.one_of(st.integers(1, 30), st.sampled_from([1, NS_MAX]))
STATES = st.sampled_from(["INIT", "WARMUP", "READY", "DEGRADED"])
#: Which kinds turn which knob, and what several that want something make of it.
SWITCHES = ("feed_outage", "feed_freeze", "feed_stale", "sink_stall")


@dataclass
class Plan:
    """One injection as the model sees it."""

    settings: Any
    phase: str = "pending"
    began_ns: int = 0
    began_due: int = 0
    began_processed: int = 0
    #: Since when the lifecycle has been in the state it waits for, and under which epoch.
    waits: tuple[int, int] | None = None


@st.composite
def injections(draw: st.DrawFn, number: int) -> Any:
    settings, params = draw(st.sampled_from(LASTING + MOMENTARY))
    fields: dict[str, Any] = {name: draw(value) for name, value in params.items()}
    if settings in [one for one, _ in MOMENTARY] and "events" in fields:
        fields["events"] = draw(st.one_of(st.integers(1, 30), st.just(COUNT_MAX)))
    trigger = draw(st.sampled_from(["at_ns", "at_event", "in_state"]))
    fields[trigger] = draw(STATES if trigger == "in_state" else MOMENTS)
    if trigger == "in_state":
        fields["after_ns"] = draw(st.none() | MOMENTS)
    if (settings, params) in LASTING:
        ends = ["duration_ns"] if settings.kind == "feed_freeze" else ["duration_ns", "duration_events"]
        if end := draw(st.sampled_from(["", *ends])):
            fields[end] = draw(LENGTHS)
    return settings(name=f"fault-{number}", **fields)


@st.composite
def plans(draw: st.DrawFn) -> list[Any]:
    return [draw(injections(number)) for number in range(draw(st.integers(1, 6)))]


class InjectorMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.at_ns = self.processed = self.epoch = 0
        self.state = State.INIT
        self.feed = Feed()
        self.is_rolled_back = False
        self.log: list[tuple[int, str, str]] = []
        self.plans: list[Plan] = []
        self.order: list[Plan] = []
        self.countdowns = {"feed_gap": 0, "feed_burst": 0}
        self.begin([])

    @initialize(planned=plans())
    def begin(self, planned: list[Any]) -> None:
        self.plans = [Plan(settings) for settings in planned]
        self.knobs, self.lifecycle = Knobs(), lifecycle_in(State.READY)
        self.injector = Injector.of(planned, self.knobs, self.lifecycle, sink=self.knobs)

    @rule(
        later_ns=st.one_of(st.integers(0, 15), st.just(NS_MAX)),
        published=st.integers(0, 15),
        withheld=st.integers(0, 4),
        repeats=st.integers(0, 3),
        processed=st.integers(0, 15),
    )
    def time_goes_by(
        self, later_ns: int, published: int, withheld: int, repeats: int, processed: int
    ) -> None:
        assert self.feed.repeats is not None
        self.at_ns = min(self.at_ns + later_ns, NS_MAX)
        self.feed.published += published + repeats
        self.feed.repeats += repeats
        self.feed.withheld += withheld
        self.processed += processed
        self.look()

    @rule(state=st.sampled_from(State), looks=st.booleans())
    def the_lifecycle_moves(self, state: State, looks: bool) -> None:
        self.state, self.epoch = state, self.epoch + 1
        if looks:
            self.look()

    @rule()
    def look_again(self) -> None:
        self.look()

    @precondition(lambda self: self.plans)
    @rule(often=st.integers(0, 4))
    def roll_back(self, often: int) -> None:
        if often:
            return
        self.injector.roll_back()
        for plan in self.plans:
            # Nothing begins any more, either.
            plan.phase = "over"
        self.is_rolled_back = True

    def look(self) -> None:
        seen = look(
            self.at_ns,
            state=self.state,
            epoch=self.epoch,
            feed=self.feed,
            executor=Stage(processed=self.processed),
        )
        self.injector.step(seen)
        for plan in self.plans:
            if plan.phase == "pending" and self.begins(plan):
                self.start(plan)
        for plan in [*self.order]:
            if plan.phase == "active" and self.ends(plan):
                plan.phase = "over"
                self.log.append((self.at_ns, plan.settings.name, "end"))
        due_ns = self.injector.next_due_ns(self.at_ns)
        wanted = [moment for plan in self.plans if (moment := self.due_ns(plan)) is not None]
        assert due_ns == min((moment for moment in wanted if moment > self.at_ns), default=None)

    def start(self, plan: Plan) -> None:
        plan.phase = "active"
        plan.began_ns, plan.began_due, plan.began_processed = self.at_ns, self.due_events(), self.processed
        self.order.append(plan)
        self.log.append((self.at_ns, plan.settings.name, "start"))
        if plan.settings.kind in self.countdowns:
            self.countdowns[plan.settings.kind] = plan.settings.events

    def due_events(self) -> int:
        return self.feed.published + self.feed.withheld - (self.feed.repeats or 0)

    def begins(self, plan: Plan) -> bool:
        settings = plan.settings
        if settings.at_event is not None:
            return bool(self.feed.published >= settings.at_event)
        if settings.at_ns is not None:
            return bool(self.at_ns >= settings.at_ns)
        if self.state.name != settings.in_state:
            plan.waits = None
            return False
        if plan.waits is None or plan.waits[1] != self.epoch:
            plan.waits = (self.at_ns, self.epoch)
        return bool(self.at_ns >= plan.waits[0] + (settings.after_ns or 0))

    def ends(self, plan: Plan) -> bool:
        settings = plan.settings
        if settings.kind in ("feed_gap", "feed_burst", "state_corruption"):
            return True
        if settings.kind == "cold_start":
            return bool(self.processed - plan.began_processed >= settings.events)
        if settings.duration_ns is not None:
            return bool(self.at_ns >= plan.began_ns + settings.duration_ns)
        if settings.duration_events is not None:
            return bool(self.due_events() >= plan.began_due + settings.duration_events)
        return False

    def due_ns(self, plan: Plan) -> int | None:
        """When it begins or ends, as far as a clock can say."""
        settings = plan.settings
        if plan.phase == "pending":
            waits = plan.waits[0] + (settings.after_ns or 0) if plan.waits is not None else None
            return settings.at_ns if settings.at_ns is not None else waits
        length_ns = getattr(settings, "duration_ns", None)
        return plan.began_ns + length_ns if plan.phase == "active" and length_ns is not None else None

    def wishes(self, *kinds: str, stage: str | None = None) -> list[Any]:
        return [
            plan.settings
            for plan in self.plans
            if plan.phase == "active"
            and plan.settings.kind in kinds
            and (stage is None or getattr(plan.settings, "stage", "executor") == stage)
        ]

    @invariant()
    def knobs_stand_where_the_table_says(self) -> None:
        at = self.knobs.at
        for kind in SWITCHES:
            assert at[kind] is bool(self.wishes(kind))
        for kind in ("feed_duplicate", "feed_reorder"):
            assert at[kind] == min((one.every for one in self.wishes(kind)), default=0)
        assert at["clock_step"] == sum(one.offset_ns for one in self.wishes("clock_step"))
        for stage in ("executor", "risk"):
            stalled = bool(self.wishes("stall", stage=stage))
            assert at.get(("stage_stall", stage), False) is stalled
            slow = self.wishes("slow_consumer", "cold_start", stage=stage)
            factor = max((one.factor for one in slow), default=1.0)
            extra_ns = max((getattr(one, "extra_ns", 0) for one in slow), default=0)
            assert at.get(("stage_slow", stage), (1.0, 0)) == (factor, extra_ns)
        for kind, events in self.countdowns.items():
            assert at[kind] == (0 if self.is_rolled_back else events)
        signals = [f"injection:{one.name}" for one in self.wishes("cold_start")]
        assert sorted(cause.owner for cause in held(self.lifecycle)) == sorted(signals)

    @invariant()
    def the_log_tells_it(self) -> None:
        told = [(line.at_ns, line.name, line.event) for line in self.injector.log]
        assert [line for line in told if line[2] != "rollback"] == self.log
        assert sorted(self.injector.active) == sorted(
            p.settings.name for p in self.plans if p.phase == "active"
        )
        assert (self.lifecycle.state, self.lifecycle.epoch) == (State.READY, 2)
        assert self.injector.errors == 0

    def teardown(self) -> None:
        self.injector.roll_back()
        assert (self.knobs.turned, self.injector.active, held(self.lifecycle)) == ({}, (), ())


TestInjector: Any = machine(InjectorMachine, examples=50)

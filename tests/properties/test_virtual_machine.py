"""The virtual engine under any orders at any moments is its model, and a scenario file replays each run.

Moves legal and not, faults that begin, overlap and end, fences, stops: after each order clock, books, cursors
and the digest of the acks are those of ``virtual/model.py``; at the end a session that runs the printed file
has the same acks and books.
"""

from __future__ import annotations

import sys

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.properties.depth import machine
from tests.properties.virtual.cases import faults, scripts
from tests.properties.virtual.machine import VirtualPair
from tests.properties.virtual.script import Script
from tickpath.core.state import State


def running(one: VirtualMachine) -> bool:
    return one.pair is not None and not one.pair.is_over and one.pair.script.stop_ns is None


def faulty(one: VirtualMachine) -> bool:
    return running(one) and one.faults


class VirtualMachine(RuleBasedStateMachine):
    """Each rule gives one order to both."""

    def __init__(self) -> None:
        super().__init__()
        self.pair: VirtualPair | None = None
        self.faults = False

    @property
    def run(self) -> VirtualPair:
        assert self.pair is not None
        return self.pair

    @initialize(
        script=scripts(),
        with_faults=st.sampled_from([True, True, False]),
        ready=st.sampled_from([True, True, False]),
    )
    def begin(self, script: Script, with_faults: bool, ready: bool) -> None:
        self.faults = with_faults
        self.pair = VirtualPair(script, faults=with_faults)
        if ready:
            self.move(State.WARMUP)
            self.move(State.READY)

    @rule(intervals=st.integers(0, 9), more_ns=st.integers(0, 1_500))
    def advance(self, intervals: int, more_ns: int) -> None:
        if running(self):  # no precondition: some rule must always be there
            self.run.advance(self.run.now_ns + intervals * self.run.script.interval_ns + more_ns)

    @precondition(running)
    @rule(more=st.integers(0, 12))
    def advance_published(self, more: int) -> None:
        self.run.advance_published(more)

    @precondition(running)
    @rule(state=st.sampled_from(State))
    def move(self, state: State) -> None:
        self.run.move(state)

    @precondition(running)
    @rule(intervals=st.integers(0, 3))
    def fence(self, intervals: int) -> None:
        self.run.fence(intervals)

    @precondition(faulty)
    @rule(data=st.data())
    def begin_fault(self, data: st.DataObject) -> None:
        script = self.run.script
        names = ("executor", *(one.name for one in script.consumers))
        self.run.begin_fault(data.draw(faults(names, script.interval_ns)))

    @precondition(lambda one: faulty(one) and one.run.active)
    @rule(index=st.integers(0, 9))
    def end_fault(self, index: int) -> None:
        self.run.end_fault(index)

    @precondition(running)
    @rule(never=st.integers(0, 9))
    def stop(self, never: int) -> None:
        if never == 0:
            self.run.stop()

    @invariant()
    def is_its_model(self) -> None:
        if self.pair is not None and self.pair.record is None:
            self.pair.compare()

    def teardown(self) -> None:
        if self.pair is None:
            return
        try:
            if sys.exc_info()[0] is None:
                self.pair.finish()
                self.pair.replay()
        finally:
            if sys.exc_info()[0] is not None:
                self.pair.say()


TestVirtualEngine = machine(VirtualMachine, examples=40)
